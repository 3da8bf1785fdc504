// weights_file.h: opens weights files and finds the networks in them.
#ifndef BLMI_BACKBONE_WEIGHTS_FILE_H
#define BLMI_BACKBONE_WEIGHTS_FILE_H

#include "blemish/status.h"
#include "src/backbone/backbone.h"

// The "format" in their metadata.
#define BLMI_WEIGHTS_FORMAT "blemish-weights"
bool blmi_weights_recognise(const blmi_safetensors *file);

// What a model remembers of weights that it does not contain.
typedef struct blmi_weights_source {
    char name[128]; // of the file, without its folder
    char hash[BLMI_HASH_DIGITS + 1];
} blmi_weights_source;

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
    int sources; // files, or one ONNX network with its other file
    blmi_weights_source source[BLMI_MAX_MEMBERS];
    struct blmi_onnx_weights *onnx; // of an ONNX file: what holds its tensors
} blmi_weights;

// What is wanted of an ONNX network.
typedef struct blmi_wanted {
    const char *taps;             // names with commas between them; "": its outputs
    int width, height;            // pixels of the input that it is tried at; 0: its own
    double mean[3], deviation[3]; // that it takes; deviations of 0: those of ImageNet
} blmi_wanted;

// path_or_name: a file, or a name (blemish/weights.h lists the folders), or several
// separated by commas; NULL: the default name, "b".  The metadata must match the tensors.
// wanted: of an ONNX file; NULL: all zeros.  BLM_EINPUT.
blm_status blmi_weights_open(const char *path_or_name, const blmi_wanted *wanted,
    blmi_weights *out, blm_error *err);
// Opens weights that a model does not contain, where blmi_weights_search finds them.
// wanted: of an ONNX network.  BLM_EINPUT: one is missing, or is another file.
blm_status blmi_weights_find(const blmi_weights_source *sources, int count,
    const char *beside, const blmi_wanted *wanted, blmi_weights *out, blm_error *err);
void blmi_weights_close(blmi_weights *weights); // all zeros allowed

#endif
