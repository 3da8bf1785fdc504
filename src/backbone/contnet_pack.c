// contnet_pack.c: from named tensors to the matrices that a run multiplies with.
#include <math.h>
#include <string.h>

#include "src/backbone/contnet_network.h"
#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/base/number.h"
#include "src/nn/packer.h"

// ---- the parts of a block

// In the weights of queries and in what is added to scores: softmax takes powers of 2.
static const float log2_e = 1.44269504f;

// pe.0 (1, patch, 1, C/2) goes with a token's row in the window, pe.1 (1, 1, patch, C/2)
// with its column.
static const float *pack_position(blmi_packer *p, int patch, int channels)
{
    const int half = channels / 2;
    float *position = blmi_pack_keep(p, (size_t)(patch * patch * channels));
    for (int axis = 0; axis < 2; axis++) {
        const float *pe =
            axis == 0 ? blmi_pack_get(p, "pe.0", 4, (int64_t[]){1, patch, 1, half})
                      : blmi_pack_get(p, "pe.1", 4, (int64_t[]){1, 1, patch, half});
        for (int token = 0; pe && token < patch * patch; token++)
            memcpy(position + token * channels + axis * half,
                pe + (axis == 0 ? token / patch : token % patch) * half,
                (size_t)half * sizeof *pe);
    }
    return position;
}

// The table (side * side, heads) has an entry per difference of two positions; spread out
// over all pairs of tokens.
static const float *pack_bias(blmi_packer *p, int patch, int heads)
{
    const int tokens = patch * patch, row = blmi_pad(tokens), side = 2 * patch - 1;
    float *bias = blmi_pack_keep(p, (size_t)heads * (size_t)tokens * (size_t)row);
    const float *table = blmi_pack_get(
        p, "attn.relative_position_bias_table", 2, (int64_t[]){side * side, heads});
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

static void pack_encoder(
    const blmi_contnet *net, blmi_packer *p, blmi_encoder *e, int channels, int width)
{
    const blmi_contnet_config *config = &net->config;
    if (config->relative)
        e->bias = pack_bias(p, e->patch, e->heads);
    else
        e->position = pack_position(p, e->patch, channels);
    blmi_pack_linear(p, &e->qkv, "attn.qkv", channels, 3 * channels, config->qkv_bias);
    blmi_pack_linear(p, &e->proj, "attn.proj", channels, channels, true);
    blmi_pack_linear(p, &e->fc1, "mlp.fc1", channels, width, true);
    blmi_pack_linear(p, &e->fc2, "mlp.fc2", width, channels, true);
    for (int i = 0; i < 2; i++) {
        e->scale[i] =
            blmi_pack_vector(p, i == 0 ? "norm1.weight" : "norm2.weight", channels);
        e->shift[i] = blmi_pack_vector(p, i == 0 ? "norm1.bias" : "norm2.bias", channels);
    }
    if (p->status != BLM_OK)
        return;
    if (config->pre_norm) {
        blmi_pack_fold(&e->qkv, e->scale[0], e->shift[0]);
        blmi_pack_fold(&e->fc1, e->scale[1], e->shift[1]);
        memset(e->scale, 0, sizeof e->scale);
        memset(e->shift, 0, sizeof e->shift);
    }
    blmi_pack_scale_columns(
        &e->qkv, channels, log2_e / sqrtf((float)(channels / e->heads)));
    for (int i = 0; i < 4; i++)
        blmi_pack_words(p, (blmi_matrix *[]){&e->qkv, &e->proj, &e->fc1, &e->fc2}[i],
            linear_words(net, channels));
}

static void pack_batch_norm(blmi_packer *p, blmi_block *b)
{
    float *scale = blmi_pack_vector(p, "bn.weight", b->channels);
    float *shift = blmi_pack_vector(p, "bn.bias", b->channels);
    const float *variance = blmi_pack_vector(p, "bn.running_var", b->channels);
    const float *mean = blmi_pack_get(p, "bn.running_mean", 1, (int64_t[]){b->channels});
    for (int i = 0; mean && i < b->channels; i++) {
        if (variance[i] < 0) {
            p->status = blmi_fail(p->err, BLM_EINPUT,
                "%sbn.running_var: number %d is %g, expected 0 or more", p->prefix, i,
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
static void pack_shortcut(blmi_packer *p, blmi_block *b)
{
    blmi_matrix one;
    blmi_pack_conv(p, b->shortcut_window == 2 ? &one : &b->shortcut,
        b->shortcut_window == 2 ? "downsample.conv.conv.weight"
                                : "downsample.conv.weight",
        b->channels, b->out, 1);
    if (b->shortcut_window != 2)
        return;
    float *values = blmi_pack_matrix(p, &b->shortcut, 4, b->channels, b->out);
    for (int row = 0; values && row < 4 * b->channels; row++)
        for (int n = 0; n < b->out; n++)
            values[blmi_matrix_at(&b->shortcut, row, n)] =
                one.values[blmi_matrix_at(&one, row % b->channels, n)] / 4;
}

static void pack_block(
    const blmi_contnet *net, blmi_packer *p, blmi_block *b, int stage, int index)
{
    const blmi_variant_shape *shape = &blmi_variant_shapes[net->config.variant];
    const bool end = index == shape->blocks[stage] - 1, last = stage == BLMI_STAGES - 1;
    char name[64], ste_name[80];
    b->channels = shape->planes << stage;
    b->out = end ? 2 * b->channels : b->channels;
    b->stride = end && !last ? 2 : 1;
    b->conv_window = end && last ? 1 : 3;
    b->winograd = !end && !last; // stride 1, and sides that two divides
    b->shortcut_window = !end ? 0 : net->config.avgdown && !last ? 2 : 1;
    blmi_print(name, sizeof name, "layer%d.ConTBlock%d.", stage + 1, index);
    p->prefix = name;
    pack_batch_norm(p, b);
    if (b->winograd)
        blmi_pack_winograd(p, &b->conv, "out_conv.conv.weight", b->channels, b->out);
    else
        blmi_pack_conv(
            p, &b->conv, "out_conv.conv.weight", b->channels, b->out, b->conv_window);
    blmi_pack_words(p, &b->conv, net->words);
    if (end) {
        pack_shortcut(p, b);
        blmi_pack_words(p, &b->shortcut, net->words);
    }
    for (int i = 0; i < BLMI_WINDOWS; i++) {
        blmi_print(ste_name, sizeof ste_name, "%sste%d.", name, i + 1);
        p->prefix = ste_name;
        b->ste[i].heads = 1 << stage;
        b->ste[i].patch = i == 0 || last ? 7 : 14;
        pack_encoder(net, p, &b->ste[i], b->channels, shape->width[stage]);
    }
}

static void lay_places(blmi_contnet *net, blmi_packer *p, int stage)
{
    blmi_stage *s = &net->stage[stage];
    const blmi_grid g = s->grid = blmi_stage_grid(net, stage);
    const size_t tokens = (size_t)g.height * (size_t)g.width;
    // Integers are of the same size as floats, and owned like them.
    s->places.by_row = (int *)(void *)blmi_pack_keep(p, tokens);
    for (int m = 0; s->places.by_row && m < (int)tokens; m++)
        s->places.by_row[m] = (m / g.width + 1) * (g.width + 2) + m % g.width + 1;
    for (int i = 0; i < BLMI_WINDOWS; i++) {
        const int patch = s->block[0].ste[i].patch;
        int *by_window = s->places.by_window[i] =
            (int *)(void *)blmi_pack_keep(p, tokens);
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
    blmi_packer p = {.arena = &net->arena,
        .kernels = net->kernels,
        .weights = weights,
        .prefix = "layer0.",
        .err = err};
    blmi_pack_stem(&p, &net->stem, "conv.conv.weight", shape->planes, 7);
    for (int stage = 0; stage < net->options.stages; stage++) {
        net->stage[stage].blocks = shape->blocks[stage];
        for (int i = 0; i < shape->blocks[stage]; i++)
            pack_block(net, &p, &net->stage[stage].block[i], stage, i);
        lay_places(net, &p, stage);
    }
    blmi_free(p.plain);
    return p.status;
}
