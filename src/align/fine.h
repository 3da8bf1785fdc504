// fine.h: improves a transform until the image fits the reference.
//
// Gauss-Newton steps in the inverse compositional form (Baker & Matthews, "Lucas-Kanade
// 20 years on", IJCV 56, 2004).  Gain, offset and a linear change of light across the
// image are fitted with the transform, as in ECC (Evangelidis & Psarakis, PAMI 30, 2008),
// which maximises a correlation.  Tukey's weights leave out pixels that do not fit, such
// as defects.  Only the pixels of the reference with the largest gradients are used.
#ifndef BLMI_ALIGN_FINE_H
#define BLMI_ALIGN_FINE_H

#include "src/align/align.h"
#include "src/align/grey.h"

typedef struct blmi_level blmi_level; // the reference at one size; immutable

enum { BLMI_FINE_POINTS = 2048 }; // most points of a level

// picture: the reference, 4 pixels or more on a side.  BLM_EINPUT: it has fewer than 32
// pixels with a gradient.
blm_status blmi_level_new(const blmi_grey *picture, blmi_level **out, blm_error *err);
void blmi_level_free(blmi_level *level); // NULL allowed

// Improves a transform by at most `steps` steps on a picture of the level's scale; dx and
// dy are in its pixels.  scratch (2, BLMI_FINE_POINTS).  Returns the quality: the
// correlation at the points that are on the picture, lowered if less than half of them
// are; -1 if nothing fits.
double blmi_fine(const blmi_level *level, blm_align mode, const blmi_grey *picture,
    int steps, float *scratch, blmi_transform *transform);

#endif
