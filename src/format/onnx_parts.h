// onnx_parts.h: what onnx_graph.c and onnx_cut.c know of an ONNX file.
#ifndef BLMI_FORMAT_ONNX_PARTS_H
#define BLMI_FORMAT_ONNX_PARTS_H

#include "src/format/onnx_graph.h"
#include "src/format/protobuf.h"

// Numbers of fields, as in onnx.proto.
enum {
    BLMI_MODEL_GRAPH = 7,
    BLMI_MODEL_OPSETS = 8,
    BLMI_MODEL_METADATA = 14,
    BLMI_MODEL_TRAINING = 20,
    BLMI_MODEL_FUNCTIONS = 25,
    BLMI_GRAPH_NODE = 1,
    BLMI_GRAPH_NAME = 2,
    BLMI_GRAPH_TENSOR = 5, // an initializer
    BLMI_GRAPH_INPUT = 11,
    BLMI_GRAPH_OUTPUT = 12,
    BLMI_GRAPH_SPARSE = 15,
    BLMI_NODE_INPUT = 1,
    BLMI_NODE_OUTPUT = 2,
    BLMI_NODE_ATTRIBUTE = 5,
    BLMI_ATTRIBUTE_TENSOR = 5,
    BLMI_ATTRIBUTE_GRAPH = 6,
    BLMI_ATTRIBUTE_TENSORS = 10,
    BLMI_ATTRIBUTE_GRAPHS = 11,
    BLMI_ATTRIBUTE_SPARSE = 22,
    BLMI_ATTRIBUTE_SPARSES = 23,
    BLMI_FUNCTION_NODE = 7,
    BLMI_TENSOR_NAME = 8,
    BLMI_TENSOR_RAW = 9,
    BLMI_TENSOR_ENTRY = 13, // key and value: where its numbers are
    BLMI_TENSOR_PLACE = 14, // 1: in another file
};

// Bytes of the file, not ended by a zero.
typedef struct blmi_span {
    const uint8_t *bytes;
    size_t size;
} blmi_span;

// A value: what a node computes, or a tensor of the file.
typedef struct blmi_onnx_value {
    blmi_span name;
    int64_t node; // that computes it; -1: it is a tensor
} blmi_onnx_value;

struct blmi_onnx {
    char path[256]; // for messages, may be cut off
    blmi_span whole, graph;
    blmi_span *node; // (nodes) in the order of computation
    size_t nodes;
    blmi_onnx_value *value; // (values) sorted by name
    size_t values;
    blmi_onnx_input input;
    char (*output)[BLMI_ONNX_MAX_NAME]; // (outputs)
    size_t outputs;
    char data[BLMI_ONNX_MAX_NAME]; // the other file; "": none
};

// Where the numbers of a tensor are in another file.
typedef struct blmi_onnx_place {
    bool outside;
    blmi_span file;
    uint64_t offset, length;
    bool has_length;
} blmi_onnx_place;

// The value of that name; NULL: there is none.
const blmi_onnx_value *blmi_onnx_value_named(const blmi_onnx *onnx, blmi_span name);
// The first field `number` of a message that has bytes; empty if there is none.
blmi_span blmi_onnx_field(blmi_span message, uint32_t number);
// False: damaged.
bool blmi_onnx_place_of(blmi_span tensor, blmi_onnx_place *out);

// Visits the names that a node takes, with those in the graphs inside it.
typedef void blmi_onnx_visit(void *context, blmi_span name);
void blmi_onnx_needs(blmi_span node, blmi_onnx_visit *visit, void *context);

#endif
