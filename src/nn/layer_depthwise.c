// layer_depthwise.c: a window for each channel, and what else works channel by channel:
// the largest number in a window, squeeze and excite.
#include <string.h>

#include "src/nn/layers.h"
#include "src/nn/sliding.h"

enum { MAX_TAPS = 49, MAX_ROWS = 56 }; // of a task

// The tokens of the windows of outputs first ..: a (taps, count).  What lies beyond the
// border is `outside`; found[r], if not NULL, counts the others, which then come first.
static void find_windows(const blmi_pass *pass, const blmi_layer *layer, int first,
    int count, const float *outside, const float **a, int *found)
{
    const blmi_conv_layer *c = layer->settings;
    const blmi_shape *s = &layer->from[0], *to = &layer->to;
    const blmi_sliding w = blmi_sliding_of(c, s);
    const size_t size = blmi_token_size(s->channels);
    for (int r = 0; r < count; r++) {
        const int m = first + r, n = m / (to->height * to->width);
        const int at = m % (to->height * to->width);
        const int top = at / to->width * c->stride - w.before_y;
        const int left = at % to->width * c->stride - w.before_x;
        const float *image =
            pass->value[layer->input[0]] + (size_t)(n * blmi_tokens(s) + s->extra) * size;
        int inside = 0;
        for (int t = 0; t < c->window * c->window; t++) {
            const int row = top + t / c->window, column = left + t % c->window;
            const bool there =
                row >= 0 && column >= 0 && row < s->height && column < s->width;
            const float *token =
                there ? image + (size_t)(row * s->width + column) * size : outside;
            if (found == NULL)
                a[t * count + r] = token;
            else if (there)
                a[inside++] = token;
        }
        if (found != NULL)
            *found = inside;
    }
}

static float *output_row(const blmi_pass *pass, const blmi_layer *layer, int m)
{
    const blmi_shape *to = &layer->to;
    const int n = m / (to->height * to->width);
    return pass->value[layer->output] +
           (size_t)(m + (n + 1) * to->extra) * blmi_token_size(to->channels);
}

static int outputs(const blmi_pass *pass, const blmi_layer *layer)
{
    return pass->images * layer->to.height * layer->to.width;
}

// ---- depthwise convolution

typedef struct packed_windows {
    const float *weights; // (taps, padded channels)
    const float *bias;    // (padded channels)
} packed_windows;

static void pack_windows(
    const blmi_layer *layer, blmi_words words, blmi_packer *p, void *out)
{
    (void)words;
    const blmi_conv_layer *c = layer->settings;
    packed_windows *own = out;
    blmi_sliding_pack_each(c, layer->to.channels, p, &own->weights, &own->bias);
}

static void sum_windows(
    const blmi_pass *pass, const blmi_layer *layer, int first, int count, float *scratch)
{
    (void)scratch;
    const blmi_conv_layer *c = layer->settings;
    const packed_windows *own = layer->packed;
    const float *a[MAX_TAPS * MAX_ROWS];
    float *y[MAX_ROWS];
    find_windows(pass, layer, first, count, pass->zeros, a, NULL);
    for (int r = 0; r < count; r++)
        y[r] = output_row(pass, layer, first + r);
    pass->kernels->depthwise(y, a, own->weights, own->bias, count, c->window * c->window,
        blmi_pad(layer->to.channels), c->activation);
}

static void copy_extra(const blmi_pass *pass, const blmi_layer *layer)
{
    const blmi_shape *from = &layer->from[0], *to = &layer->to;
    const size_t token = blmi_token_size(to->channels);
    for (int n = 0; n < pass->images && to->extra > 0; n++)
        memcpy(pass->value[layer->output] + (size_t)(n * blmi_tokens(to)) * token,
            pass->value[layer->input[0]] + (size_t)(n * blmi_tokens(from)) * token,
            (size_t)to->extra * token * sizeof(float));
}

static void run_depthwise(const blmi_pass *pass, const blmi_layer *layer)
{
    copy_extra(pass, layer);
    blmi_pass_rows(pass, layer, outputs(pass, layer), MAX_ROWS, sum_windows);
}

static void work_depthwise(
    const blmi_layer *layer, blmi_product_visit *visit, void *context)
{
    const blmi_conv_layer *c = layer->settings;
    visit(context, layer->to.channels, layer->to.height * layer->to.width,
        c->window * c->window, 1);
}

static const blmi_layer_kind depthwise = {
    sizeof(packed_windows), pack_windows, NULL, run_depthwise, work_depthwise};

int blmi_depthwise(blmi_graph *graph, int x, const blmi_conv_layer *layer)
{
    const blmi_shape from = blmi_graph_shape(graph, x);
    blmi_conv_layer settings = *layer;
    if (settings.stride == 0)
        settings.stride = 1;
    settings.channels = from.channels;
    blmi_shape to = blmi_sliding_shape(&settings, &from);
    to.extra = from.extra;
    return blmi_graph_add(
        graph, &depthwise, settings.name, &settings, sizeof settings, &x, 1, to);
}

// ---- the largest in a window

static void find_largest(
    const blmi_pass *pass, const blmi_layer *layer, int first, int count, float *scratch)
{
    (void)scratch;
    const float *a[MAX_TAPS];
    for (int r = 0; r < count; r++) {
        int found;
        find_windows(pass, layer, first + r, 1, NULL, a, &found);
        pass->kernels->largest(
            output_row(pass, layer, first + r), a, found, blmi_pad(layer->to.channels));
    }
}

static void run_max_pool(const blmi_pass *pass, const blmi_layer *layer)
{
    blmi_pass_rows(pass, layer, outputs(pass, layer), MAX_ROWS, find_largest);
}

static const blmi_layer_kind max_pool = {.run = run_max_pool};

int blmi_max_pool(blmi_graph *graph, int x, int window, int stride, int pad)
{
    const blmi_shape from = blmi_graph_shape(graph, x);
    const blmi_conv_layer settings = {.window = window, .stride = stride, .pad = pad};
    return blmi_graph_add(graph, &max_pool, "pool", &settings, sizeof settings, &x, 1,
        blmi_sliding_shape(&settings, &from));
}

// ---- squeeze and excite

typedef struct gate_names {
    const char *squeeze, *expand;
    int inner;
} gate_names;

typedef struct packed_gate {
    blmi_matrix squeeze, expand;
} packed_gate;

static void pack_gate(
    const blmi_layer *layer, blmi_words words, blmi_packer *p, void *out)
{
    (void)words;
    const gate_names *names = layer->settings;
    const int channels = layer->to.channels;
    packed_gate *own = out;
    blmi_pack_conv(p, &own->squeeze, blmi_pack_leaf(p, names->squeeze, "weight"),
        channels, names->inner, 1);
    own->squeeze.bias =
        blmi_pack_vector(p, blmi_pack_leaf(p, names->squeeze, "bias"), names->inner);
    blmi_pack_conv(p, &own->expand, blmi_pack_leaf(p, names->expand, "weight"),
        names->inner, channels, 1);
    own->expand.bias =
        blmi_pack_vector(p, blmi_pack_leaf(p, names->expand, "bias"), channels);
}

static size_t gate_scratch(const blmi_layer *layer)
{
    const gate_names *names = layer->settings;
    return 2 * (size_t)blmi_pad(layer->to.channels) + (size_t)blmi_pad(names->inner);
}

static void multiply_once(const blmi_pass *pass, const blmi_matrix *b, const float *a,
    float *y, blmi_activation activation)
{
    pass->kernels->product(&(blmi_product){.b = b,
        .rows = 1,
        .a = &a,
        .y = &y,
        .activation = activation,
        .y_words = BLMI_FLOATS});
}

// One image: sums by rows of the grid first, so that fewer numbers are added to each.
static void gate_image(
    const blmi_pass *pass, const blmi_layer *layer, int first, int count, float *scratch)
{
    (void)count;
    const packed_gate *own = layer->packed;
    const blmi_shape *s = &layer->to;
    const int padded = blmi_pad(s->channels), tokens = s->height * s->width;
    const size_t size = blmi_token_size(s->channels);
    const float *x = pass->value[layer->input[0]] + (size_t)(first * tokens) * size;
    float *y = pass->value[layer->output] + (size_t)(first * tokens) * size;
    float *mean = scratch, *row = mean + padded, *inner = row + padded;
    memset(mean, 0, (size_t)padded * sizeof *mean);
    for (int i = 0; i < s->height; i++) {
        memset(row, 0, (size_t)padded * sizeof *row);
        for (int k = 0; k < s->width; k++)
            pass->kernels->add(row, x + (size_t)(i * s->width + k) * size, padded);
        pass->kernels->add(mean, row, padded);
    }
    for (int i = 0; i < padded; i++)
        mean[i] /= (float)tokens;
    multiply_once(pass, &own->squeeze, mean, inner, BLMI_SILU);
    multiply_once(pass, &own->expand, inner, row, BLMI_LINEAR);
    pass->kernels->activate(row, row, padded, BLMI_SIGMOID);
    for (int i = 0; i < tokens; i++) {
        memcpy(y + (size_t)i * size, x + (size_t)i * size, (size_t)padded * sizeof *y);
        pass->kernels->multiply(y + (size_t)i * size, row, padded);
    }
}

static void run_gate(const blmi_pass *pass, const blmi_layer *layer)
{
    blmi_pass_rows(pass, layer, pass->images, 1, gate_image);
}

static void work_gate(const blmi_layer *layer, blmi_product_visit *visit, void *context)
{
    const gate_names *names = layer->settings;
    visit(context, 2, 1, layer->to.channels, names->inner);
}

static const blmi_layer_kind gate = {
    sizeof(packed_gate), pack_gate, gate_scratch, run_gate, work_gate};

int blmi_gate(
    blmi_graph *graph, int x, const char *squeeze, const char *expand, int inner)
{
    const gate_names names = {squeeze, expand, inner};
    return blmi_graph_add(
        graph, &gate, squeeze, &names, sizeof names, &x, 1, blmi_graph_shape(graph, x));
}
