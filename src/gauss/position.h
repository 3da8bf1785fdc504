// position.h: the Gaussian of one position, as the loops over features take it.
#ifndef BLMI_GAUSS_POSITION_H
#define BLMI_GAUSS_POSITION_H

#include "src/gauss/gauss.h"
#include "src/gauss/gauss_kernels.h"

// Floats from one scratch row of features to the next: whole cache lines.
size_t blmi_row_floats(int features);
// y (D) = x (D) - mean (D) at position p, scaled if the model is.
void blmi_centre(const blmi_gauss *gauss, const float *x, size_t p, float *y);
// |x|^2 in double, in four sums so that none waits for the one before.
double blmi_square(const float *x, int n);

// Eigenpairs that position p has, behind which come zeros.
int blmi_rank_at(const blmi_gauss *gauss, int p);
// What the rule adds to the diagonal at p, of that rank: epsilon, and with shrinkage x
// its share of the trace.
double blmi_shift_at(const blmi_gauss *gauss, int p, int rank);

// Four rows of axes or of a factor.
typedef struct blmi_tile {
    const float *row[BLMI_TILE];     // where they lie, or
    const uint16_t *half[BLMI_TILE]; // where they lie as halves (NULL: they do not), and
    float *wide[BLMI_TILE];          // room for them as floats
} blmi_tile;

// Axes of position p from number k on; a short tile repeats the last one.  room
// (BLMI_TILE, row_floats) is for halves.
blmi_tile blmi_take_axes(const blmi_gauss *gauss, int p, int k, int rank, float *room);

// Rows of L from `top` on; a short tile repeats its last one.
typedef struct blmi_factor_rows {
    blmi_tile left; // of the diagonal, to be multiplied by
    float scale[BLMI_TILE];
    float diagonal[BLMI_TILE];
    int top, count;
} blmi_factor_rows;

blmi_factor_rows blmi_take_rows(const blmi_gauss *gauss, size_t p, int top, float *room);

// The distance of y (D), centred and scaled, from the Gaussian of eigenpairs at p, by the
// sum of positive terms in which nothing cancels.  y and rest (D) hold it at the
// beginning; rest is used up.  out (count); y and rests (count, row_floats).
void blmi_eigenpair_distances(const blmi_gauss_kernels *kernels, const blmi_gauss *gauss,
    int p, int count, const float *y, float *rests, float *room, float *out,
    size_t stride);

#endif
