// contnet.h: the ConTNet backbones Ti, S, M, B (Yan et al.  2021, arXiv:2104.13497).
#ifndef BLMI_BACKBONE_CONTNET_H
#define BLMI_BACKBONE_CONTNET_H

#include "src/backbone/backbone.h"

enum {
    BLMI_STAGES = 4, // layer1 .. layer4
    BLMI_CONTNET_UNIT =
        224, // sides of the input are multiples of it: windows of 14 at stride 16
};

typedef enum blmi_variant { BLMI_TI, BLMI_S, BLMI_M, BLMI_B } blmi_variant;

// The configuration of a network, without its weights.
typedef struct blmi_contnet_config {
    blmi_variant variant;
    bool relative; // relative position table; else the absolute `pe`
    bool qkv_bias;
    bool pre_norm; // else post-norm; cannot be seen in weights
    bool avgdown;  // shortcut: average pooling and 1x1 convolution; else a strided 1x1
    int stages;    // how many of layer1.. the weights have, 1 to 4
} blmi_contnet_config;

const char *blmi_variant_name(blmi_variant variant); // "Ti", "S", "M", "B"
// Finds everything except pre_norm (unchanged) from names and shapes.  BLM_EINPUT names
// the invalid tensor.
blm_status blmi_contnet_identify(
    const blmi_tensors *weights, blmi_contnet_config *config, blm_error *err);
int blmi_contnet_channels(
    blmi_variant variant, int stage); // of the output of layer<stage>, stage 1 to 4

// How to run it.
typedef struct blmi_contnet_options {
    int width, height; // of the input, pixels: multiples of 224
    int stages;        // compute layer1 .. layer<stages>
    int batch;         // most images per run
    blm_type type;     // of the operands of products; all else is float
} blmi_contnet_options;

// Packed weights and compiled products: immutable, shared by any number of threads.
typedef struct blmi_contnet blmi_contnet;
// The memory of a run: one per thread.
typedef struct blmi_contnet_workspace blmi_contnet_workspace;

// Checks every shape, folds the batch norms, packs the weights.  The tensors are not
// needed afterwards.
blm_status blmi_contnet_new(const blmi_tensors *weights,
    const blmi_contnet_config *config, const blmi_contnet_options *options,
    blmi_contnet **out, blm_error *err);
void blmi_contnet_free(blmi_contnet *net);
// team works inside an image and belongs to the caller; NULL: the caller only.
blm_status blmi_contnet_workspace_new(const blmi_contnet *net, blmi_team *team,
    blmi_contnet_workspace **out, blm_error *err);
void blmi_contnet_workspace_free(blmi_contnet_workspace *workspace);

// Runs `images` (at most options.batch) images x (images, height, width, 3), normalised.
// stage[k] (k = 0 for layer1), if not NULL, receives the output of layer<k+1>: (images,
// height / (8 << k), width / (8 << k), channels) for layer1 to layer3, and layer4 with
// the size of layer3.  Allocates nothing.
blm_status blmi_contnet_run(const blmi_contnet *net, blmi_contnet_workspace *workspace,
    const float *x, int images, float *const stage[BLMI_STAGES], blm_error *err);

// See blmi_workspace_watch.
void blmi_contnet_workspace_watch(
    blmi_contnet_workspace *workspace, blmi_watch *watch, void *context);

#endif
