// weights.h: makes and describes weights files, which contain the frozen backbone.
//
// Weights are given by path or by name.  With a '/' or a '.' it is a path.  A name, such
// as "s", means the first file s.safetensors or contnet-s.safetensors (also with the
// prefixes of other families) that exists in the folder $BLEMISH_WEIGHTS, in
// blemish/weights of the user's data folder ($XDG_DATA_HOME, else ~/.local/share), or in
// share/blemish/weights of the installation.  Several with commas between them, such as
// "b,lite0,lite1", are used together: each position has the features of all of them.
//
// A model may name its weights instead of containing them.  They are looked for in the
// folder of the model and in these three, first by the name of the file, then among all
// *.safetensors by the hash that they record; only a file of the same hash is taken.
//
// A path that ends with ".onnx" is a network in the form of ONNX, alone; the taps of the
// recipe name values of it.  The part that computes them is run by ONNX Runtime
// (onnxruntime.ai), whose shared library is loaded when it is needed, and from 1.12 on:
// the file $BLEMISH_ONNXRUNTIME, or what the loader finds by the name libonnxruntime.so.1
// or libonnxruntime.so.  $BLEMISH_PROVIDER names what computes: "cpu" (the default),
// "cuda", "tensorrt", "openvino", or another provider that the library has.  Its results
// differ slightly between providers, so neither variable is part of a model.
#ifndef BLEMISH_WEIGHTS_H
#define BLEMISH_WEIGHTS_H

#include <stddef.h>
#include <stdint.h>

#include "blemish/blemish.h"
#include "blemish/status.h"

#ifdef __cplusplus
extern "C" {
#endif

// Converts a checkpoint, saved by torch.save (.pth, .pt) or as safetensors, to a weights
// file.  Tensors must have the names of the published files of a supported network; names
// and shapes decide its family and variant.  Tensors that the outputs do not need, such
// as a classifier, are left out; numbers keep their type.  Code in a checkpoint is not
// run. form: a property that the tensors do not show, "pre-norm" or "post-norm" for
// ConTNet; NULL: none, or the checkpoint is a weights file, which records it.
// BLM_EUSAGE: a form is required, or contradicts the recorded one.  BLM_EINPUT: not a
// supported network.
BLM_API blm_status blm_weights_import(
    const char *checkpoint, const char *out, const char *form, blm_error *err);

// Converts an ONNX network (a file that ends with .onnx, and the file beside it that may
// hold its numbers) to a weights file, which then holds the part of the network that its
// taps need.  recipe: `taps` are names of values of the network ["": its outputs]; it is
// tried once at `width` x `height`; `mean` and `std` are recorded; all else is ignored.
// NULL: all defaults.  Needs ONNX Runtime (see above).  BLM_EINPUT: the file cannot be
// read or run.  BLM_EUSAGE: a tap is not a value of the network, or has no grid of
// positions.
BLM_API blm_status blm_weights_import_onnx(
    const char *path, const char *out, const blm_recipe *recipe, blm_error *err);

enum { BLM_MAX_TAPS = 32 };

// An output of a network that can become features.
typedef struct blm_tap {
    char name[96]; // "layer2"
    int channels;
    int stride; // pixels of the input between positions
} blm_weights_tap;

// Properties of weights.
typedef struct blm_weights_info {
    char backbone[160]; // "ConTNet-B", "ConTNet-B + EfficientNet-Lite0"
    char form[16];      // "pre-norm"; "" if there is only one form
    int unit;           // sides of the input are multiples of it, pixels
    int size;           // default side of the input, pixels
    int tap_count;
    blm_weights_tap taps[BLM_MAX_TAPS];
    char hash[40];   // XXH3-128 of the file, 32 hex digits
    int64_t numbers; // count of numbers in all tensors
} blm_weights_info;

// Checks and describes a weights file.  path_or_name: as above; NULL: the default
// weights.  recipe: an ONNX network is cut to its taps, as by blm_weights_import_onnx;
// otherwise ignored; NULL: all defaults.  BLM_EINPUT: it cannot be read, is damaged, or
// is not a weights file.
BLM_SIZED blm_status blm_weights_describe(const char *path_or_name,
    const blm_recipe *recipe, blm_weights_info *out, blm_error *err);

typedef enum blm_file_kind { BLM_FILE_MODEL = 0, BLM_FILE_WEIGHTS = 1 } blm_file_kind;

// Finds out whether a file is a model or weights; a path that ends with ".onnx" is that
// of weights.  BLM_EINPUT: neither, or damaged.
BLM_API blm_status blm_file_identify(
    const char *path, blm_file_kind *out, blm_error *err);

// ---- bodies of the functions marked BLM_SIZED -----------------------------------------

BLM_API blm_status blm_weights_describe_sized(const char *path_or_name,
    const blm_recipe *recipe, blm_weights_info *out, size_t out_size, blm_error *err);
BLM_SIZED blm_status blm_weights_describe(const char *path_or_name,
    const blm_recipe *recipe, blm_weights_info *out, blm_error *err)
{
    return blm_weights_describe_sized(
        path_or_name, recipe, out, sizeof(blm_weights_info), err);
}

#ifdef __cplusplus
}
#endif
#endif
