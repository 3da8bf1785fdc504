// contnet_network.h: a ConTNet ready to run: packed weights, and the plan of one run.
#ifndef BLMI_BACKBONE_CONTNET_NETWORK_H
#define BLMI_BACKBONE_CONTNET_NETWORK_H

#include "src/backbone/contnet.h"
#include "src/nn/packer.h"

enum { BLMI_MAX_BLOCKS = 6, BLMI_WINDOWS = 2 };

// The differences between the variants.
typedef struct blmi_variant_shape {
    const char *name;
    int planes;              // channels of layer0 and layer1; each stage doubles them
    int blocks[BLMI_STAGES]; // per stage
    int width[BLMI_STAGES];  // of the MLP
} blmi_variant_shape;

extern const blmi_variant_shape blmi_variant_shapes[4]; // by blmi_variant

// A transformer encoder over windows of patch x patch pixels.  In a pre-norm network the
// norms' scale and shift are folded into the weights of qkv and fc1; in any network log2
// e / sqrt(head width) is folded into those of q, and log2 e into bias.
typedef struct blmi_encoder {
    int patch, heads;
    const float *position; // (patch * patch, C), added to the tokens; NULL if relative
    const float *bias;     // (heads, patch^2, padded patch^2), of the scores; or NULL
    const float *scale[2], *shift[2]; // (C) of norm1, norm2; NULL in a pre-norm network
    blmi_matrix qkv, proj, fc1, fc2;
} blmi_encoder;

typedef struct blmi_block {
    int channels, out, stride;
    const float *scale, *shift; // (channels): the batch norm
    blmi_encoder ste[BLMI_WINDOWS];
    int conv_window;     // 3 or 1
    bool winograd;       // the convolution is computed by winograd.c
    int shortcut_window; // 2: average pooling and 1x1; 1: strided 1x1; 0: the identity
    blmi_matrix conv, shortcut;
} blmi_block;

// The rows of the tokens of one image among the rows of (h + 2, w + 2) with a border.
typedef struct blmi_places {
    int *by_row;                  // (h w)
    int *by_window[BLMI_WINDOWS]; // (h w): window after window of ste1, of ste2
} blmi_places;

// The input size of a stage; 0: the output of layer0.
typedef struct blmi_grid {
    int height, width, channels;
} blmi_grid;

typedef struct blmi_stage {
    int blocks;
    blmi_grid grid;
    blmi_places places;
    blmi_block block[BLMI_MAX_BLOCKS];
} blmi_stage;

struct blmi_contnet {
    blmi_contnet_config config;
    blmi_contnet_options options;
    const blmi_kernels *kernels;
    blmi_words words; // operands of convolutions and attention; the stem: floats
    blmi_matrix stem; // 7 taps, the rows of the window: (7 columns x 3 colours) each
    blmi_stage stage[BLMI_STAGES];
    blmi_arena arena; // owns what all of the above points to
};

blmi_grid blmi_stage_grid(const blmi_contnet *net, int stage);

// Like blmi_contnet_new, with the caller's table of kernels.
blm_status blmi_contnet_new_with(const blmi_kernels *kernels, const blmi_tensors *weights,
    const blmi_contnet_config *config, const blmi_contnet_options *options,
    blmi_contnet **out, blm_error *err);
// Fills stem and stages from the weights; net->config, options.stages, kernels are set.
blm_status blmi_contnet_pack(
    blmi_contnet *net, const blmi_tensors *weights, blm_error *err);

#endif
