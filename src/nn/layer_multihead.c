// layer_multihead.c: attention of all tokens of a grid, some queries of a head at a time:
// their scores stay in the cache until they have become weights of the values.  Keys and
// values are packed once, in a value of their own.
#include <math.h>
#include <string.h>

#include "src/nn/layers.h"

enum {
    QUERIES = 56, // of a head that a task takes
    KEYS = 128,   // that are packed at once, and whose values are summed at once
};

static const float log2_e = 1.44269504f; // the kernel's softmax is one of powers of 2

// ---- keys and values, packed

// Of an image: for each head the keys, panels of (depth) words by 16 keys; then for each
// head the values, a matrix of (keys) by (depth) for every KEYS of them.
typedef struct panels {
    int keys, padded, heads, depth;
    size_t row;   // floats of a query's scores
    size_t image; // floats of an image
} panels;

static panels panels_of(const blmi_multihead_layer *c, const blmi_shape *keys)
{
    const int count = blmi_tokens(keys), padded = blmi_pad(count);
    return (panels){count, padded, c->heads, c->channels / c->heads,
        blmi_token_size(padded), (size_t)padded * blmi_token_size(2 * c->channels)};
}

// Where KEYS keys of a head begin, and their values; first: of them.
static size_t keys_at(const panels *s, int head, int first, blmi_words words)
{
    return ((size_t)head * (size_t)s->padded + (size_t)first) *
           (size_t)blmi_words_of(words, s->depth);
}

static size_t values_at(const panels *s, int head, int first, blmi_words words)
{
    return keys_at(s, s->heads, 0, words) + keys_at(s, head, first, words);
}

// The rows of a head's columns of tokens first .., in words: pointers (count).
static void head_rows(const blmi_pass *pass, const blmi_shape *shape, blmi_columns from,
    int n, int head, int depth, int first, int count, float *scratch, const float **rows)
{
    const size_t token = blmi_token_size(shape->channels);
    const float *x = pass->value[from.value] +
                     ((size_t)n * (size_t)blmi_tokens(shape) + (size_t)first) * token +
                     from.first + head * depth;
    for (int r = 0; r < count; r++, x += token, scratch += depth) {
        rows[r] = x;
        if (pass->words == BLMI_FLOATS)
            continue;
        pass->kernels->quantize(scratch, x, depth, pass->words);
        rows[r] = scratch;
    }
}

// Part number m of all: (image, head, KEYS keys).
static void pack_part(
    const blmi_pass *pass, const blmi_layer *layer, int m, int count, float *scratch)
{
    (void)count;
    const blmi_multihead_layer *c = layer->settings;
    const panels s = panels_of(c, &layer->from[0]);
    const int parts = (s.keys + KEYS - 1) / KEYS, first = m % parts * KEYS;
    const int head = m / parts % s.heads, n = m / parts / s.heads;
    const int left = s.keys - first, keys = left < KEYS ? left : KEYS;
    float *out = pass->value[layer->output] + (size_t)n * s.image;
    const float *rows[KEYS];
    head_rows(pass, &layer->from[0], c->k, n, head, s.depth, first, keys, scratch, rows);
    pass->kernels->pack_columns(out + keys_at(&s, head, first, pass->words), rows, keys,
        blmi_words_of(pass->words, s.depth));
    head_rows(pass, &layer->from[1], c->v, n, head, s.depth, first, keys, scratch, rows);
    pass->kernels->pack_rows(
        out + values_at(&s, head, first, pass->words), rows, keys, s.depth, pass->words);
}

static size_t pack_scratch(const blmi_layer *layer)
{
    const blmi_multihead_layer *c = layer->settings;
    return (size_t)(KEYS * (c->channels / c->heads));
}

static void run_pack(const blmi_pass *pass, const blmi_layer *layer)
{
    const blmi_multihead_layer *c = layer->settings;
    const int parts = (blmi_tokens(&layer->from[0]) + KEYS - 1) / KEYS;
    blmi_pass_rows(pass, layer, pass->images * c->heads * parts, 1, pack_part);
}

static const blmi_layer_kind pack_kind = {.scratch = pack_scratch, .run = run_pack};

// ---- gates and places

typedef struct packed {
    const float *place; // (heads, tokens, padded tokens): g softmax(place), or NULL
    const float *gate;  // (heads): g
} packed;

// The score of key j for query i, by the way between them.
static double place_score(const float *weight, float bias, int width, int query, int key)
{
    const double x = key % width - query % width, y = key / width - query / width;
    return (double)weight[0] * x + (double)weight[1] * y +
           (double)weight[2] * (x * x + y * y) + (double)bias;
}

// out (tokens, stride): one head's softmax of places, times g.
static void pack_place(float *out, size_t stride, const blmi_shape *grid,
    const float *weight, float bias, double g)
{
    const int tokens = grid->height * grid->width;
    for (int i = 0; i < tokens; i++, out += stride) {
        double top = -INFINITY, sum = 0;
        for (int j = 0; j < tokens; j++)
            top = fmax(top, place_score(weight, bias, grid->width, i, j));
        for (int j = 0; j < tokens; j++) {
            const double e = exp(place_score(weight, bias, grid->width, i, j) - top);
            out[j] = (float)e;
            sum += e;
        }
        for (int j = 0; j < tokens; j++)
            out[j] = (float)((double)out[j] * g / sum);
    }
}

static void pack(const blmi_layer *layer, blmi_words words, blmi_packer *p, void *out)
{
    (void)words;
    const blmi_multihead_layer *c = layer->settings;
    packed *own = out;
    if (c->gate == NULL)
        return;
    const blmi_shape *grid = &layer->to;
    const size_t heads = (size_t)c->heads, tokens = (size_t)blmi_tokens(grid);
    const size_t stride = (size_t)blmi_pad((int)tokens);
    float *gate = blmi_pack_keep(p, heads), *weight = blmi_pack_keep(p, 3 * heads);
    float *place = blmi_pack_keep(p, heads * tokens * stride);
    const float *x = blmi_pack_get(p, c->gate, 1, (int64_t[]){c->heads});
    for (size_t h = 0; x != NULL && h < heads; h++)
        gate[h] = (float)(1 / (1 + exp(-(double)x[h])));
    x = blmi_pack_get(
        p, blmi_pack_leaf(p, c->place, "weight"), 2, (int64_t[]){c->heads, 3});
    if (x != NULL)
        memcpy(weight, x, 3 * heads * sizeof *weight);
    x = blmi_pack_get(p, blmi_pack_leaf(p, c->place, "bias"), 1, (int64_t[]){c->heads});
    for (size_t h = 0; x != NULL && h < heads; h++)
        pack_place(place + h * tokens * stride, stride, grid, weight + 3 * h, x[h],
            (double)gate[h]);
    *own = (packed){place, gate};
}

// ---- attention

// Some queries of a head.
typedef struct queries {
    panels s;
    int n, head, first, count;
    const float *q[QUERIES];
    float *score[QUERIES], *y[QUERIES];
    float scale[QUERIES]; // of what score holds
} queries;

static void find_queries(const blmi_pass *pass, const blmi_layer *layer, int first,
    int count, float *scratch, queries *out)
{
    const blmi_multihead_layer *c = layer->settings;
    const size_t token = blmi_token_size(layer->to.channels);
    out->first = first;
    out->count = count;
    head_rows(pass, &layer->from[0], c->q, out->n, out->head, out->s.depth, first, count,
        scratch, out->q);
    scratch += QUERIES * out->s.depth;
    float *y =
        pass->value[layer->output] +
        ((size_t)out->n * (size_t)blmi_tokens(&layer->to) + (size_t)first) * token +
        out->head * out->s.depth;
    for (int r = 0; r < count; r++) {
        out->score[r] = scratch + (size_t)r * out->s.row;
        out->y[r] = y + (size_t)r * token;
        out->scale[r] = (float)c->scale * log2_e;
    }
}

// softmax of content, and of places: what the scores hold becomes weights of values.
static void mix_places(const blmi_pass *pass, const packed *own, queries *q)
{
    const float content = 1 - own->gate[q->head];
    const size_t padded = (size_t)q->s.padded;
    pass->kernels->softmax(q->score, q->scale, q->count, q->s.keys, BLMI_FLOATS);
    for (int r = 0; r < q->count; r++) {
        const size_t query = (size_t)(q->head * q->s.keys + q->first + r);
        const float *place = own->place + query * padded;
        float *p = q->score[r];
        for (int j = 0; j < q->s.keys; j++)
            p[j] = p[j] * (content * q->scale[r]) + place[j];
        memset(p + q->s.keys, 0, (padded - (size_t)q->s.keys) * sizeof *p);
        q->scale[r] = 1;
        if (pass->words != BLMI_FLOATS)
            pass->kernels->quantize(p, p, q->s.padded, pass->words);
    }
}

// y = weights times values, KEYS keys after the other.
static void sum_values(const blmi_pass *pass, const float *packed_values, queries *q)
{
    const panels *s = &q->s;
    const float *p[QUERIES];
    for (int first = 0; first < s->keys; first += KEYS) {
        const int left = s->keys - first, keys = left < KEYS ? left : KEYS;
        const blmi_matrix values = blmi_panels(pass->words, keys, s->depth,
            packed_values + values_at(s, q->head, first, pass->words));
        for (int r = 0; r < q->count; r++)
            p[r] = q->score[r] + first / (int)pass->words;
        pass->kernels->product(&(blmi_product){.b = &values,
            .rows = q->count,
            .a = p,
            .y = q->y,
            .add = first > 0 ? (const float *const *)q->y : NULL,
            .y_words = BLMI_FLOATS,
            .scale = q->scale});
    }
}

static int query_parts(const blmi_shape *shape)
{
    return (blmi_tokens(shape) + QUERIES - 1) / QUERIES;
}

// Part number m of all: (image, head, QUERIES queries).
static void attend_part(
    const blmi_pass *pass, const blmi_layer *layer, int m, int count, float *scratch)
{
    (void)count;
    const packed *own = layer->packed;
    const blmi_multihead_layer *c = layer->settings;
    const int parts = query_parts(&layer->to), first = m % parts * QUERIES;
    const int left = blmi_tokens(&layer->to) - first;
    queries q = {.s = panels_of(c, &layer->from[2]),
        .n = m / parts / c->heads,
        .head = m / parts % c->heads};
    find_queries(pass, layer, first, left < QUERIES ? left : QUERIES, scratch, &q);
    const float *image = pass->value[layer->input[1]] + (size_t)q.n * q.s.image;
    const blmi_matrix keys = blmi_panels(
        pass->words, q.s.depth, q.s.keys, image + keys_at(&q.s, q.head, 0, pass->words));
    pass->kernels->product(&(blmi_product){.b = &keys,
        .rows = q.count,
        .a = q.q,
        .y = q.score,
        .y_words = BLMI_FLOATS,
        .scale = q.scale});
    if (c->gate != NULL)
        mix_places(pass, own, &q);
    else
        pass->kernels->softmax(q.score, q.scale, q.count, q.s.keys, pass->words);
    sum_values(pass, image, &q);
}

static size_t scratch(const blmi_layer *layer)
{
    const blmi_multihead_layer *c = layer->settings;
    const panels s = panels_of(c, &layer->from[2]);
    return (size_t)QUERIES * ((size_t)s.depth + s.row);
}

static void run(const blmi_pass *pass, const blmi_layer *layer)
{
    const blmi_multihead_layer *c = layer->settings;
    blmi_pass_rows(
        pass, layer, pass->images * c->heads * query_parts(&layer->to), 1, attend_part);
}

static void work(const blmi_layer *layer, blmi_product_visit *visit, void *context)
{
    const blmi_multihead_layer *c = layer->settings;
    const int depth = c->channels / c->heads, keys = blmi_tokens(&layer->from[2]);
    visit(context, c->heads, blmi_tokens(&layer->to), depth, keys);
    visit(context, c->heads, blmi_tokens(&layer->to), keys, depth);
}

static const blmi_layer_kind kind = {sizeof(packed), pack, scratch, run, work};

int blmi_multihead(blmi_graph *graph, const blmi_multihead_layer *layer)
{
    const blmi_shape keys = blmi_graph_shape(graph, layer->k.value);
    blmi_shape to = blmi_graph_shape(graph, layer->q.value);
    to.channels = layer->channels;
    const blmi_shape room = {1, blmi_pad(blmi_tokens(&keys)), 2 * layer->channels, 0};
    const int packed_keys =
        blmi_graph_add(graph, &pack_kind, blmi_graph_name(graph, "%s.keys", layer->name),
            layer, sizeof *layer, (int[]){layer->k.value, layer->v.value}, 2, room);
    return blmi_graph_add(graph, &kind, layer->name, layer, sizeof *layer,
        (int[]){layer->q.value, packed_keys, layer->k.value}, 3, to);
}
