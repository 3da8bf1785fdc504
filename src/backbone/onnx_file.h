// onnx_file.h: opens an ONNX file as weights.
#ifndef BLMI_BACKBONE_ONNX_FILE_H
#define BLMI_BACKBONE_ONNX_FILE_H

#include "src/backbone/backbone.h"
#include "src/backbone/onnx_network.h"
#include "src/backbone/weights_file.h"

// The tensors of onnx_network.h, made from a file.
typedef struct blmi_onnx_weights {
    blmi_tensors tensors;
    blmi_tensor item[5];
    char hash[BLMI_HASH_DIGITS + 1]; // of the file, with its other file
    uint8_t *network;
    double input[6];
    int64_t size[3];
    char names[BLMI_MAX_TAPS * 96];
    int64_t form[BLMI_MAX_TAPS * BLMI_ONNX_TAP_FORM];
} blmi_onnx_weights;

// Whether a path is that of an ONNX network: it ends with ".onnx".
bool blmi_onnx_is_path(const char *path);
// XXH3-128 of the file and of the one beside it that has numbers of it.  BLM_EINPUT: it
// cannot be read.
blm_status blmi_onnx_hash(
    const char *path, char hash[BLMI_HASH_DIGITS + 1], blm_error *err);
// Cuts the graph to the taps that are wanted, names of its values, or to its own outputs;
// and runs it once, to find their shapes.  BLM_EINPUT: it cannot be read, or ONNX Runtime
// cannot run it.  BLM_EUSAGE: a tap is not a value of the network, or has no grid of
// positions.
blm_status blmi_onnx_weights_open(
    const char *path, const blmi_wanted *wanted, blmi_onnx_weights **out, blm_error *err);
void blmi_onnx_weights_close(blmi_onnx_weights *weights); // NULL allowed

#endif
