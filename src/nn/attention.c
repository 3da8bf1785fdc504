// attention.c: keeps the scores of a few queries in the cache until they are the weights
// of the values.
#include "src/nn/attention.h"

size_t blmi_attention_scratch(int tokens, int depth)
{
    const size_t padded = (size_t)blmi_pad(tokens);
    return 2 * padded * (size_t)depth + BLMI_QUERY_ROWS * padded;
}

void blmi_attend(const blmi_kernels *kernels, const blmi_attention *a, float *scratch)
{
    const size_t padded = (size_t)blmi_pad(a->tokens);
    float *keys = scratch, *values = keys + padded * (size_t)a->depth;
    float *scores = values + padded * (size_t)a->depth;
    const float *rows[2][BLMI_WINDOW_ROWS];
    for (int j = 0; j < a->tokens; j++) {
        rows[0][j] = a->k + (size_t)j * a->stride;
        rows[1][j] = a->v + (size_t)j * a->stride;
    }
    const blmi_matrix k =
        blmi_panels(a->words, a->depth, a->tokens, keys); // (depth, tokens)
    const blmi_matrix v = blmi_panels(a->words, a->tokens, a->depth, values);
    kernels->pack_columns(keys, rows[0], a->tokens, k.depth);
    kernels->pack_rows(values, rows[1], a->tokens, a->depth, a->words);
    for (int first = 0; first < a->tokens; first += BLMI_QUERY_ROWS) {
        const int left = a->tokens - first;
        const int count = left < BLMI_QUERY_ROWS ? left : BLMI_QUERY_ROWS;
        const float *q[BLMI_QUERY_ROWS], *bias[BLMI_QUERY_ROWS], *p[BLMI_QUERY_ROWS];
        float *score[BLMI_QUERY_ROWS], *out[BLMI_QUERY_ROWS], scale[BLMI_QUERY_ROWS];
        for (int i = 0; i < count; i++) {
            const size_t row = (size_t)(first + i);
            q[i] = a->q + row * a->stride;
            bias[i] = a->bias ? a->bias + row * padded : NULL;
            p[i] = score[i] = scores + (size_t)i * padded;
            out[i] = a->out + row * a->out_stride;
        }
        kernels->product(&(blmi_product){.b = &k,
            .rows = count,
            .a = q,
            .y = score,
            .add = a->bias ? bias : NULL,
            .y_words = BLMI_FLOATS});
        kernels->softmax(score, scale, count, a->tokens, a->words);
        kernels->product(&(blmi_product){.b = &v,
            .rows = count,
            .a = p,
            .y = out,
            .y_words = a->out_words,
            .scale = scale});
    }
}
