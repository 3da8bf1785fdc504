// subspace.h: fits one principal subspace to the features of all positions.
//
// Letters: M rows (of all images and all positions in use), D features, R rank.
#ifndef BLMI_DETECTOR_SUBSPACE_H
#define BLMI_DETECTOR_SUBSPACE_H

#include "src/base/team.h"
#include "src/detector/collection.h"

// ---- fitting --------------------------------------------------------------------------

// Mean and scatter of the scaled rows of a collection, in double, in the order of the
// images.
typedef struct blmi_spread {
    const blmi_collection *collection;
    const float *scale; // (D)
    double *mean;       // (D)
    double *scatter;    // (D, D), only the lower triangle is used
    int threads;        // for all that is computed from it
} blmi_spread;

blm_status blmi_spread_new(const blmi_collection *collection, const float *scale,
    int threads, blmi_spread *out, blm_error *err);
void blmi_spread_free(blmi_spread *spread);

// The axes of the largest variances that together have `share` of the variance, one or
// more, in falling order: axes (D, D), of which the first R rows are used, and variances
// (D).  BLM_EBUG: the eigenvalues did not converge.
blm_status blmi_spread_axes(const blmi_spread *spread, double share, float *axes,
    float *variances, int *rank, blm_error *err);

// Distances of images from the subspace of the rows of all other groups: group (N), which
// (count) the images; out (count, P).  Exact: the mean and the scatter without the group,
// S - sum of y y' - s s' / (M - m), where y are the m rows of the group less the mean and
// s is their sum; new eigenvectors for each.  BLM_EUSAGE: a group leaves fewer than two
// images.
blm_status blmi_spread_leave_out(const blmi_spread *spread, double share,
    const int32_t *group, const int32_t *which, int count, float *out, blm_error *err);

// ---- distances ------------------------------------------------------------------------

// |y - V V'y| with y = scale x - mean.
typedef struct blmi_residual blmi_residual; // immutable

// scale, mean (D), axes V' (R, D).
blm_status blmi_residual_new(const float *scale, const float *mean, const float *axes,
    int positions, int features, int rank, blmi_residual **out, blm_error *err);
void blmi_residual_free(blmi_residual *residual); // NULL allowed
// Like blmi_detector_scratch and blmi_detector_distances.
size_t blmi_residual_scratch(const blmi_residual *residual, const blmi_team *team);
void blmi_residual_run(const blmi_residual *residual, const float *x, int images,
    const uint8_t *use, blmi_team *team, void *scratch, float *out);

#endif
