// accumulate.h: what the accumulator holds, for the files that finish it (and for tests).
//
// Letters: Q counted positions (those with use[p] != 0), T = D (D + 1) / 2.
#ifndef BLMI_GAUSS_ACCUMULATE_H
#define BLMI_GAUSS_ACCUMULATE_H

#include <stdbool.h>

#include "src/gauss/gauss.h"
#include "src/gauss/storage.h"

// Images whose scatter is summed in double before it is rounded into the triangles.
// Blocks begin at multiples of this, however the images arrive.
enum { BLMI_FOLD = 64 };

typedef struct blmi_sample {
    int64_t index; // of the image
    float *x;      // (Q, D)
} blmi_sample;

// Few images: samples are all of them.  Many: samples are the `kept` folded ones that
// leave-one-out will need, then those not folded yet.
struct blmi_accumulator {
    int positions, features; // P, D
    blmi_gauss_rule rule;
    int counted; // Q
    int *where;  // (Q) the positions that count, rising
    int *number; // (P) the place of each in `where`; -1: it does not count
    int64_t images;
    bool used_up;
    double *scale; // (D) with unit_variance, once it is being finished; else NULL

    blmi_sample *samples; // rising index
    size_t held, capacity;

    // Many images, from the moment that triangles.memory is there.
    blmi_storage triangles; // factor (P, T) holds the scatter of the folded images
    double *mean;           // (Q, D) of the folded images
    int64_t folded;
    size_t kept;
    int64_t stride; // folded images are kept if their index is a multiple of it
    int threads;
    double *scratch; // (threads, blmi_many_scratch)
};

// Doubles that a thread needs to fold and to factor in the many form.
size_t blmi_many_scratch(const blmi_gauss_rule *rule, int features);
// Doubles that a thread needs to factor in the few form.
size_t blmi_few_scratch(int64_t images, int features, int half);
// Folds what is left.  Cannot fail.
void blmi_accumulator_flush(blmi_accumulator *accumulator);

// The features of position number q of samples (count) as rows (count, D), less centre
// (D).
void blmi_gather_centred(const blmi_sample *samples, size_t count, int q, int features,
    const double *centre, double *rows);
// Their mean (D), summed in the order of the samples.
void blmi_gather_mean(
    const blmi_sample *samples, size_t count, int q, int features, double *mean);

#endif
