// leave_out.h: leave-one-out distances of one position, from its factorisation.
//
// In the space of the images: let G = U'U be the Gram matrix of the N centred samples
// u_i, s_k > 0 its eigenvalues (those of the scatter S = UU' too) and w_k the unit
// eigenvectors.  Leave out a group of g images and let
//
//     lam = (N - g - 1) epsilon,        A = S + lam I,
//     Q = [sum_k s_k / (s_k + lam) w_k w_k'] restricted to the group   (= U'A^-1 U)
//     T = [sum_k lam / (s_k + lam) w_k w_k' + Z] restricted to the group
//     M = I + 11' / (N - g)
//
// where Z projects on the null directions of G other than the mean's, 1 / sqrt(N): it is
// zero unless samples are linearly dependent.  T = M^-1 - U'A^-1 U, written as a sum of
// positive terms so that nothing cancels, however small epsilon is.  Then
//
//     d_i^2 = (N - g - 1) (T^-1 Q M)_ii
//
// is the squared distance of image i from the Gaussian of the images outside the group.
// For a group of one, T = 1/a - q and M = a = N / (N - 1): the closed form
// (N - 2) a^2 q / (1 - a q) that Sherman and Morrison give.
//
// With shrinkage x the group's covariance (1 - x) C + (x tr(C) / D + epsilon) I is
// (1 - x) times one with the epsilon (x tr(C) / D + epsilon) / (1 - x), where
// (N - g - 1) tr(C) = tr(S) - sum |u_i|^2 - |sum u_i|^2 / (N - g), sums over the group.
#ifndef BLMI_GAUSS_LEAVE_OUT_H
#define BLMI_GAUSS_LEAVE_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/gauss/gauss.h"

// The few form: scatter (R) holds s_k falling, w (R, N) the unit eigenvectors.  Image i's
// distance goes to out[i * stride].
void blmi_leave_one_out_few(int images, int rank, int features,
    const blmi_gauss_rule *rule, const double *scatter, const double *w, float *out,
    size_t stride);

// The many form, for the `count` kept images, each left out by itself: factor (D, D) is
// the Cholesky factor of S + (images - 2) epsilon I, with the epsilon above and keep = 1
// - x, u (count, D) their centred samples, which are overwritten.
void blmi_leave_one_out_many(int64_t images, int count, int features, double keep,
    const double *factor, double *u, float *out, size_t stride);

#endif
