// graph.c: draws a network, lays out its values in memory, packs and runs it.
#include "src/nn/graph.h"

#include <stdarg.h>
#include <string.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/base/number.h"

enum { MAX_LAYERS = 512, MAX_OUTPUTS = 32, LONGEST_NAME = 160 };

// A value and the range of layers that need it.
typedef struct held {
    blmi_shape shape;
    int last;      // layer that needs it
    size_t offset; // in the room, floats, of one image
} held;

struct blmi_graph {
    blmi_arena arena; // of names, settings, and what is packed
    bool failed;      // memory was out, or there are too many layers
    int layers, values, outputs;
    blmi_layer layer[MAX_LAYERS];
    held value[MAX_LAYERS + 1]; // 0: the image; k: the output of layer k - 1
    int output[MAX_OUTPUTS];    // values
    const blmi_kernels *kernels;
    blmi_words words;
    int batch;
};

// ---- drawing

blmi_graph *blmi_graph_new(int height, int width)
{
    blmi_graph *g = blmi_alloc_zero(1, sizeof *g);
    if (g == NULL)
        return NULL;
    g->values = 1;
    g->value[0].shape = (blmi_shape){height, width, 3, 0};
    return g;
}

void blmi_graph_free(blmi_graph *graph)
{
    if (graph == NULL)
        return;
    blmi_arena_free(&graph->arena);
    blmi_free(graph);
}

int blmi_graph_image(blmi_graph *graph)
{
    (void)graph;
    return 0;
}

blmi_shape blmi_graph_shape(const blmi_graph *graph, int value)
{
    return graph->value[value].shape;
}

static void *keep(blmi_graph *g, const void *bytes, size_t size)
{
    void *copy = blmi_arena_zeros(&g->arena, size, 1);
    if (copy == NULL)
        g->failed = true;
    else
        memcpy(copy, bytes, size);
    return copy;
}

const char *blmi_graph_name(blmi_graph *graph, const char *format, ...)
{
    char text[LONGEST_NAME];
    va_list arguments;
    va_start(arguments, format);
    blmi_vprint(text, sizeof text, format, arguments);
    va_end(arguments);
    const char *name = keep(graph, text, strlen(text) + 1);
    return name != NULL ? name : "";
}

int blmi_graph_add(blmi_graph *g, const blmi_layer_kind *kind, const char *name,
    const void *settings, size_t size, const int *input, int inputs, blmi_shape to)
{
    if (g->layers == MAX_LAYERS) {
        g->failed = true;
        return 0;
    }
    const int number = g->layers++;
    blmi_layer *layer = &g->layer[number];
    *layer = (blmi_layer){.kind = kind,
        .name = name,
        .inputs = inputs,
        .output = g->values,
        .to = to,
        .settings = keep(g, settings, size)};
    for (int i = 0; i < inputs; i++) {
        layer->input[i] = input[i];
        layer->from[i] = g->value[input[i]].shape;
        g->value[input[i]].last = number;
    }
    g->value[g->values] = (held){to, number, 0};
    return g->values++;
}

void blmi_graph_take(blmi_graph *graph, int output, int value)
{
    if (output >= MAX_OUTPUTS)
        graph->failed = true;
    else
        graph->output[output] = value;
    graph->outputs = output + 1 > graph->outputs ? output + 1 : graph->outputs;
}

// ---- memory

static size_t size_of(const held *v)
{
    return (size_t)blmi_tokens(&v->shape) * blmi_token_size(v->shape.channels);
}

// Lays out values so that values in use at the same time do not overlap: each at the
// lowest free place.
static void lay_out(blmi_graph *g)
{
    for (int v = 1; v < g->values; v++) {
        held *own = &g->value[v];
        const size_t size = size_of(own);
        own->offset = 0;
        for (bool moved = true; moved;) {
            moved = false;
            for (int other = 1; other < v; other++) {
                const held *o = &g->value[other];
                // Layer v - 1 makes v: what it takes lives, too.
                if (o->last >= v - 1 && own->offset < o->offset + size_of(o) &&
                    o->offset < own->offset + size) {
                    own->offset = o->offset + size_of(o);
                    moved = true;
                }
            }
        }
    }
}

blm_status blmi_graph_finish(blmi_graph *g, int last_output, blm_error *err)
{
    if (g->failed || last_output >= g->outputs)
        return blmi_no_memory(err, "a network", (size_t)g->layers, sizeof(blmi_layer));
    const int last = g->output[last_output]; // made by layer last - 1
    g->outputs = last_output + 1;
    g->layers = last;
    g->values = last + 1;
    for (int v = 0; v < g->values; v++)
        if (g->value[v].last >= g->layers)
            g->value[v].last = g->layers - 1;
    lay_out(g);
    return BLM_OK;
}

// ---- asking

void blmi_graph_tensors(const blmi_graph *graph,
    void (*visit)(void *context, const char *name), void *context)
{
    blmi_packer p = {.prefix = "", .visit = visit, .context = context};
    for (int i = 0; i < graph->layers; i++) {
        const blmi_layer *layer = &graph->layer[i];
        // Nothing is packed, but the layer may put down what it would.
        union {
            max_align_t align;
            char bytes[1024];
        } packed = {.bytes = {0}};
        if (layer->kind->pack != NULL && layer->kind->packed_size <= sizeof packed)
            layer->kind->pack(layer, BLMI_FLOATS, &p, &packed);
    }
}

typedef struct visitor {
    blmi_graph_visit *visit;
    void *context;
    int output;
} visitor;

static void visit_product(
    void *context, double times, double rows, int depth, int columns)
{
    const visitor *v = context;
    v->visit(v->context, v->output, times, rows, depth, columns);
}

void blmi_graph_work(const blmi_graph *graph, blmi_graph_visit *visit, void *context)
{
    visitor v = {visit, context, 0};
    for (int i = 0; i < graph->layers; i++) {
        while (v.output < graph->outputs - 1 &&
               graph->output[v.output] <= graph->layer[i].input[0])
            v.output++;
        if (graph->layer[i].kind->work != NULL)
            graph->layer[i].kind->work(&graph->layer[i], visit_product, &v);
    }
}

static size_t most_scratch(const blmi_graph *g)
{
    size_t most = 0;
    for (int i = 0; i < g->layers; i++) {
        const blmi_layer *layer = &g->layer[i];
        const size_t size = layer->kind->scratch ? layer->kind->scratch(layer) : 0;
        most = size > most ? size : most;
    }
    return (most + BLMI_LANES - 1) / BLMI_LANES * BLMI_LANES;
}

static size_t largest_value(const blmi_graph *g)
{
    size_t most = 0;
    for (int v = 1; v < g->values; v++)
        most = size_of(&g->value[v]) > most ? size_of(&g->value[v]) : most;
    return most;
}

static size_t most_channels(const blmi_graph *g)
{
    size_t most = 0;
    for (int v = 0; v < g->values; v++) {
        const size_t size = blmi_token_size(g->value[v].shape.channels);
        most = size > most ? size : most;
    }
    return most;
}

// ---- a room

struct blmi_room {
    const blmi_graph *graph;
    blmi_pass pass;
    float **value;
    float *dense; // (batch, largest value), for whoever watches
    float *memory;
    blmi_room_watch *watch;
    void *watch_context;
};

// Floats of a room: values, pairs, zeros, scratch.
typedef struct room_size {
    size_t values, pairs, zeros, scratch;
} room_size;

static room_size measure(const blmi_graph *g, size_t batch, size_t threads)
{
    size_t values = 0;
    for (int v = 1; v < g->values; v++) {
        const size_t end = g->value[v].offset + size_of(&g->value[v]);
        values = end > values ? end : values;
    }
    return (room_size){values * batch,
        g->words == BLMI_FLOATS ? 0 : largest_value(g) * batch, most_channels(g),
        most_scratch(g) * threads};
}

size_t blmi_graph_room_size(const blmi_graph *graph, int batch, int threads)
{
    const room_size size = measure(graph, (size_t)batch, (size_t)threads);
    return (size.values + size.pairs + size.zeros + size.scratch) * sizeof(float);
}

blm_status blmi_room_new(
    const blmi_graph *graph, blmi_team *team, blmi_room **out, blm_error *err)
{
    const size_t batch = (size_t)graph->batch;
    const room_size size = measure(graph, batch, (size_t)blmi_team_threads(team));
    const size_t count = size.values + size.pairs + size.zeros + size.scratch;
    blmi_room *room = blmi_alloc_zero(1, sizeof *room);
    if (room == NULL)
        return blmi_no_memory(err, "a workspace", 1, sizeof *room);
    room->graph = graph;
    room->value = blmi_alloc_zero((size_t)graph->values, sizeof *room->value);
    room->memory = blmi_alloc_zero(count, sizeof *room->memory);
    if (room->value == NULL || room->memory == NULL) {
        blmi_room_free(room);
        return blmi_no_memory(err, "a workspace", count, sizeof(float));
    }
    for (int v = 1; v < graph->values; v++)
        room->value[v] = room->memory + graph->value[v].offset * batch;
    float *pairs = room->memory + size.values, *zeros = pairs + size.pairs;
    room->pass = (blmi_pass){.kernels = graph->kernels,
        .words = graph->words,
        .team = team,
        .value = room->value,
        .zeros = zeros,
        .pairs = size.pairs > 0 ? pairs : NULL,
        .scratch = zeros + size.zeros,
        .scratch_size = most_scratch(graph)};
    *out = room;
    return BLM_OK;
}

void blmi_room_free(blmi_room *room)
{
    if (room == NULL)
        return;
    blmi_free(room->value);
    blmi_free(room->dense);
    blmi_free(room->memory);
    blmi_free(room);
}

void blmi_room_set_watch(blmi_room *room, blmi_room_watch *watch, void *context)
{
    room->watch = watch;
    room->watch_context = context;
    if (watch != NULL && room->dense == NULL)
        room->dense = blmi_alloc(
            largest_value(room->graph), (size_t)room->graph->batch * sizeof(float));
}

// ---- packing and running

blm_status blmi_graph_pack(blmi_graph *g, const blmi_kernels *kernels, blmi_words words,
    const blmi_tensors *weights, int batch, blm_error *err)
{
    blmi_packer p = {.arena = &g->arena,
        .kernels = kernels,
        .weights = weights,
        .prefix = "",
        .err = err};
    g->kernels = kernels;
    g->words = words;
    g->batch = batch;
    for (int i = 0; i < g->layers && p.status == BLM_OK; i++) {
        blmi_layer *layer = &g->layer[i];
        if (layer->kind->pack == NULL)
            continue;
        void *packed = blmi_arena_zeros(&g->arena, layer->kind->packed_size, 1);
        layer->packed = packed;
        if (packed != NULL)
            layer->kind->pack(layer, words, &p, packed);
        else
            p.status = blmi_no_memory(err, "weights", layer->kind->packed_size, 1);
    }
    blmi_free(p.plain);
    return p.status;
}

typedef struct rows_call {
    const blmi_pass *pass;
    const blmi_layer *layer;
    int rows, part;
    blmi_rows_task *task;
} rows_call;

static void run_part(const void *context, int i, int thread)
{
    const rows_call *c = context;
    const int first = i * c->part, left = c->rows - first;
    c->task(c->pass, c->layer, first, left < c->part ? left : c->part,
        c->pass->scratch + (size_t)thread * c->pass->scratch_size);
}

void blmi_pass_rows(const blmi_pass *pass, const blmi_layer *layer, int rows, int most,
    blmi_rows_task *task)
{
    const int unit = most < 14 ? 1 : 14; // of the widest tile of a product
    const int threads = blmi_team_threads(pass->team);
    const int share = (rows + threads - 1) / threads;
    const int parts = (share + most - 1) / most;
    const int part = (share + parts * unit - 1) / (parts * unit) * unit;
    blmi_team_each(pass->team, (rows + part - 1) / part, run_part,
        &(rows_call){pass, layer, rows, part, task});
}

// The grid of a value, dense.
static void copy_grid(const blmi_room *room, int number, float *out)
{
    const blmi_shape *s = &room->graph->value[number].shape;
    const size_t token = blmi_token_size(s->channels), channels = (size_t)s->channels;
    for (int n = 0; n < room->pass.images; n++) {
        const float *from =
            room->value[number] + (size_t)(n * blmi_tokens(s) + s->extra) * token;
        for (int i = 0; i < s->height * s->width; i++, from += token, out += channels)
            memcpy(out, from, channels * sizeof *out);
    }
}

static void show(const blmi_room *room, const blmi_layer *layer)
{
    if (room->watch == NULL || room->dense == NULL)
        return;
    int output = 0;
    while (room->graph->output[output] < layer->output)
        output++;
    copy_grid(room, layer->output, room->dense);
    room->watch(room->watch_context, output, layer->name, room->dense, room->pass.images,
        layer->to.height, layer->to.width, layer->to.channels);
}

void blmi_room_run(blmi_room *room, const float *x, int images, float *const *out)
{
    const blmi_graph *g = room->graph;
    room->pass.images = images;
    room->pass.image = x;
    for (int i = 0; i < g->layers; i++) {
        const blmi_layer *layer = &g->layer[i];
        layer->kind->run(&room->pass, layer);
        show(room, layer);
        for (int k = 0; k < g->outputs; k++)
            if (g->output[k] == layer->output && out[k] != NULL)
                copy_grid(room, layer->output, out[k]);
    }
}
