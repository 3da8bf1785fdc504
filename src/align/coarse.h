// coarse.h: finds angle, scale and shift on a picture of 24 to 48 cells.
//
// Two pictures are correlated together, as the real and the imaginary part of one complex
// picture: the grey levels without their local mean, and the lengths of the gradient,
// which do not depend on where the light comes from.  All angles of a grid, and for a
// similarity several scales, are tried: the magnitude of a spectrum, from which
// Fourier-Mellin methods read the angle, says little about round parts, and cannot tell a
// half turn.
#ifndef BLMI_ALIGN_COARSE_H
#define BLMI_ALIGN_COARSE_H

#include "src/align/align.h"
#include "src/align/grey.h"

typedef struct blmi_coarse blmi_coarse;           // of a reference; immutable
typedef struct blmi_coarse_work blmi_coarse_work; // working memory: one per thread

// A place where the reference may lie; dx and dy are in pixels of the coarse picture.
typedef struct blmi_candidate {
    blmi_transform transform;
    double score; // correlation, -1 to 1
} blmi_candidate;

enum {
    BLMI_COARSE_SIDE = 48, // most pixels of a side
    BLMI_MAX_CANDIDATES = 6,
};

// picture: the reference, at most BLMI_COARSE_SIDE on a side.  BLM_ENOMEM.
blm_status blmi_coarse_new(
    blm_align mode, const blmi_grey *picture, blmi_coarse **out, blm_error *err);
void blmi_coarse_free(blmi_coarse *coarse); // NULL allowed

// BLM_ENOMEM.
blm_status blmi_coarse_work_new(
    const blmi_coarse *coarse, blmi_coarse_work **out, blm_error *err);
void blmi_coarse_work_free(blmi_coarse_work *work); // NULL allowed

// The best places, each at another angle, and each followed by its half turn.  Returns
// their number, 1 or more.
int blmi_coarse_find(blmi_coarse_work *work, const blmi_grey *picture,
    blmi_candidate out[BLMI_MAX_CANDIDATES]);

#endif
