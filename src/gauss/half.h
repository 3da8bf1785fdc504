// half.h: rounds factors to half precision (IEEE 754 binary16), to nearest.
//
// A half has 11 significant bits from 2^-14 to 65504, and steps of 2^-24 below.  Numbers
// rounded here are within +-1, by nature or by a power of two of their row.  So nothing
// overflows, and the loss below 2^-14 is less than 2^-25 of the row's length.
#ifndef BLMI_GAUSS_HALF_H
#define BLMI_GAUSS_HALF_H

#include <stddef.h>
#include <stdint.h>

// x within +-1; ties to even.
uint16_t blmi_half_of(double x);

// Rounds x (count), within +-1, to halves (count); x becomes the rounded values.
void blmi_round_to_half(double *x, size_t count, uint16_t *halves);

// Rounds the lower triangle (D, D), which becomes the rounded values: diagonal (D) of
// floats, and below it rows of i halves, packed (D (D - 1) / 2), each times its row_scale
// (D), a power of two.
void blmi_round_triangle_to_half(
    double *triangle, int features, uint16_t *halves, float *row_scale, float *diagonal);

#endif
