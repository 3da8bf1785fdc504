// storage.h: the arrays of a fitted model during a fit.
#ifndef BLMI_GAUSS_STORAGE_H
#define BLMI_GAUSS_STORAGE_H

#include "src/gauss/gauss.h"

// Most images whose features are kept for leave-one-out distances in the many form.
enum { BLMI_MAX_LEFT_OUT = 256 };

// The arrays of gauss.h, writable, in one block of memory.
typedef struct blmi_storage {
    blmi_gauss_form form;
    int positions, features, rank, half;
    float *mean;                 // (P, D)
    float *scale;                // (D), or NULL
    float *axes;                 // EIGENPAIRS: (P, R, D), or NULL and
    uint16_t *half_axes;         // the same
    float *variances;            // EIGENPAIRS: (P, R)
    float *coordinates;          // EIGENPAIRS: (P, N, R)
    float *rounding;             // EIGENPAIRS, half: (N, P); else NULL
    float *factor;               // CHOLESKY: (P, D (D + 1) / 2), or NULL and
    uint16_t *half_factor;       // (P, D (D - 1) / 2)
    float *row_scale, *diagonal; // (P, D)
    float *loo;                  // (N, P) or (256, P)
    int32_t *loo_index;          // (N) or (256)
    void *memory;
} blmi_storage;

// Floats of a packed triangle: D (D + 1) / 2.
size_t blmi_triangle(int features);
// The form that N images are kept in: whichever has fewer floats.  With variations of
// images, up to D of them are kept as they are, because only then can groups of images be
// left out later.
blmi_gauss_form blmi_form_of(int64_t images, int features, int variations);
// Bytes of the whole block; the rule decides on scales and halves.
size_t blmi_storage_bytes(blmi_gauss_form form, int64_t images, int positions,
    int features, const blmi_gauss_rule *rule);
// Contents undefined; freed by blmi_free(out->memory).
blm_status blmi_storage_new(blmi_gauss_form form, int64_t images, int positions,
    int features, const blmi_gauss_rule *rule, blmi_storage *out, blm_error *err);
// Sets all arrays to zero at position p, which is not in use.  images is N or M, as in
// loo.
void blmi_storage_blank(const blmi_storage *storage, int p, int images);

#endif
