// position.h: the Gaussian of one position, for the loops over features.
#ifndef BLMI_GAUSS_POSITION_H
#define BLMI_GAUSS_POSITION_H

#include "src/gauss/gauss.h"
#include "src/gauss/gauss_kernels.h"

// Floats from one scratch row of features to the next: whole cache lines.
size_t blmi_row_floats(int features);
// y (D) = x (D) - mean (D) at position p, scaled if the model is.
void blmi_centre(const blmi_gauss *gauss, const float *x, size_t p, float *y);
// |x|^2 in double, in four independent sums.
double blmi_square(const float *x, int n);

// The number of eigenpairs of position p; zeros follow them.
int blmi_rank_at(const blmi_gauss *gauss, int p);
// The number that the rule adds to the diagonal at p, of that rank: epsilon, and with
// shrinkage x its share of the trace.
double blmi_shift_at(const blmi_gauss *gauss, int p, int rank);

// The same for the kernels: y (row_floats) has zeros behind the features.
void blmi_centre_row(const blmi_gauss_kernels *kernels, const blmi_gauss *gauss,
    const float *x, size_t p, float *y);

// Four rows of axes or of a factor as floats: where they lie, or, if they are halves, in
// room (BLMI_TILE, row_floats).  A short tile repeats its last row.
//
// Axes of position p from number k on.
void blmi_take_axes(const blmi_gauss_kernels *kernels, const blmi_gauss *gauss, int p,
    int k, int rank, float *room, const float *rows[BLMI_TILE]);
// Rows of L from `top` on, as far as `end`.
blmi_factor_rows blmi_take_rows(const blmi_gauss_kernels *kernels,
    const blmi_gauss *gauss, size_t p, int top, int end, float *room);

// The distance of y (D), centred and scaled, from the Gaussian of eigenpairs at p, by the
// sum of positive terms in which nothing cancels.  y and rest (D) hold it at the
// beginning; rest is used up.  out (count); y and rests (count, row_floats).
void blmi_eigenpair_distances(const blmi_gauss_kernels *kernels, const blmi_gauss *gauss,
    int p, int count, const float *y, float *rests, float *room, float *out,
    size_t stride);

#endif
