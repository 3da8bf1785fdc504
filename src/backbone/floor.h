// floor.h: the best rate at which oneDNN multiplies matrices on this machine, the
// yardstick of the network's speed.
#ifndef BLMI_BACKBONE_FLOOR_H
#define BLMI_BACKBONE_FLOOR_H

#include "src/backbone/backbone.h"

// 10^9 multiplications and additions a second, on all threads that OpenMP gives: the best
// of warm square products of 1024, 2048 and 4096 and of the largest that the network
// itself has for each of its outputs up to `tap`, with the weights packed beforehand.
// batch: images a run.  Takes a second or two.
blm_status blmi_floor_rate(const blmi_backbone *backbone, int tap, int width, int height,
    int batch, blm_type type, double *gflops, blm_error *err);

#endif
