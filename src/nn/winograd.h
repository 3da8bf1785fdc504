// winograd.h: 3x3 convolutions of stride 1 with fewer multiplications.
#ifndef BLMI_NN_WINOGRAD_H
#define BLMI_NN_WINOGRAD_H

#include <stddef.h>

#include "src/nn/kernels.h"

enum { BLMI_WINOGRAD_TILES = 112 }; // that a task takes at the most

// A tile is 2 x 2 outputs, which need 4 x 4 inputs.  Both are pixels of channels.
typedef struct blmi_winograd_job {
    const blmi_matrix *b; // one tap, 16 x columns, see blmi_winograd_column
    int tiles;
    const float *const *x; // (tiles) the first pixel of the inputs, (depth) floats each
    ptrdiff_t row, column; // floats from row to row, from pixel to pixel
    float *const *y;       // (tiles) the first pixel of the outputs, which are added to
    ptrdiff_t y_row, y_column;
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
