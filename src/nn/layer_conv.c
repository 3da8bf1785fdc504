// layer_conv.c: convolutions as products of rows by pointers; 3 x 3 with stride 1 by
// Winograd's tiles; those of the image row by row of the window.
#include <string.h>

#include "src/nn/layers.h"
#include "src/nn/sliding.h"
#include "src/nn/winograd.h"

enum {
    MAX_WINDOW = 16, // of a stem
    MAX_TAPS = 49,   // of another convolution
    STEM_ROWS = 8,   // of output that a task of a stem makes
};

typedef struct packed {
    blmi_matrix matrix;
    bool winograd;
    const float *bias; // (channels) for Winograd, whose products have none
} packed;

// ---- packing

static bool of_image(const blmi_layer *layer)
{
    return layer->input[0] == 0;
}

// Winograd's tiles take columns by 32 and depths by 16.
static bool by_winograd(const blmi_layer *layer)
{
    const blmi_conv_layer *c = layer->settings;
    return !of_image(layer) && c->window == 3 && c->stride == 1 && c->pad != 0 &&
           layer->to.channels % 32 == 0 && layer->from[0].channels % 16 == 0;
}

// Multiplies each of the columns by its factor.
static void scale_each(packed *own, int columns, const float *factor)
{
    const blmi_matrix *m = &own->matrix;
    float *values = (float *)(uintptr_t)m->values;
    const int parts = own->winograd ? 16 : 1, rows = m->taps * m->depth;
    for (int n = 0; n < columns; n++)
        for (int i = 0; i < parts; i++) {
            const int column = own->winograd ? blmi_winograd_column(i, n) : n;
            for (int row = 0; row < rows; row++)
                values[blmi_matrix_at(m, row, column)] *= factor[n];
        }
}

static void pack(const blmi_layer *layer, blmi_words words, blmi_packer *p, void *out)
{
    const blmi_conv_layer *c = layer->settings;
    packed *own = out;
    const int depth = layer->from[0].channels, columns = layer->to.channels;
    const char *leaf = blmi_pack_leaf(p, c->name, "weight");
    own->winograd = by_winograd(layer);
    if (of_image(layer))
        blmi_pack_stem(p, &own->matrix, leaf, columns, c->window);
    else if (own->winograd)
        blmi_pack_winograd(p, &own->matrix, leaf, depth, columns);
    else
        blmi_pack_conv(p, &own->matrix, leaf, depth, columns, c->window);
    float *scale = blmi_pack_keep(p, (size_t)blmi_pad(columns));
    float *bias = blmi_pack_keep(p, (size_t)blmi_pad(columns));
    blmi_sliding_affine(c, columns, p, scale, bias);
    if (p->status != BLM_OK || p->visit != NULL)
        return;
    scale_each(own, columns, scale);
    own->bias = bias;
    if (!own->winograd)
        own->matrix.bias = bias;
    if (!of_image(layer) && depth % (int)words == 0)
        blmi_pack_words(p, &own->matrix, words);
}

// ---- running

static const float *input_token(const blmi_pass *pass, const blmi_layer *layer, int n,
    int row, int column, const float *values)
{
    const blmi_shape *s = &layer->from[0];
    if (row < 0 || column < 0 || row >= s->height || column >= s->width)
        return pass->zeros;
    return values + (size_t)(n * blmi_tokens(s) + s->extra + row * s->width + column) *
                        blmi_token_size(s->channels);
}

static void pair_rows(
    const blmi_pass *pass, const blmi_layer *layer, int first, int count, float *scratch)
{
    (void)scratch;
    const int channels = layer->from[0].channels;
    const size_t size = blmi_token_size(channels);
    for (int m = first; m < first + count; m++)
        pass->kernels->quantize(pass->pairs + (size_t)m * size,
            pass->value[layer->input[0]] + (size_t)m * size, blmi_pad(channels),
            BLMI_PAIRS);
}

static void product_rows(
    const blmi_pass *pass, const blmi_layer *layer, int first, int count, float *scratch)
{
    (void)scratch;
    const blmi_conv_layer *c = layer->settings;
    const packed *own = layer->packed;
    const float *values =
        own->matrix.words == BLMI_FLOATS ? pass->value[layer->input[0]] : pass->pairs;
    const blmi_sliding w = blmi_sliding_of(c, &layer->from[0]);
    const size_t out = blmi_token_size(layer->to.channels);
    const int taps = own->matrix.taps, width = layer->to.width;
    const int tokens = blmi_tokens(&layer->to);
    const float *a[MAX_TAPS * BLMI_TASK_ROWS], *add[BLMI_TASK_ROWS];
    float *y[BLMI_TASK_ROWS];
    for (int r = 0; r < count; r++) {
        const int m = first + r, n = m / tokens, token = m % tokens;
        y[r] = pass->value[layer->output] + (size_t)m * out;
        add[r] = c->add > 0 ? pass->value[c->add] + (size_t)m * out : NULL;
        if (taps == 1 && c->stride == 1 && layer->from[0].extra == 0) {
            a[r] = values + (size_t)m * blmi_token_size(layer->from[0].channels);
            continue;
        }
        const int top = token / width * c->stride - w.before_y;
        const int left = token % width * c->stride - w.before_x;
        for (int t = 0; t < taps; t++)
            a[t * count + r] = input_token(
                pass, layer, n, top + t / c->window, left + t % c->window, values);
    }
    pass->kernels->product(&(blmi_product){.b = &own->matrix,
        .rows = count,
        .a = a,
        .y = y,
        .add = c->add > 0 ? add : NULL,
        .activation = c->activation,
        .y_words = BLMI_FLOATS});
}

static void tile_rows(
    const blmi_pass *pass, const blmi_layer *layer, int first, int count, float *scratch)
{
    const blmi_conv_layer *c = layer->settings;
    const packed *own = layer->packed;
    const blmi_shape *to = &layer->to;
    const int across = (to->width + 1) / 2, tiles = across * ((to->height + 1) / 2);
    const int padded = blmi_pad(to->channels);
    const size_t size = blmi_token_size(to->channels);
    const float *x[16 * BLMI_WINOGRAD_TILES];
    float *y[4 * BLMI_WINOGRAD_TILES];
    float *nowhere = scratch;
    scratch += padded;
    for (int t = 0; t < count; t++) {
        const int n = (first + t) / tiles, tile = (first + t) % tiles;
        const int row = tile / across * 2, column = tile % across * 2;
        for (int i = 0; i < 16; i++)
            x[16 * t + i] = input_token(pass, layer, n, row - 1 + i / 4,
                column - 1 + i % 4, pass->value[layer->input[0]]);
        for (int i = 0; i < 4; i++) {
            const int down = row + i / 2, right = column + i % 2;
            float **out = &y[4 * t + i];
            *out = nowhere;
            if (down >= to->height || right >= to->width)
                continue;
            const size_t at =
                (size_t)((n * to->height + down) * to->width + right) * size;
            *out = pass->value[layer->output] + at;
            memcpy(*out, own->bias, (size_t)padded * sizeof **out);
            if (c->add > 0)
                pass->kernels->add(*out, pass->value[c->add] + at, padded);
        }
    }
    blmi_winograd(
        pass->kernels, &(blmi_winograd_job){&own->matrix, count, x, y}, scratch);
    for (int i = 0; i < 4 * count && c->activation != BLMI_LINEAR; i++)
        if (y[i] != nowhere)
            pass->kernels->activate(y[i], y[i], padded, c->activation);
}

// ---- of the image

// Floats of a row of the image with zeros on both sides.
static size_t stem_row(const blmi_layer *layer)
{
    const blmi_conv_layer *c = layer->settings;
    const int looked_at = (layer->to.width - 1) * c->stride + c->window;
    const int held = blmi_sliding_of(c, &layer->from[0]).before_x + layer->from[0].width;
    return (size_t)(looked_at > held ? looked_at : held) * 3;
}

// Rows first .. of an image into out, with zeros around them.
static void image_rows(const blmi_pass *pass, const blmi_layer *layer, int n, int first,
    int count, int before_x, float *out)
{
    const blmi_shape *s = &layer->from[0];
    const size_t row = stem_row(layer), inside = (size_t)s->width * 3;
    memset(out, 0, (size_t)count * row * sizeof *out);
    for (int y = first; y < first + count; y++, out += row)
        if (y >= 0 && y < s->height)
            memcpy(out + before_x * 3,
                pass->image + ((size_t)n * (size_t)s->height + (size_t)y) * inside,
                inside * sizeof *out);
}

// A part of a row of the output; x: the image's rows from the first of its window on.
static void stem_part(const blmi_pass *pass, const blmi_layer *layer, const float *x,
    int column, int count, float *out)
{
    const blmi_conv_layer *c = layer->settings;
    const packed *own = layer->packed;
    const float *a[MAX_WINDOW * BLMI_TASK_ROWS];
    float *y[BLMI_TASK_ROWS];
    for (int r = 0; r < count; r++) {
        y[r] = out + (size_t)r * blmi_token_size(layer->to.channels);
        for (int t = 0; t < c->window; t++)
            a[t * count + r] =
                x + (size_t)t * stem_row(layer) + (column + r) * c->stride * 3;
    }
    pass->kernels->product(&(blmi_product){.b = &own->matrix,
        .rows = count,
        .a = a,
        .y = y,
        .activation = c->activation,
        .y_words = BLMI_FLOATS});
}

static void stem_rows(
    const blmi_pass *pass, const blmi_layer *layer, int first, int count, float *scratch)
{
    const blmi_conv_layer *c = layer->settings;
    const blmi_shape *to = &layer->to;
    const blmi_sliding w = blmi_sliding_of(c, &layer->from[0]);
    const size_t size = blmi_token_size(to->channels);
    for (int m = first; m < first + count; m++) { // (image, row)
        const int n = m / to->height, row = m % to->height;
        const int held = m > first && row > 0 ? c->window - c->stride : 0;
        float *own = scratch;
        if (held > 0) // rows that the last window has, too
            memmove(own, own + (size_t)c->stride * stem_row(layer),
                (size_t)held * stem_row(layer) * sizeof *own);
        const int from = held > 0 ? held : 0;
        image_rows(pass, layer, n, row * c->stride - w.before_y + from, c->window - from,
            w.before_x, own + (size_t)from * stem_row(layer));
        for (int column = 0; column < to->width; column += BLMI_TASK_ROWS) {
            const int left = to->width - column;
            stem_part(pass, layer, own, column,
                left < BLMI_TASK_ROWS ? left : BLMI_TASK_ROWS,
                pass->value[layer->output] +
                    (size_t)((n * to->height + row) * to->width + column) * size);
        }
    }
}

// ---- the kind

static size_t scratch(const blmi_layer *layer)
{
    const blmi_conv_layer *c = layer->settings;
    if (of_image(layer))
        return (size_t)c->window * stem_row(layer);
    return by_winograd(layer) ? blmi_winograd_scratch(layer->from[0].channels) +
                                    (size_t)blmi_pad(layer->to.channels)
                              : 0;
}

static void run(const blmi_pass *pass, const blmi_layer *layer)
{
    const packed *own = layer->packed;
    const blmi_shape *to = &layer->to;
    if (of_image(layer)) {
        blmi_pass_rows(pass, layer, pass->images * to->height, STEM_ROWS, stem_rows);
    } else if (own->winograd) {
        const int tiles = (to->width + 1) / 2 * ((to->height + 1) / 2);
        blmi_pass_rows(pass, layer, pass->images * tiles,
            blmi_winograd_tiles(layer->from[0].channels), tile_rows);
    } else {
        if (own->matrix.words == BLMI_PAIRS)
            blmi_pass_rows(pass, layer, pass->images * blmi_tokens(&layer->from[0]),
                BLMI_TASK_ROWS, pair_rows);
        blmi_pass_rows(
            pass, layer, pass->images * blmi_tokens(to), BLMI_TASK_ROWS, product_rows);
    }
}

static void work(const blmi_layer *layer, blmi_product_visit *visit, void *context)
{
    const blmi_conv_layer *c = layer->settings;
    visit(context, 1, blmi_tokens(&layer->to),
        c->window * c->window * layer->from[0].channels, layer->to.channels);
}

static const blmi_layer_kind kind = {sizeof(packed), pack, scratch, run, work};

int blmi_conv(blmi_graph *graph, int x, const blmi_conv_layer *layer)
{
    const blmi_shape from = blmi_graph_shape(graph, x);
    blmi_conv_layer settings = *layer;
    if (settings.window == 0)
        settings.window = 1;
    if (settings.stride == 0)
        settings.stride = 1;
    blmi_shape to = blmi_sliding_shape(&settings, &from);
    to.channels = settings.channels;
    const int input[] = {x, settings.add};
    return blmi_graph_add(graph, &kind, settings.name, &settings, sizeof settings, input,
        settings.add > 0 ? 2 : 1, to);
}
