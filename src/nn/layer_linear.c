// layer_linear.c: linear layers of every token, alone or two with an activation between
// them; some tokens at a time, so that what stands before and between the products stays
// in the cache.
#include <string.h>

#include "src/nn/layers.h"

// A layer norm, or none.
typedef struct before {
    const float *scale, *shift; // (padded channels); NULL: none
    float epsilon;
} before;

typedef struct packed {
    before before;
    blmi_matrix first, second; // second: of an MLP
} packed;

// ---- packing

static void pack_before(
    blmi_packer *p, const char *norm, double epsilon, int channels, before *out)
{
    *out = (before){.epsilon = (float)epsilon};
    if (norm == NULL)
        return;
    out->scale = blmi_pack_vector(p, blmi_pack_leaf(p, norm, "weight"), channels);
    out->shift = blmi_pack_vector(p, blmi_pack_leaf(p, norm, "bias"), channels);
}

static void scale_columns(blmi_packer *p, const char *scale, blmi_matrix *m, float *bias)
{
    const float *factor = blmi_pack_get(p, scale, 1, (int64_t[]){m->columns});
    float *values = (float *)(uintptr_t)m->values;
    for (int n = 0; factor != NULL && n < m->columns; n++) {
        bias[n] *= factor[n];
        for (int k = 0; k < m->depth; k++)
            values[blmi_matrix_at(m, k, n)] *= factor[n];
    }
}

// Layers of one depth side by side.
static void pack_linear(blmi_packer *p, blmi_words words, const blmi_linear_layer *c,
    int depth, int columns, blmi_matrix *m)
{
    float *values = blmi_pack_matrix(p, m, 1, depth, columns);
    float *bias = blmi_pack_keep(p, (size_t)blmi_pad(columns));
    m->bias = bias;
    for (int i = 0, at = 0; i < BLMI_MAX_PARTS && c->name[i] != NULL; i++) {
        const int share = c->channels[i];
        const float *plain = blmi_pack_get(
            p, blmi_pack_leaf(p, c->name[i], "weight"), 2, (int64_t[]){share, depth});
        for (int n = 0; plain != NULL && n < share; n++)
            for (int k = 0; k < depth; k++)
                values[blmi_matrix_at(m, k, at + n)] = plain[n * depth + k];
        if (c->bias)
            plain = blmi_pack_get(
                p, blmi_pack_leaf(p, c->name[i], "bias"), 1, (int64_t[]){share});
        for (int n = 0; c->bias && plain != NULL && n < share; n++)
            bias[at + n] = plain[n];
        at += share;
    }
    if (c->scale != NULL)
        scale_columns(p, c->scale, m, bias);
    blmi_pack_words(p, m, words);
}

static void pack(const blmi_layer *layer, blmi_words words, blmi_packer *p, void *out)
{
    const blmi_linear_layer *c = layer->settings;
    packed *own = out;
    pack_before(p, c->norm, c->epsilon, layer->from[0].channels, &own->before);
    pack_linear(p, words, c, layer->from[0].channels, layer->to.channels, &own->first);
}

static void pack_mlp(const blmi_layer *layer, blmi_words words, blmi_packer *p, void *out)
{
    const blmi_mlp_layer *c = layer->settings;
    const int channels = layer->to.channels;
    packed *own = out;
    pack_before(p, c->norm, c->epsilon, channels, &own->before);
    pack_linear(p, words,
        &(blmi_linear_layer){.name = {c->first}, .channels = {c->hidden}, .bias = true},
        channels, c->hidden, &own->first);
    pack_linear(p, words,
        &(blmi_linear_layer){
            .name = {c->second}, .channels = {channels}, .bias = true, .scale = c->scale},
        c->hidden, channels, &own->second);
}

// ---- running

// Rows of x, normalised and in the words of the product: a (count), in scratch or x.
static void prepare(const blmi_pass *pass, const blmi_layer *layer, int first, int count,
    float *scratch, const float **a)
{
    const packed *own = layer->packed;
    const int channels = layer->from[0].channels;
    const size_t token = blmi_token_size(channels);
    const blmi_words words = own->first.words;
    float *made[BLMI_TASK_ROWS];
    for (int r = 0; r < count; r++) {
        a[r] = pass->value[layer->input[0]] + (size_t)(first + r) * token;
        made[r] = scratch + (size_t)r * token;
    }
    if (own->before.scale != NULL)
        pass->kernels->layer_norm(made, a, count, channels, own->before.scale,
            own->before.shift, own->before.epsilon, words);
    else if (words != BLMI_FLOATS)
        for (int r = 0; r < count; r++)
            pass->kernels->quantize(made[r], a[r], channels, words);
    else
        return;
    for (int r = 0; r < count; r++)
        a[r] = made[r];
}

static void output_rows(const blmi_pass *pass, const blmi_layer *layer, int first,
    int count, int add_value, float **y, const float **add)
{
    const size_t token = blmi_token_size(layer->to.channels);
    for (int r = 0; r < count; r++) {
        const size_t at = (size_t)(first + r) * token;
        y[r] = pass->value[layer->output] + at;
        add[r] = add_value > 0 ? pass->value[add_value] + at : NULL;
    }
}

static void linear_rows(
    const blmi_pass *pass, const blmi_layer *layer, int first, int count, float *scratch)
{
    const blmi_linear_layer *c = layer->settings;
    const packed *own = layer->packed;
    const float *a[BLMI_TASK_ROWS], *add[BLMI_TASK_ROWS];
    float *y[BLMI_TASK_ROWS];
    prepare(pass, layer, first, count, scratch, a);
    output_rows(pass, layer, first, count, c->add, y, add);
    pass->kernels->product(&(blmi_product){.b = &own->first,
        .rows = count,
        .a = a,
        .y = y,
        .add = c->add > 0 ? add : NULL,
        .activation = c->activation,
        .y_words = BLMI_FLOATS});
}

static void mlp_rows(
    const blmi_pass *pass, const blmi_layer *layer, int first, int count, float *scratch)
{
    const blmi_mlp_layer *c = layer->settings;
    const packed *own = layer->packed;
    const float *a[BLMI_TASK_ROWS], *add[BLMI_TASK_ROWS];
    float *y[BLMI_TASK_ROWS], *hidden[BLMI_TASK_ROWS];
    prepare(pass, layer, first, count, scratch, a);
    output_rows(pass, layer, first, count, c->add, y, add);
    scratch += BLMI_TASK_ROWS * blmi_token_size(layer->from[0].channels);
    for (int r = 0; r < count; r++)
        hidden[r] = scratch + (size_t)r * blmi_token_size(c->hidden);
    pass->kernels->product(&(blmi_product){.b = &own->first,
        .rows = count,
        .a = a,
        .y = hidden,
        .activation = c->activation,
        .y_words = own->second.words});
    pass->kernels->product(&(blmi_product){.b = &own->second,
        .rows = count,
        .a = (const float *const *)hidden,
        .y = y,
        .add = c->add > 0 ? add : NULL,
        .y_words = BLMI_FLOATS});
}

// ---- the kinds

static size_t scratch_linear(const blmi_layer *layer)
{
    return BLMI_TASK_ROWS * blmi_token_size(layer->from[0].channels);
}

static size_t scratch_mlp(const blmi_layer *layer)
{
    const blmi_mlp_layer *c = layer->settings;
    return scratch_linear(layer) + BLMI_TASK_ROWS * blmi_token_size(c->hidden);
}

static void run_linear(const blmi_pass *pass, const blmi_layer *layer)
{
    blmi_pass_rows(
        pass, layer, pass->images * blmi_tokens(&layer->to), BLMI_TASK_ROWS, linear_rows);
}

static void run_mlp(const blmi_pass *pass, const blmi_layer *layer)
{
    blmi_pass_rows(
        pass, layer, pass->images * blmi_tokens(&layer->to), BLMI_TASK_ROWS, mlp_rows);
}

static void work_linear(const blmi_layer *layer, blmi_product_visit *visit, void *context)
{
    visit(
        context, 1, blmi_tokens(&layer->to), layer->from[0].channels, layer->to.channels);
}

static void work_mlp(const blmi_layer *layer, blmi_product_visit *visit, void *context)
{
    const blmi_mlp_layer *c = layer->settings;
    const int rows = blmi_tokens(&layer->to), channels = layer->to.channels;
    visit(context, 1, rows, channels, c->hidden);
    visit(context, 1, rows, c->hidden, channels);
}

static const blmi_layer_kind linear = {
    sizeof(packed), pack, scratch_linear, run_linear, work_linear};
static const blmi_layer_kind mlp = {
    sizeof(packed), pack_mlp, scratch_mlp, run_mlp, work_mlp};

int blmi_linear(blmi_graph *graph, int x, const blmi_linear_layer *layer)
{
    blmi_shape to = blmi_graph_shape(graph, x);
    to.channels = 0;
    for (int i = 0; i < BLMI_MAX_PARTS && layer->name[i] != NULL; i++)
        to.channels += layer->channels[i];
    const int input[] = {x, layer->add};
    return blmi_graph_add(graph, &linear, layer->name[0], layer, sizeof *layer, input,
        layer->add > 0 ? 2 : 1, to);
}

int blmi_mlp(blmi_graph *graph, int x, const blmi_mlp_layer *layer)
{
    const int input[] = {x, layer->add};
    return blmi_graph_add(graph, &mlp, layer->first, layer, sizeof *layer, input,
        layer->add > 0 ? 2 : 1, blmi_graph_shape(graph, x));
}
