// packer.h: packs named tensors into the matrices and vectors of layers.
#ifndef BLMI_NN_PACKER_H
#define BLMI_NN_PACKER_H

#include "src/base/tensor.h"
#include "src/nn/kernels.h"

// Blocks of memory that are freed together.  All zeros: empty.
typedef struct blmi_arena {
    void **block; // (count)
    size_t count, room;
} blmi_arena;

void *blmi_arena_zeros(blmi_arena *arena, size_t count, size_t size); // NULL: no memory
void blmi_arena_free(blmi_arena *arena);

// The state of packing.  After the first fault status is not BLM_OK, and every further
// step does nothing and returns NULL.  So the steps need no checks, and the caller checks
// once at the end.
typedef struct blmi_packer {
    blmi_arena *arena; // owns what is kept
    const blmi_kernels *kernels;
    const blmi_tensors *weights;
    const char *prefix; // of the names: "layer2.ConTBlock0.ste1."; "" for none
    float *plain;       // a tensor as it is in the file, until it is packed: to be freed
    size_t room;        // of plain, floats
    blm_status status;
    blm_error *err;
    // Not NULL: nothing is packed; it is called with the name of every tensor.
    void (*visit)(void *context, const char *name);
    void *context;
    char leaf[128]; // scratch for a composed name
} blmi_packer;

// "NAME.LEAF", until the next call.
const char *blmi_pack_leaf(blmi_packer *p, const char *name, const char *leaf);
// `count` zeros that live as long as the arena.
float *blmi_pack_keep(blmi_packer *p, size_t count);
// The tensor of prefix and leaf as floats, valid until the next call.  BLM_EINPUT: it is
// missing, has another shape, or its numbers are not finite.
float *blmi_pack_get(blmi_packer *p, const char *leaf, int rank, const int64_t *shape);
float *blmi_pack_vector(blmi_packer *p, const char *leaf, int count); // kept, padded

// ---- matrices (see blmi_matrix)

// The index of number (row of taps * depth, column) in a matrix of floats.
static inline size_t blmi_matrix_at(const blmi_matrix *m, int row, int column)
{
    return (size_t)(column / BLMI_LANES) * m->panel + (size_t)row * m->row +
           (size_t)(column % BLMI_LANES);
}

float *blmi_pack_matrix(blmi_packer *p, blmi_matrix *m, int taps, int depth, int columns);
// A linear layer: LAYER.weight (columns, depth), and LAYER.bias if has_bias; else zeros.
void blmi_pack_linear(blmi_packer *p, blmi_matrix *m, const char *layer, int depth,
    int columns, bool has_bias);
// A convolution (columns, depth, window, window), a tap per position of the window.
void blmi_pack_conv(
    blmi_packer *p, blmi_matrix *m, const char *leaf, int depth, int columns, int window);
// A convolution (columns, depth, 3, 3) for winograd.c.
void blmi_pack_winograd(
    blmi_packer *p, blmi_matrix *m, const char *leaf, int depth, int columns);
// A convolution of an image (columns, 3, window, window).  A row of the window is
// contiguous in the image, so it is one tap of window x 3 numbers.
void blmi_pack_stem(
    blmi_packer *p, blmi_matrix *m, const char *leaf, int columns, int window);
// Folds scale and shift into m, which was applied to x * scale + shift, so that it can be
// applied to x; both (depth).
void blmi_pack_fold(blmi_matrix *m, const float *scale, const float *shift);
// Multiplies the first `columns` columns.
void blmi_pack_scale_columns(blmi_matrix *m, int columns, float factor);
// Converts a matrix of floats to other words, of which its depth is a multiple.  Nothing
// can be folded into it afterwards.
void blmi_pack_words(blmi_packer *p, blmi_matrix *m, blmi_words words);

#endif
