// gauss.h: one multivariate Gaussian per position, exact and small (DESIGN: Statistics).
//
// Letters: N images, P positions, D features, R rank, M images with leave-one-out
// distances.
#ifndef BLMI_GAUSS_GAUSS_H
#define BLMI_GAUSS_GAUSS_H

#include <stddef.h>
#include <stdint.h>

#include "blemish/status.h"
#include "src/base/team.h"

// The sample covariance S of a position is made invertible:
//     (1 - shrinkage) S + (shrinkage tr(S) / D + epsilon) I
// (Ledoit & Wolf, "A well-conditioned estimator for large-dimensional covariance
// matrices", Journal of Multivariate Analysis 88, 2004, with a given shrinkage).  With
// unit_variance, each feature is first divided by the root of its variance, averaged over
// the positions in use, or by a tenth of the root mean square of these roots if that is
// more.
typedef struct blmi_gauss_rule {
    double epsilon;    // above 0
    double shrinkage;  // 0 or more, below 1
    int unit_variance; // 0 or 1
    int half;          // 0 or 1: axes, or factor, are kept in half precision
    // The distance at a position is the smallest one from the Gaussians of all positions
    // in use whose row and column are both at most `tolerance` cells away.
    int tolerance;  // 0 to BLMI_MAX_TOLERANCE
    int grid_width; // positions per row; ignored if tolerance and repeated are 0
    // The first `repeated` features are the same at all positions of a cell of edge x
    // edge positions; the cells cover the grid.  Distances compute with them once.
    int repeated; // 0 to D - 1
    int edge;     // 2 or more; ignored if repeated is 0
    // Of every N-th image, N = variations + 1, the N - 1 after it are variations, which
    // are left out with it and have no leave-one-out distances.
    int variations;
} blmi_gauss_rule;

enum {
    BLMI_MAX_TOLERANCE = 4,
    BLMI_MAX_PLACES = (2 * BLMI_MAX_TOLERANCE + 1) * (2 * BLMI_MAX_TOLERANCE + 1)
};

typedef enum blmi_gauss_form {
    BLMI_EIGENPAIRS, // few images: the samples, at rank R <= N - 1
    BLMI_CHOLESKY,   // many images: the triangular factor of the whole covariance
} blmi_gauss_form;

// The fitted Gaussians of all positions.  Their arrays are owned, or are in the memory of
// a file.
typedef struct blmi_gauss {
    blmi_gauss_form form;
    int64_t images;          // N
    int positions, features; // P, D
    int rank;                // R = N - 1, EIGENPAIRS; else 0
    int half;                // of the rule
    double epsilon;          // of the rule
    double shrinkage;        // of the rule; already in the factor of CHOLESKY
    int tolerance;           // of the rule
    int grid_width;          // of the rule
    int repeated, edge;      // of the rule
    const float *mean;       // (P, D)
    const float *scale;      // (D) factors of the features; NULL: 1
    // EIGENPAIRS.  Eigenvalues not above 16 N DBL_EPSILON times the largest are rounding
    // errors (duplicated images, constant features): a position of lower rank than R has
    // zeros after its rank in all three arrays.
    const float *axes;      // EIGENPAIRS: (P, R, D) unit eigenvectors of the covariance,
                            // falling eigenvalue
    const float *variances; // EIGENPAIRS: (P, R) eigenvalues, without epsilon
    const float *coordinates; // EIGENPAIRS: (P, N, R) the centred samples on the axes
    const float *factor; // CHOLESKY: (P, D (D + 1) / 2) rows of the lower triangle L, L
                         // L' = covariance + epsilon I
    // With `half` these replace axes, or factor, as IEEE binary16; all else stays float.
    const uint16_t *half_axes;   // EIGENPAIRS: (P, R, D)
    const float *rounding;       // EIGENPAIRS: (N, P) the increase, by rounded axes, of
                                 // the squared distances of the samples
    const uint16_t *half_factor; // CHOLESKY: (P, D (D - 1) / 2) rows of L below its
                                 // diagonal, within +-1, each to be multiplied by its
    const float *row_scale;      // CHOLESKY: (P, D) power of two
    const float *diagonal;       // CHOLESKY: (P, D) of L
    // M, of images that are no variations: all for EIGENPAIRS; for CHOLESKY at most 256,
    // variations included
    int left_out;
    const float *loo;         // (M, P) leave-one-out distances
    const int32_t *loo_index; // (M) which image each is
    void *owned; // freed by blmi_gauss_free; NULL if the arrays are not owned
} blmi_gauss;

// Memory for a model of N images, computed before any image is seen.
typedef struct blmi_gauss_bytes {
    uint64_t model; // the fitted arrays, in memory and in a file
    uint64_t fit;   // the peak of accumulator and model together
} blmi_gauss_bytes;

// Depends on half and tolerance of the rule.
blmi_gauss_bytes blmi_gauss_cost(int64_t images, int positions, int features,
    const blmi_gauss_rule *rule, int threads);
// 10^9 multiplications and additions: for the products and factorisations of a fit, and
// for the distances of one image.
typedef struct blmi_gauss_gflop {
    double fit, distances;
} blmi_gauss_gflop;

blmi_gauss_gflop blmi_gauss_work(
    int64_t images, int positions, int features, const blmi_gauss_rule *rule);

// Collects features image by image, in the order of their index.  Few images, N <= (D +
// 1) / 2, or D if there are variations, are kept as they are.  More are stored as packed
// triangles, and the features of at most 256 images, evenly spaced and with all their
// variations, are kept for leave-one-out distances.
typedef struct blmi_accumulator blmi_accumulator;

// use (P), copied, selects the positions (NULL: all); the others cost nothing and are
// zero in the model.  threads: 1 or more, for all work of the accumulator.  BLM_EUSAGE: a
// value of the rule is out of range.
blm_status blmi_accumulator_new(int positions, int features, const blmi_gauss_rule *rule,
    const uint8_t *use, int threads, blmi_accumulator **out, blm_error *err);
void blmi_accumulator_free(blmi_accumulator *accumulator); // NULL allowed
// x (images, P, D).  The bytes of the model depend neither on how images are divided into
// calls nor on the number of threads.  BLM_EINPUT names the first image (counted from 0
// over all calls) with a feature that is not a number within +-1e15.  After a failure the
// accumulator is unchanged.
blm_status blmi_accumulator_add(
    blmi_accumulator *accumulator, const float *x, int images, blm_error *err);
int64_t blmi_accumulator_images(const blmi_accumulator *accumulator);
// With variations, all of them must have been added.  Factors all positions in parallel.
// Leave-one-out distances are exactly those of a fit to the other images, with two
// exceptions: the scales of unit_variance are those of all images, and in CHOLESKY also
// the trace for shrinkage.  (Scales only matter through epsilon and shrinkage.) Uses up
// the accumulator: only _free may follow.  BLM_EUSAGE: fewer than 3 images.  BLM_EINPUT:
// epsilon is lost in the rounding of a covariance in float (CHOLESKY with linearly
// dependent features and an epsilon below about 1e-6 of their variance), or of factors to
// halves.  out is freed by blmi_gauss_free.
//
// Halves change distances a little, more for an epsilon that is small compared with the
// largest variances: an axis of variance l with an error of 2^-12 leaves a rest of 2^-24
// l, which is divided by epsilon.  Exact leave-one-out distances do not include this.  So
// that thresholds are those of the rounded model, the square of each is increased by what
// rounding adds to the squared distance of the same image from the Gaussian of all
// images.  If that is more than 2% at a position, over all images, the fit is refused.
blm_status blmi_accumulator_finish(
    blmi_accumulator *accumulator, blmi_gauss *out, blm_error *err);
void blmi_gauss_free(blmi_gauss *gauss);

// Mahalanobis distances (square root taken): x (images, P, D) -> out (images, P).  With a
// tolerance, the smallest in the window around a position.  Positions with use[p] == 0
// (use may be NULL: all) cost nothing and give 0; positions that the fit did not use must
// be among them.  A feature that is not finite gives a distance that is not finite.
// team: NULL for the caller only.  A distance depends, to the byte, only on its own image
// and the instruction set, not on other images or threads.  Allocates nothing: scratch
// has blmi_gauss_scratch bytes for the same arguments, aligned to 64; one thread of the
// caller's at a time per scratch.
size_t blmi_gauss_scratch(const blmi_gauss *gauss, int images, const blmi_team *team);
void blmi_gauss_distances(const blmi_gauss *gauss, const float *x, int images,
    const uint8_t *use, blmi_team *team, void *scratch, float *out);

// Leave-group-out distances, exact as above: group (N) numbers (NULL: each image is a
// group).  Image i is scored by the Gaussians of all images of other groups.  BLM_EUSAGE:
// not EIGENPAIRS, or a group leaves fewer than 2 images.  Positions with use[p] == 0
// (NULL: those that were not fitted) give 0.  With halves, what rounding adds is added
// here too.  out (N, P).  threads: 1 or more.
//
// With a tolerance, image i is left out of the Gaussians of all positions.  Its features
// are computed from the model, mean and axes times coordinates: with halves, rounded.
blm_status blmi_gauss_leave_group_out(const blmi_gauss *gauss, const int32_t *group,
    const uint8_t *use, int threads, float *out, blm_error *err);

#endif
