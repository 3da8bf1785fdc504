// weights.h: weights files, which hold the frozen backbone.
//
// Where a function takes weights by name, such as "s", it looks for s.safetensors or
// contnet-s.safetensors (likewise for the other families of networks) in the folder
// $BLEMISH_WEIGHTS, in the user's data folder ($XDG_DATA_HOME, else ~/.local/share)
// blemish/weights, and in share/blemish/weights of the installation, and takes the first
// that is there.  What holds a '/' or a '.' is a path.  Several of either with commas
// between them, such as "b,lite0,lite1", are networks side by side: a position has the
// features of all of them.
#ifndef BLEMISH_WEIGHTS_H
#define BLEMISH_WEIGHTS_H

#include <stddef.h>
#include <stdint.h>

#include "blemish/status.h"

#ifdef __cplusplus
extern "C" {
#endif

// Makes a weights file of a checkpoint: one of torch.save's (.pth, .pt), or a safetensors
// file, whichever names its tensors as the published files of a known network do.  Family
// and variant are found from names and shapes; what the outputs do not need, such as a
// classifier, is left out; numbers keep their type.  No code in a checkpoint is run.
// form: what tensors do not show, "pre-norm" or "post-norm" for a ConTNet; NULL where
// there is nothing to say, or where the checkpoint is a weights file, which records it.
// BLM_EUSAGE: a form is needed, or is not the recorded one.  BLM_EINPUT: no such network.
BLM_API blm_status blm_weights_import(
    const char *checkpoint, const char *out, const char *form, blm_error *err);

enum { BLM_MOST_TAPS = 32 };

// An output of a network that can become features.
typedef struct blm_tap {
    char name[32]; // "layer2"
    int channels;
    int stride; // pixels of the input from one position to the next
} blm_weights_tap;

// What weights are for.
typedef struct blm_weights_info {
    char backbone[160]; // "ConTNet-B", "ConTNet-B + EfficientNet-Lite0"
    char form[16];      // "pre-norm"; "" where tensors show everything
    int unit, size;     // sides of the input are multiples of unit; the usual side
    int tap_count;
    blm_weights_tap taps[BLM_MOST_TAPS];
    char hash[40];   // XXH3-128 of the file, 32 hex digits
    int64_t numbers; // how many all tensors hold
} blm_weights_info;

// Checks a weights file and says what it is; path_or_name as above, NULL: the default.
BLM_SIZED blm_status blm_weights_describe(
    const char *path_or_name, blm_weights_info *out, blm_error *err);

typedef enum blm_file_kind { BLM_FILE_MODEL = 0, BLM_FILE_WEIGHTS = 1 } blm_file_kind;

// Tells files of blemish's apart.  BLM_EINPUT: it is neither, or damaged.
BLM_API blm_status blm_file_identify(
    const char *path, blm_file_kind *out, blm_error *err);

// ---- the functions marked BLM_SIZED ---------------------------------------------------

BLM_API blm_status blm_weights_describe_sized(
    const char *path_or_name, blm_weights_info *out, size_t out_size, blm_error *err);
BLM_SIZED blm_status blm_weights_describe(
    const char *path_or_name, blm_weights_info *out, blm_error *err)
{
    return blm_weights_describe_sized(path_or_name, out, sizeof(blm_weights_info), err);
}

#ifdef __cplusplus
}
#endif
#endif
