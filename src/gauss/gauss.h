// gauss.h: one multivariate Gaussian per position, exact and small (DESIGN: Statistics).
//
// Letters: N images, P positions, D features, R rank, M images with leave-one-out
// distances.
#ifndef BLMI_GAUSS_GAUSS_H
#define BLMI_GAUSS_GAUSS_H

#include <stddef.h>
#include <stdint.h>

#include "blemish/status.h"

typedef enum blmi_gauss_form {
    BLMI_EIGENPAIRS, // few images: what the samples say, at rank R <= N - 1
    BLMI_CHOLESKY,   // many images: the triangular factor of the whole covariance
} blmi_gauss_form;

// The fitted Gaussians of all positions: arrays that are owned, or that lie in a mapped
// file.
typedef struct blmi_gauss {
    blmi_gauss_form form;
    int64_t images;          // N
    int positions, features; // P, D
    int rank;          // R, EIGENPAIRS; a position of lower rank is padded with zeros
    double epsilon;    // added to the diagonal of every covariance
    const float *mean; // (P, D)
    const float *axes; // EIGENPAIRS: (P, R, D) unit eigenvectors of the covariance,
                       // falling eigenvalue
    const float *variances;   // EIGENPAIRS: (P, R) eigenvalues, without epsilon
    const float *coordinates; // EIGENPAIRS: (P, N, R) the centred samples on the axes
    const float *factor; // CHOLESKY: (P, D (D + 1) / 2) rows of the lower triangle L, L
                         // L' = covariance + epsilon I
    int left_out;        // M: N for EIGENPAIRS, at most 256 for CHOLESKY
    const float *loo;    // (M, P) leave-one-out distances
    const int32_t *loo_index; // (M) which image each is
    void *owned; // what blmi_gauss_free releases; NULL if the arrays are somebody else's
} blmi_gauss;

// Takes in features image by image, in the order of their index.
typedef struct blmi_accumulator blmi_accumulator;

blm_status blmi_accumulator_new(
    int positions, int features, double epsilon, blmi_accumulator **out, blm_error *err);
void blmi_accumulator_free(blmi_accumulator *accumulator);
// x (images, P, D).  Uses all threads.  On failure nothing has been added.
blm_status blmi_accumulator_add(
    blmi_accumulator *accumulator, const float *x, int images, blm_error *err);
int64_t blmi_accumulator_images(const blmi_accumulator *accumulator);
// Factors every position, positions in parallel.  The accumulator is used up: only _free
// may follow.  BLM_EUSAGE below 3 images.
blm_status blmi_accumulator_finish(
    blmi_accumulator *accumulator, blmi_gauss *out, blm_error *err);
void blmi_gauss_free(blmi_gauss *gauss);

// Mahalanobis distances, square root taken: x (images, P, D) -> out (images, P).
// Positions with use[p] == 0 (use may be NULL: all) cost nothing and give 0.  threads: 1,
// or 0 for all.  Allocates nothing beyond scratch.
size_t blmi_gauss_scratch(
    const blmi_gauss *gauss, int images, int threads); // bytes, 64-byte aligned
void blmi_gauss_distances(const blmi_gauss *gauss, const float *x, int images,
    const uint8_t *use, int threads, void *scratch, float *out);

// Leave-group-out distances: group (N) numbers; image i is scored by the Gaussians of all
// images of other groups. EIGENPAIRS only (BLM_EUSAGE else); a group that leaves fewer
// than 2 images is BLM_EUSAGE.  out (N, P).
blm_status blmi_gauss_leave_group_out(
    const blmi_gauss *gauss, const int32_t *group, float *out, blm_error *err);

#endif
