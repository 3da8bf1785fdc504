// sliding.h: shared parts of the layers with sliding windows.
#ifndef BLMI_NN_SLIDING_H
#define BLMI_NN_SLIDING_H

#include "src/nn/layers.h"

// Zeros before the first row and column.
typedef struct blmi_sliding {
    int before_y, before_x;
} blmi_sliding;

blmi_sliding blmi_sliding_of(const blmi_conv_layer *layer, const blmi_shape *from);
blmi_shape blmi_sliding_shape(const blmi_conv_layer *layer, const blmi_shape *from);
// Bias and batch norm of a layer as y = x * scale + bias for each channel; both
// (channels), zeros at first.
void blmi_sliding_affine(const blmi_conv_layer *layer, int channels, blmi_packer *p,
    float *scale, float *bias);

// A convolution of window 1 with its norm and bias, as a matrix of these words if they
// divide its depth.
void blmi_sliding_pack(const blmi_conv_layer *layer, int depth, int columns,
    blmi_words words, blmi_packer *p, blmi_matrix *out);
// A window for each channel: *weights (window * window, padded), *bias (padded).
void blmi_sliding_pack_each(const blmi_conv_layer *layer, int channels, blmi_packer *p,
    const float **weights, const float **bias);

#endif
