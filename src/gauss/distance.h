// distance.h: computes distances by a given set of kernels, so that a test can compare
// them.
#ifndef BLMI_GAUSS_DISTANCE_H
#define BLMI_GAUSS_DISTANCE_H

#include "src/gauss/gauss.h"
#include "src/gauss/gauss_kernels.h"

// Like blmi_gauss_distances, with the given kernels.
void blmi_gauss_distances_by(const blmi_gauss_kernels *kernels, const blmi_gauss *gauss,
    const float *x, int images, const uint8_t *use, blmi_team *team, void *scratch,
    float *out);

#endif
