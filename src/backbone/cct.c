// cct.c: compact convolutional transformers (Hassani et al. 2021, arXiv:2104.05704), as
// SHI-Labs name their tensors.
//
//     CCT-14/7x2   2 convolutions of 7 x 7, each followed by a maximum of 3 x 3 at stride
//                  2, to 384 channels at stride 16; 14 blocks of 6 heads
//
// There is no class token.  A block normalises the stream itself between its two halves.
// Outputs are "embed", "block0" .. and "norm", the last one after the layer norm; usual
// are the blocks at a half and at three quarters of the depth.
#include <string.h>

#include "src/backbone/drawn.h"
#include "src/base/error.h"
#include "src/base/number.h"

enum {
    PER_HEAD = 64,
    MAX_CONVS = 4,
    MAX_BLOCKS = BLMI_MAX_TAPS - 2,
    MAX_CHANNELS = 4096,
    MAX_SIDE = 1024, // of the grid of positions
};

typedef struct plan {
    int convs, window, channels[MAX_CONVS];
    int hidden, blocks, side;
    bool norm; // is there
} plan;

static const double epsilon = 1e-5; // of layer norms

static const plan *plan_of(const blmi_backbone *backbone)
{
    return (const plan *)(const void *)backbone->plan.bytes;
}

static int channels_of(const plan *p)
{
    return p->channels[p->convs - 1];
}

static int stride_of(const plan *p) // of a convolution
{
    return p->window / 2 > 2 ? p->window / 2 - 1 : 1;
}

// ---- the network, from top to bottom

static int embed(const plan *p, blmi_graph *g)
{
    int x = blmi_graph_image(g);
    for (int n = 0; n < p->convs; n++) {
        x = blmi_conv(g, x,
            &(blmi_conv_layer){
                .name = blmi_graph_name(g, "tokenizer.conv_layers.%d.0", n),
                .channels = p->channels[n],
                .window = p->window,
                .stride = stride_of(p),
                .pad = p->window / 2,
                .activation = BLMI_RELU});
        x = blmi_max_pool(g, x, 3, 2, 1);
    }
    return blmi_extend_tokens(g, x,
        &(blmi_tokens_layer){.name = "embed",
            .positions = "classifier.positional_emb",
            .side = p->side,
            .rule = BLMI_POSITIONS_BILINEAR});
}

// x + proj(attention(qkv(pre_norm(x))))
static int attention(const plan *p, blmi_graph *g, int x, const char *block)
{
    const int channels = channels_of(p);
    const int qkv = blmi_linear(g, x,
        &(blmi_linear_layer){.name = {blmi_graph_name(g, "%sself_attn.qkv", block)},
            .channels = {3 * channels},
            .norm = blmi_graph_name(g, "%spre_norm", block),
            .epsilon = epsilon});
    const int heads = blmi_multihead(
        g, &(blmi_multihead_layer){.name = blmi_graph_name(g, "%sself_attn", block),
               .q = {qkv, 0},
               .k = {qkv, channels},
               .v = {qkv, 2 * channels},
               .channels = channels,
               .heads = channels / PER_HEAD,
               .scale = 0.125}); // 1 / sqrt(PER_HEAD)
    return blmi_linear(g, heads,
        &(blmi_linear_layer){.name = {blmi_graph_name(g, "%sself_attn.proj", block)},
            .channels = {channels},
            .bias = true,
            .add = x});
}

// x + linear2(gelu(linear1(x))), x being norm1 of what the attention gave
static int mlp(const plan *p, blmi_graph *g, int x, const char *block)
{
    x = blmi_layer_norm(g, x, blmi_graph_name(g, "%snorm1", block), epsilon);
    return blmi_mlp(g, x,
        &(blmi_mlp_layer){.first = blmi_graph_name(g, "%slinear1", block),
            .second = blmi_graph_name(g, "%slinear2", block),
            .hidden = p->hidden,
            .activation = BLMI_GELU,
            .add = x});
}

static void draw(const blmi_backbone *backbone, blmi_graph *g)
{
    const plan *p = plan_of(backbone);
    int output = 0, x = embed(p, g);
    blmi_graph_take(g, output++, x);
    for (int n = 0; n < p->blocks; n++) {
        const char *block = blmi_graph_name(g, "classifier.blocks.%d.", n);
        x = attention(p, g, x, block);
        x = mlp(p, g, x, block);
        blmi_graph_take(g, output++, x);
    }
    if (p->norm)
        blmi_graph_take(g, output, blmi_layer_norm(g, x, "classifier.norm", epsilon));
}

// ---- what it is

static bool recognise(const blmi_tensors *weights)
{
    return blmi_tensors_find(weights, "tokenizer.conv_layers.0.0.weight") != NULL;
}

static blm_status read_tokenizer(const blmi_tensors *weights, plan *p, blm_error *err)
{
    char name[64];
    for (; p->convs <= MAX_CONVS; p->convs++) {
        blmi_print(name, sizeof name, "tokenizer.conv_layers.%d.0.weight", p->convs);
        if (blmi_tensors_find(weights, name) == NULL)
            break;
        const int window = blmi_tensors_length(weights, name, 4, 3, 1, 7);
        const int channels = blmi_tensors_length(weights, name, 4, 0, 1, MAX_CHANNELS);
        if (p->convs == MAX_CONVS || window < 3 || window % 2 == 0 || channels == 0 ||
            (p->convs > 0 && window != p->window))
            return blmi_fail(err, BLM_EINPUT,
                "%s: expected up to %d convolutions of one window, 3, 5 or 7 per side",
                name, MAX_CONVS);
        p->window = window;
        p->channels[p->convs] = channels;
    }
    return channels_of(p) % PER_HEAD == 0
               ? BLM_OK
               : blmi_fail(err, BLM_EINPUT,
                     "tokenizer.conv_layers.%d.0.weight gives %d channels, expected a "
                     "multiple of %d",
                     p->convs - 1, channels_of(p), PER_HEAD);
}

static blm_status read_positions(const blmi_tensors *weights, plan *p, blm_error *err)
{
    static const char name[] = "classifier.positional_emb";
    const int rows = blmi_tensors_length(weights, name, 3, 1, 1, MAX_SIDE * MAX_SIDE);
    p->side = blmi_square_side(rows);
    if (blmi_tensors_find(weights, "classifier.class_emb") != NULL)
        return blmi_fail(err, BLM_EINPUT,
            "classifier.class_emb: a class token (CVT of the same authors) is not known "
            "here, expected a CCT");
    return p->side > 0
               ? BLM_OK
               : blmi_fail(err, BLM_EINPUT,
                     "%s has %d rows, expected those of a square grid, up to %d per side",
                     name, rows, MAX_SIDE);
}

static blm_status read_blocks(const blmi_tensors *weights, plan *p, blm_error *err)
{
    char name[64];
    for (;; p->blocks++) {
        blmi_print(name, sizeof name, "classifier.blocks.%d.pre_norm.weight", p->blocks);
        if (blmi_tensors_find(weights, name) == NULL)
            break;
        if (p->blocks == MAX_BLOCKS)
            return blmi_fail(
                err, BLM_EINPUT, "%s: more than %d blocks", name, MAX_BLOCKS);
    }
    p->norm =
        p->blocks > 0 && blmi_tensors_find(weights, "classifier.norm.weight") != NULL;
    p->hidden = blmi_tensors_length(weights, "classifier.blocks.0.linear1.weight", 2, 0,
        BLMI_LANES, 8 * MAX_CHANNELS);
    return p->blocks == 0 || p->hidden > 0
               ? BLM_OK
               : blmi_fail(err, BLM_EINPUT,
                     "classifier.blocks.0.linear1.weight is missing, or has no multiple "
                     "of %d rows",
                     BLMI_LANES);
}

static blm_status identify(
    const blmi_tensors *weights, blmi_backbone *out, blm_error *err)
{
    plan p = {0};
    BLMI_TRY(read_tokenizer(weights, &p, err));
    BLMI_TRY(read_positions(weights, &p, err));
    BLMI_TRY(read_blocks(weights, &p, err));
    memcpy(out->plan.bytes, &p, sizeof p);
    blmi_backbone_name(out, "CCT-%d/%dx%d", p.blocks, p.window, p.convs);
    int stride = 1;
    for (int n = 0; n < p.convs; n++)
        stride *= 2 * stride_of(&p);
    out->input = (blmi_input){.unit = stride,
        .standard = 224,
        .largest = BLMI_LARGEST_SIDE,
        BLMI_IMAGENET,
        .bicubic = true};
    blmi_backbone_add_blocks(out, channels_of(&p), stride, p.blocks, p.norm);
    return BLM_OK;
}

static const blmi_drawing drawing = {{BLMI_DRAWN_ENGINE}, draw};

const blmi_family blmi_family_cct = {
    .name = "cct",
    .called = "CCT",
    .recognise = recognise,
    .identify = identify,
    .engine = &drawing.engine,
};
