// smooth.h: averages outputs of the network and interpolates them to the finest grid.
#ifndef BLMI_FEATURE_SMOOTH_H
#define BLMI_FEATURE_SMOOTH_H

#include "src/feature/feature_layout.h"

// blmi_features_stack for a smooth layout.
void blmi_features_smooth(const blmi_layout *layout, const int32_t *chosen,
    const float *const *output, float *features);

#endif
