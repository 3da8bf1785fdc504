// onnx_graph.h: reads which values the graph of an ONNX file has, and cuts out the part
// that computes some of them (github.com/onnx/onnx/blob/main/onnx/onnx.proto).
//
// Only names and the links between nodes are read.  What nodes compute is left to the
// program that runs the result.
#ifndef BLMI_FORMAT_ONNX_GRAPH_H
#define BLMI_FORMAT_ONNX_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "blemish/status.h"

enum {
    BLMI_ONNX_FLOAT = 1, // a type of numbers, as in TensorProto
    BLMI_ONNX_MAX_RANK = 8,
    BLMI_ONNX_MAX_NAME =
        128, // of the input, of outputs and of other files, with the zero
    BLMI_ONNX_MAX_OUTPUTS = 64
};

// A graph.  It refers to the bytes of the file, which must outlive it.  Immutable.
typedef struct blmi_onnx blmi_onnx;

// The only input of the graph.
typedef struct blmi_onnx_input {
    char name[BLMI_ONNX_MAX_NAME];
    int type;                          // of its numbers, as in TensorProto; 0: not given
    int rank;                          // 0: not given
    int64_t shape[BLMI_ONNX_MAX_RANK]; // -1: any length
} blmi_onnx_input;

// Whether images are (images, height, width, 3), not (images, 3, height, width).
static inline bool blmi_onnx_takes_pixels(const blmi_onnx_input *input)
{
    return input->rank == 4 && input->shape[3] == 3 && input->shape[1] != 3;
}

// path: for messages; copied.  BLM_EINPUT: the bytes are not an ONNX model, are damaged
// or above a limit, have another number of inputs than one, or their nodes are not in the
// order of computation.
blm_status blmi_onnx_read(
    const char *path, const void *bytes, size_t size, blmi_onnx **out, blm_error *err);
void blmi_onnx_free(blmi_onnx *onnx); // NULL allowed

const blmi_onnx_input *blmi_onnx_input_of(const blmi_onnx *onnx);
// The name of output number `index`, from 0; NULL after the last one.
const char *blmi_onnx_output(const blmi_onnx *onnx, size_t index);
// The node that computes the value with that name, counted from 0 in the order of
// computation; -1: none does.
int64_t blmi_onnx_find(const blmi_onnx *onnx, const char *name);
// Writes the names of some values with ", " between them: the last ones that contain
// `like`, then those with the smallest edit distance to it.
void blmi_onnx_near(const blmi_onnx *onnx, const char *like, char *text, size_t size);
// The file beside this one that has numbers of the graph; "": none.  A plain file name.
const char *blmi_onnx_data_name(const blmi_onnx *onnx);

// Makes the model that has these values as its outputs, in this order, and only what they
// need: *bytes, freed by blmi_free.  data (data_size): the content of the file
// blmi_onnx_data_name, whose numbers become part of the model; NULL: none.  BLM_EINPUT:
// no node computes one of the values; or numbers are not in `data`.
blm_status blmi_onnx_cut(const blmi_onnx *onnx, const char *const *names, int count,
    const uint8_t *data, size_t data_size, uint8_t **bytes, size_t *size, blm_error *err);

#endif
