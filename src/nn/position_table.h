// position_table.h: resizes learned positions of a grid of tokens to another grid.
//
// The published networks resize them in different ways, and the results depend on it:
//     offset     bicubic, a = -0.75, from n to m at a step of n / (m + 0.1), the edge
//                repeated (DINO; DINOv2 without registers)
//     antialias  bicubic, a = -0.5, stretched by n / m where that is above 1; what lies
//                outside does not count (DINOv2 with registers)
//     bilinear   half-pixel centres, the edge repeated (CCT)
#ifndef BLMI_NN_POSITION_TABLE_H
#define BLMI_NN_POSITION_TABLE_H

#include "src/nn/layers.h"

// weights (m, n): the weights of the inputs for each of m outputs.
void blmi_position_axis(double *weights, int n, int m, blmi_position_rule rule);

// out (rows, columns, stride), of which `channels` are filled, from table (side, side,
// channels).  Rows and columns are resized alike; a grid of the same size is copied.
// BLM_ENOMEM.
blm_status blmi_positions_resize(float *out, size_t stride, int rows, int columns,
    const float *table, int side, int channels, blmi_position_rule rule, blm_error *err);

#endif
