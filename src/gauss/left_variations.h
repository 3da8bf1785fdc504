// left_variations.h: leave-one-out distances of images that are left out with their
// variations; leave_out.h and near_leave_out.h have the formulas.
#ifndef BLMI_GAUSS_LEFT_VARIATIONS_H
#define BLMI_GAUSS_LEFT_VARIATIONS_H

#include "src/gauss/accumulate.h"

// Drops those of variations from loo and loo_index of the storage, which have `count`
// images. Returns the number that is left.
int blmi_variations_drop(
    const blmi_accumulator *accumulator, int count, const blmi_storage *storage);
// The few form: computes the distances of a model with its tolerance into the storage,
// and sets left_out.
blm_status blmi_leave_variations_out_few(const blmi_accumulator *accumulator,
    const blmi_storage *storage, blmi_gauss *gauss, blm_error *err);

enum { BLMI_MAX_VARIATIONS_LEFT = 16 }; // an image and its variations

// As blmi_leave_one_out_many, but the kept images are left out in groups of `size` that
// follow each other: factor is that of S + (images - size - 1) epsilon I.
void blmi_leave_variations_out_many(int64_t images, int count, int size, int features,
    double keep, const double *factor, double *u, float *out, size_t stride);
// The many form with a group: u (size, D) are L^-1 times its centred samples, L being the
// factor of S + (N - size - 1) epsilon I.  t (size, size) becomes the Cholesky factor of
// T = M^-1 - U'A^-1 U, with M^-1 = I - 11' / N.  A scatter in float resolves no smaller
// pivots than FLT_EPSILON; they are raised to that.
void blmi_many_group_factor(
    int64_t images, int size, int features, const double *u, double *t);
// y'A^-1 y + y'A^-1 U T^-1 U'A^-1 y for z (D), L^-1 times features less the mean, and y =
// z + U1 / (N - size).  h (size) is scratch.
double blmi_many_group_square(int64_t images, int size, int features, const double *u,
    const double *t, const double *z, double *h);

#endif
