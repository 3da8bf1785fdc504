// contnet_workspace.c: the memory of a run is one allocation, measured first and then
// dealt out.
#include "src/backbone/contnet_workspace.h"

#include <string.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/nn/winograd.h"

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

// Floats that a thread needs for itself.
static size_t measure_scratch(const blmi_contnet *net)
{
    const blmi_grid stem = blmi_stage_grid(net, 0);
    const size_t band_rows = 2 * BLMI_BAND_ROWS + 1; // of the convolution
    size_t size = band_rows * 2 * (size_t)stem.width * (size_t)stem.channels +
                  (2 * band_rows + 5) * (size_t)(net->options.width + 6) * 3;
    for (int stage = 0; stage < net->options.stages; stage++) {
        const size_t channels = (size_t)blmi_stage_grid(net, stage).channels;
        const blmi_encoder *e = net->stage[stage].block[0].ste;
        const size_t width = (size_t)blmi_pad(e->fc1.columns);
        size_t part = BLMI_BLOCK_ROWS * (channels + width + 2 * BLMI_APART);
        for (int i = 0; i < BLMI_WINDOWS; i++)
            part = larger(part, blmi_attention_scratch(
                                    e[i].patch * e[i].patch, (int)channels / e[i].heads));
        // qkv and heads of a task that does all of an encoder for its windows
        part += BLMI_WINDOW_ROWS * (4 * channels + 2 * BLMI_APART);
        size = larger(size, larger(part, blmi_winograd_scratch((int)channels)));
    }
    return (size_t)blmi_pad((int)size);
}

// The next `count` floats of memory; NULL while measuring.
static float *deal(float *memory, size_t *used, size_t count)
{
    float *part = memory ? memory + *used : NULL;
    *used += (count + BLMI_LANES - 1) / BLMI_LANES * BLMI_LANES;
    return part;
}

// Points the parts of w into memory, or at NULL; the total is returned, in floats.
static size_t lay_out(blmi_contnet_workspace *w, float *memory)
{
    const blmi_contnet *net = w->net;
    const size_t images = (size_t)net->options.batch;
    size_t used = 0, qkv = 0, heads = 0;
    for (int stage = 0; stage <= net->options.stages; stage++) {
        const blmi_grid g = blmi_stage_grid(net, stage);
        const size_t tokens = images * (size_t)g.height * (size_t)g.width;
        w->x[stage] = deal(memory, &used, tokens * (size_t)g.channels);
        if (stage == net->options.stages)
            break;
        const size_t y = images * (size_t)(g.height + 2) * (size_t)(g.width + 2) *
                         (size_t)(g.channels + BLMI_APART);
        w->y[stage] = deal(memory, &used, y);
        if (net->words == BLMI_PAIRS)
            w->pairs[stage] = deal(memory, &used, y);
        qkv = larger(qkv, tokens * (size_t)(3 * g.channels + BLMI_APART));
        heads = larger(heads, tokens * (size_t)(g.channels + BLMI_APART));
    }
    w->qkv = deal(memory, &used, qkv);
    w->heads = deal(memory, &used, heads);
    w->scratch_size = measure_scratch(net);
    w->scratch =
        deal(memory, &used, w->scratch_size * (size_t)blmi_team_threads(w->team));
    return used;
}

blm_status blmi_contnet_workspace_new(const blmi_contnet *net, blmi_team *team,
    blmi_contnet_workspace **out, blm_error *err)
{
    blmi_contnet_workspace *w = blmi_alloc_zero(1, sizeof *w);
    if (w == NULL)
        return blmi_no_memory(err, "a workspace", 1, sizeof *w);
    w->net = net;
    w->team = team;
    const size_t count = lay_out(w, NULL);
    w->memory = blmi_alloc_zero(count, sizeof *w->memory);
    if (w->memory == NULL) {
        blmi_contnet_workspace_free(w);
        return blmi_no_memory(err, "a workspace", count, sizeof(float));
    }
    lay_out(w, w->memory);
    *out = w;
    return BLM_OK;
}

void blmi_contnet_workspace_free(blmi_contnet_workspace *workspace)
{
    if (workspace != NULL)
        blmi_free(workspace->memory);
    blmi_free(workspace);
}

void blmi_contnet_workspace_watch(
    blmi_contnet_workspace *workspace, blmi_watch *watch, void *context)
{
    workspace->watch = watch;
    workspace->watch_context = context;
}

// A task and its workspace.
typedef struct call {
    const blmi_contnet_workspace *workspace;
    blmi_task *task;
    const void *context;
} call;

static void with_scratch(const void *context, int i, int thread)
{
    const call *c = context;
    c->task(c->context, i,
        c->workspace->scratch + (size_t)thread * c->workspace->scratch_size);
}

void blmi_contnet_workspace_each(const blmi_contnet_workspace *workspace, int count,
    blmi_task *task, const void *context)
{
    blmi_team_each(
        workspace->team, count, with_scratch, &(call){workspace, task, context});
}
