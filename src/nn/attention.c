// attention.c: the scores of a few queries at a time stay in the cache until they have
// become weights of the values.
#include "src/nn/workspace.h"

size_t blmi_attention_scratch(int tokens, int depth)
{
    const size_t padded = (size_t)blmi_pad(tokens);
    return 2 * padded * (size_t)depth + BLMI_QUERY_ROWS * padded;
}

// The values as a matrix (tokens, depth).
static void pack_values(float *values, const blmi_attention *a)
{
    for (int n = 0; n < a->depth; n += BLMI_LANES)
        for (int j = 0; j < a->tokens; j++)
            for (int i = 0; i < BLMI_LANES; i++)
                *values++ = a->v[(size_t)j * a->stride + (size_t)(n + i)];
}

void blmi_attend(const blmi_kernels *kernels, const blmi_attention *a, float *scratch)
{
    const size_t padded = (size_t)blmi_pad(a->tokens), depth = (size_t)a->depth;
    float *keys = scratch, *values = keys + padded * depth;
    float *scores = values + padded * depth;
    const float *rows[BLMI_WINDOW_ROWS];
    for (int j = 0; j < a->tokens; j++)
        rows[j] = a->k + (size_t)j * a->stride;
    kernels->pack_columns(keys, rows, a->tokens, a->depth);
    pack_values(values, a);
    const blmi_matrix k = {
        1, a->depth, a->tokens, depth * BLMI_LANES, BLMI_LANES, keys, NULL};
    const blmi_matrix v = {
        1, a->tokens, a->depth, (size_t)a->tokens * BLMI_LANES, BLMI_LANES, values, NULL};
    for (int first = 0; first < a->tokens; first += BLMI_QUERY_ROWS) {
        const int left = a->tokens - first;
        const int count = left < BLMI_QUERY_ROWS ? left : BLMI_QUERY_ROWS;
        const float *q[BLMI_QUERY_ROWS], *bias[BLMI_QUERY_ROWS], *p[BLMI_QUERY_ROWS];
        float *score[BLMI_QUERY_ROWS], *out[BLMI_QUERY_ROWS];
        for (int i = 0; i < count; i++) {
            const size_t row = (size_t)(first + i);
            q[i] = a->q + row * a->stride;
            bias[i] = a->bias ? a->bias + row * padded : NULL;
            p[i] = score[i] = scores + (size_t)i * padded;
            out[i] = a->out + row * a->out_stride;
        }
        kernels->product(
            &(blmi_product){&k, count, q, score, a->bias ? bias : NULL, false});
        kernels->softmax(score, count, a->tokens);
        kernels->product(&(blmi_product){&v, count, p, out, NULL, false});
    }
}
