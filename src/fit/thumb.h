// thumb.h: makes and compares thumbs: small grey images of the details of images.
//
// The crop of the recipe is averaged onto 64 x 64 cells, and a difference of two Gaussian
// filters keeps details between 1 and 4 cells, so that lighting and noise have little
// effect.  Two thumbs are compared after undoing the shift between them.
#ifndef BLMI_FIT_THUMB_H
#define BLMI_FIT_THUMB_H

#include "src/feature/recipe.h"

enum { BLMI_THUMB_SIDE = 64, BLMI_THUMB_CELLS = BLMI_THUMB_SIDE * BLMI_THUMB_SIDE };

typedef struct blmi_thumb {
    float light;                    // mean grey level
    float contrast;                 // root mean square of the details, in grey levels
    float detail[BLMI_THUMB_CELLS]; // (side, side) mean 0, length 1; zeros without any
} blmi_thumb;

// recipe: complete, with its crop rectangle inside the image.  BLM_ENOMEM.
blm_status blmi_thumb_of(
    const blmi_recipe *recipe, const blm_image *image, blmi_thumb *out, blm_error *err);

// The distance of two thumbs: 0 equal, 1 unrelated, at most 2.  It is 1 - correlation of
// their details, after one was moved onto the other by at most two cells; or the same
// after subtracting mean (side, side), the mean of many thumbs, if that is larger.  A
// move of a cell or more divides it by 3, less for a smaller move.  It is 2 if light or
// contrast differ too much for copies.  Symmetric.
double blmi_thumb_distance(const blmi_thumb *a, const blmi_thumb *b, const float *mean);

#endif
