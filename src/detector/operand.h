// operand.h: converts rows of features for the products of src/nn: less a common mean,
// padded, and rounded to bf16 if the processor supports it.
#ifndef BLMI_DETECTOR_OPERAND_H
#define BLMI_DETECTOR_OPERAND_H

#include <stdint.h>

#include "blemish/status.h"
#include "src/nn/kernels.h"

typedef struct blmi_operand {
    const blmi_kernels *kernels;
    blmi_words words;
    int features;      // D
    int padded, depth; // numbers and words of a row
    int stride;        // floats from row to row
    float *mean;       // (padded)
    // The largest error of x.r - |r|^2 / 2 from a product: rounding |x| |r| + summing
    // (|x| + |r|) |r|.
    double rounding, summing;
} blmi_operand;

// mean: the mean of row (rows, D).
blm_status blmi_operand_new(
    const float *row, int64_t rows, int features, blmi_operand *out, blm_error *err);
void blmi_operand_free(blmi_operand *operand);
// Converts x (D), less the mean, to words (stride); centred (padded) is scratch.  Returns
// its squared length.
double blmi_operand_make(
    const blmi_operand *operand, const float *x, float *centred, float *words);

#endif
