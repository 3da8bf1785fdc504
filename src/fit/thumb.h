// thumb.h: a small grey picture of an image's details, to compare images by.
//
// What the recipe's crop shows is averaged onto 64 x 64 cells; of that, details between 1
// and 4 cells stay (a difference of two Gaussian filters), so that lighting and noise
// matter little.  Two thumbs are compared after the shift between them was undone.
#ifndef BLMI_FIT_THUMB_H
#define BLMI_FIT_THUMB_H

#include "src/feature/recipe.h"

enum { BLMI_THUMB_SIDE = 64, BLMI_THUMB_CELLS = BLMI_THUMB_SIDE * BLMI_THUMB_SIDE };

typedef struct blmi_thumb {
    float light;                    // mean grey level
    float contrast;                 // root mean square of the details, in grey levels
    float detail[BLMI_THUMB_CELLS]; // (side, side) mean 0, length 1; zeros without any
} blmi_thumb;

// recipe is a complete one whose crop rectangle lies in the image.  BLM_ENOMEM.
blm_status blmi_thumb_of(
    const blmi_recipe *recipe, const blm_image *image, blmi_thumb *out, blm_error *err);

// 1 - correlation of the details of two thumbs, one of them moved by at most two cells so
// that it lies on the other, or of what is left of them without mean (side, side), that
// of the details of many thumbs, whichever is larger: 0 equal, 1 unlike, at most 2.  What
// has to be moved by a cell or more is allowed a third of it.  2 where light or contrast
// differ by more than those of a copy.  Symmetric.
double blmi_thumb_distance(const blmi_thumb *a, const blmi_thumb *b, const float *mean);

#endif
