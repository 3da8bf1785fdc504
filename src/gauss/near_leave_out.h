// near_leave_out.h: leave-one-out distances of features at one position from the Gaussian
// at another one, for models with a tolerance.
//
// Image i is left out of the Gaussians of all positions.  With the letters of
// leave_out.h, let z = x - m be the features of image i at position p, centred by the
// mean at position q.  The mean without the group is m - U1 / (N - g), so
//
//     y = z + U1 / (N - g)
//     d^2 = (N - g - 1) [y'A^-1 y + y'A^-1 U T^-1 U'A^-1 y]
//
// since the scatter without the group is S - U M U', and T = M^-1 - U'A^-1 U (Woodbury).
// At p = q, where z is one of the columns of U, it is the formula of leave_out.h.
//
// EIGENPAIRS: with b = V'y and r = z - V V'z, all terms are positive:
//     y'A^-1 y   = sum_k b_k^2 / (s_k + lam) + |r|^2 / lam
//     (U'A^-1 y)_j = sum_k sqrt(s_k) / (s_k + lam) w_kj b_k
// V are the axes of the model.  Where they are halves, what their rounding does to
// features of another position is in the distance as it is when an image is scored.
//
// CHOLESKY: for a group of one, with a = N / (N - 1) and u of image i at q,
//     d^2 = (N - 2) [y'A^-1 y + a (y'A^-1 u)^2 / (1 - a u'A^-1 u)].
// With halves, what their rounding adds to the squared distance of z from the Gaussian of
// all images is added.
#ifndef BLMI_GAUSS_NEAR_LEAVE_OUT_H
#define BLMI_GAUSS_NEAR_LEAVE_OUT_H

#include <stdbool.h>

#include "src/gauss/accumulate.h"
#include "src/gauss/cells.h"
#include "src/gauss/left_group.h"

// EIGENPAIRS.  loo (N, P) holds the distances of each position from its own Gaussian, and
// becomes the least over the window.  samples: the accumulator that still holds the
// images; NULL: they are taken from the model.  use (P) names the positions that count
// (NULL: those that were fitted).  threads: 1 or more.
blm_status blmi_leave_near_out(const blmi_gauss *gauss, const blmi_groups *groups,
    const blmi_accumulator *samples, const uint8_t *use, int threads, float *loo,
    blm_error *err);

// Doubles of a thread's working memory for that, each image being left out by itself; 0
// without a tolerance.
size_t blmi_near_few_size(const blmi_gauss_rule *rule, int64_t images, int features);

// CHOLESKY: working memory of one position, for the kept images.
typedef struct blmi_near_many {
    int places;
    float *own;      // (256) distances from the own Gaussian
    double *squares; // (places, 256) squared distances of what is at each place
    double *rows;    // (256, D)
    // Of each cell around (one without any features, if none repeat): the repeated
    // features are solved, and taken from the others, of which they are all there is.
    double *cells; // (cells, 256, D)
    bool known[BLMI_MOST_CELLS];
} blmi_near_many;

// Doubles that it takes; 0 without a tolerance.
size_t blmi_near_many_size(const blmi_gauss_rule *rule, int features);
blmi_near_many blmi_near_many_at(
    const blmi_gauss_rule *rule, int features, double *memory);
// Squares from the Gaussian at position number q, for all places but the own one.  factor
// (D, D) is that of A, solved (held, D) the kept images' L^-1 u.
void blmi_near_many_distances(const blmi_accumulator *a, int q, double keep,
    const double *factor, const double *solved, blmi_near_many *near);
// Adds sign times the squared distances from the Gaussian of all images with this factor.
void blmi_near_many_add(const blmi_accumulator *a, int q, const double *factor,
    double sign, blmi_near_many *near);
// Takes what is found into loo (held, P), which holds the least so far.  One thread at a
// time.
void blmi_near_many_fold(
    const blmi_accumulator *a, int q, const blmi_near_many *near, float *loo);

#endif
