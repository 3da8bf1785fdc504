// winograd.h: 3x3 convolutions of stride 1 with fewer multiplications.
#ifndef BLMI_NN_WINOGRAD_H
#define BLMI_NN_WINOGRAD_H

#include "src/nn/kernels.h"

enum { BLMI_WINOGRAD_TILES = 112 }; // that a task takes at the most

// A tile is 2 x 2 outputs, which need 4 x 4 inputs.  Both are pixels of channels, given
// by pointers: one beyond the border points to zeros, or to where nobody looks.
typedef struct blmi_winograd_job {
    const blmi_matrix *b; // one tap, 16 x columns, see blmi_winograd_column
    int tiles;
    const float *const *x; // (tiles, 4, 4) pixels of (depth) floats
    float *const *y;       // (tiles, 2, 2) pixels of the outputs, which are added to
} blmi_winograd_job;

// What a task takes for that depth, and the scratch it needs, in floats.
int blmi_winograd_tiles(int depth);
size_t blmi_winograd_scratch(int depth);
void blmi_winograd(
    const blmi_kernels *kernels, const blmi_winograd_job *job, float *scratch);

// The weights g (3, 3) of one input and output channel combined: u (4, 4).
void blmi_winograd_weights(double *u, const float *g);
// Which column of the matrix holds position (of 16) of an output channel: in the order in
// which they are used.
int blmi_winograd_column(int position, int column);

#endif
