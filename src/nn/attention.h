// attention.h: computes scaled dot-product attention over the tokens of one window.
#ifndef BLMI_NN_ATTENTION_H
#define BLMI_NN_ATTENTION_H

#include "src/nn/kernels.h"

enum {
    BLMI_WINDOW_ROWS = 14 * 14, // tokens of the largest window
    BLMI_QUERY_ROWS = 42,       // queries per block of scores
};

// Attention of one window and head: out[i] = sum over j of p[i][j] v[j], where p[i] is
// the softmax over j of q[i].k[j] + bias[i][j], in powers of 2.
typedef struct blmi_attention {
    blmi_words words, out_words; // of q, k and v; of out
    int tokens, depth;           // depth: of a head
    // (tokens) rows of q, k and v, (depth) numbers each, `stride` words apart
    const float *q, *k, *v;
    size_t stride;
    const float *bias; // (tokens, padded tokens) or NULL
    float *out;        // (tokens) rows of (depth), out_stride words apart
    size_t out_stride;
} blmi_attention;

size_t blmi_attention_scratch(int tokens, int depth); // floats
void blmi_attend(const blmi_kernels *kernels, const blmi_attention *a, float *scratch);

#endif
