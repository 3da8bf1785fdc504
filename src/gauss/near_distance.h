// near_distance.h: computes the smallest distance from the Gaussians around a position.
#ifndef BLMI_GAUSS_NEAR_DISTANCE_H
#define BLMI_GAUSS_NEAR_DISTANCE_H

#include "src/base/window.h"
#include "src/gauss/gauss.h"
#include "src/gauss/gauss_kernels.h"

blmi_window blmi_window_of(const blmi_gauss *gauss);

// Like blmi_gauss_scratch and blmi_gauss_distances_by, for a tolerance above 0.
size_t blmi_near_scratch(const blmi_gauss *gauss, int images, const blmi_team *team);
void blmi_near_distances(const blmi_gauss_kernels *kernels, const blmi_gauss *gauss,
    const float *x, int images, const uint8_t *use, blmi_team *team, void *scratch,
    float *out);

#endif
