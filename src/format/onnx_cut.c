// onnx_cut.c: writes the part of an ONNX model that computes given values.
#include <string.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/format/onnx_parts.h"

// What is kept.
typedef struct cut {
    const blmi_onnx *onnx;
    const char *const *names; // (count)
    int count;
    blmi_span data;    // the other file
    bool *node;        // (nodes)
    bool *value;       // (values) that a kept node takes
    int64_t at;        // the node whose needs are being marked
    const char *fault; // NULL: none
} cut;

// ---- what is needed

static void mark(void *context, blmi_span name)
{
    cut *c = context;
    const blmi_onnx_value *v = blmi_onnx_value_named(c->onnx, name);
    if (v == NULL || v->node >= c->at)
        return;
    c->value[v - c->onnx->value] = true;
    if (v->node >= 0)
        c->node[v->node] = true;
}

static blm_status mark_all(cut *c, blm_error *err)
{
    for (int i = 0; i < c->count; i++) {
        const int64_t node = blmi_onnx_find(c->onnx, c->names[i]);
        if (node < 0)
            return blmi_fail(err, BLM_EINPUT, "%s: no node computes a value %s",
                c->onnx->path, c->names[i]);
        c->node[node] = true;
    }
    for (size_t n = c->onnx->nodes; n-- > 0;)
        if (c->node[n]) {
            c->at = (int64_t)n;
            blmi_onnx_needs(c->onnx->node[n], mark, c);
        }
    return BLM_OK;
}

static bool is_needed(const cut *c, blmi_span name)
{
    const blmi_onnx_value *v = blmi_onnx_value_named(c->onnx, name);
    return v != NULL && c->value[v - c->onnx->value];
}

// ---- writing

static void put_bytes(
    blmi_protobuf_writer *to, uint32_t number, const void *bytes, size_t size)
{
    blmi_protobuf_begin(to, number, size);
    blmi_protobuf_copy(to, bytes, size);
}

// A message that `put` writes: first counted, then written.
typedef void put_message(cut *c, blmi_protobuf_writer *to, blmi_span from);

static void put_inside(
    cut *c, blmi_protobuf_writer *to, uint32_t number, put_message *put, blmi_span from)
{
    blmi_protobuf_writer counted = {0};
    put(c, &counted, from);
    blmi_protobuf_begin(to, number, counted.size);
    put(c, to, from);
}

// A tensor, with its numbers from the other file.
static void put_tensor(cut *c, blmi_protobuf_writer *to, blmi_span from)
{
    blmi_onnx_place place;
    blmi_cursor cursor = blmi_cursor_over(from.bytes, from.size);
    blmi_protobuf_field field;
    if (!blmi_onnx_place_of(from, &place) || !place.outside) {
        blmi_protobuf_copy(to, from.bytes, from.size);
        return;
    }
    while (blmi_protobuf_next(&cursor, &field))
        if (field.number != BLMI_TENSOR_ENTRY && field.number != BLMI_TENSOR_PLACE &&
            field.number != BLMI_TENSOR_RAW)
            blmi_protobuf_copy(to, field.whole, field.whole_size);
    if (c->data.bytes == NULL || place.offset > c->data.size)
        c->fault = "numbers of the graph are in another file, which is not given, or "
                   "too short";
    else if (!place.has_length)
        place.length = c->data.size - place.offset;
    if (c->fault == NULL && place.length > c->data.size - place.offset)
        c->fault = "the other file, with numbers of the graph, is too short";
    if (c->fault == NULL)
        put_bytes(
            to, BLMI_TENSOR_RAW, c->data.bytes + place.offset, (size_t)place.length);
}

// ValueInfoProto of a name alone.
static void put_output(blmi_protobuf_writer *to, const char *name)
{
    blmi_protobuf_writer counted = {0};
    put_bytes(&counted, 1, name, strlen(name));
    blmi_protobuf_begin(to, BLMI_GRAPH_OUTPUT, counted.size);
    put_bytes(to, 1, name, strlen(name));
}

// The shapes of inner values are left out: programs find them again.
static void put_graph(cut *c, blmi_protobuf_writer *to, blmi_span from)
{
    blmi_cursor cursor = blmi_cursor_over(from.bytes, from.size);
    blmi_protobuf_field field;
    size_t node = 0;
    while (blmi_protobuf_next(&cursor, &field)) {
        const blmi_span part = {field.bytes, field.size};
        bool keep = field.number == BLMI_GRAPH_NAME;
        if (field.wire != BLMI_WIRE_BYTES)
            continue;
        if (field.number == BLMI_GRAPH_NODE)
            keep = c->node[node++];
        if (field.number == BLMI_GRAPH_INPUT) {
            const blmi_span name = blmi_onnx_field(part, 1);
            keep = blmi_onnx_value_named(c->onnx, name) == NULL || is_needed(c, name);
        }
        if (field.number == BLMI_GRAPH_SPARSE)
            keep = true;
        if (field.number == BLMI_GRAPH_TENSOR &&
            is_needed(c, blmi_onnx_field(part, BLMI_TENSOR_NAME)))
            put_inside(c, to, BLMI_GRAPH_TENSOR, put_tensor, part);
        if (keep)
            blmi_protobuf_copy(to, field.whole, field.whole_size);
    }
    for (int i = 0; i < c->count; i++)
        put_output(to, c->names[i]);
}

static void put_model(cut *c, blmi_protobuf_writer *to, blmi_span from)
{
    blmi_cursor cursor = blmi_cursor_over(from.bytes, from.size);
    blmi_protobuf_field field;
    while (blmi_protobuf_next(&cursor, &field))
        if (field.number != BLMI_MODEL_GRAPH && field.number != BLMI_MODEL_TRAINING &&
            field.number != BLMI_MODEL_METADATA)
            blmi_protobuf_copy(to, field.whole, field.whole_size);
    put_inside(c, to, BLMI_MODEL_GRAPH, put_graph, c->onnx->graph);
}

static blm_status write_model(cut *c, uint8_t **bytes, size_t *size, blm_error *err)
{
    blmi_protobuf_writer to = {0};
    put_model(c, &to, c->onnx->whole);
    if (c->fault != NULL)
        return blmi_fail(err, BLM_EINPUT, "%s: %s", c->onnx->path, c->fault);
    uint8_t *own = blmi_alloc(to.size, 1);
    if (own == NULL)
        return blmi_no_memory(err, "a part of the graph", to.size, 1);
    to = (blmi_protobuf_writer){.bytes = own};
    put_model(c, &to, c->onnx->whole);
    *bytes = own;
    *size = to.size;
    return BLM_OK;
}

blm_status blmi_onnx_cut(const blmi_onnx *onnx, const char *const *names, int count,
    const uint8_t *data, size_t data_size, uint8_t **bytes, size_t *size, blm_error *err)
{
    cut c = {.onnx = onnx, .names = names, .count = count, .data = {data, data_size}};
    c.node = blmi_alloc_zero(onnx->nodes, sizeof *c.node);
    c.value = blmi_alloc_zero(onnx->values, sizeof *c.value);
    blm_status status = c.node != NULL && c.value != NULL
                            ? mark_all(&c, err)
                            : blmi_no_memory(err, "the graph", onnx->values, 1);
    if (status == BLM_OK)
        status = write_model(&c, bytes, size, err);
    blmi_free(c.value);
    blmi_free(c.node);
    return status;
}
