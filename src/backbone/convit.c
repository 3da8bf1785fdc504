// convit.c: ConViT (d'Ascoli et al. 2021, arXiv:2103.10697), as Facebook and timm name
// its tensors.
//
//                   channels   heads   blocks, gated and plain   patch
//     ConViT-Ti       192        4            10 + 2               16
//     ConViT-S        432        9            10 + 2               16
//
// A gated block mixes what the tokens hold with where they are; it works without the
// class token, which enters before the first plain block.  Positions are those of one
// size, 224 x 224: no other can be taken.  Outputs are "embed", "block0" .. and "norm",
// the last one after the layer norm; usual are the blocks at a half and at three quarters
// of the depth.
#include <math.h>
#include <string.h>

#include "src/backbone/drawn.h"
#include "src/base/error.h"
#include "src/base/number.h"

enum {
    MAX_BLOCKS = BLMI_MAX_TAPS - 2,
    MAX_PATCH = 16,
    MAX_CHANNELS = 1024,
    MAX_SIDE = 32, // of the grid: a gated block holds its fourth power for each head
};

typedef struct plan {
    int channels, hidden, heads;
    int blocks, gated; // gated: the first ones
    int patch, side;
    bool norm; // is there
} plan;

static const double epsilon = 1e-6; // of layer norms

static const plan *plan_of(const blmi_backbone *backbone)
{
    return (const plan *)(const void *)backbone->plan.bytes;
}

// ---- the network, from top to bottom

static int embed(const plan *p, blmi_graph *g)
{
    const int x = blmi_conv(g, blmi_graph_image(g),
        &(blmi_conv_layer){.name = "patch_embed.proj",
            .channels = p->channels,
            .window = p->patch,
            .stride = p->patch,
            .bias = true});
    return blmi_extend_tokens(g, x,
        &(blmi_tokens_layer){.name = "embed", .positions = "pos_embed", .side = p->side});
}

// x + proj(attention(norm1(x)))
static int attention(const plan *p, blmi_graph *g, int x, const char *block, bool gated)
{
    const int channels = p->channels;
    blmi_linear_layer in = {.name = {blmi_graph_name(g, "%sattn.qkv", block)},
        .channels = {3 * channels},
        .norm = blmi_graph_name(g, "%snorm1", block),
        .epsilon = epsilon};
    if (gated) {
        in.name[0] = blmi_graph_name(g, "%sattn.qk", block);
        in.name[1] = blmi_graph_name(g, "%sattn.v", block);
        in.channels[0] = 2 * channels;
        in.channels[1] = channels;
    }
    const int qkv = blmi_linear(g, x, &in);
    const int heads = blmi_multihead(
        g, &(blmi_multihead_layer){.name = blmi_graph_name(g, "%sattn", block),
               .q = {qkv, 0},
               .k = {qkv, channels},
               .v = {qkv, 2 * channels},
               .channels = channels,
               .heads = p->heads,
               .scale = 1 / sqrt((double)channels / p->heads),
               .gate = gated ? blmi_graph_name(g, "%sattn.gating_param", block) : NULL,
               .place = blmi_graph_name(g, "%sattn.pos_proj", block)});
    return blmi_linear(g, heads,
        &(blmi_linear_layer){.name = {blmi_graph_name(g, "%sattn.proj", block)},
            .channels = {channels},
            .bias = true,
            .add = x});
}

// x + fc2(gelu(fc1(norm2(x))))
static int mlp(const plan *p, blmi_graph *g, int x, const char *block)
{
    return blmi_mlp(g, x,
        &(blmi_mlp_layer){.first = blmi_graph_name(g, "%smlp.fc1", block),
            .second = blmi_graph_name(g, "%smlp.fc2", block),
            .hidden = p->hidden,
            .norm = blmi_graph_name(g, "%snorm2", block),
            .epsilon = epsilon,
            .activation = BLMI_GELU,
            .add = x});
}

static void draw(const blmi_backbone *backbone, blmi_graph *g)
{
    const plan *p = plan_of(backbone);
    int output = 0, x = embed(p, g);
    blmi_graph_take(g, output++, x);
    for (int n = 0; n < p->blocks; n++) {
        const char *block = blmi_graph_name(g, "blocks.%d.", n);
        if (n == p->gated)
            x = blmi_extend_tokens(g, x,
                &(blmi_tokens_layer){
                    .name = "cls_token", .extra = {"cls_token"}, .count = {1}});
        x = attention(p, g, x, block, n < p->gated);
        x = mlp(p, g, x, block);
        blmi_graph_take(g, output++, x);
    }
    if (p->norm)
        blmi_graph_take(g, output, blmi_layer_norm(g, x, "norm", epsilon));
}

// ---- what it is

static const blmi_tensor *find(const blmi_tensors *weights, int n, const char *leaf)
{
    char name[64];
    blmi_print(name, sizeof name, "blocks.%d.%s", n, leaf);
    return blmi_tensors_find(weights, name);
}

// By its gated blocks, or, of what is cut off before them, by positions without one for a
// class token.
static bool recognise(const blmi_tensors *weights)
{
    return find(weights, 0, "attn.pos_proj.weight") != NULL ||
           (blmi_tensors_find(weights, "patch_embed.proj.weight") != NULL &&
               blmi_tensors_find(weights, "pos_embed") != NULL &&
               blmi_tensors_find(weights, "cls_token") == NULL);
}

static blm_status read_patches(const blmi_tensors *weights, plan *p, blm_error *err)
{
    static const char name[] = "patch_embed.proj.weight";
    p->channels = blmi_tensors_length(weights, name, 4, 0, BLMI_LANES, MAX_CHANNELS);
    p->patch = blmi_tensors_length(weights, name, 4, 2, 1, MAX_PATCH);
    if (p->channels == 0 || p->patch == 0)
        return blmi_fail(err, BLM_EINPUT,
            "%s: expected channels, a multiple of %d up to %d, and patches of up to %d "
            "pixels per side",
            name, BLMI_LANES, MAX_CHANNELS, MAX_PATCH);
    const int rows =
        blmi_tensors_length(weights, "pos_embed", 3, 1, 1, MAX_SIDE * MAX_SIDE);
    p->side = blmi_square_side(rows);
    return p->side > 0
               ? BLM_OK
               : blmi_fail(err, BLM_EINPUT,
                     "pos_embed has %d rows, expected those of a square grid, up to %d "
                     "a side",
                     rows, MAX_SIDE);
}

static blm_status read_blocks(const blmi_tensors *weights, plan *p, blm_error *err)
{
    while (find(weights, p->blocks, "norm1.weight") != NULL) {
        const bool gated = find(weights, p->blocks, "attn.qk.weight") != NULL;
        if (gated && p->gated < p->blocks)
            return blmi_fail(err, BLM_EINPUT,
                "blocks.%d.attn.qk.weight: a gated block after a plain one", p->blocks);
        p->gated += gated;
        if (++p->blocks > MAX_BLOCKS)
            return blmi_fail(err, BLM_EINPUT, "blocks.%d: more than %d blocks",
                MAX_BLOCKS, MAX_BLOCKS);
    }
    if (p->blocks == 0)
        return BLM_OK;
    p->norm = blmi_tensors_find(weights, "norm.weight") != NULL;
    p->heads = blmi_tensors_length(
        weights, "blocks.0.attn.pos_proj.weight", 2, 0, 1, MAX_CHANNELS);
    p->hidden = blmi_tensors_length(
        weights, "blocks.0.mlp.fc1.weight", 2, 0, BLMI_LANES, 8 * MAX_CHANNELS);
    if (p->heads == 0 || p->channels % (p->heads * BLMI_LANES) != 0)
        return blmi_fail(err, BLM_EINPUT,
            "blocks.0.attn.pos_proj.weight: %d heads of %d channels, expected a multiple "
            "of %d for each",
            p->heads, p->channels, BLMI_LANES);
    return p->hidden > 0 ? BLM_OK
                         : blmi_fail(err, BLM_EINPUT,
                               "blocks.0.mlp.fc1.weight is missing, or has no multiple "
                               "of %d rows",
                               BLMI_LANES);
}

static blm_status identify(
    const blmi_tensors *weights, blmi_backbone *out, blm_error *err)
{
    plan p = {0};
    BLMI_TRY(read_patches(weights, &p, err));
    BLMI_TRY(read_blocks(weights, &p, err));
    memcpy(out->plan.bytes, &p, sizeof p);
    if (p.channels == 192 || p.channels == 432)
        blmi_backbone_name(out, "ConViT-%s", p.channels == 192 ? "Ti" : "S");
    else
        blmi_backbone_name(out, "ConViT of %d channels", p.channels);
    const int size = p.side * p.patch;
    out->input = (blmi_input){.unit = p.patch,
        .standard = size,
        .largest = size,
        BLMI_IMAGENET,
        .bicubic = true};
    blmi_backbone_add_blocks(out, p.channels, p.patch, p.blocks, p.norm);
    return BLM_OK;
}

static const blmi_drawing drawing = {{BLMI_DRAWN_ENGINE}, draw};

const blmi_family blmi_family_convit = {
    .name = "convit",
    .called = "ConViT",
    .recognise = recognise,
    .identify = identify,
    .engine = &drawing.engine,
};
