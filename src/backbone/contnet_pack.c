// contnet_pack.c: from named tensors to the matrices that a run multiplies with.
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "src/backbone/contnet_network.h"
#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/nn/winograd.h"

// Where the packing stands.  After the first fault status is not BLM_OK any more, and
// every further step does nothing: the steps read as a list, and one look at the end
// tells.
typedef struct packer {
    blmi_contnet *net;
    const blmi_tensors *weights;
    const char *prefix; // of the names: "layer2.ConTBlock0.ste1."
    float *plain;       // a tensor as it is in the file, until it is packed
    size_t room;        // of plain, floats
    blm_status status;
    blm_error *err;
} packer;

// Zeros that live as long as the network.
static float *keep(packer *p, size_t count)
{
    blmi_contnet *net = p->net;
    if (p->status != BLM_OK)
        return NULL;
    float *memory = net->owned_count < net->owned_room
                        ? blmi_alloc_zero(count, sizeof *memory)
                        : NULL;
    if (!memory) {
        p->status = blmi_no_memory(p->err, "weights", count, sizeof *memory);
        return NULL;
    }
    net->owned[net->owned_count++] = memory;
    return memory;
}

static void let_go(packer *p, const float *memory)
{
    blmi_contnet *net = p->net;
    size_t i = 0;
    while (net->owned[i] != memory)
        i++;
    blmi_free(net->owned[i]);
    net->owned[i] = net->owned[--net->owned_count];
}

static void shape_text(char *text, size_t size, int rank, const int64_t *shape)
{
    size_t at = 0;
    text[0] = '\0';
    for (int i = 0; i < rank && at < size; i++)
        at +=
            (size_t)snprintf(text + at, size - at, "%s%" PRId64, i ? ", " : "", shape[i]);
}

static blm_status check(const packer *p, const char *name, const blmi_tensor *t, int rank,
    const int64_t *shape)
{
    char expected[100], found[200];
    shape_text(expected, sizeof expected, rank, shape);
    if (!t)
        return blmi_fail(
            p->err, BLM_EINPUT, "no tensor %s; expected one of (%s)", name, expected);
    shape_text(found, sizeof found, t->rank, t->shape);
    if (t->rank != rank || memcmp(t->shape, shape, (size_t)rank * sizeof *shape) != 0)
        return blmi_fail(
            p->err, BLM_EINPUT, "%s: shape (%s), expected (%s)", name, found, expected);
    if (t->dtype > BLMI_F64)
        return blmi_fail(p->err, BLM_EINPUT, "%s: type %s, expected a float type", name,
            blmi_dtype_name(t->dtype));
    return BLM_OK;
}

// The tensor of prefix and leaf as floats, good until the next call; NULL after a fault.
static float *get(packer *p, const char *leaf, int rank, const int64_t *shape)
{
    char name[160];
    snprintf(name, sizeof name, "%s%s", p->prefix, leaf);
    const blmi_tensor *t = blmi_tensors_find(p->weights, name);
    if (p->status == BLM_OK)
        p->status = check(p, name, t, rank, shape);
    if (p->status != BLM_OK)
        return NULL;
    const size_t count = (size_t)blmi_tensor_count(t);
    if (count > p->room) {
        blmi_free(p->plain);
        p->plain = blmi_alloc(count, sizeof *p->plain);
        p->room = p->plain ? count : 0;
        if (!p->plain) {
            p->status = blmi_no_memory(p->err, name, count, sizeof *p->plain);
            return NULL;
        }
    }
    blmi_to_f32(p->plain, t->data, t->dtype, count);
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(p->plain[i])) {
            p->status = blmi_fail(p->err, BLM_EINPUT,
                "%s: number %zu is %g, expected finite numbers", name, i,
                (double)p->plain[i]);
            return NULL;
        }
    }
    return p->plain;
}

// A vector (count) to keep.
static float *keep_vector(packer *p, const char *leaf, int count)
{
    const float *values = get(p, leaf, 1, (int64_t[]){count});
    float *kept = keep(p, (size_t)blmi_pad(count));
    if (kept)
        memcpy(kept, values, (size_t)count * sizeof *kept);
    return kept;
}

// ---- matrices

// An empty one of that size.
static float *new_matrix(packer *p, blmi_matrix *m, int taps, int depth, int columns)
{
    const size_t rows = (size_t)taps * (size_t)depth;
    float *values = keep(p, rows * (size_t)blmi_pad(columns));
    *m = (blmi_matrix){taps, depth, columns, rows * BLMI_LANES, BLMI_LANES, values, NULL,
        BLMI_FLOATS, NULL, NULL};
    return values;
}

// Where number (row of taps * depth, column) of the values stands.
static size_t at(const blmi_matrix *m, int row, int column)
{
    return (size_t)(column / BLMI_LANES) * m->panel + (size_t)row * m->row +
           (size_t)(column % BLMI_LANES);
}

static void use_pairs(packer *p, blmi_matrix *m, float *row)
{
    const blmi_kernels *kernels = p->net->kernels;
    float *values = keep(p, (size_t)blmi_pad(m->columns) / BLMI_LANES * m->panel);
    m->values = values;
    const int rows = blmi_pad(m->columns) / BLMI_LANES * m->taps * m->depth;
    for (int k = 0; values && k < rows; k++, values += m->row, row += 2 * m->row) {
        float *pair[2] = {row, row + m->row};
        for (int i = 0; i < 2; i++)
            kernels->quantize(pair[i], pair[i], BLMI_LANES, BLMI_PAIRS);
        kernels->pack_rows(values, (const float *const *)pair, 2, BLMI_LANES, BLMI_PAIRS);
    }
}

// A scale for each column: its largest number becomes 127.
static void use_quads(packer *p, blmi_matrix *m, const blmi_matrix *plain)
{
    signed char *values =
        (void *)keep(p, (size_t)blmi_pad(m->columns) / BLMI_LANES * m->panel);
    float *scale = keep(p, (size_t)blmi_pad(m->columns));
    int *start = (int *)(void *)keep(p, (size_t)blmi_pad(m->columns));
    m->values = (const float *)(const void *)values;
    m->scale = scale;
    m->start = start;
    for (int n = 0; start && n < m->columns; n++) {
        float most = 0;
        for (int k = 0; k < plain->depth; k++)
            most = fmaxf(most, fabsf(plain->values[at(plain, k, n)]));
        scale[n] = most / 127;
        for (int k = 0; most > 0 && k < plain->depth; k++) {
            const long q = lrintf(plain->values[at(plain, k, n)] * (127 / most));
            values[4 * at(m, k / 4, n) + (size_t)(k % 4)] = (signed char)q;
            start[n] -= 128 * (int)q;
        }
    }
}

// Turns a matrix of floats into one of other words, which its depth is a multiple of,
// once nothing is folded into it any more.
static void use_words(packer *p, blmi_matrix *m, blmi_words words)
{
    if (words == BLMI_FLOATS || p->status != BLM_OK)
        return;
    const blmi_matrix plain = *m;
    m->depth /= (int)words;
    m->panel /= (size_t)words;
    m->words = words;
    if (words == BLMI_PAIRS)
        use_pairs(p, m, (float *)(uintptr_t)plain.values);
    else
        use_quads(p, m, &plain);
    let_go(p, plain.values);
}

// A linear layer: weight (columns, depth), and bias if has_bias.
static void pack_linear(
    packer *p, blmi_matrix *m, const char *layer, int depth, int columns, bool has_bias)
{
    char leaf[64];
    snprintf(leaf, sizeof leaf, "%s.weight", layer);
    float *values = new_matrix(p, m, 1, depth, columns);
    const float *plain = get(p, leaf, 2, (int64_t[]){columns, depth});
    if (!plain)
        return;
    for (int n = 0; n < columns; n++)
        for (int k = 0; k < depth; k++)
            values[at(m, k, n)] = plain[n * depth + k];
    snprintf(leaf, sizeof leaf, "%s.bias", layer);
    m->bias =
        has_bias ? keep_vector(p, leaf, columns) : keep(p, (size_t)blmi_pad(columns));
}

// Lets m, which was applied to x * scale + shift, be applied to x: both (depth).
static void fold_affine(blmi_matrix *m, const float *scale, const float *shift)
{
    float *values = (float *)(uintptr_t)m->values, *bias = (float *)(uintptr_t)m->bias;
    for (int n = 0; n < m->columns; n++) {
        double sum = bias[n];
        for (int k = 0; k < m->depth; k++) {
            float *value = &values[at(m, k, n)];
            sum += (double)*value * (double)shift[k];
            *value *= scale[k];
        }
        bias[n] = (float)sum;
    }
}

// Multiplies the first `columns` columns.
static void scale_columns(blmi_matrix *m, int columns, float factor)
{
    float *values = (float *)(uintptr_t)m->values, *bias = (float *)(uintptr_t)m->bias;
    for (int n = 0; n < columns; n++) {
        for (int k = 0; k < m->depth; k++)
            values[at(m, k, n)] *= factor;
        bias[n] *= factor;
    }
}

// A convolution (columns, depth, window, window), a tap per position of the window.
static void pack_conv(
    packer *p, blmi_matrix *m, const char *leaf, int depth, int columns, int window)
{
    const int taps = window * window;
    float *values = new_matrix(p, m, taps, depth, columns);
    const float *plain = get(p, leaf, 4, (int64_t[]){columns, depth, window, window});
    if (!plain)
        return;
    for (int n = 0; n < columns; n++)
        for (int k = 0; k < depth; k++)
            for (int t = 0; t < taps; t++)
                values[at(m, t * depth + k, n)] = plain[(n * depth + k) * taps + t];
}

// A convolution (columns, depth, 3, 3) for winograd.c.
static void pack_winograd(
    packer *p, blmi_matrix *m, const char *leaf, int depth, int columns)
{
    float *values = new_matrix(p, m, 1, depth, 16 * columns);
    const float *plain = get(p, leaf, 4, (int64_t[]){columns, depth, 3, 3});
    if (!plain)
        return;
    for (int n = 0; n < columns; n++) {
        for (int k = 0; k < depth; k++) {
            double u[16];
            blmi_winograd_weights(u, plain + (n * depth + k) * 9);
            for (int i = 0; i < 16; i++)
                values[at(m, k, blmi_winograd_column(i, n))] = (float)u[i];
        }
    }
}

// The stem (columns, 3, 7, 7): a row of the window lies together in the image, so it is
// one tap of 7 x 3 numbers.
static void pack_stem(packer *p, blmi_matrix *m, int columns)
{
    float *values = new_matrix(p, m, 7, 7 * 3, columns);
    const float *plain = get(p, "conv.conv.weight", 4, (int64_t[]){columns, 3, 7, 7});
    if (!plain)
        return;
    for (int n = 0; n < columns; n++)
        for (int colour = 0; colour < 3; colour++)
            for (int yx = 0; yx < 49; yx++)
                values[at(m, yx * 3 + colour, n)] = plain[(n * 3 + colour) * 49 + yx];
}

// ---- the parts of a block

// In the weights of queries and in what is added to scores: softmax takes powers of 2.
static const float log2_e = 1.44269504f;

// pe.0 (1, patch, 1, C/2) goes with a token's row in the window, pe.1 (1, 1, patch, C/2)
// with its column.
static const float *pack_position(packer *p, int patch, int channels)
{
    const int half = channels / 2;
    float *position = keep(p, (size_t)(patch * patch * channels));
    for (int axis = 0; axis < 2; axis++) {
        const float *pe = axis == 0 ? get(p, "pe.0", 4, (int64_t[]){1, patch, 1, half})
                                    : get(p, "pe.1", 4, (int64_t[]){1, 1, patch, half});
        for (int token = 0; pe && token < patch * patch; token++)
            memcpy(position + token * channels + axis * half,
                pe + (axis == 0 ? token / patch : token % patch) * half,
                (size_t)half * sizeof *pe);
    }
    return position;
}

// The table (side * side, heads) has an entry per difference of two positions; spread out
// over all pairs of tokens.
static const float *pack_bias(packer *p, int patch, int heads)
{
    const int tokens = patch * patch, row = blmi_pad(tokens), side = 2 * patch - 1;
    float *bias = keep(p, (size_t)heads * (size_t)tokens * (size_t)row);
    const float *table =
        get(p, "attn.relative_position_bias_table", 2, (int64_t[]){side * side, heads});
    for (int head = 0; table && head < heads; head++) {
        for (int i = 0; i < tokens; i++) {
            for (int j = 0; j < tokens; j++) {
                const int y = i / patch - j / patch + patch - 1;
                const int x = i % patch - j % patch + patch - 1;
                bias[(size_t)(head * tokens + i) * (size_t)row + (size_t)j] =
                    log2_e * table[(y * side + x) * heads + head];
            }
        }
    }
    return bias;
}

// int8 pays off where rows are long: each has its scale to be found and multiplied with.
static blmi_words linear_words(const blmi_contnet *net, int channels)
{
    return net->options.type == BLM_TYPE_INT8 && channels >= 128 ? BLMI_QUADS
                                                                 : net->words;
}

static void pack_encoder(packer *p, blmi_encoder *e, int channels, int width)
{
    const blmi_contnet_config *config = &p->net->config;
    if (config->relative)
        e->bias = pack_bias(p, e->patch, e->heads);
    else
        e->position = pack_position(p, e->patch, channels);
    pack_linear(p, &e->qkv, "attn.qkv", channels, 3 * channels, config->qkv_bias);
    pack_linear(p, &e->proj, "attn.proj", channels, channels, true);
    pack_linear(p, &e->fc1, "mlp.fc1", channels, width, true);
    pack_linear(p, &e->fc2, "mlp.fc2", width, channels, true);
    for (int i = 0; i < 2; i++) {
        e->scale[i] = keep_vector(p, i == 0 ? "norm1.weight" : "norm2.weight", channels);
        e->shift[i] = keep_vector(p, i == 0 ? "norm1.bias" : "norm2.bias", channels);
    }
    if (p->status != BLM_OK)
        return;
    if (config->pre_norm) {
        fold_affine(&e->qkv, e->scale[0], e->shift[0]);
        fold_affine(&e->fc1, e->scale[1], e->shift[1]);
        memset(e->scale, 0, sizeof e->scale);
        memset(e->shift, 0, sizeof e->shift);
    }
    scale_columns(&e->qkv, channels, log2_e / sqrtf((float)(channels / e->heads)));
    for (int i = 0; i < 4; i++)
        use_words(p, (blmi_matrix *[]){&e->qkv, &e->proj, &e->fc1, &e->fc2}[i],
            linear_words(p->net, channels));
}

static void pack_batch_norm(packer *p, blmi_block *b)
{
    float *scale = keep_vector(p, "bn.weight", b->channels);
    float *shift = keep_vector(p, "bn.bias", b->channels);
    const float *variance = keep_vector(p, "bn.running_var", b->channels);
    const float *mean = get(p, "bn.running_mean", 1, (int64_t[]){b->channels});
    for (int i = 0; mean && i < b->channels; i++) {
        if (variance[i] < 0) {
            p->status = blmi_fail(p->err, BLM_EINPUT,
                "%sbn.running_var: number %d is %g, expected none below 0", p->prefix, i,
                (double)variance[i]);
            return;
        }
        const double factor = (double)scale[i] / sqrt((double)variance[i] + 1e-5);
        scale[i] = (float)factor;
        shift[i] = (float)((double)shift[i] - (double)mean[i] * factor);
    }
    b->scale = scale;
    b->shift = shift;
}

// The 1x1 convolution of the shortcut; with average pooling in front of it the two are a
// 2x2 convolution.
static void pack_shortcut(packer *p, blmi_block *b)
{
    blmi_matrix one;
    pack_conv(p, b->shortcut_window == 2 ? &one : &b->shortcut,
        b->shortcut_window == 2 ? "downsample.conv.conv.weight"
                                : "downsample.conv.weight",
        b->channels, b->out, 1);
    if (b->shortcut_window != 2)
        return;
    float *values = new_matrix(p, &b->shortcut, 4, b->channels, b->out);
    for (int row = 0; values && row < 4 * b->channels; row++)
        for (int n = 0; n < b->out; n++)
            values[at(&b->shortcut, row, n)] =
                one.values[at(&one, row % b->channels, n)] / 4;
}

static void pack_block(packer *p, blmi_block *b, int stage, int index)
{
    const blmi_variant_shape *shape = &blmi_variant_shapes[p->net->config.variant];
    const bool end = index == shape->blocks[stage] - 1, last = stage == BLMI_STAGES - 1;
    char name[64], ste_name[80];
    b->channels = shape->planes << stage;
    b->out = end ? 2 * b->channels : b->channels;
    b->stride = end && !last ? 2 : 1;
    b->conv_window = end && last ? 1 : 3;
    b->winograd = !end && !last; // stride 1, and sides that two divides
    b->shortcut_window = !end ? 0 : p->net->config.avgdown && !last ? 2 : 1;
    snprintf(name, sizeof name, "layer%d.ConTBlock%d.", stage + 1, index);
    p->prefix = name;
    pack_batch_norm(p, b);
    if (b->winograd)
        pack_winograd(p, &b->conv, "out_conv.conv.weight", b->channels, b->out);
    else
        pack_conv(
            p, &b->conv, "out_conv.conv.weight", b->channels, b->out, b->conv_window);
    use_words(p, &b->conv, p->net->words);
    if (end) {
        pack_shortcut(p, b);
        use_words(p, &b->shortcut, p->net->words);
    }
    for (int i = 0; i < BLMI_WINDOWS; i++) {
        snprintf(ste_name, sizeof ste_name, "%sste%d.", name, i + 1);
        p->prefix = ste_name;
        b->ste[i].heads = 1 << stage;
        b->ste[i].patch = i == 0 || last ? 7 : 14;
        pack_encoder(p, &b->ste[i], b->channels, shape->width[stage]);
    }
}

static void lay_places(packer *p, int stage)
{
    blmi_stage *s = &p->net->stage[stage];
    const blmi_grid g = s->grid = blmi_stage_grid(p->net, stage);
    const size_t tokens = (size_t)g.height * (size_t)g.width;
    // Integers are of the same size as floats, and owned like them.
    s->places.by_row = (int *)(void *)keep(p, tokens);
    for (int m = 0; s->places.by_row && m < (int)tokens; m++)
        s->places.by_row[m] = (m / g.width + 1) * (g.width + 2) + m % g.width + 1;
    for (int i = 0; i < BLMI_WINDOWS; i++) {
        const int patch = s->block[0].ste[i].patch;
        int *by_window = s->places.by_window[i] = (int *)(void *)keep(p, tokens);
        for (int m = 0; by_window && m < (int)tokens; m++) {
            const int row = m / g.width, column = m % g.width;
            const int window = row / patch * (g.width / patch) + column / patch;
            const int inside = row % patch * patch + column % patch;
            by_window[window * patch * patch + inside] = s->places.by_row[m];
        }
    }
}

blm_status blmi_contnet_pack(
    blmi_contnet *net, const blmi_tensors *weights, blm_error *err)
{
    const blmi_variant_shape *shape = &blmi_variant_shapes[net->config.variant];
    packer p = {net, weights, "layer0.", NULL, 0, BLM_OK, err};
    enum { A_BLOCK = 60 }; // more than the pieces of one
    net->owned_room = 1;
    for (int stage = 0; stage < net->options.stages; stage++)
        net->owned_room += (size_t)shape->blocks[stage] * A_BLOCK;
    net->owned = blmi_alloc(net->owned_room, sizeof *net->owned);
    if (!net->owned)
        return blmi_no_memory(err, "weights", net->owned_room, sizeof *net->owned);
    pack_stem(&p, &net->stem, shape->planes);
    for (int stage = 0; stage < net->options.stages; stage++) {
        net->stage[stage].blocks = shape->blocks[stage];
        for (int i = 0; i < shape->blocks[stage]; i++)
            pack_block(&p, &net->stage[stage].block[i], stage, i);
        lay_places(&p, stage);
    }
    blmi_free(p.plain);
    return p.status;
}
