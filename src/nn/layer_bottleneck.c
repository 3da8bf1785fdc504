// layer_bottleneck.c: an inverted bottleneck (Sandler et al. 2018, arXiv:1801.04381) row
// by row: what stands between its three convolutions stays in the cache.
#include <string.h>

#include "src/nn/layers.h"
#include "src/nn/sliding.h"

enum { MAX_ROWS = 13, LEAST_TOKENS = 56, MAX_TAPS = 49, AT_ONCE = 56 };

typedef struct settings {
    bool expands;
    blmi_conv_layer expand, depthwise, project;
} settings;

typedef struct packed {
    blmi_matrix expand, project;
    const float *weights, *bias; // of the depthwise: (taps, padded), (padded)
} packed;

static int wide_channels(const blmi_layer *layer)
{
    const settings *s = layer->settings;
    return s->expands ? s->expand.channels : layer->from[0].channels;
}

static void pack(const blmi_layer *layer, blmi_words words, blmi_packer *p, void *out)
{
    const settings *s = layer->settings;
    packed *own = out;
    const int wide = wide_channels(layer);
    if (s->expands)
        blmi_sliding_pack(
            &s->expand, layer->from[0].channels, wide, words, p, &own->expand);
    blmi_sliding_pack_each(&s->depthwise, wide, p, &own->weights, &own->bias);
    blmi_sliding_pack(&s->project, wide, layer->to.channels, words, p, &own->project);
}

// ---- memory of a task

// Rows of the output whose last convolution is done at once.
static int rows_at_once(const blmi_layer *layer)
{
    const int rows = LEAST_TOKENS / layer->to.width;
    return rows > 1 ? rows : 1;
}

// What a task works in: the last rows of wide tokens that windows need, the input's
// number i at place i % window; the rows of the depthwise's output; zeros; a row of the
// input in other words.
typedef struct room {
    size_t wide;                     // floats of a wide token
    float *ring, *deep, *zeros, *in; // in: NULL for floats
} room;

static size_t lay_out(const blmi_layer *layer, float *memory, room *out)
{
    const settings *s = layer->settings;
    const blmi_shape *from = &layer->from[0], *to = &layer->to;
    const size_t wide = blmi_token_size(wide_channels(layer));
    const size_t ring =
        s->expands ? (size_t)(s->depthwise.window * from->width) * wide : 0;
    const size_t deep = (size_t)(rows_at_once(layer) * to->width) * wide;
    *out = (room){
        wide, memory, memory + ring, memory + ring + deep, memory + ring + deep + wide};
    return ring + deep + wide + (size_t)from->width * blmi_token_size(from->channels);
}

static size_t scratch(const blmi_layer *layer)
{
    room r;
    return lay_out(layer, NULL, &r);
}

// ---- running

// A row of the input.
static const float *input_row(
    const blmi_pass *pass, const blmi_layer *layer, int n, int row)
{
    const blmi_shape *s = &layer->from[0];
    return pass->value[layer->input[0]] +
           (size_t)((n * s->height + row) * s->width) * blmi_token_size(s->channels);
}

static void multiply(const blmi_pass *pass, const blmi_matrix *b,
    blmi_activation activation, const float *x, size_t x_token, float *y, size_t y_token,
    const float *add, int tokens)
{
    const float *a[BLMI_TASK_ROWS], *added[BLMI_TASK_ROWS];
    float *out[BLMI_TASK_ROWS];
    for (int first = 0; first < tokens; first += BLMI_TASK_ROWS) {
        const int left = tokens - first;
        const int count = left < BLMI_TASK_ROWS ? left : BLMI_TASK_ROWS;
        for (int r = 0; r < count; r++) {
            a[r] = x + (size_t)(first + r) * x_token;
            out[r] = y + (size_t)(first + r) * y_token;
            added[r] = add != NULL ? add + (size_t)(first + r) * y_token : NULL;
        }
        pass->kernels->product(&(blmi_product){.b = b,
            .rows = count,
            .a = a,
            .y = out,
            .add = add != NULL ? added : NULL,
            .activation = activation,
            .y_words = BLMI_FLOATS});
    }
}

static void expand_row(
    const blmi_pass *pass, const blmi_layer *layer, const room *r, int n, int row)
{
    const settings *s = layer->settings;
    const packed *own = layer->packed;
    const blmi_shape *from = &layer->from[0];
    const size_t token = blmi_token_size(from->channels);
    const float *x = input_row(pass, layer, n, row);
    float *y = r->ring + (size_t)(row % s->depthwise.window * from->width) * r->wide;
    if (own->expand.words == BLMI_PAIRS) {
        for (int i = 0; i < from->width; i++)
            pass->kernels->quantize(r->in + (size_t)i * token, x + (size_t)i * token,
                blmi_pad(from->channels), BLMI_PAIRS);
        x = r->in;
    }
    multiply(pass, &own->expand, s->expand.activation, x, token, y, r->wide, NULL,
        from->width);
}

// A row of the depthwise's output: y (width, wide).
static void depthwise_row(const blmi_pass *pass, const blmi_layer *layer, const room *r,
    int n, int row, float *y)
{
    const settings *s = layer->settings;
    const packed *own = layer->packed;
    const blmi_conv_layer *c = &s->depthwise;
    const blmi_shape *from = &layer->from[0];
    const blmi_sliding w = blmi_sliding_of(c, from);
    const float *a[MAX_TAPS * AT_ONCE], *rows[7];
    float *out[AT_ONCE];
    for (int k = 0; k < c->window; k++) {
        const int at = row * c->stride - w.before_y + k;
        rows[k] = at < 0 || at >= from->height ? NULL
                  : s->expands
                      ? r->ring + (size_t)(at % c->window * from->width) * r->wide
                      : input_row(pass, layer, n, at);
    }
    for (int first = 0; first < layer->to.width; first += AT_ONCE) {
        const int left = layer->to.width - first;
        const int count = left < AT_ONCE ? left : AT_ONCE;
        for (int i = 0; i < count; i++) {
            const int from_left = (first + i) * c->stride - w.before_x;
            out[i] = y + (size_t)(first + i) * r->wide;
            for (int t = 0; t < c->window * c->window; t++) {
                const int column = from_left + t % c->window;
                const float *x = rows[t / c->window];
                const bool there = x != NULL && column >= 0 && column < from->width;
                a[t * count + i] = there ? x + (size_t)column * r->wide : r->zeros;
            }
        }
        pass->kernels->depthwise(out, a, own->weights, own->bias, count,
            c->window * c->window, blmi_pad(wide_channels(layer)), c->activation);
    }
}

// Rows `first` .. of image n's output from the depthwise's.
static void project_rows(const blmi_pass *pass, const blmi_layer *layer, const room *r,
    int n, int first, int count)
{
    const settings *s = layer->settings;
    const packed *own = layer->packed;
    const blmi_shape *to = &layer->to;
    const size_t token = blmi_token_size(to->channels);
    const size_t at = (size_t)((n * to->height + first) * to->width) * token;
    const int tokens = count * to->width;
    if (own->project.words == BLMI_PAIRS)
        for (int i = 0; i < tokens; i++)
            pass->kernels->quantize(r->deep + (size_t)i * r->wide,
                r->deep + (size_t)i * r->wide, blmi_pad(wide_channels(layer)),
                BLMI_PAIRS);
    multiply(pass, &own->project, s->project.activation, r->deep, r->wide,
        pass->value[layer->output] + at, token,
        s->project.add > 0 ? pass->value[s->project.add] + at : NULL, tokens);
}

// Rows first .. of the output, counted through the images.
static void some_rows(
    const blmi_pass *pass, const blmi_layer *layer, int first, int count, float *memory)
{
    const settings *s = layer->settings;
    const blmi_conv_layer *c = &s->depthwise;
    const blmi_shape *from = &layer->from[0], *to = &layer->to;
    const int before = blmi_sliding_of(c, from).before_y, most = rows_at_once(layer);
    int image = -1, next = 0, held = 0; // next row to expand; rows not yet projected
    room r;
    lay_out(layer, memory, &r);
    memset(r.zeros, 0, r.wide * sizeof *r.zeros);
    for (int m = first; m < first + count; m++) {
        const int n = m / to->height, row = m % to->height;
        const int top = row * c->stride - before;
        if (n != image || next < top)
            next = top > 0 ? top : 0;
        image = n;
        for (; s->expands && next < top + c->window && next < from->height; next++)
            expand_row(pass, layer, &r, n, next);
        depthwise_row(
            pass, layer, &r, n, row, r.deep + (size_t)(held * to->width) * r.wide);
        if (++held == most || m + 1 == first + count || row + 1 == to->height) {
            project_rows(pass, layer, &r, n, row + 1 - held, held);
            held = 0;
        }
    }
}

static void run(const blmi_pass *pass, const blmi_layer *layer)
{
    blmi_pass_rows(pass, layer, pass->images * layer->to.height, MAX_ROWS, some_rows);
}

static void work(const blmi_layer *layer, blmi_product_visit *visit, void *context)
{
    const settings *s = layer->settings;
    const blmi_shape *from = &layer->from[0], *to = &layer->to;
    const int wide = wide_channels(layer);
    const double before = from->height * from->width, after = to->height * to->width;
    if (s->expands)
        visit(context, 1, before, from->channels, wide);
    visit(context, wide, after, s->depthwise.window * s->depthwise.window, 1);
    visit(context, 1, after, wide, to->channels);
}

static const blmi_layer_kind kind = {sizeof(packed), pack, scratch, run, work};

int blmi_bottleneck(blmi_graph *graph, int x, const char *name,
    const blmi_conv_layer *expand, const blmi_conv_layer *depthwise,
    const blmi_conv_layer *project)
{
    const blmi_shape from = blmi_graph_shape(graph, x);
    settings s = {
        .expands = expand != NULL, .depthwise = *depthwise, .project = *project};
    if (expand != NULL)
        s.expand = *expand;
    blmi_shape to = blmi_sliding_shape(depthwise, &from);
    to.channels = project->channels;
    const int input[] = {x, s.project.add};
    return blmi_graph_add(
        graph, &kind, name, &s, sizeof s, input, s.project.add > 0 ? 2 : 1, to);
}
