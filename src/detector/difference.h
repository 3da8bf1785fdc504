// difference.h: computes squared Euclidean distances, equal on every instruction set.
#ifndef BLMI_DETECTOR_DIFFERENCE_H
#define BLMI_DETECTOR_DIFFERENCE_H

#include <stddef.h>

// |a - b|^2, a and b (n).  Each difference is a float; its square is exact, in double;
// the sums are double, in 16 lanes and a fixed order.
typedef double blmi_difference(const float *a, const float *b, int n);

blmi_difference blmi_difference_plain;
#ifdef __x86_64__
blmi_difference blmi_difference_avx2, blmi_difference_avx512;
#endif
// The fastest one that this processor can run.
blmi_difference *blmi_difference_best(void);

#endif
