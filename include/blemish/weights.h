// weights.h: weights files, which hold the frozen backbone.
//
// Where a function takes weights by name, such as "s", it looks for the file
// contnet-s.safetensors in the folder $BLEMISH_WEIGHTS, in share/blemish/weights of the
// installation, and in the folder weights/ that the library was built from, and takes the
// first that is there.  What holds a '/' or a '.' is a path.
#ifndef BLEMISH_WEIGHTS_H
#define BLEMISH_WEIGHTS_H

#include <stdint.h>

#include "blemish/status.h"

#ifdef __cplusplus
extern "C" {
#endif

// Where a transformer encoder of the backbone normalises: before each of its two parts or
// after them.  Weights do not show it.
typedef enum blm_norm {
    BLM_NORM_UNKNOWN = 0,
    BLM_NORM_PRE = 1,
    BLM_NORM_POST = 2,
} blm_norm;

// Makes a weights file of a checkpoint: one of torch.save's (.pth, .pt), or a
// safetensors file, whichever names its tensors as the published ConTNet checkpoints
// do.  Variant and switches are found from names and shapes; layer4 may be missing;
// the classifier and what only training needs is left out; numbers keep their type.
// No code in a checkpoint is run.  norm may be unknown if checkpoint is a weights file
// already, which records it.  BLM_EUSAGE: norm is needed, or is not the recorded one.
// BLM_EINPUT: no such network.
BLM_API blm_status blm_weights_import(
    const char *checkpoint, const char *out, blm_norm norm, blm_error *err);

// What weights are for.
typedef struct blm_weights_info {
    char backbone[16]; // "ConTNet-B"
    blm_norm norm;
    int relative;    // 1: relative position table; 0: absolute position encoding
    int qkv_bias;    // 1: the products of the attention have a bias
    int avgdown;     // 1: shortcuts pool and then project; 0: they project with a stride
    int stages;      // layer1 to layer<stages> are there
    int64_t numbers; // how many all tensors hold
    char hash[33];   // XXH3-128 of the file, 32 hex digits
} blm_weights_info;

// Checks a weights file and says what it is; path_or_name as above, NULL: the default.
BLM_API blm_status blm_weights_describe(
    const char *path_or_name, blm_weights_info *out, blm_error *err);

typedef enum blm_file_kind { BLM_FILE_MODEL, BLM_FILE_WEIGHTS } blm_file_kind;

// Tells files of blemish's apart.  BLM_EINPUT: it is neither, or damaged.
BLM_API blm_status blm_file_identify(
    const char *path, blm_file_kind *out, blm_error *err);

#ifdef __cplusplus
}
#endif
#endif
