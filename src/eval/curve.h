// curve.h: keeps a series of cuts in limited space.
#ifndef BLMI_EVAL_CURVE_H
#define BLMI_EVAL_CURVE_H

#include "src/eval/eval_sweep.h"

typedef struct blmi_curve {
    blmi_totals totals;
    blm_cut *cuts; // (capacity) owned by the caller
    size_t capacity, count;
    double step; // the smallest distance of cuts; 0: all are kept
    blm_cut last;
} blmi_curve;

// Begins with the origin.  BLM_EUSAGE: capacity below 2.
blm_status blmi_curve_start(blmi_curve *curve, const blmi_totals *totals, blm_cut *cuts,
    size_t capacity, blm_error *err);
blmi_take_cut blmi_curve_take; // context: blmi_curve
// Adds the last cut if it was left out.  Returns the number of cuts.
size_t blmi_curve_end(blmi_curve *curve);

#endif
