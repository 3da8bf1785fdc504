// formula.c: names, shapes and values of a ConTNet's tensors.
#include "tests/formula.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "tests/check.h"

enum { MAX_TENSORS = 1024, MAX_NAME = 96 };

static uint64_t hash(const char *name)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (; *name; name++)
        h = (h ^ (unsigned char)*name) * 0x100000001b3u;
    return h;
}

static double noise(uint64_t seed, uint64_t i)
{
    uint64_t z = seed + i * 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    z ^= z >> 31;
    return (double)(z >> 40) / 8388608.0 - 1.0;
}

double formula_noise(const char *name, uint64_t i)
{
    return noise(hash(name), i);
}

static bool ends(const char *name, const char *with)
{
    const size_t n = strlen(name), m = strlen(with);
    return n >= m && strcmp(name + n - m, with) == 0;
}

static bool of_norm(const char *name)
{
    return strstr(name, ".bn.") || strstr(name, ".norm1.") || strstr(name, ".norm2.");
}

// The first matching line decides.
static void offset_and_scale(
    const char *name, int rank, const int64_t *shape, double *offset, double *scale)
{
    *offset = ends(name, ".running_var") || (of_norm(name) && ends(name, ".weight"));
    if (strstr(name, ".pe.") || ends(name, ".running_var")) {
        *scale = 0.5;
    } else if (ends(name, ".relative_position_bias_table")) {
        *scale = 1;
    } else if (ends(name, ".running_mean") || of_norm(name)) {
        *scale = 0.25;
    } else if (ends(name, ".bias")) {
        *scale = 0.125;
    } else {
        int64_t fan_in = 1;
        for (int i = 1; i < rank; i++)
            fan_in *= shape[i];
        const bool residual = strstr(name, "out_conv") || ends(name, ".proj.weight") ||
                              ends(name, ".fc2.weight");
        *scale = (residual ? 0.5 : 1) * sqrt(3 / (double)fan_in);
    }
}

void formula_fill(float *out, const char *name, int rank, const int64_t *shape)
{
    double offset, scale;
    offset_and_scale(name, rank, shape, &offset, &scale);
    uint64_t count = 1;
    for (int i = 0; i < rank; i++)
        count *= (uint64_t)shape[i];
    const uint64_t seed = hash(name);
    for (uint64_t i = 0; i < count; i++)
        out[i] = (float)(offset + scale * noise(seed, i));
}

// ---- the tensors of a network

static void add(formula_weights *w, const char *prefix, const char *leaf, int rank,
    int64_t a, int64_t b, int64_t c, int64_t d)
{
    blmi_tensor *t = &w->items[w->set.count++];
    char *name = malloc(MAX_NAME);
    snprintf(name, MAX_NAME, "%s%s", prefix, leaf);
    *t = (blmi_tensor){name, BLMI_F32, rank, {a, b, c, d}, NULL};
    float *data = malloc((size_t)(a * b * c * d) * sizeof *data);
    formula_fill(data, name, rank, t->shape);
    t->data = data;
}

static void add_encoder(formula_weights *w, const blmi_contnet_config *config,
    const char *prefix, int64_t c, int64_t width, int64_t heads, int64_t patch)
{
    const int64_t side = 2 * patch - 1;
    if (config->relative) {
        add(w, prefix, "attn.relative_position_bias_table", 2, side * side, heads, 1, 1);
    } else {
        add(w, prefix, "pe.0", 4, 1, patch, 1, c / 2);
        add(w, prefix, "pe.1", 4, 1, 1, patch, c / 2);
    }
    add(w, prefix, "attn.qkv.weight", 2, 3 * c, c, 1, 1);
    if (config->qkv_bias)
        add(w, prefix, "attn.qkv.bias", 1, 3 * c, 1, 1, 1);
    add(w, prefix, "attn.proj.weight", 2, c, c, 1, 1);
    add(w, prefix, "attn.proj.bias", 1, c, 1, 1, 1);
    add(w, prefix, "mlp.fc1.weight", 2, width, c, 1, 1);
    add(w, prefix, "mlp.fc1.bias", 1, width, 1, 1, 1);
    add(w, prefix, "mlp.fc2.weight", 2, c, width, 1, 1);
    add(w, prefix, "mlp.fc2.bias", 1, c, 1, 1, 1);
    for (int i = 1; i <= 2; i++) {
        char leaf[16];
        snprintf(leaf, sizeof leaf, "norm%d.weight", i);
        add(w, prefix, leaf, 1, c, 1, 1, 1);
        snprintf(leaf, sizeof leaf, "norm%d.bias", i);
        add(w, prefix, leaf, 1, c, 1, 1, 1);
    }
}

static void add_stage(formula_weights *w, const blmi_contnet_config *config, int stage)
{
    static const int blocks_of[4][4] = {
        {1, 1, 1, 1}, {1, 1, 1, 1}, {2, 2, 2, 2}, {3, 4, 6, 3}};
    static const int64_t width_of[2][4] = {{196, 392, 768, 768}, {256, 512, 1024, 1024}};
    const bool tiny = config->variant == BLMI_TI, last = stage == 3;
    const int64_t c = (tiny ? 48 : 64) << stage, width = width_of[!tiny][stage];
    const int blocks = blocks_of[config->variant][stage];
    for (int b = 0; b < blocks; b++) {
        char block[64], ste[80];
        snprintf(block, sizeof block, "layer%d.ConTBlock%d.", stage + 1, b);
        static const char *const bn[] = {
            "bn.weight", "bn.bias", "bn.running_mean", "bn.running_var"};
        for (int i = 0; i < 4; i++)
            add(w, block, bn[i], 1, c, 1, 1, 1);
        for (int i = 0; i < 2; i++) {
            snprintf(ste, sizeof ste, "%sste%d.", block, i + 1);
            add_encoder(w, config, ste, c, width, 1 << stage, i == 0 || last ? 7 : 14);
        }
        const bool end = b == blocks - 1;
        const int64_t k = last && end ? 1 : 3;
        add(w, block, "out_conv.conv.weight", 4, end ? 2 * c : c, c, k, k);
        if (end)
            add(w, block,
                config->avgdown && !last ? "downsample.conv.conv.weight"
                                         : "downsample.conv.weight",
                4, 2 * c, c, 1, 1);
    }
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const blmi_tensor *)a)->name, ((const blmi_tensor *)b)->name);
}

formula_weights formula_weights_new(const blmi_contnet_config *config)
{
    formula_weights w = {0};
    w.items = calloc(MAX_TENSORS, sizeof *w.items);
    add(&w, "layer0.conv.", "conv.weight", 4, config->variant == BLMI_TI ? 48 : 64, 3, 7,
        7);
    for (int stage = 0; stage < config->stages; stage++)
        add_stage(&w, config, stage);
    qsort(w.items, w.set.count, sizeof *w.items, by_name);
    w.set.items = w.items;
    return w;
}

void formula_weights_free(formula_weights *weights)
{
    for (size_t i = 0; i < weights->set.count; i++) {
        free((void *)(uintptr_t)weights->items[i].name);
        free((void *)(uintptr_t)weights->items[i].data);
    }
    free(weights->items);
    *weights = (formula_weights){0};
}
