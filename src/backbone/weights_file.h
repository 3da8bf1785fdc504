// weights_file.h: opens weights files and finds the networks in them.
#ifndef BLMI_BACKBONE_WEIGHTS_FILE_H
#define BLMI_BACKBONE_WEIGHTS_FILE_H

#include "blemish/status.h"
#include "src/backbone/backbone.h"

// The "format" in their metadata.
#define BLMI_WEIGHTS_FORMAT "blemish-weights"
bool blmi_weights_recognise(const blmi_safetensors *file);

// A weights file, or several for networks side by side, read and checked.
typedef struct blmi_weights {
    blmi_backbone backbone;
    blmi_tensors tensors; // names as in the published checkpoints (joint.h: of several)
    char
        hash[BLMI_HASH_DIGITS + 1]; // the file's checksum; of several: XXH3-128 of theirs
    int files;
    blmi_safetensors file[BLMI_MAX_MEMBERS]; // own the data
    blmi_tensor *owned;                      // of several: the list of tensors, and
    char *names;                             // their names
    struct blmi_onnx_weights *onnx;          // of an ONNX file: what holds its tensors
} blmi_weights;

// path_or_name: a file, or a name (blemish/weights.h lists the folders), or several
// separated by commas; NULL: the default name, "b".  The metadata must match the tensors.
// BLM_EINPUT.
// recipe: an ONNX file (.onnx) is cut to its taps, and tried at its size; NULL: defaults.
blm_status blmi_weights_open(const char *path_or_name, const blm_recipe *recipe,
    blmi_weights *out, blm_error *err);
void blmi_weights_close(blmi_weights *weights); // all zeros allowed

#endif
