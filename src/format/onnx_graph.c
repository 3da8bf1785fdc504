// onnx_graph.c: reads the names of an ONNX file and the links between its nodes.
#include <stdlib.h>
#include <string.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/base/number.h"
#include "src/format/onnx_parts.h"

enum {
    MAX_NODES = 200000,
    MAX_VALUES = 400000,
    MAX_DEPTH = 8, // of graphs inside of nodes
    MAX_NEAR = 5,  // names in a message
    MAX_COMPARED = 20000
};

static blmi_cursor over(blmi_span span)
{
    return blmi_cursor_over(span.bytes, span.size);
}

static blmi_span span_of(const blmi_protobuf_field *field)
{
    return field->wire == BLMI_WIRE_BYTES ? (blmi_span){field->bytes, field->size}
                                          : (blmi_span){0};
}

static int compare_spans(blmi_span a, blmi_span b)
{
    const size_t size = a.size < b.size ? a.size : b.size;
    const int order = size > 0 ? memcmp(a.bytes, b.bytes, size) : 0;
    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

static bool is_text(blmi_span span, const char *text)
{
    return span.size == strlen(text) && memcmp(span.bytes, text, span.size) == 0;
}

blmi_span blmi_onnx_field(blmi_span message, uint32_t number)
{
    blmi_cursor cursor = over(message);
    blmi_protobuf_field field;
    while (blmi_protobuf_next(&cursor, &field))
        if (field.number == number && field.wire == BLMI_WIRE_BYTES)
            return span_of(&field);
    return (blmi_span){message.bytes, 0};
}

static uint64_t number_in(blmi_span message, uint32_t number, uint64_t otherwise)
{
    blmi_cursor cursor = over(message);
    blmi_protobuf_field field;
    while (blmi_protobuf_next(&cursor, &field))
        if (field.number == number && field.wire == BLMI_WIRE_NUMBER)
            return field.value;
    return otherwise;
}

// ---- walking --------------------------------------------------------------------------

// Called for each message of a kind.  Returns false to stop, as at damage.
typedef struct walk {
    blmi_onnx_visit *needs;                          // NULL: not wanted
    bool (*tensor)(void *context, blmi_span tensor); // NULL: not wanted
    void *context;
} walk;

static bool walk_graph(const walk *w, blmi_span graph, int depth);

static bool walk_tensor(const walk *w, blmi_span tensor)
{
    return w->tensor == NULL || w->tensor(w->context, tensor);
}

// values, indices and dims
static bool walk_sparse(const walk *w, blmi_span sparse)
{
    return walk_tensor(w, blmi_onnx_field(sparse, 1)) &&
           walk_tensor(w, blmi_onnx_field(sparse, 2));
}

static bool walk_attribute(const walk *w, blmi_span attribute, int depth)
{
    blmi_cursor cursor = over(attribute);
    blmi_protobuf_field field;
    bool fine = true;
    while (fine && blmi_protobuf_next(&cursor, &field)) {
        const blmi_span part = span_of(&field);
        switch (field.number) {
        case BLMI_ATTRIBUTE_TENSOR:
        case BLMI_ATTRIBUTE_TENSORS:
            fine = walk_tensor(w, part);
            break;
        case BLMI_ATTRIBUTE_SPARSE:
        case BLMI_ATTRIBUTE_SPARSES:
            fine = walk_sparse(w, part);
            break;
        case BLMI_ATTRIBUTE_GRAPH:
        case BLMI_ATTRIBUTE_GRAPHS:
            fine = walk_graph(w, part, depth + 1);
            break;
        default:
            break;
        }
    }
    return fine && !cursor.overrun;
}

static bool walk_node(const walk *w, blmi_span node, int depth)
{
    blmi_cursor cursor = over(node);
    blmi_protobuf_field field;
    while (blmi_protobuf_next(&cursor, &field)) {
        if (field.number == BLMI_NODE_INPUT && w->needs != NULL)
            w->needs(w->context, span_of(&field));
        if (field.number == BLMI_NODE_ATTRIBUTE &&
            !walk_attribute(w, span_of(&field), depth))
            return false;
    }
    return !cursor.overrun;
}

static bool walk_graph(const walk *w, blmi_span graph, int depth)
{
    blmi_cursor cursor = over(graph);
    blmi_protobuf_field field;
    bool fine = depth <= MAX_DEPTH;
    while (fine && blmi_protobuf_next(&cursor, &field)) {
        const blmi_span part = span_of(&field);
        if (field.number == BLMI_GRAPH_NODE)
            fine = walk_node(w, part, depth);
        else if (field.number == BLMI_GRAPH_TENSOR)
            fine = walk_tensor(w, part);
        else if (field.number == BLMI_GRAPH_SPARSE)
            fine = walk_sparse(w, part);
        else if (field.number == BLMI_GRAPH_OUTPUT && w->needs != NULL)
            w->needs(w->context, blmi_onnx_field(part, 1));
    }
    return fine && !cursor.overrun;
}

void blmi_onnx_needs(blmi_span node, blmi_onnx_visit *visit, void *context)
{
    const walk w = {.needs = visit, .context = context};
    walk_node(&w, node, 0);
}

// ---- numbers in other files -----------------------------------------------------------

static bool read_number(blmi_span text, uint64_t *out)
{
    char digits[24];
    int64_t value;
    if (text.size == 0 || text.size >= sizeof digits)
        return false;
    memcpy(digits, text.bytes, text.size);
    digits[text.size] = '\0';
    if (!blmi_scan_int64(digits, &value) || value < 0)
        return false;
    *out = (uint64_t)value;
    return true;
}

bool blmi_onnx_place_of(blmi_span tensor, blmi_onnx_place *out)
{
    blmi_cursor cursor = over(tensor);
    blmi_protobuf_field field;
    bool fine = true;
    *out = (blmi_onnx_place){0};
    while (fine && blmi_protobuf_next(&cursor, &field)) {
        if (field.number == BLMI_TENSOR_PLACE)
            out->outside = field.value != 0;
        if (field.number != BLMI_TENSOR_ENTRY)
            continue;
        const blmi_span entry = span_of(&field);
        const blmi_span key = blmi_onnx_field(entry, 1);
        const blmi_span value = blmi_onnx_field(entry, 2);
        if (is_text(key, "location"))
            out->file = value;
        else if (is_text(key, "offset"))
            fine = read_number(value, &out->offset);
        else if (is_text(key, "length"))
            fine = out->has_length = read_number(value, &out->length);
    }
    return fine && !cursor.overrun;
}

// A plain name: no folder, and nothing that a file system could take for one.
static bool is_plain(blmi_span name)
{
    return name.size > 0 && name.size < BLMI_ONNX_MAX_NAME && name.bytes[0] != '.' &&
           memchr(name.bytes, '/', name.size) == NULL &&
           memchr(name.bytes, '\\', name.size) == NULL &&
           memchr(name.bytes, '\0', name.size) == NULL;
}

typedef struct outside {
    blmi_onnx *onnx;
    bool allowed; // the tensor is one of the graph's own
    const char *fault;
} outside;

static bool note_place(void *context, blmi_span tensor)
{
    outside *o = context;
    blmi_onnx_place place;
    char *data = o->onnx->data;
    if (!blmi_onnx_place_of(tensor, &place))
        o->fault = "a tensor is damaged";
    else if (place.outside && !o->allowed)
        o->fault = "a constant inside of a node has its numbers in another file";
    else if (place.outside && !is_plain(place.file))
        o->fault = "its numbers are in a file that does not lie beside it";
    else if (place.outside && data[0] != '\0' && !is_text(place.file, data))
        o->fault = "its numbers are in several other files, expected one";
    else if (place.outside) {
        memcpy(data, place.file.bytes, place.file.size);
        data[place.file.size] = '\0';
    }
    return o->fault == NULL;
}

// Finds the file of the graph's numbers, and refuses numbers that are elsewhere.
static blm_status find_data(blmi_onnx *onnx, blm_error *err)
{
    outside o = {.onnx = onnx};
    const walk w = {.tensor = note_place, .context = &o};
    blmi_cursor cursor = over(onnx->graph);
    blmi_protobuf_field field;
    bool fine = true;
    while (fine && blmi_protobuf_next(&cursor, &field)) {
        o.allowed = field.number == BLMI_GRAPH_TENSOR;
        if (o.allowed)
            fine = note_place(&o, span_of(&field));
        else if (field.number == BLMI_GRAPH_NODE)
            fine = walk_node(&w, span_of(&field), 0);
        else if (field.number == BLMI_GRAPH_SPARSE)
            fine = walk_sparse(&w, span_of(&field));
    }
    cursor = over(onnx->whole);
    o.allowed = false;
    while (fine && blmi_protobuf_next(&cursor, &field)) {
        blmi_cursor inside = over(span_of(&field));
        blmi_protobuf_field part;
        while (fine && field.number == BLMI_MODEL_FUNCTIONS &&
               blmi_protobuf_next(&inside, &part))
            fine = part.number != BLMI_FUNCTION_NODE || walk_node(&w, span_of(&part), 0);
        fine = fine && !inside.overrun;
    }
    if (fine)
        return BLM_OK;
    return blmi_fail(err, BLM_EINPUT, "%s: %s", onnx->path,
        o.fault != NULL ? o.fault : "a node is damaged, or graphs are nested too deep");
}

// ---- reading --------------------------------------------------------------------------

static int by_name(const void *a, const void *b)
{
    return compare_spans(
        ((const blmi_onnx_value *)a)->name, ((const blmi_onnx_value *)b)->name);
}

const blmi_onnx_value *blmi_onnx_value_named(const blmi_onnx *onnx, blmi_span name)
{
    const blmi_onnx_value key = {.name = name};
    return onnx->values > 0
               ? bsearch(&key, onnx->value, onnx->values, sizeof key, by_name)
               : NULL;
}

// Counts nodes and values, or, once there is room for them, takes them.
static bool list(blmi_onnx *onnx)
{
    blmi_cursor cursor = over(onnx->graph), inside = {0};
    blmi_protobuf_field field, part;
    size_t nodes = 0, values = 0;
    while (blmi_protobuf_next(&cursor, &field) && !inside.overrun) {
        const blmi_span message = span_of(&field);
        if (field.number == BLMI_GRAPH_NODE && field.wire != BLMI_WIRE_BYTES)
            return false;
        if (field.number == BLMI_GRAPH_TENSOR) {
            if (onnx->value != NULL)
                onnx->value[values] =
                    (blmi_onnx_value){blmi_onnx_field(message, BLMI_TENSOR_NAME), -1};
            values++;
        }
        if (field.number != BLMI_GRAPH_NODE)
            continue;
        if (onnx->node != NULL)
            onnx->node[nodes] = message;
        inside = over(message);
        while (blmi_protobuf_next(&inside, &part)) {
            if (part.number != BLMI_NODE_OUTPUT || part.size == 0)
                continue;
            if (onnx->value != NULL)
                onnx->value[values] = (blmi_onnx_value){span_of(&part), (int64_t)nodes};
            values++;
        }
        nodes++;
    }
    onnx->nodes = nodes;
    onnx->values = values;
    return !cursor.overrun && !inside.overrun;
}

static blm_status list_all(blmi_onnx *onnx, blm_error *err)
{
    if (!list(onnx))
        return blmi_fail(err, BLM_EINPUT, "%s: the graph is damaged", onnx->path);
    if (onnx->nodes == 0)
        return blmi_fail(err, BLM_EINPUT,
            "%s: not an ONNX model: it has no graph with nodes", onnx->path);
    if (onnx->nodes > MAX_NODES || onnx->values > MAX_VALUES)
        return blmi_fail(err, BLM_EINPUT,
            "%s: %zu nodes and %zu values, expected at most %d and %d", onnx->path,
            onnx->nodes, onnx->values, MAX_NODES, MAX_VALUES);
    onnx->node = blmi_alloc_zero(onnx->nodes, sizeof *onnx->node);
    onnx->value = blmi_alloc_zero(onnx->values, sizeof *onnx->value);
    if (onnx->node == NULL || onnx->value == NULL)
        return blmi_no_memory(err, "the graph", onnx->values, sizeof *onnx->value);
    list(onnx);
    qsort(onnx->value, onnx->values, sizeof *onnx->value, by_name);
    for (size_t i = 1; i < onnx->values; i++)
        if (by_name(&onnx->value[i - 1], &onnx->value[i]) == 0)
            return blmi_fail(err, BLM_EINPUT, "%s: two values have the name %.*s",
                onnx->path, (int)(onnx->value[i].name.size % BLMI_ONNX_MAX_NAME),
                (const char *)onnx->value[i].name.bytes);
    return BLM_OK;
}

static blm_status check_order(const blmi_onnx *onnx, blm_error *err)
{
    for (size_t n = 0; n < onnx->nodes; n++) {
        blmi_cursor cursor = over(onnx->node[n]);
        blmi_protobuf_field field;
        while (blmi_protobuf_next(&cursor, &field)) {
            if (field.number != BLMI_NODE_INPUT)
                continue;
            const blmi_onnx_value *v = blmi_onnx_value_named(onnx, span_of(&field));
            if (v != NULL && v->node >= (int64_t)n)
                return blmi_fail(err, BLM_EINPUT,
                    "%s: node %zu needs what node %lld computes: expected nodes in the "
                    "order of computation",
                    onnx->path, n, (long long)v->node);
        }
    }
    return BLM_OK;
}

// A name as text; false: it is empty or too long, or has a byte of zero.
static bool copy_name(blmi_span name, char out[BLMI_ONNX_MAX_NAME])
{
    if (name.size == 0 || name.size >= BLMI_ONNX_MAX_NAME ||
        memchr(name.bytes, '\0', name.size) != NULL)
        return false;
    memcpy(out, name.bytes, name.size);
    out[name.size] = '\0';
    return true;
}

// From ValueInfoProto: type.tensor_type.shape.dim.dim_value.
static bool read_input(blmi_span info, blmi_onnx_input *out)
{
    const blmi_span tensor = blmi_onnx_field(blmi_onnx_field(info, 2), 1);
    blmi_cursor cursor = over(blmi_onnx_field(tensor, 2));
    blmi_protobuf_field dim;
    *out = (blmi_onnx_input){.type = (int)(number_in(tensor, 1, 0) & 0xff)};
    while (blmi_protobuf_next(&cursor, &dim)) {
        if (dim.number != 1 || out->rank == BLMI_ONNX_MAX_RANK)
            return false;
        const uint64_t length = number_in(span_of(&dim), 1, UINT64_MAX);
        out->shape[out->rank++] =
            length > 0 && length <= INT32_MAX ? (int64_t)length : -1;
    }
    return !cursor.overrun && copy_name(blmi_onnx_field(info, 1), out->name);
}

static blm_status read_ends(blmi_onnx *onnx, blm_error *err)
{
    blmi_cursor cursor = over(onnx->graph);
    blmi_protobuf_field field;
    int inputs = 0;
    onnx->output = blmi_alloc_zero(BLMI_ONNX_MAX_OUTPUTS, sizeof *onnx->output);
    if (onnx->output == NULL)
        return blmi_no_memory(
            err, "outputs", BLMI_ONNX_MAX_OUTPUTS, sizeof *onnx->output);
    while (blmi_protobuf_next(&cursor, &field)) {
        const blmi_span info = span_of(&field);
        const blmi_onnx_value *v =
            blmi_onnx_value_named(onnx, blmi_onnx_field(info, BLMI_NODE_INPUT));
        // Old files name tensors among the inputs, too.
        if (field.number == BLMI_GRAPH_INPUT && v == NULL) {
            inputs++;
            if (!read_input(info, &onnx->input))
                return blmi_fail(err, BLM_EINPUT,
                    "%s: the input of the graph is damaged, or its name is longer than "
                    "%d bytes",
                    onnx->path, BLMI_ONNX_MAX_NAME - 1);
        }
        if (field.number == BLMI_GRAPH_OUTPUT && v != NULL && v->node >= 0 &&
            onnx->outputs < BLMI_ONNX_MAX_OUTPUTS &&
            copy_name(v->name, onnx->output[onnx->outputs]))
            onnx->outputs++;
    }
    if (inputs != 1)
        return blmi_fail(err, BLM_EINPUT, "%s: the graph has %d inputs, expected 1",
            onnx->path, inputs);
    return BLM_OK;
}

static blm_status read_all(blmi_onnx *onnx, blm_error *err)
{
    blmi_cursor cursor = over(onnx->whole);
    blmi_protobuf_field field;
    while (blmi_protobuf_next(&cursor, &field))
        if (field.number == BLMI_MODEL_GRAPH && field.wire == BLMI_WIRE_BYTES)
            onnx->graph = span_of(&field);
    if (cursor.overrun || onnx->graph.size == 0)
        return blmi_fail(
            err, BLM_EINPUT, "%s: not an ONNX model, or damaged", onnx->path);
    BLMI_TRY(list_all(onnx, err));
    BLMI_TRY(check_order(onnx, err));
    BLMI_TRY(find_data(onnx, err));
    return read_ends(onnx, err);
}

blm_status blmi_onnx_read(
    const char *path, const void *bytes, size_t size, blmi_onnx **out, blm_error *err)
{
    blmi_onnx *onnx = blmi_alloc_zero(1, sizeof *onnx);
    if (onnx == NULL)
        return blmi_no_memory(err, "the graph", 1, sizeof *onnx);
    blmi_print(onnx->path, sizeof onnx->path, "%s", path);
    onnx->whole = (blmi_span){bytes, size};
    const blm_status status = read_all(onnx, err);
    if (status == BLM_OK)
        *out = onnx;
    else
        blmi_onnx_free(onnx);
    return status;
}

void blmi_onnx_free(blmi_onnx *onnx)
{
    if (onnx == NULL)
        return;
    blmi_free(onnx->output);
    blmi_free(onnx->value);
    blmi_free(onnx->node);
    blmi_free(onnx);
}

// ---- asking ---------------------------------------------------------------------------

const blmi_onnx_input *blmi_onnx_input_of(const blmi_onnx *onnx)
{
    return &onnx->input;
}

const char *blmi_onnx_output(const blmi_onnx *onnx, size_t index)
{
    return index < onnx->outputs ? onnx->output[index] : NULL;
}

const char *blmi_onnx_data_name(const blmi_onnx *onnx)
{
    return onnx->data;
}

int64_t blmi_onnx_find(const blmi_onnx *onnx, const char *name)
{
    const blmi_span span = {(const uint8_t *)name, strlen(name)};
    const blmi_onnx_value *v = blmi_onnx_value_named(onnx, span);
    return v != NULL ? v->node : -1;
}

// Levenshtein's distance of names of less than BLMI_ONNX_MAX_NAME bytes; 0: `a` contains
// `b`.
static int distance(blmi_span a, blmi_span b)
{
    int row[BLMI_ONNX_MAX_NAME];
    for (size_t at = 0; at + b.size <= a.size; at++)
        if (memcmp(a.bytes + at, b.bytes, b.size) == 0)
            return 0;
    for (size_t k = 0; k <= b.size; k++)
        row[k] = (int)k;
    for (size_t i = 1; i <= a.size; i++) {
        int diagonal = row[0];
        row[0] = (int)i;
        for (size_t k = 1; k <= b.size; k++) {
            const int above = row[k], left = row[k - 1];
            const int replaced = diagonal + (a.bytes[i - 1] != b.bytes[k - 1]);
            const int shifted = (above < left ? above : left) + 1;
            row[k] = replaced < shifted ? replaced : shifted;
            diagonal = above;
        }
    }
    return row[b.size];
}

typedef struct near {
    const blmi_onnx_value *value;
    int distance;
} near;

static bool is_nearer(const near *a, const near *b)
{
    return b->value == NULL || a->distance < b->distance ||
           (a->distance == b->distance && a->value->node > b->value->node);
}

void blmi_onnx_near(const blmi_onnx *onnx, const char *like, char *text, size_t size)
{
    near best[MAX_NEAR] = {{0}};
    blmi_span wanted = {(const uint8_t *)like, strlen(like)};
    if (wanted.size >= BLMI_ONNX_MAX_NAME)
        wanted.size = BLMI_ONNX_MAX_NAME - 1;
    for (size_t i = 0; i < onnx->values && i < MAX_COMPARED; i++) {
        near one = {.value = &onnx->value[i]};
        if (one.value->node < 0 || one.value->name.size >= BLMI_ONNX_MAX_NAME)
            continue;
        one.distance = distance(one.value->name, wanted);
        for (int k = 0; k < MAX_NEAR; k++)
            if (is_nearer(&one, &best[k])) {
                const near moved = best[k];
                best[k] = one;
                one = moved;
                if (one.value == NULL)
                    break;
            }
    }
    size_t at = 0;
    text[0] = '\0';
    for (int k = 0; k < MAX_NEAR && best[k].value != NULL && at < size; k++)
        at += (size_t)blmi_print(text + at, size - at, "%s%.*s", k > 0 ? ", " : "",
            (int)best[k].value->name.size, (const char *)best[k].value->name.bytes);
}
