// published.c: lists names and shapes as in ../shared/golden/backbones/backbone_forms.py.
#include "tests/published.h"

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include "tests/check.h"

enum { MAX_TENSORS = 2048, LONGEST_NAME = 96 };

static bool ends(const char *name, const char *with)
{
    const size_t n = strlen(name), m = strlen(with);
    return n >= m && strcmp(name + n - m, with) == 0;
}

static bool one_of(const char *name, const char *const *with)
{
    while (*with != NULL && !ends(name, *with))
        with++;
    return *with != NULL;
}

// The scale of a weight is a gain times sqrt(3 / fan_in); the first matching line
// decides.
static double gain(const char *name)
{
    static const char *const last[] = {
        "attn.proj.weight", "fc2.weight", "linear2.weight", NULL};
    static const char *const lite[] = {
        "_conv_stem.weight", "_expand_conv.weight", "_depthwise_conv.weight", NULL};
    static const char *const timm[] = {
        "conv_stem.weight", "conv_pw.weight", "conv_dw.weight", NULL};
    static const char *const project[] = {
        "_project_conv.weight", "conv_pwl.weight", NULL};
    return one_of(name, last)      ? 0.5
           : one_of(name, lite)    ? 1.5
           : one_of(name, timm)    ? 1.7
           : one_of(name, project) ? 0.75
                                   : 1;
}

static void offset_and_scale(
    const char *name, int rank, const int64_t *shape, double *offset, double *scale)
{
    static const char *const tokens[] = {"pos_embed", "positional_emb", "cls_token",
        "register_tokens", "mask_token", NULL};
    const struct {
        bool fits;
        double offset, scale;
    } rows[] = {
        {ends(name, "running_mean"), 0, 0.25},
        {ends(name, "running_var"), 1, 0.5},
        {ends(name, "gating_param"), 0.5, 1.5},
        {ends(name, "gamma"), 0.5, 0.25},
        {one_of(name, tokens), 0, 0.5},
        {ends(name, "pos_proj.weight"), -0.1, 0.05},
        {ends(name, "weight") && rank == 1, 1, 0.25},
        {ends(name, "bias"), 0, 0.125},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].fits) {
            *offset = rows[i].offset;
            *scale = rows[i].scale;
            return;
        }
    int64_t fan_in = 1;
    for (int i = 1; i < rank; i++)
        fan_in *= shape[i];
    *offset = 0;
    *scale = gain(name) * sqrt(3 / (double)fan_in);
}

// ---- lists of tensors

static void add(formula_weights *w, int rank, const int64_t *shape, const char *format,
    ...) __attribute__((format(printf, 4, 5)));
static void add(
    formula_weights *w, int rank, const int64_t *shape, const char *format, ...)
{
    assert_true(w->set.count < MAX_TENSORS);
    blmi_tensor *t = &w->items[w->set.count++];
    char *name = malloc(LONGEST_NAME);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(name, LONGEST_NAME, format, arguments);
    va_end(arguments);
    *t = (blmi_tensor){.name = name, .dtype = BLMI_F32, .rank = rank};
    memcpy(t->shape, shape, (size_t)rank * sizeof *shape);
    const uint64_t count = (uint64_t)blmi_tensor_count(t);
    double offset, scale;
    offset_and_scale(name, rank, shape, &offset, &scale);
    float *data = malloc(count * sizeof *data);
    for (uint64_t i = 0; i < count; i++)
        data[i] = (float)(offset + scale * formula_noise(name, i));
    t->data = data;
}

#define SHAPE(...)                                                                       \
    (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (int64_t[])               \
    {                                                                                    \
        __VA_ARGS__                                                                      \
    }

static void add_norm(formula_weights *w, int channels, const char *name)
{
    static const char *const leaves[] = {"weight", "bias", "running_mean", "running_var"};
    for (int i = 0; i < 4; i++)
        add(w, SHAPE(channels), "%s.%s", name, leaves[i]);
}

// A convolution without bias, and its batch norm.
static void add_conv(formula_weights *w, const char *prefix, const char *conv,
    const char *norm, int out, int in, int window)
{
    char name[LONGEST_NAME];
    add(w, SHAPE(out, in, window, window), "%s%s.weight", prefix, conv);
    snprintf(name, sizeof name, "%s%s", prefix, norm);
    add_norm(w, out, name);
}

// ---- ResNet

static void add_resnet(formula_weights *w, const int blocks[4], bool bottleneck, int wide)
{
    int width = 64;
    add_conv(w, "", "conv1", "bn1", 64, 3, 7);
    for (int layer = 0; layer < 4; layer++)
        for (int n = 0; n < blocks[layer]; n++) {
            const int plane = 64 << layer, end = bottleneck ? 4 * plane : plane;
            char block[32];
            snprintf(block, sizeof block, "layer%d.%d.", layer + 1, n);
            if (bottleneck) {
                add_conv(w, block, "conv1", "bn1", plane * wide, width, 1);
                add_conv(w, block, "conv2", "bn2", plane * wide, plane * wide, 3);
                add_conv(w, block, "conv3", "bn3", end, plane * wide, 1);
            } else {
                add_conv(w, block, "conv1", "bn1", plane, width, 3);
                add_conv(w, block, "conv2", "bn2", plane, plane, 3);
            }
            if (n == 0 && (width != end || layer > 0))
                add_conv(w, block, "downsample.0", "downsample.1", end, width, 1);
            width = end;
        }
}

static void resnet18(formula_weights *w)
{
    add_resnet(w, (int[]){2, 2, 2, 2}, false, 1);
}

static void resnet34(formula_weights *w)
{
    add_resnet(w, (int[]){3, 4, 6, 3}, false, 1);
}

static void resnet50(formula_weights *w)
{
    add_resnet(w, (int[]){3, 4, 6, 3}, true, 1);
}

static void resnet101(formula_weights *w)
{
    add_resnet(w, (int[]){3, 4, 23, 3}, true, 1);
}

static void wide_resnet50_2(formula_weights *w)
{
    add_resnet(w, (int[]){3, 4, 6, 3}, true, 2);
}

// ---- EfficientNet

typedef struct mbconv {
    int window, expansion, channels, blocks;
} mbconv;

static void add_lite(formula_weights *w, const mbconv stages[7])
{
    int width = 32, block = 0;
    add_conv(w, "", "_conv_stem", "_bn0", 32, 3, 3);
    for (int s = 0; s < 7; s++)
        for (int i = 0; i < stages[s].blocks; i++, block++) {
            const int inner = width * stages[s].expansion;
            char p[32];
            snprintf(p, sizeof p, "_blocks.%d.", block);
            if (stages[s].expansion > 1)
                add_conv(w, p, "_expand_conv", "_bn0", inner, width, 1);
            add_conv(w, p, "_depthwise_conv", "_bn1", inner, 1, stages[s].window);
            add_conv(w, p, "_project_conv", "_bn2", stages[s].channels, inner, 1);
            width = stages[s].channels;
        }
}

static void lite0(formula_weights *w)
{
    add_lite(w, (mbconv[]){{3, 1, 16, 1}, {3, 6, 24, 2}, {5, 6, 40, 2}, {3, 6, 80, 3},
                    {5, 6, 112, 3}, {5, 6, 192, 4}, {3, 6, 320, 1}});
}

static void lite1(formula_weights *w)
{
    add_lite(w, (mbconv[]){{3, 1, 16, 1}, {3, 6, 24, 3}, {5, 6, 40, 3}, {3, 6, 80, 4},
                    {5, 6, 112, 4}, {5, 6, 192, 5}, {3, 6, 320, 1}});
}

static void lite2(formula_weights *w)
{
    add_lite(w, (mbconv[]){{3, 1, 16, 1}, {3, 6, 24, 3}, {5, 6, 48, 3}, {3, 6, 88, 4},
                    {5, 6, 120, 4}, {5, 6, 208, 5}, {3, 6, 352, 1}});
}

static void add_linear(
    formula_weights *w, const char *p, const char *name, int out, int in)
{
    add(w, SHAPE(out, in, 1, 1), "%s%s.weight", p, name);
    add(w, SHAPE(out), "%s%s.bias", p, name);
}

static void b4(formula_weights *w)
{
    static const mbconv stages[7] = {{3, 1, 24, 2}, {3, 6, 32, 4}, {5, 6, 56, 4},
        {3, 6, 112, 6}, {5, 6, 160, 6}, {5, 6, 272, 8}, {3, 6, 448, 2}};
    int width = 48;
    add_conv(w, "", "conv_stem", "bn1", 48, 3, 3);
    for (int s = 0; s < 7; s++)
        for (int n = 0; n < stages[s].blocks; n++) {
            const bool wide = stages[s].expansion > 1;
            const int inner = width * stages[s].expansion;
            const int squeezed = (int)lrint(width / 4.0);
            char p[32];
            snprintf(p, sizeof p, "blocks.%d.%d.", s, n);
            if (wide)
                add_conv(w, p, "conv_pw", "bn1", inner, width, 1);
            add_conv(w, p, "conv_dw", wide ? "bn2" : "bn1", inner, 1, stages[s].window);
            add_linear(w, p, "se.conv_reduce", squeezed, inner);
            add_linear(w, p, "se.conv_expand", inner, squeezed);
            add_conv(w, p, wide ? "conv_pwl" : "conv_pw", wide ? "bn3" : "bn2",
                stages[s].channels, inner, 1);
            width = stages[s].channels;
        }
}

// ---- transformers

// A layer with bias, or, with in = 0, a layer norm.
static void add_affine(
    formula_weights *w, const char *p, const char *name, int out, int in)
{
    if (in > 0)
        add(w, SHAPE(out, in), "%s%s.weight", p, name);
    else
        add(w, SHAPE(out), "%s%s.weight", p, name);
    add(w, SHAPE(out), "%s%s.bias", p, name);
}

static void add_mlp(formula_weights *w, const char *p, int width)
{
    add_affine(w, p, "norm1", width, 0);
    add_affine(w, p, "norm2", width, 0);
    add_affine(w, p, "mlp.fc1", 4 * width, width);
    add_affine(w, p, "mlp.fc2", width, 4 * width);
}

static void add_patches(formula_weights *w, int width, int patch)
{
    add(w, SHAPE(width, 3, patch, patch), "patch_embed.proj.weight");
    add(w, SHAPE(width), "patch_embed.proj.bias");
    add(w, SHAPE(1, 1, width), "cls_token");
}

static void add_vit(
    formula_weights *w, int width, int patch, int side, bool scaled, int registers)
{
    add_patches(w, width, patch);
    add(w, SHAPE(1, 1 + side * side, width), "pos_embed");
    if (registers > 0)
        add(w, SHAPE(1, registers, width), "register_tokens");
    for (int n = 0; n < 12; n++) {
        char p[32];
        snprintf(p, sizeof p, "blocks.%d.", n);
        add_affine(w, p, "attn.qkv", 3 * width, width);
        add_affine(w, p, "attn.proj", width, width);
        add_mlp(w, p, width);
        for (int i = 1; i <= 2 && scaled; i++)
            add(w, SHAPE(width), "%sls%d.gamma", p, i);
    }
    add_affine(w, "", "norm", width, 0);
}

static void dino_vits16(formula_weights *w)
{
    add_vit(w, 384, 16, 14, false, 0);
}

static void dino_vits8(formula_weights *w)
{
    add_vit(w, 384, 8, 28, false, 0);
}

static void dinov2_vits14(formula_weights *w)
{
    add_vit(w, 384, 14, 37, true, 0);
}

static void dinov2_vits14_reg4(formula_weights *w)
{
    add_vit(w, 384, 14, 37, true, 4);
}

static void dinov2_vitb14(formula_weights *w)
{
    add_vit(w, 768, 14, 37, true, 0);
}

static void dinov2_vitb14_reg4(formula_weights *w)
{
    add_vit(w, 768, 14, 37, true, 4);
}

static void add_convit(formula_weights *w, int heads)
{
    const int width = 48 * heads;
    add_patches(w, width, 16);
    add(w, SHAPE(1, 196, width), "pos_embed");
    for (int n = 0; n < 12; n++) {
        char p[32];
        snprintf(p, sizeof p, "blocks.%d.", n);
        add_affine(w, p, "attn.proj", width, width);
        add_mlp(w, p, width);
        if (n < 10) {
            add(w, SHAPE(heads), "%sattn.gating_param", p);
            add(w, SHAPE(2 * width, width), "%sattn.qk.weight", p);
            add(w, SHAPE(width, width), "%sattn.v.weight", p);
            add_affine(w, p, "attn.pos_proj", heads, 3);
        } else {
            add(w, SHAPE(3 * width, width), "%sattn.qkv.weight", p);
        }
    }
    add_affine(w, "", "norm", width, 0);
}

static void convit_tiny(formula_weights *w)
{
    add_convit(w, 4);
}

static void convit_small(formula_weights *w)
{
    add_convit(w, 9);
}

static void cct14(formula_weights *w)
{
    enum { WIDTH = 384, HIDDEN = 1152 };
    add(w, SHAPE(64, 3, 7, 7), "tokenizer.conv_layers.0.0.weight");
    add(w, SHAPE(WIDTH, 64, 7, 7), "tokenizer.conv_layers.1.0.weight");
    add(w, SHAPE(1, 196, WIDTH), "classifier.positional_emb");
    for (int n = 0; n < 14; n++) {
        char p[32];
        snprintf(p, sizeof p, "classifier.blocks.%d.", n);
        add_affine(w, p, "pre_norm", WIDTH, 0);
        add(w, SHAPE(3 * WIDTH, WIDTH), "%sself_attn.qkv.weight", p);
        add_affine(w, p, "self_attn.proj", WIDTH, WIDTH);
        add_affine(w, p, "norm1", WIDTH, 0);
        add_affine(w, p, "linear1", HIDDEN, WIDTH);
        add_affine(w, p, "linear2", WIDTH, HIDDEN);
    }
    add_affine(w, "", "classifier.norm", WIDTH, 0);
}

static void cvt13(formula_weights *w)
{
    static const int blocks[3] = {1, 2, 10}, widths[4] = {3, 64, 192, 384};
    for (int s = 0; s < 3; s++) {
        const int width = widths[s + 1], window = s == 0 ? 7 : 3;
        if (s == 2)
            add(w, SHAPE(1, 1, width), "stage2.cls_token");
        add(w, SHAPE(width, widths[s], window, window), "stage%d.patch_embed.proj.weight",
            s);
        add(w, SHAPE(width), "stage%d.patch_embed.proj.bias", s);
        add(w, SHAPE(width), "stage%d.patch_embed.norm.weight", s);
        add(w, SHAPE(width), "stage%d.patch_embed.norm.bias", s);
        for (int n = 0; n < blocks[s]; n++) {
            char p[32];
            snprintf(p, sizeof p, "stage%d.blocks.%d.", s, n);
            for (const char *k = "qkv"; *k != '\0'; k++) {
                char conv[32], norm[32], proj[32];
                snprintf(conv, sizeof conv, "attn.conv_proj_%c.conv", *k);
                snprintf(norm, sizeof norm, "attn.conv_proj_%c.bn", *k);
                snprintf(proj, sizeof proj, "attn.proj_%c", *k);
                add_conv(w, p, conv, norm, width, 1, 3);
                add_affine(w, p, proj, width, width);
            }
            add_affine(w, p, "attn.proj", width, width);
            add_mlp(w, p, width);
        }
    }
}

// ---- all of them

static const struct {
    const char *name;
    void (*fill)(formula_weights *w);
} networks[] = {
    {"resnet18", resnet18},
    {"resnet34", resnet34},
    {"resnet50", resnet50},
    {"resnet101", resnet101},
    {"wide_resnet50_2", wide_resnet50_2},
    {"efficientnet_lite0", lite0},
    {"efficientnet_lite1", lite1},
    {"efficientnet_lite2", lite2},
    {"efficientnet_b4", b4},
    {"tf_efficientnet_b4", b4},
    {"dino_vits16", dino_vits16},
    {"dino_vits8", dino_vits8},
    {"dinov2_vits14", dinov2_vits14},
    {"dinov2_vits14_reg4", dinov2_vits14_reg4},
    {"dinov2_vitb14", dinov2_vitb14},
    {"dinov2_vitb14_reg4", dinov2_vitb14_reg4},
    {"convit_tiny", convit_tiny},
    {"convit_small", convit_small},
    {"cct_14_7x2_224", cct14},
    {"cvt13", cvt13},
};

static int by_name(const void *a, const void *b)
{
    return strcmp(((const blmi_tensor *)a)->name, ((const blmi_tensor *)b)->name);
}

formula_weights published_weights(const char *network)
{
    formula_weights w = {0};
    w.items = calloc(MAX_TENSORS, sizeof *w.items);
    for (size_t i = 0; i < sizeof networks / sizeof *networks; i++)
        if (strcmp(networks[i].name, network) == 0)
            networks[i].fill(&w);
    qsort(w.items, w.set.count, sizeof *w.items, by_name);
    w.set.items = w.items;
    return w;
}
