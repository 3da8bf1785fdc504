// cvt.c: convolutional vision transformers (Wu et al. 2021, arXiv:2103.15808), as
// Microsoft or Hugging Face name their tensors.
//
//     stage                        0        1        2
//     window, stride             7, 4     3, 2     3, 2
//     CvT-13  channels x blocks   64x1    192x2    384x10
//     CvT-21                      64x1    192x4    384x16
//     CvT-W24                    192x2    768x2   1024x20
//
// 64 channels a head.  Queries, keys and values are linear layers of windows of 3 x 3 for
// each channel; keys and values are taken from every second row and column.  The last
// stage has a class token, which these windows pass by.  The activation is QuickGELU, as
// in Microsoft's code; Hugging Face's computes another with the same weights.
//
// Outputs are "stage0_block0" .. and "stage0", the same as that of its last block; usual
// are stage1 and stage2, at strides 8 and 16.
#include <math.h>
#include <string.h>

#include "src/backbone/drawn.h"
#include "src/base/error.h"
#include "src/base/number.h"

enum { STAGES = 3, PER_HEAD = 64, MAX_CHANNELS = 4096 };

typedef struct plan {
    int stages;
    int channels[STAGES], blocks[STAGES], hidden[STAGES];
    bool class_token[STAGES];
} plan;

static const double epsilon = 1e-5; // of layer norms and batch norms

static const struct {
    const char *name;
    int channels, blocks[STAGES];
} variants[] = {
    {"CvT-13", 64, {1, 2, 10}},
    {"CvT-21", 64, {1, 4, 16}},
    {"CvT-W24", 192, {2, 2, 20}},
};

static const plan *plan_of(const blmi_backbone *backbone)
{
    return (const plan *)(const void *)backbone->plan.bytes;
}

// ---- the network, from top to bottom

static int embed(const plan *p, blmi_graph *g, int x, int stage)
{
    const char *name = blmi_graph_name(g, "stage%d.patch_embed.", stage);
    x = blmi_conv(g, x,
        &(blmi_conv_layer){.name = blmi_graph_name(g, "%sproj", name),
            .channels = p->channels[stage],
            .window = stage == 0 ? 7 : 3,
            .stride = stage == 0 ? 4 : 2,
            .pad = stage == 0 ? 2 : 1,
            .bias = true});
    x = blmi_layer_norm(g, x, blmi_graph_name(g, "%snorm", name), epsilon);
    if (!p->class_token[stage])
        return x;
    const char *token = blmi_graph_name(g, "stage%d.cls_token", stage);
    return blmi_extend_tokens(
        g, x, &(blmi_tokens_layer){.name = token, .extra = {token}, .count = {1}});
}

// proj(bn(window(x))), for one of q, k and v
static int project(blmi_graph *g, int x, const char *block, char which)
{
    const int channels = blmi_graph_shape(g, x).channels;
    x = blmi_depthwise(g, x,
        &(blmi_conv_layer){
            .name = blmi_graph_name(g, "%sattn.conv_proj_%c.conv", block, which),
            .norm = blmi_graph_name(g, "%sattn.conv_proj_%c.bn", block, which),
            .epsilon = epsilon,
            .window = 3,
            .stride = which == 'q' ? 1 : 2,
            .pad = 1});
    return blmi_linear(g, x,
        &(blmi_linear_layer){.name = {blmi_graph_name(g, "%sattn.proj_%c", block, which)},
            .channels = {channels},
            .bias = true});
}

// x + proj(attention(norm1(x))), scaled by the whole width, not by that of a head
static int attention(blmi_graph *g, int x, const char *block)
{
    const int channels = blmi_graph_shape(g, x).channels;
    const int y = blmi_layer_norm(g, x, blmi_graph_name(g, "%snorm1", block), epsilon);
    const int q = project(g, y, block, 'q');
    const int k = project(g, y, block, 'k');
    const int v = project(g, y, block, 'v');
    const int heads = blmi_multihead(
        g, &(blmi_multihead_layer){.name = blmi_graph_name(g, "%sattn", block),
               .q = {q, 0},
               .k = {k, 0},
               .v = {v, 0},
               .channels = channels,
               .heads = channels / PER_HEAD,
               .scale = 1 / sqrt(channels)});
    return blmi_linear(g, heads,
        &(blmi_linear_layer){.name = {blmi_graph_name(g, "%sattn.proj", block)},
            .channels = {channels},
            .bias = true,
            .add = x});
}

// x + fc2(quick_gelu(fc1(norm2(x))))
static int mlp(blmi_graph *g, int x, const char *block, int hidden)
{
    return blmi_mlp(g, x,
        &(blmi_mlp_layer){.first = blmi_graph_name(g, "%smlp.fc1", block),
            .second = blmi_graph_name(g, "%smlp.fc2", block),
            .hidden = hidden,
            .norm = blmi_graph_name(g, "%snorm2", block),
            .epsilon = epsilon,
            .activation = BLMI_QUICK_GELU,
            .add = x});
}

static void draw(const blmi_backbone *backbone, blmi_graph *g)
{
    const plan *p = plan_of(backbone);
    int output = 0, x = blmi_graph_image(g);
    for (int stage = 0; stage < p->stages; stage++) {
        x = embed(p, g, x, stage);
        for (int n = 0; n < p->blocks[stage]; n++) {
            const char *block = blmi_graph_name(g, "stage%d.blocks.%d.", stage, n);
            x = attention(g, x, block);
            x = mlp(g, x, block, p->hidden[stage]);
            blmi_graph_take(g, output++, x);
        }
        blmi_graph_take(g, output++, x);
    }
}

// ---- what it is

static const blmi_alias hugging_face[] = {
    {"encoder.stages.#.embedding.convolution_embeddings.projection",
        "stage#.patch_embed.proj"},
    {"encoder.stages.#.embedding.convolution_embeddings.normalization",
        "stage#.patch_embed.norm"},
    {"encoder.stages.#.cls_token", "stage#.cls_token"},
#define BLOCK "encoder.stages.#.layers.#."
#define CONV BLOCK "attention.attention.convolution_projection_"
    {BLOCK "layernorm_before", "stage#.blocks.#.norm1"},
    {CONV "query.convolution_projection.convolution",
        "stage#.blocks.#.attn.conv_proj_q.conv"},
    {CONV "query.convolution_projection.normalization",
        "stage#.blocks.#.attn.conv_proj_q.bn"},
    {CONV "key.convolution_projection.convolution",
        "stage#.blocks.#.attn.conv_proj_k.conv"},
    {CONV "key.convolution_projection.normalization",
        "stage#.blocks.#.attn.conv_proj_k.bn"},
    {CONV "value.convolution_projection.convolution",
        "stage#.blocks.#.attn.conv_proj_v.conv"},
    {CONV "value.convolution_projection.normalization",
        "stage#.blocks.#.attn.conv_proj_v.bn"},
    {BLOCK "attention.attention.projection_query", "stage#.blocks.#.attn.proj_q"},
    {BLOCK "attention.attention.projection_key", "stage#.blocks.#.attn.proj_k"},
    {BLOCK "attention.attention.projection_value", "stage#.blocks.#.attn.proj_v"},
    {BLOCK "attention.output.dense", "stage#.blocks.#.attn.proj"},
    {BLOCK "layernorm_after", "stage#.blocks.#.norm2"},
    {BLOCK "intermediate.dense", "stage#.blocks.#.mlp.fc1"},
    {BLOCK "output.dense", "stage#.blocks.#.mlp.fc2"},
#undef CONV
#undef BLOCK
    {NULL, NULL},
};

static bool recognise(const blmi_tensors *weights)
{
    return blmi_tensors_find(weights, "stage0.patch_embed.proj.weight") != NULL;
}

static blm_status read_stage(const blmi_tensors *weights, plan *p, blm_error *err)
{
    const int s = p->stages, window = s == 0 ? 7 : 3;
    char name[64];
    blmi_print(name, sizeof name, "stage%d.patch_embed.proj.weight", s);
    p->channels[s] = blmi_tensors_length(weights, name, 4, 0, PER_HEAD, MAX_CHANNELS);
    if (p->channels[s] == 0 ||
        blmi_tensors_length(weights, name, 4, 2, 1, window) != window)
        return blmi_fail(err, BLM_EINPUT,
            "%s: expected channels, a multiple of %d up to %d, and a window of %d x %d",
            name, PER_HEAD, MAX_CHANNELS, window, window);
    blmi_print(name, sizeof name, "stage%d.cls_token", s);
    p->class_token[s] = blmi_tensors_find(weights, name) != NULL;
    for (;; p->blocks[s]++) {
        blmi_print(name, sizeof name, "stage%d.blocks.%d.norm1.weight", s, p->blocks[s]);
        if (blmi_tensors_find(weights, name) == NULL)
            break;
        if (p->blocks[s] == BLMI_MAX_TAPS)
            return blmi_fail(err, BLM_EINPUT, "%s: too many blocks", name);
    }
    blmi_print(name, sizeof name, "stage%d.blocks.0.mlp.fc1.weight", s);
    p->hidden[s] = blmi_tensors_length(weights, name, 2, 0, BLMI_LANES, 8 * MAX_CHANNELS);
    return p->hidden[s] > 0 ? BLM_OK
                            : blmi_fail(err, BLM_EINPUT,
                                  "%s is missing, or its rows are not a multiple of %d",
                                  name, BLMI_LANES);
}

static void name_variant(blmi_backbone *out, const plan *p)
{
    for (size_t v = 0; v < sizeof variants / sizeof *variants; v++) {
        bool same = variants[v].channels == p->channels[0];
        for (int s = 0; s < p->stages; s++) // of the last one some may be left out
            same = same && (s + 1 < p->stages ? p->blocks[s] == variants[v].blocks[s]
                                              : p->blocks[s] <= variants[v].blocks[s]);
        if (same) {
            blmi_backbone_name(out, "%s", variants[v].name);
            return;
        }
    }
    blmi_backbone_name(out, "CvT of %d stages", p->stages);
}

static blm_status identify(
    const blmi_tensors *weights, blmi_backbone *out, blm_error *err)
{
    plan p = {0};
    int taps = 0;
    char name[64] = "stage0.patch_embed.proj.weight";
    while (p.stages < STAGES && blmi_tensors_find(weights, name) != NULL) {
        BLMI_TRY(read_stage(weights, &p, err));
        taps += p.blocks[p.stages++] + 1;
        blmi_print(name, sizeof name, "stage%d.patch_embed.proj.weight", p.stages);
    }
    if (blmi_tensors_find(weights, name) != NULL && p.stages == STAGES)
        return blmi_fail(err, BLM_EINPUT, "%s: more than %d stages", name, STAGES);
    if (taps > BLMI_MAX_TAPS)
        return blmi_fail(err, BLM_EINPUT, "%d stages of %d blocks in all, at most %d",
            p.stages, taps - p.stages, BLMI_MAX_TAPS - p.stages);
    memcpy(out->plan.bytes, &p, sizeof p);
    name_variant(out, &p);
    out->input = (blmi_input){.unit = 16,
        .standard = 224,
        .largest = BLMI_LARGEST_SIDE,
        BLMI_IMAGENET,
        .bicubic = true};
    for (int s = 0; s < p.stages; s++) {
        for (int n = 0; n < p.blocks[s]; n++)
            blmi_backbone_add_tap(out, p.channels[s], 4 << s, "stage%d_block%d", s, n);
        blmi_backbone_add_tap(out, p.channels[s], 4 << s, "stage%d", s);
        if (s > 0 || p.stages == 1)
            out->usual |= 1u << (out->taps - 1);
    }
    return BLM_OK;
}

// 7 x 7 with two zeros around: the last rows may fall out.
static int side_of(int side, int stride)
{
    side = (side - 3) / 4 + 1;
    for (; stride > 4; stride /= 2)
        side = (side + 1) / 2;
    return side;
}

static void grid(const blmi_backbone *backbone, int tap, int width, int height,
    int *grid_width, int *grid_height)
{
    const int stride = backbone->tap[tap].stride;
    *grid_width = side_of(width, stride);
    *grid_height = side_of(height, stride);
}

static const blmi_drawing drawing = {{BLMI_DRAWN_ENGINE}, draw};

const blmi_family blmi_family_cvt = {
    .name = "cvt",
    .called = "CvT",
    .aliases = hugging_face,
    .recognise = recognise,
    .identify = identify,
    .grid = grid,
    .engine = &drawing.engine,
};
