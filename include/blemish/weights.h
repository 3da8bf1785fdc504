// weights.h: weights files, which hold the frozen backbone.
//
// Where a function takes weights by name, such as "s", it looks for the file
// contnet-s.safetensors in the folder $BLEMISH_WEIGHTS, in share/blemish/weights of the
// installation, and in the folder weights/ that the library was built from, and takes the
// first that is there.  What holds a '/' or a '.' is a path.
#ifndef BLEMISH_WEIGHTS_H
#define BLEMISH_WEIGHTS_H

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

// Makes a weights file of a checkpoint: one of torch.save's (.pth, .pt), or a safetensors
// file, whichever names its tensors as the published ConTNet checkpoints do.  Variant and
// switches are found from names and shapes; layer4 may be missing; the classifier and what
// only training needs is left out; numbers keep their type.  No code in a checkpoint is
// run.  norm may be unknown if checkpoint is a weights file already, which records it.
// BLM_EUSAGE: norm is needed, or is not the recorded one.  BLM_EINPUT: no such network.
BLM_API blm_status blm_weights_import(
    const char *checkpoint, const char *out, blm_norm norm, blm_error *err);

#ifdef __cplusplus
}
#endif
#endif
