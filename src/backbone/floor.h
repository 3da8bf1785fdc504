// floor.h: the best rate at which oneDNN multiplies matrices on this machine, the
// yardstick of the network's speed.
#ifndef BLMI_BACKBONE_FLOOR_H
#define BLMI_BACKBONE_FLOOR_H

#include "src/backbone/contnet.h"

// 10^9 multiplications and additions a second in float, on all threads that OpenMP gives:
// the best of warm square products of 1024, 2048 and 4096 and of the largest that the
// network itself has in each of its stages, with the weights packed beforehand.  Takes a
// second or two.
blm_status blmi_floor_rate(const blmi_contnet *net, double *gflops, blm_error *err);

#endif
