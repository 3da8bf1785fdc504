// drawn.c: from a backbone to its graph, and what is asked of it.
#include "src/backbone/drawn.h"

#include <string.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/base/number.h"

typedef struct drawn {
    blmi_graph *graph;
    int taps, tap[BLMI_MAX_TAPS]; // wanted
    char name[BLMI_MAX_TAPS]
             [sizeof((blmi_tap *)NULL)->name]; // of all taps, for whoever watches
} drawn;

// The graph up to a tap; NULL: no memory.
static blmi_graph *draw(const blmi_backbone *backbone, int tap, int width, int height)
{
    const blmi_drawing *drawing = (const void *)backbone->family->engine;
    blmi_graph *graph = blmi_graph_new(height, width);
    if (graph == NULL)
        return NULL;
    drawing->draw(backbone, graph);
    if (blmi_graph_finish(graph, tap, NULL) == BLM_OK)
        return graph;
    blmi_graph_free(graph);
    return NULL;
}

// ---- asking

typedef struct search {
    const char *name;
    bool found;
} search;

static void look_at(void *context, const char *name)
{
    search *s = context;
    s->found = s->found || strcmp(s->name, name) == 0;
}

blm_status blmi_drawn_needs(const blmi_backbone *backbone, uint32_t taps,
    const char *tensor, bool *out, blm_error *err)
{
    const int side = backbone->input.standard;
    search s = {tensor, false};
    blmi_graph *graph = draw(backbone, blmi_last_tap(taps), side, side);
    if (graph == NULL)
        return blmi_no_memory(err, "a network", 1, sizeof(drawn));
    blmi_graph_tensors(graph, look_at, &s);
    blmi_graph_free(graph);
    *out = s.found;
    return BLM_OK;
}

typedef struct visitor {
    blmi_work_visit *visit;
    void *context;
} visitor;

static void visit_work(
    void *context, int output, double times, double rows, int depth, int columns)
{
    const visitor *v = context;
    v->visit(v->context, &(blmi_work){output, times, rows, depth, columns, NULL});
}

void blmi_drawn_work(const blmi_backbone *backbone, uint32_t taps, int width, int height,
    blmi_work_visit *visit, void *context)
{
    blmi_graph *graph = draw(backbone, blmi_last_tap(taps), width, height);
    if (graph != NULL)
        blmi_graph_work(graph, visit_work, &(visitor){visit, context});
    blmi_graph_free(graph);
}

uint64_t blmi_drawn_bytes(
    const blmi_backbone *backbone, uint32_t taps, int width, int height)
{
    blmi_graph *graph = draw(backbone, blmi_last_tap(taps), width, height);
    const uint64_t bytes = graph != NULL ? blmi_graph_room_size(graph, 1, 1) : 0;
    blmi_graph_free(graph);
    return bytes;
}

// ---- building and running

typedef struct drawn_room {
    const drawn *net;
    blmi_room *room;
    blmi_watch *watch;
    void *context; // of the watch
} drawn_room;

void blmi_drawn_destroy(void *net)
{
    drawn *d = net;
    blmi_graph_free(d->graph);
    blmi_free(d);
}

blm_status blmi_drawn_build(const blmi_backbone *backbone, const blmi_tensors *weights,
    const blmi_network_options *o, void **net, blm_error *err)
{
    if (o->type == BLM_TYPE_INT8)
        return blmi_fail(err, BLM_EUSAGE,
            "type int8: %s has no layers for it, expected f32 or bf16", backbone->name);
    drawn *d = blmi_alloc_zero(1, sizeof *d);
    if (d == NULL)
        return blmi_no_memory(err, "a network", 1, sizeof *d);
    d->taps = o->taps;
    memcpy(d->tap, o->tap, (size_t)o->taps * sizeof *d->tap);
    for (int i = 0; i < backbone->taps; i++)
        memcpy(d->name[i], backbone->tap[i].name, sizeof d->name[i]);
    d->graph = draw(backbone, o->tap[o->taps - 1], o->width, o->height);
    blm_status status =
        d->graph != NULL ? BLM_OK : blmi_no_memory(err, "a network", 1, sizeof *d);
    if (status == BLM_OK)
        status = blmi_graph_pack(d->graph, blmi_kernels_best(),
            o->type == BLM_TYPE_F32 ? BLMI_FLOATS : BLMI_PAIRS, weights, o->batch, err);
    if (status == BLM_OK)
        *net = d;
    else
        blmi_drawn_destroy(d);
    return status;
}

blm_status blmi_drawn_open(
    const void *net, blmi_team *team, void **workspace, blm_error *err)
{
    const drawn *d = net;
    drawn_room *own = blmi_alloc_zero(1, sizeof *own);
    if (own == NULL)
        return blmi_no_memory(err, "a workspace", 1, sizeof *own);
    own->net = d;
    const blm_status status = blmi_room_new(d->graph, team, &own->room, err);
    if (status == BLM_OK)
        *workspace = own;
    else
        blmi_free(own);
    return status;
}

void blmi_drawn_close(void *workspace)
{
    drawn_room *own = workspace;
    blmi_room_free(own->room);
    blmi_free(own);
}

// A layer as a step: "block2._blocks.1._expand_conv".
static void show_layer(void *context, int output, const char *name, const float *y,
    int images, int height, int width, int channels)
{
    const drawn_room *own = context;
    char step[200];
    blmi_print(step, sizeof step, "%s.%s", own->net->name[output], name);
    own->watch(own->context, step, y, images, height, width, channels);
}

void blmi_drawn_watch(void *workspace, blmi_watch *watch, void *context)
{
    drawn_room *own = workspace;
    own->watch = watch;
    own->context = context;
    blmi_room_set_watch(own->room, watch != NULL ? show_layer : NULL, own);
}

blm_status blmi_drawn_run(const void *net, void *workspace, const float *x, int images,
    float *const *out, blm_error *err)
{
    (void)err;
    const drawn *d = net;
    float *by_tap[BLMI_MAX_TAPS] = {NULL};
    for (int i = 0; i < d->taps; i++)
        by_tap[d->tap[i]] = out[i];
    blmi_room_run(((drawn_room *)workspace)->room, x, images, by_tap);
    return BLM_OK;
}
