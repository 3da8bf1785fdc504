// vit.c: vision transformers (Dosovitskiy et al. 2021, arXiv:2010.11929) as Facebook's
// DINO (Caron et al. 2021, arXiv:2104.14294) and DINOv2 (Oquab et al. 2023,
// arXiv:2304.07193; registers: Darcet et al. 2023, arXiv:2309.16588) have them.
//
//                 patch   channels   heads   positions   a block's output is scaled by
//     DINO-S16     16       384        6      14 x 14     1
//     DINO-S8       8       384        6      28 x 28     1
//     DINOv2-S14   14       384        6      37 x 37     learned factors (ls1, ls2)
//     DINOv2-B14   14       768       12      37 x 37     likewise
//
// 12 blocks; outputs are "embed", "block0" .. and "norm", the last one after the layer
// norm, all of them without the class token and the registers.
//
// Usual are the blocks at a half and at three quarters of the depth (5 and 8 of 12).
// Those of a transformer's middle are what the literature takes for defects: Dinomaly
// (arXiv:2405.14325) blocks 2 to 9 of 12, SuperADD every quarter; the first ones see
// little but colour, the last ones are drawn to the task of the training.
#include <string.h>

#include "src/backbone/drawn.h"
#include "src/base/error.h"
#include "src/base/number.h"

enum {
    PER_HEAD = 64,
    MAX_BLOCKS = BLMI_MAX_TAPS - 2,
    MAX_PATCH = 16,
    MAX_CHANNELS = 4096,
    MAX_REGISTERS = 64,
    MAX_SIDE = 1024, // of the grid of positions
};

typedef struct plan {
    int channels, hidden, blocks;
    int patch, side, registers;
    bool scaled; // ls1, ls2
    bool apart;  // q, k and v are three layers, as Hugging Face has them
    bool norm;   // is there
} plan;

static const double epsilon = 1e-6; // of layer norms

static const plan *plan_of(const blmi_backbone *backbone)
{
    return (const plan *)(const void *)backbone->plan.bytes;
}

// ---- the network, from top to bottom

// Patches as tokens, their positions, and the class token and registers before them.
static int embed(const plan *p, blmi_graph *g)
{
    const int x = blmi_conv(g, blmi_graph_image(g),
        &(blmi_conv_layer){.name = "patch_embed.proj",
            .channels = p->channels,
            .window = p->patch,
            .stride = p->patch,
            .bias = true});
    return blmi_extend_tokens(g, x,
        &(blmi_tokens_layer){.name = "embed",
            .extra = {"cls_token", p->registers > 0 ? "register_tokens" : NULL},
            .count = {1, p->registers},
            .positions = "pos_embed",
            .ahead = 1,
            .side = p->side,
            .rule = p->registers > 0 ? BLMI_POSITIONS_ANTIALIAS : BLMI_POSITIONS_OFFSET});
}

// x + ls1 * proj(attention(qkv(norm1(x))))
static int attention(const plan *p, blmi_graph *g, int x, const char *block)
{
    const int channels = p->channels;
    blmi_linear_layer in = {.name = {blmi_graph_name(g, "%sattn.qkv", block)},
        .channels = {3 * channels},
        .bias = true,
        .norm = blmi_graph_name(g, "%snorm1", block),
        .epsilon = epsilon};
    for (int i = 0; i < 3 && p->apart; i++) {
        in.name[i] = blmi_graph_name(g, "%sattn.%c", block, "qkv"[i]);
        in.channels[i] = channels;
    }
    const int qkv = blmi_linear(g, x, &in);
    const int heads = blmi_multihead(
        g, &(blmi_multihead_layer){.name = blmi_graph_name(g, "%sattn", block),
               .q = {qkv, 0},
               .k = {qkv, channels},
               .v = {qkv, 2 * channels},
               .channels = channels,
               .heads = channels / PER_HEAD,
               .scale = 0.125}); // 1 / sqrt(PER_HEAD)
    return blmi_linear(g, heads,
        &(blmi_linear_layer){.name = {blmi_graph_name(g, "%sattn.proj", block)},
            .channels = {channels},
            .bias = true,
            .scale = p->scaled ? blmi_graph_name(g, "%sls1.gamma", block) : NULL,
            .add = x});
}

// x + ls2 * fc2(gelu(fc1(norm2(x))))
static int mlp(const plan *p, blmi_graph *g, int x, const char *block)
{
    return blmi_mlp(g, x,
        &(blmi_mlp_layer){.first = blmi_graph_name(g, "%smlp.fc1", block),
            .second = blmi_graph_name(g, "%smlp.fc2", block),
            .hidden = p->hidden,
            .norm = blmi_graph_name(g, "%snorm2", block),
            .epsilon = epsilon,
            .scale = p->scaled ? blmi_graph_name(g, "%sls2.gamma", block) : NULL,
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
        x = attention(p, g, x, block);
        x = mlp(p, g, x, block);
        blmi_graph_take(g, output++, x);
    }
    if (p->norm)
        blmi_graph_take(g, output, blmi_layer_norm(g, x, "norm", epsilon));
}

// ---- what it is

static const blmi_alias hugging_face[] = {
    {"embeddings.patch_embeddings.projection", "patch_embed.proj"},
    {"embeddings.cls_token", "cls_token"},
    {"embeddings.register_tokens", "register_tokens"},
    {"embeddings.position_embeddings", "pos_embed"},
    {"encoder.layer.#.norm1", "blocks.#.norm1"},
    {"encoder.layer.#.attention.attention.query", "blocks.#.attn.q"},
    {"encoder.layer.#.attention.attention.key", "blocks.#.attn.k"},
    {"encoder.layer.#.attention.attention.value", "blocks.#.attn.v"},
    {"encoder.layer.#.attention.output.dense", "blocks.#.attn.proj"},
    {"encoder.layer.#.layer_scale1.lambda1", "blocks.#.ls1.gamma"},
    {"encoder.layer.#.norm2", "blocks.#.norm2"},
    {"encoder.layer.#.mlp.fc1", "blocks.#.mlp.fc1"},
    {"encoder.layer.#.mlp.fc2", "blocks.#.mlp.fc2"},
    {"encoder.layer.#.mlp.weights_in", "blocks.#.mlp.w12"},
    {"encoder.layer.#.layer_scale2.lambda1", "blocks.#.ls2.gamma"},
    {"layernorm", "norm"},
    {NULL, NULL},
};

static const blmi_tensor *find(const blmi_tensors *weights, int n, const char *leaf)
{
    char name[64];
    blmi_print(name, sizeof name, "blocks.%d.%s", n, leaf);
    return blmi_tensors_find(weights, name);
}

static bool recognise(const blmi_tensors *weights)
{
    return blmi_tensors_find(weights, "patch_embed.proj.weight") != NULL &&
           blmi_tensors_find(weights, "cls_token") != NULL &&
           blmi_tensors_find(weights, "pos_embed") != NULL;
}

// Other transformers that have these names, too.
static blm_status refuse_others(const blmi_tensors *weights, blm_error *err)
{
    static const struct {
        const char *name, *what;
    } others[] = {
        {"blocks.0.mlp.w12.weight", "a gated MLP (ViT-g)"},
        {"reg_token", "timm's form of DINOv2 with registers: take Facebook's file"},
        {"dist_token", "a token of distillation (DeiT)"},
        {"norm_pre.weight", "a layer norm before the blocks (CLIP)"},
        {"blocks.0.attn.q_norm.weight", "a layer norm of queries and keys"},
        {"blocks.0.attn.rel_pos_h", "relative positions"},
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (blmi_tensors_find(weights, others[i].name) != NULL)
            return blmi_fail(err, BLM_EINPUT,
                "%s: %s is unknown, expected a ViT of DINO or DINOv2", others[i].name,
                others[i].what);
    return BLM_OK;
}

static blm_status read_patches(const blmi_tensors *weights, plan *p, blm_error *err)
{
    static const char name[] = "patch_embed.proj.weight";
    p->channels = blmi_tensors_length(weights, name, 4, 0, PER_HEAD, MAX_CHANNELS);
    p->patch = blmi_tensors_length(weights, name, 4, 2, 1, MAX_PATCH);
    if (p->channels == 0 || p->patch == 0)
        return blmi_fail(err, BLM_EINPUT,
            "%s: expected channels, a multiple of %d up to %d, and patches of up to %d "
            "pixels per side",
            name, PER_HEAD, MAX_CHANNELS, MAX_PATCH);
    return BLM_OK;
}

static blm_status read_positions(const blmi_tensors *weights, plan *p, blm_error *err)
{
    const int rows =
        blmi_tensors_length(weights, "pos_embed", 3, 1, 1, 1 + MAX_SIDE * MAX_SIDE);
    p->side = blmi_square_side(rows - 1);
    if (p->side < 1)
        return blmi_fail(err, BLM_EINPUT,
            "pos_embed has %d rows, expected those of a class token and a square grid, "
            "up to %d per side",
            rows, MAX_SIDE);
    if (blmi_tensors_find(weights, "register_tokens") == NULL)
        return BLM_OK;
    p->registers =
        blmi_tensors_length(weights, "register_tokens", 3, 1, 1, MAX_REGISTERS);
    return p->registers > 0 ? BLM_OK
                            : blmi_fail(err, BLM_EINPUT,
                                  "register_tokens: expected shape (1, 1 to %d, %d)",
                                  MAX_REGISTERS, p->channels);
}

static blm_status read_blocks(const blmi_tensors *weights, plan *p, blm_error *err)
{
    while (find(weights, p->blocks, "norm1.weight") != NULL)
        if (++p->blocks > MAX_BLOCKS)
            return blmi_fail(err, BLM_EINPUT, "blocks.%d: more than %d blocks",
                MAX_BLOCKS, MAX_BLOCKS);
    p->norm = p->blocks > 0 && blmi_tensors_find(weights, "norm.weight") != NULL;
    p->apart = find(weights, 0, "attn.q.weight") != NULL;
    p->scaled = find(weights, 0, "ls1.gamma") != NULL;
    p->hidden = blmi_tensors_length(
        weights, "blocks.0.mlp.fc1.weight", 2, 0, BLMI_LANES, 8 * MAX_CHANNELS);
    return p->blocks == 0 || p->hidden > 0 ? BLM_OK
                                           : blmi_fail(err, BLM_EINPUT,
                                                 "blocks.0.mlp.fc1.weight is missing, or "
                                                 "its rows are not a multiple of %d",
                                                 BLMI_LANES);
}

static void name_variant(blmi_backbone *out, const plan *p)
{
    static const struct {
        const char *name;
        int channels;
    } sizes[] = {{"Ti", 192}, {"S", 384}, {"B", 768}, {"L", 1024}};
    const bool second = p->scaled || (p->blocks == 0 && p->patch == 14);
    char size[16], registers[16] = "";
    blmi_print(size, sizeof size, "%d-", p->channels);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (sizes[i].channels == p->channels)
            blmi_print(size, sizeof size, "%s", sizes[i].name);
    if (p->registers > 0)
        blmi_print(registers, sizeof registers, "-reg%d", p->registers);
    blmi_backbone_name(
        out, "%s-%s%d%s", second ? "DINOv2" : "DINO", size, p->patch, registers);
}

static blm_status identify(
    const blmi_tensors *weights, blmi_backbone *out, blm_error *err)
{
    plan p = {0};
    BLMI_TRY(refuse_others(weights, err));
    BLMI_TRY(read_patches(weights, &p, err));
    BLMI_TRY(read_positions(weights, &p, err));
    BLMI_TRY(read_blocks(weights, &p, err));
    memcpy(out->plan.bytes, &p, sizeof p);
    name_variant(out, &p);
    out->input = (blmi_input){.unit = p.patch,
        .standard = 224 / p.patch * p.patch,
        .largest = BLMI_LARGEST_SIDE / p.patch * p.patch,
        BLMI_IMAGENET,
        .bicubic = true};
    blmi_backbone_add_blocks(out, p.channels, p.patch, p.blocks, p.norm);
    return BLM_OK;
}

static const blmi_drawing drawing = {{BLMI_DRAWN_ENGINE}, draw};

const blmi_family blmi_family_vit = {
    .name = "vit",
    .called = "DINO",
    .aliases = hugging_face,
    .recognise = recognise,
    .identify = identify,
    .engine = &drawing.engine,
};
