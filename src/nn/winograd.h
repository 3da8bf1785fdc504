// winograd.h: computes 3x3 convolutions of stride 1 with fewer multiplications.
#ifndef BLMI_NN_WINOGRAD_H
#define BLMI_NN_WINOGRAD_H

#include "src/nn/kernels.h"

enum { BLMI_WINOGRAD_TILES = 112 }; // most tiles per task

// A tile is 2 x 2 outputs, which need 4 x 4 inputs.  Both are pixels of channels, given
// by pointers.  Inputs beyond the border point to zeros, outputs to unused memory.
typedef struct blmi_winograd_job {
    const blmi_matrix *b; // one tap, 16 x columns, see blmi_winograd_column
    int tiles;
    const float *const *x; // (tiles, 4, 4) pixels of (depth) floats
    float *const *y;       // (tiles, 2, 2) pixels of the outputs, which are added to
} blmi_winograd_job;

// Tiles per task for that depth, and the scratch for it in floats.
int blmi_winograd_tiles(int depth);
size_t blmi_winograd_scratch(int depth);
void blmi_winograd(
    const blmi_kernels *kernels, const blmi_winograd_job *job, float *scratch);

// The weights g (3, 3) of one pair of input and output channel as u (4, 4).
void blmi_winograd_weights(double *u, const float *g);
// The column of the matrix for position (of 16) of an output channel, in order of use.
int blmi_winograd_column(int position, int column);

#endif
