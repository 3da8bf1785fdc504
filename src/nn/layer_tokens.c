// layer_tokens.c: what makes a grid of patches the tokens of a transformer: positions,
// and tokens that stand before the grid; and layer norm.
#include <string.h>

#include "src/nn/layers.h"
#include "src/nn/position_table.h"

// ---- extra tokens and positions

typedef struct packed {
    const float *extra; // (extra tokens, token size)
    const float *grid;  // (tokens of the grid, token size); NULL: no positions
} packed;

static void pack_extra(const blmi_layer *layer, blmi_packer *p, float *extra)
{
    const blmi_tokens_layer *c = layer->settings;
    const int channels = layer->to.channels;
    const size_t token = blmi_token_size(channels);
    for (int i = 0; i < BLMI_MAX_EXTRA && c->extra[i] != NULL; i++) {
        const float *x =
            blmi_pack_get(p, c->extra[i], 3, (int64_t[]){1, c->count[i], channels});
        for (int t = 0; x != NULL && t < c->count[i]; t++, extra += token, x += channels)
            memcpy(extra, x, (size_t)channels * sizeof *extra);
    }
}

static void pack_positions(
    const blmi_layer *layer, blmi_packer *p, float *extra, float *grid)
{
    const blmi_tokens_layer *c = layer->settings;
    const blmi_shape *to = &layer->to;
    const size_t token = blmi_token_size(to->channels);
    const float *table = blmi_pack_get(p, c->positions, 3,
        (int64_t[]){1, c->ahead + (int64_t)c->side * c->side, to->channels});
    if (table == NULL || grid == NULL)
        return;
    for (int t = 0; t < c->ahead && t < to->extra; t++)
        for (int k = 0; k < to->channels; k++)
            extra[(size_t)t * token + (size_t)k] += table[t * to->channels + k];
    p->status = blmi_positions_resize(grid, token, to->height, to->width,
        table + (size_t)c->ahead * (size_t)to->channels, c->side, to->channels, c->rule,
        p->err);
}

static void pack(const blmi_layer *layer, blmi_words words, blmi_packer *p, void *out)
{
    (void)words;
    const blmi_tokens_layer *c = layer->settings;
    const blmi_shape *to = &layer->to;
    const size_t token = blmi_token_size(to->channels);
    packed *own = out;
    float *extra = blmi_pack_keep(p, (size_t)(to->extra + 1) * token), *grid = NULL;
    pack_extra(layer, p, extra);
    if (c->positions != NULL) {
        grid = blmi_pack_keep(p, (size_t)(to->height * to->width) * token);
        pack_positions(layer, p, extra, grid);
    }
    *own = (packed){extra, grid};
}

static void make_tokens(
    const blmi_pass *pass, const blmi_layer *layer, int first, int count, float *scratch)
{
    (void)scratch;
    const packed *own = layer->packed;
    const blmi_shape *from = &layer->from[0], *to = &layer->to;
    const size_t token = blmi_token_size(to->channels);
    const int padded = blmi_pad(to->channels);
    for (int m = first; m < first + count; m++) {
        const int n = m / blmi_tokens(to), t = m % blmi_tokens(to) - to->extra;
        float *y = pass->value[layer->output] + (size_t)m * token;
        const float *x = t < 0 ? own->extra + (size_t)(t + to->extra) * token
                               : pass->value[layer->input[0]] +
                                     (size_t)(n * blmi_tokens(from) + t) * token;
        memcpy(y, x, (size_t)padded * sizeof *y);
        if (t >= 0 && own->grid != NULL)
            pass->kernels->add(y, own->grid + (size_t)t * token, padded);
    }
}

static void run(const blmi_pass *pass, const blmi_layer *layer)
{
    blmi_pass_rows(
        pass, layer, pass->images * blmi_tokens(&layer->to), BLMI_TASK_ROWS, make_tokens);
}

static const blmi_layer_kind kind = {sizeof(packed), pack, NULL, run, NULL};

int blmi_extend_tokens(blmi_graph *graph, int x, const blmi_tokens_layer *layer)
{
    blmi_shape to = blmi_graph_shape(graph, x);
    for (int i = 0; i < BLMI_MAX_EXTRA && layer->extra[i] != NULL; i++)
        to.extra += layer->count[i];
    return blmi_graph_add(graph, &kind, layer->name, layer, sizeof *layer, &x, 1, to);
}

// ---- layer norm

typedef struct packed_norm {
    const float *scale, *shift; // (padded channels)
} packed_norm;

static void pack_norm(
    const blmi_layer *layer, blmi_words words, blmi_packer *p, void *out)
{
    (void)words;
    packed_norm *own = out;
    const int channels = layer->to.channels;
    own->scale = blmi_pack_vector(p, blmi_pack_leaf(p, layer->name, "weight"), channels);
    own->shift = blmi_pack_vector(p, blmi_pack_leaf(p, layer->name, "bias"), channels);
}

static void norm_rows(
    const blmi_pass *pass, const blmi_layer *layer, int first, int count, float *scratch)
{
    (void)scratch;
    const packed_norm *own = layer->packed;
    const double *epsilon = layer->settings;
    const size_t token = blmi_token_size(layer->to.channels);
    const float *x[BLMI_TASK_ROWS];
    float *y[BLMI_TASK_ROWS];
    for (int r = 0; r < count; r++) {
        x[r] = pass->value[layer->input[0]] + (size_t)(first + r) * token;
        y[r] = pass->value[layer->output] + (size_t)(first + r) * token;
    }
    pass->kernels->layer_norm(y, x, count, layer->to.channels, own->scale, own->shift,
        (float)*epsilon, BLMI_FLOATS);
}

static void run_norm(const blmi_pass *pass, const blmi_layer *layer)
{
    blmi_pass_rows(
        pass, layer, pass->images * blmi_tokens(&layer->to), BLMI_TASK_ROWS, norm_rows);
}

static const blmi_layer_kind norm = {
    sizeof(packed_norm), pack_norm, NULL, run_norm, NULL};

int blmi_layer_norm(blmi_graph *graph, int x, const char *name, double epsilon)
{
    return blmi_graph_add(
        graph, &norm, name, &epsilon, sizeof epsilon, &x, 1, blmi_graph_shape(graph, x));
}
