// resnet.c: ResNet-18, 34, 50, 101 (He et al. 2016, arXiv:1512.03385), Wide ResNet-50-2
// (Zagoruyko and Komodakis 2016, arXiv:1605.07146), as torchvision names their tensors.
//
//     layer   18              34              50, 101, wide          stride of its output
//     conv1   7 x 7, 64, stride 2; 3 x 3 maximum, stride 2                 4
//     layer1  2 basic,  64    3 basic,  64    3 bottleneck, 256            4
//     layer2  2 basic, 128    4 basic, 128    4 bottleneck, 512            8
//     layer3  2 basic, 256    6 basic, 256    6 (101: 23), 1024           16
//
// (layer4, with 512 or 2048 channels at stride 32, is offered where the file has it.)
#include <string.h>

#include "src/backbone/drawn.h"
#include "src/base/error.h"
#include "src/base/number.h"

enum { LAYERS = 4 };

typedef struct plan {
    int layers; // that the weights have
    bool bottleneck;
    int stem;
    int blocks[LAYERS], channels[LAYERS];
    int inner[LAYERS]; // channels of the 3 x 3 convolutions
} plan;

static const struct {
    const char *name;
    int blocks[3];
    bool bottleneck;
    int inner;
} variants[] = {
    {"ResNet-18", {2, 2, 2}, false, 64},
    {"ResNet-34", {3, 4, 6}, false, 64},
    {"ResNet-50", {3, 4, 6}, true, 64},
    {"ResNet-101", {3, 4, 23}, true, 64},
    {"Wide-ResNet-50-2", {3, 4, 6}, true, 128},
};

static const plan *plan_of(const blmi_backbone *backbone)
{
    return (const plan *)(const void *)backbone->plan.bytes;
}

// ---- the network, from top to bottom

static int norm_conv(blmi_graph *g, int x, const char *block, int number, int channels,
    int window, int stride, int add)
{
    return blmi_conv(g, x,
        &(blmi_conv_layer){.name = blmi_graph_name(g, "%sconv%d", block, number),
            .norm = blmi_graph_name(g, "%sbn%d", block, number),
            .epsilon = 1e-5,
            .channels = channels,
            .window = window,
            .stride = stride,
            .pad = window / 2,
            .activation = BLMI_RELU,
            .add = add});
}

// What is added at the end of a block: its input, or a convolution of it.
static int shortcut(blmi_graph *g, int x, const char *block, int channels, int stride)
{
    if (stride == 1 && blmi_graph_shape(g, x).channels == channels)
        return x;
    return blmi_conv(g, x,
        &(blmi_conv_layer){.name = blmi_graph_name(g, "%sdownsample.0", block),
            .norm = blmi_graph_name(g, "%sdownsample.1", block),
            .epsilon = 1e-5,
            .channels = channels,
            .window = 1,
            .stride = stride});
}

static int basic(blmi_graph *g, int x, const char *block, int channels, int stride)
{
    const int add = shortcut(g, x, block, channels, stride);
    x = norm_conv(g, x, block, 1, channels, 3, stride, 0);
    return norm_conv(g, x, block, 2, channels, 3, 1, add);
}

static int bottleneck(
    blmi_graph *g, int x, const char *block, int inner, int channels, int stride)
{
    const int add = shortcut(g, x, block, channels, stride);
    x = norm_conv(g, x, block, 1, inner, 1, 1, 0);
    x = norm_conv(g, x, block, 2, inner, 3, stride, 0);
    return norm_conv(g, x, block, 3, channels, 1, 1, add);
}

static void draw(const blmi_backbone *backbone, blmi_graph *g)
{
    const plan *p = plan_of(backbone);
    int x = norm_conv(g, blmi_graph_image(g), "", 1, p->stem, 7, 2, 0);
    x = blmi_max_pool(g, x, 3, 2, 1);
    blmi_graph_take(g, 0, x);
    for (int layer = 0; layer < p->layers; layer++) {
        for (int n = 0; n < p->blocks[layer]; n++) {
            const char *block = blmi_graph_name(g, "layer%d.%d.", layer + 1, n);
            const int stride = layer > 0 && n == 0 ? 2 : 1;
            const int channels = p->channels[layer];
            x = p->bottleneck ? bottleneck(g, x, block, p->inner[layer], channels, stride)
                              : basic(g, x, block, channels, stride);
        }
        blmi_graph_take(g, layer + 1, x);
    }
}

// ---- what it is

static const blmi_tensor *find(
    const blmi_tensors *weights, int layer, int block, const char *leaf)
{
    char name[64];
    blmi_print(name, sizeof name, "layer%d.%d.%s", layer + 1, block, leaf);
    return blmi_tensors_find(weights, name);
}

static bool recognise(const blmi_tensors *weights)
{
    return blmi_tensors_find(weights, "layer1.0.conv1.weight") != NULL;
}

static int rows_of(const blmi_tensor *t)
{
    return t != NULL && t->rank == 4 && t->shape[0] <= 4096 ? (int)t->shape[0] : 0;
}

// The forms of ResNet that have these names, too.
static blm_status refuse_others(
    const blmi_tensors *weights, const plan *p, blm_error *err)
{
    if (blmi_tensors_find(weights, "conv1.0.weight") != NULL)
        return blmi_fail(err, BLM_EINPUT,
            "conv1.0.weight: a stem of several convolutions (ResNet-D), expected "
            "conv1.weight of one");
    const blmi_tensor *second = find(weights, 0, 0, "conv2.weight");
    if (second != NULL && second->rank == 4 && second->shape[1] != p->inner[0])
        return blmi_fail(err, BLM_EINPUT,
            "layer1.0.conv2.weight takes %lld channels of %d: convolutions in groups "
            "(ResNeXt) are not known here",
            (long long)second->shape[1], p->inner[0]);
    return BLM_OK;
}

static void name_variant(blmi_backbone *out, const plan *p)
{
    for (size_t v = 0; v < sizeof variants / sizeof *variants; v++) {
        bool same = variants[v].bottleneck == p->bottleneck && p->stem == 64;
        for (int layer = 0; layer < p->layers && layer < 3; layer++)
            same = same && variants[v].blocks[layer] == p->blocks[layer] &&
                   variants[v].inner << layer == p->inner[layer] &&
                   (p->bottleneck ? 256 : 64) << layer == p->channels[layer];
        if (same) {
            blmi_backbone_name(out, "%s", variants[v].name);
            return;
        }
    }
    int blocks = 0;
    for (int layer = 0; layer < p->layers; layer++)
        blocks += p->blocks[layer];
    blmi_backbone_name(out, "ResNet of %d blocks", blocks);
}

static blm_status identify(
    const blmi_tensors *weights, blmi_backbone *out, blm_error *err)
{
    plan p = {.bottleneck = find(weights, 0, 0, "conv3.weight") != NULL,
        .stem = rows_of(blmi_tensors_find(weights, "conv1.weight"))};
    for (; p.layers < LAYERS; p.layers++) {
        int *blocks = &p.blocks[p.layers];
        while (*blocks < 64 && find(weights, p.layers, *blocks, "conv1.weight") != NULL)
            ++*blocks;
        if (*blocks == 0)
            break;
        p.inner[p.layers] = rows_of(find(weights, p.layers, 0, "conv1.weight"));
        p.channels[p.layers] = rows_of(
            find(weights, p.layers, 0, p.bottleneck ? "conv3.weight" : "conv2.weight"));
    }
    BLMI_TRY(refuse_others(weights, &p, err));
    if (p.stem < 1)
        return blmi_fail(err, BLM_EINPUT, "no tensor conv1.weight, the stem of a ResNet");
    for (int layer = 0; layer < p.layers; layer++)
        if (p.inner[layer] < 1 || p.channels[layer] < 1)
            return blmi_fail(err, BLM_EINPUT,
                "layer%d.0: a convolution is missing, or of an unknown size", layer + 1);
    memcpy(out->plan.bytes, &p, sizeof p);
    name_variant(out, &p);
    out->input = (blmi_input){
        .unit = 32, .standard = 224, .largest = BLMI_LARGEST_SIDE, BLMI_IMAGENET};
    blmi_backbone_add_tap(out, p.stem, 4, "stem");
    for (int layer = 0; layer < p.layers; layer++)
        blmi_backbone_add_tap(out, p.channels[layer], 4 << layer, "layer%d", layer + 1);
    out->usual = (p.layers >= 3 ? 1u << 2 | 1u << 3 : 1u << p.layers); // layer2, layer3
    return BLM_OK;
}

static const blmi_drawing drawing = {{BLMI_DRAWN_ENGINE}, draw};

const blmi_family blmi_family_resnet = {
    .name = "resnet",
    .called = "ResNet",
    .file_prefix = "resnet",
    .recognise = recognise,
    .identify = identify,
    .engine = &drawing.engine,
};
