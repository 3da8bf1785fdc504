// efficientnet.c: EfficientNet-B4 (Tan and Le 2019, arXiv:1905.11946) as timm names its
// tensors, trained by timm or converted from TensorFlow (tf_efficientnet_b4).
//
//     stage                        stem     0     1     2     3     4     5     6
//     window, stride of the first  3, 2  3, 1  3, 2  5, 2  3, 2  5, 1  5, 2  3, 1
//     B4 channels x blocks         48    24x2  32x4  56x4 112x6 160x6 272x8 448x2
//
// A block: 1 x 1 to six times the channels, a window for each channel, squeeze and
// excite, 1 x 1 back; its input is added where it has the same shape.  SiLU.  Tensors do
// not show which of these it is:
//     timm   zeros around windows alike on both sides, batch norms' epsilon 1e-5
//     tf     zeros as TensorFlow has them, epsilon 1e-3
//     tf-ap  the same, and images that are brought to -1 .. 1 (AdvProp)
#include <string.h>

#include "src/backbone/drawn.h"
#include "src/base/error.h"
#include "src/base/number.h"

enum { STAGES = 7, FORM_TIMM = 0, FORM_TF = 1, FORM_TF_AP = 2 };

static const blmi_form forms[] = {
    {"timm", "timm"}, {"tf", "tf"}, {"tf-ap", "tf-ap"}, {NULL, NULL}};

typedef struct plan {
    int stem, stages;
    int channels[STAGES], count[STAGES], window[STAGES];
    bool tf;
} plan;

static const int stride_of[STAGES] = {1, 2, 2, 2, 1, 2, 1}; // of the first block

static const plan *plan_of(const blmi_backbone *backbone)
{
    return (const plan *)(const void *)backbone->plan.bytes;
}

// ---- the network, from top to bottom

// Settings of a convolution of a block and the batch norm behind it.
static blmi_conv_layer settings(const plan *p, blmi_graph *g, const char *block,
    const char *conv, const char *norm, int channels, int window, int stride)
{
    return (blmi_conv_layer){.name = blmi_graph_name(g, "%s%s", block, conv),
        .norm = blmi_graph_name(g, "%s%s", block, norm),
        .epsilon = p->tf ? 1e-3 : 1e-5,
        .channels = channels,
        .window = window,
        .stride = stride,
        .pad = p->tf ? BLMI_SAME : window / 2,
        .activation = BLMI_SILU};
}

// Python's round: to nearest, halves to even.
static int squeezed(int channels)
{
    const int down = channels / 4, rest = channels % 4;
    const int up = rest > 2 || (rest == 2 && down % 2 == 1);
    return down + up > 0 ? down + up : 1;
}

static int one_block(const plan *p, blmi_graph *g, int x, int stage, int n)
{
    const char *block = blmi_graph_name(g, "blocks.%d.%d.", stage, n);
    const int input = x, before = blmi_graph_shape(g, x).channels;
    const int stride = n == 0 ? stride_of[stage] : 1, channels = p->channels[stage];
    const bool expands = stage > 0;
    blmi_conv_layer conv;
    if (expands) {
        conv = settings(p, g, block, "conv_pw", "bn1", 6 * before, 1, 1);
        x = blmi_conv(g, x, &conv);
    }
    conv = settings(
        p, g, block, "conv_dw", expands ? "bn2" : "bn1", 0, p->window[stage], stride);
    x = blmi_depthwise(g, x, &conv);
    x = blmi_gate(g, x, blmi_graph_name(g, "%sse.conv_reduce", block),
        blmi_graph_name(g, "%sse.conv_expand", block), squeezed(before));
    conv = settings(p, g, block, expands ? "conv_pwl" : "conv_pw",
        expands ? "bn3" : "bn2", channels, 1, 1);
    conv.activation = BLMI_LINEAR;
    conv.add = stride == 1 && before == channels ? input : 0;
    return blmi_conv(g, x, &conv);
}

static void draw(const blmi_backbone *backbone, blmi_graph *g)
{
    const plan *p = plan_of(backbone);
    const blmi_conv_layer stem = settings(p, g, "", "conv_stem", "bn1", p->stem, 3, 2);
    int x = blmi_conv(g, blmi_graph_image(g), &stem);
    blmi_graph_take(g, 0, x);
    for (int stage = 0; stage < p->stages; stage++) {
        for (int n = 0; n < p->count[stage]; n++)
            x = one_block(p, g, x, stage, n);
        blmi_graph_take(g, stage + 1, x);
    }
}

// ---- what it is

static const blmi_tensor *find(
    const blmi_tensors *weights, int stage, int n, const char *leaf)
{
    char name[64];
    blmi_print(name, sizeof name, "blocks.%d.%d.%s", stage, n, leaf);
    return blmi_tensors_find(weights, name);
}

static bool recognise(const blmi_tensors *weights)
{
    return find(weights, 0, 0, "conv_dw.weight") != NULL;
}

static blm_status read_stages(const blmi_tensors *weights, plan *p, blm_error *err)
{
    for (; p->stages < STAGES; p->stages++) {
        const int s = p->stages;
        const blmi_tensor *window = find(weights, s, 0, "conv_dw.weight");
        const blmi_tensor *last =
            find(weights, s, 0, s > 0 ? "conv_pwl.weight" : "conv_pw.weight");
        if (window == NULL)
            return BLM_OK;
        if (last == NULL || last->rank != 4 || window->rank != 4 || last->shape[0] < 1 ||
            last->shape[0] > 4096)
            return blmi_fail(err, BLM_EINPUT,
                "blocks.%d.0: its last convolution is missing, or is none", s);
        p->channels[s] = (int)last->shape[0];
        p->window[s] = (int)window->shape[3];
        while (p->count[s] < 64 && find(weights, s, p->count[s], "conv_dw.weight"))
            p->count[s]++;
    }
    return BLM_OK;
}

static blm_status identify(
    const blmi_tensors *weights, blmi_backbone *out, blm_error *err)
{
    static const int b4_channels[STAGES] = {24, 32, 56, 112, 160, 272, 448};
    static const int b4_count[STAGES] = {2, 4, 4, 6, 6, 8, 2};
    const blmi_tensor *stem = blmi_tensors_find(weights, "conv_stem.weight");
    plan p = {.tf = out->form > FORM_TIMM};
    if (stem == NULL || stem->rank != 4 || stem->shape[0] < 1 || stem->shape[0] > 4096)
        return blmi_fail(
            err, BLM_EINPUT, "conv_stem.weight: missing, or not a convolution");
    p.stem = (int)stem->shape[0];
    BLMI_TRY(read_stages(weights, &p, err));
    memcpy(out->plan.bytes, &p, sizeof p);
    const size_t stages = (size_t)p.stages;
    const bool b4 = memcmp(p.channels, b4_channels, stages * sizeof(int)) == 0 &&
                    memcmp(p.count, b4_count, stages * sizeof(int)) == 0;
    blmi_backbone_name(out, "%sEfficientNet%s", p.tf ? "TF-" : "", b4 ? "-B4" : "");
    out->input = (blmi_input){.unit = 32,
        .standard = 224,
        .largest = BLMI_LARGEST_SIDE,
        BLMI_IMAGENET,
        .bicubic = true};
    for (int c = 0; c < 3 && out->form == FORM_TF_AP; c++)
        out->input.mean[c] = out->input.deviation[c] = 0.5;
    int stride = 2;
    blmi_backbone_add_tap(out, p.stem, stride, "stem");
    for (int stage = 0; stage < p.stages; stage++) {
        stride *= stride_of[stage];
        blmi_backbone_add_tap(out, p.channels[stage], stride, "blocks%d", stage);
    }
    out->usual = p.stages > 4 ? 1u << 3 | 1u << 5 : 1u << p.stages; // blocks2, blocks4
    return BLM_OK;
}

static const blmi_drawing drawing = {{BLMI_DRAWN_ENGINE}, draw};

const blmi_family blmi_family_efficientnet = {
    .name = "efficientnet",
    .called = "EfficientNet",
    .form_key = "backbone.form",
    .forms = forms,
    .recognise = recognise,
    .identify = identify,
    .engine = &drawing.engine,
};
