// levels.h: how much of the range of their samples the images of a fit use.
#ifndef BLMI_FIT_LEVELS_H
#define BLMI_FIT_LEVELS_H

#include "blemish/blemish.h"

// Counts of the samples of 8 bits that images become; starts as all zeros.
typedef struct blmi_levels {
    uint64_t counts[256];
    double
        most; // the largest of the samples of 16 bits that were decoded as such; 0: none
} blmi_levels;

// Each image weighs the same: 2^14 samples of it, evenly spaced, some of them twice where
// there are fewer.
void blmi_levels_of(const blm_image *image, blmi_levels *out);
void blmi_levels_add(blmi_levels *levels, const blmi_levels *more);

blm_levels blmi_levels_result(const blmi_levels *levels);

#endif
