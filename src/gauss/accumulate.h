// accumulate.h: the members of the accumulator, for the files that finish it (and for
// tests).
//
// Letters: Q positions in use (those with use[p] != 0), T = D (D + 1) / 2.
#ifndef BLMI_GAUSS_ACCUMULATE_H
#define BLMI_GAUSS_ACCUMULATE_H

#include <stdbool.h>

#include "src/gauss/gauss.h"
#include "src/gauss/storage.h"

// Images whose scatter is summed in double before it is rounded into the triangles.
// Blocks begin at multiples of this, for any division of the images into calls.
enum { BLMI_FOLD = 64 };

typedef struct blmi_sample {
    int64_t index; // of the image
    float *x;      // (Q, D)
} blmi_sample;

// Few images: samples are all of them.  Many: samples are the `kept` folded ones for
// leave-one-out, then those not folded yet.
struct blmi_accumulator {
    int positions, features; // P, D
    blmi_gauss_rule rule;
    int counted; // Q
    int *where;  // (Q) the positions in use, rising
    int *number; // (P) index of each in `where`; -1: not in use
    int64_t images;
    bool used_up;
    double *scale; // (D) with unit_variance, once it is being finished; else NULL

    blmi_sample *samples; // rising index
    size_t held, capacity;

    // Many images, as soon as triangles.memory is allocated.
    blmi_storage triangles; // factor (P, T) holds the scatter of the folded images
    double *mean;           // (Q, D) of the folded images
    int64_t folded;
    size_t kept;
    // Folded images are kept if their index, variations not counted, is a multiple of it.
    int64_t stride;
    int threads;
    double *scratch; // (threads, blmi_many_scratch)
};

// Doubles that a thread needs to fold and to factor in the many form.
size_t blmi_many_scratch(const blmi_gauss_rule *rule, int features);
// Doubles that a thread needs to factor in the few form.
size_t blmi_few_scratch(int64_t images, int features, int half);
// Folds the remaining images.  Cannot fail.
void blmi_accumulator_flush(blmi_accumulator *accumulator);

// The features of position number q of samples (count) as rows (count, D), less centre
// (D).
void blmi_gather_centred(const blmi_sample *samples, size_t count, int q, int features,
    const double *centre, double *rows);
// Their mean (D), summed in the order of the samples.
void blmi_gather_mean(
    const blmi_sample *samples, size_t count, int q, int features, double *mean);

// Finds the scales, if the rule wants them, from all that was added.
blm_status blmi_find_scales(
    blmi_accumulator *accumulator, blmi_gauss_form form, blm_error *err);
// Each of rows (count, width) times scale (width).
void blmi_scale_rows(double *rows, size_t count, size_t width, const double *scale);

#endif
