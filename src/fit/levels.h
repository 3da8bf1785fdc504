// levels.h: measures how much of the range of grey levels the images of a fit use.
#ifndef BLMI_FIT_LEVELS_H
#define BLMI_FIT_LEVELS_H

#include "blemish/blemish.h"

// A histogram of decoded samples; starts with all zeros.
typedef struct blmi_levels {
    uint64_t counts[256];
    double most; // the largest 16-bit sample decoded with its whole range; 0: none
} blmi_levels;

// Counts 2^14 samples of an image, evenly spaced (some twice if there are fewer), so that
// all images weigh the same.
void blmi_levels_of(const blm_image *image, blmi_levels *out);
void blmi_levels_add(blmi_levels *levels, const blmi_levels *more);

blm_levels blmi_levels_result(const blmi_levels *levels);

#endif
