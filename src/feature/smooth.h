// smooth.h: outputs of the network, averaged and interpolated.
#ifndef BLMI_FEATURE_SMOOTH_H
#define BLMI_FEATURE_SMOOTH_H

#include "src/feature/feature_layout.h"

// blmi_features_stack of a smooth layout.
void blmi_features_smooth(const blmi_layout *layout, const int32_t *chosen,
    const float *const *output, float *features);

#endif
