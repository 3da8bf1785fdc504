// eval_sweep.h: computes all metrics in one pass over the cuts, thresholds falling.
#ifndef BLMI_EVAL_SWEEP_H
#define BLMI_EVAL_SWEEP_H

#include "blemish/eval.h"

// A sum whose rounding errors do not grow with the number of terms: Neumaier,
// "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen", ZAMM 54,
// 1974.
typedef struct blmi_sum {
    double rounded, lost;
} blmi_sum;

void blmi_sum_add(blmi_sum *sum, double term);
double blmi_sum_value(const blmi_sum *sum);

// The numbers of good and defective items, and of regions.
typedef struct blmi_totals {
    int64_t good, defective, regions;
} blmi_totals;

// Takes one cut of a series, which starts after the origin and ends with the cut that
// contains everything.  Each consumer of cuts is such a function with its own `context`.
typedef void blmi_take_cut(void *context, const blm_cut *cut);

typedef struct blmi_sweep {
    blmi_totals totals;
    double limits[BLM_LIMITS];
    blm_cut last;
    blmi_sum twice_area; // under the ROC curve, as hits * false alarms
    blmi_sum precision;
    blmi_sum pro[BLM_LIMITS];
    double f1, f1_threshold;
} blmi_sweep;

// limits NULL: no AU-PRO is computed.
void blmi_sweep_start(
    blmi_sweep *sweep, const blmi_totals *totals, const double limits[BLM_LIMITS]);
blmi_take_cut blmi_sweep_take; // context: blmi_sweep
void blmi_sweep_result(const blmi_sweep *sweep, blm_metrics *out);

// The cut before all others, which contains nothing.
blm_cut blmi_cut_origin(const blmi_totals *totals);

#endif
