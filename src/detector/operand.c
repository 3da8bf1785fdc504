#include "src/detector/operand.h"

#include <string.h>

#include "src/base/alloc.h"
#include "src/base/error.h"

// Whether products of bf16 are faster than products of float on this processor.
static bool has_bf16(const blmi_kernels *kernels)
{
#ifdef __x86_64__
    return kernels == &blmi_kernels_bf16;
#else
    (void)kernels;
    return false;
#endif
}

static blm_status find_mean(
    blmi_operand *operand, const float *row, int64_t rows, blm_error *err)
{
    const size_t d = (size_t)operand->features;
    double *sum = blmi_alloc_zero(d, sizeof *sum);
    operand->mean = blmi_alloc_zero((size_t)operand->padded, sizeof *operand->mean);
    if (sum == NULL || operand->mean == NULL) {
        blmi_free(sum);
        return blmi_no_memory(err, "the mean of the bank", d, sizeof *sum);
    }
    for (int64_t k = 0; k < rows; k++)
        for (size_t j = 0; j < d; j++)
            sum[j] += (double)row[(size_t)k * d + j];
    for (size_t j = 0; j < d && rows > 0; j++)
        operand->mean[j] = (float)(sum[j] / (double)rows);
    blmi_free(sum);
    return BLM_OK;
}

blm_status blmi_operand_new(
    const float *row, int64_t rows, int features, blmi_operand *out, blm_error *err)
{
    const blmi_kernels *kernels = blmi_kernels_best();
    const blmi_words words = has_bf16(kernels) ? BLMI_PAIRS : BLMI_FLOATS;
    const int padded = blmi_pad(features), depth = blmi_words_of(words, padded);
    *out = (blmi_operand){.kernels = kernels,
        .words = words,
        .features = features,
        .padded = padded,
        .depth = depth,
        .stride = blmi_pad(depth) + BLMI_APART,
        .rounding = words == BLMI_PAIRS ? 0x1p-7 + 0x1p-16 : 0.0,
        .summing = (features + 8) * 0x1p-23};
    return find_mean(out, row, rows, err);
}

void blmi_operand_free(blmi_operand *operand)
{
    blmi_free(operand->mean);
}

double blmi_operand_make(
    const blmi_operand *o, const float *x, float *centred, float *words)
{
    double square = 0.0;
    for (int j = 0; j < o->features; j++) {
        centred[j] = x[j] - o->mean[j];
        square += (double)centred[j] * (double)centred[j];
    }
    for (int j = o->features; j < o->padded; j++)
        centred[j] = 0.0f;
    if (o->words == BLMI_PAIRS)
        o->kernels->quantize(words, centred, o->padded, o->words);
    else
        memcpy(words, centred, (size_t)o->padded * sizeof *words);
    return square;
}
