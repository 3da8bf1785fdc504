// reference.h: computes the statistics for tests: whole covariances in double, no
// library, no optimisation.
#ifndef BLMI_GAUSS_REFERENCE_H
#define BLMI_GAUSS_REFERENCE_H

#include <stdint.h>

#include "src/gauss/gauss.h"

// A Gaussian of one position.
typedef struct reference {
    int features;
    double *mean;     // (D)
    double *scale;    // (D) 1 without unit_variance
    double *triangle; // (D, D) Cholesky factor of the covariance that the rule makes
} reference;

// Features like those of a network, x (images, P, D): means of about 1, a falling
// spectrum of 24 common causes, and a separate variance for each feature.  They depend on
// seed.
void reference_features(uint64_t seed, int images, int positions, int features, float *x);

// Fits position p of those images of x (images, P, D) whose left_out (images) is not
// `out`; left_out NULL: all images.
reference reference_fit(const float *x, int images, int positions, int features, int p,
    const int32_t *left_out, int32_t out, const blmi_gauss_rule *rule);
// The distance of one image's position, x (D).
double reference_distance(const reference *gaussian, const float *x);
void reference_free(reference *gaussian);

// |a - b| relative to b.
double relative_error(double a, double b);

#endif
