// contnet_family.c: ConTNet's row of the table.
#include <string.h>

#include "src/backbone/backbone_table.h"
#include "src/backbone/contnet_network.h"
#include "src/base/alloc.h"
#include "src/base/error.h"

static const blmi_contnet_config *config_of(const blmi_backbone *backbone)
{
    return (const blmi_contnet_config *)(const void *)backbone->plan.bytes;
}
_Static_assert(sizeof(blmi_contnet_config) <= sizeof(((blmi_backbone *)0)->plan), "room");

// ---- what it is

static const blmi_form forms[] = {
    {"post-norm", "false"}, {"pre-norm", "true"}, {NULL, NULL}};

static bool recognise(const blmi_tensors *weights)
{
    return blmi_tensors_find(weights, "layer0.conv.conv.weight") != NULL ||
           blmi_tensors_find(weights, "layer1.ConTBlock0.bn.weight") != NULL;
}

static blm_status identify(
    const blmi_tensors *weights, blmi_backbone *out, blm_error *err)
{
    blmi_contnet_config config = {.pre_norm = out->form == 1};
    BLMI_TRY(blmi_contnet_identify(weights, &config, err));
    memcpy(out->plan.bytes, &config, sizeof config);
    blmi_backbone_name(out, "ConTNet-%s", blmi_variant_name(config.variant));
    out->input = (blmi_input){.unit = BLMI_CONTNET_UNIT,
        .standard = BLMI_CONTNET_UNIT,
        .largest = BLMI_LARGEST_SIDE,
        BLMI_IMAGENET};
    for (int stage = 1; stage <= config.stages; stage++)
        blmi_backbone_add_tap(out, blmi_contnet_channels(config.variant, stage),
            stage < BLMI_STAGES ? 4 << stage : 32, "layer%d", stage);
    out->usual = 1u << 0 | 1u << 1; // layer1 and layer2: strides 8 and 16
    return BLM_OK;
}

static size_t describe(
    const blmi_backbone *backbone, blmi_pair pairs[BLMI_MAX_CONFIG_PAIRS])
{
    static const char *const truth[] = {"false", "true"};
    static const char *const numbers[] = {"0", "1", "2", "3", "4"};
    _Static_assert(sizeof numbers / sizeof *numbers == BLMI_STAGES + 1, "one for each");
    const blmi_contnet_config *config = config_of(backbone);
    size_t i = 0;
    pairs[i++] = (blmi_pair){"backbone.variant", blmi_variant_name(config->variant)};
    pairs[i++] = (blmi_pair){"backbone.relative", truth[config->relative]};
    pairs[i++] = (blmi_pair){"backbone.qkv_bias", truth[config->qkv_bias]};
    pairs[i++] = (blmi_pair){"backbone.pre_norm", truth[config->pre_norm]};
    pairs[i++] = (blmi_pair){"backbone.avgdown", truth[config->avgdown]};
    pairs[i++] = (blmi_pair){"backbone.stages", numbers[config->stages]};
    return i;
}

// ---- what it takes

static bool ends_with(const char *text, const char *end)
{
    const size_t length = strlen(text), size = strlen(end);
    return length >= size && strcmp(text + length - size, end) == 0;
}

// Not what only training needs, or what follows from the architecture.
static blm_status needs(const blmi_backbone *backbone, uint32_t taps, const char *tensor,
    bool *out, blm_error *err)
{
    const int tap = blmi_last_tap(taps);
    (void)backbone;
    (void)err;
    *out = strncmp(tensor, "layer", 5) == 0 && tensor[5] >= '0' &&
           tensor[5] <= '1' + tap && tensor[6] == '.' &&
           !ends_with(tensor, ".num_batches_tracked") &&
           !ends_with(tensor, ".relative_position_index");
    return BLM_OK;
}

typedef struct counter {
    blmi_work_visit *visit;
    void *context;
    int tap;
} counter;

static void count(const counter *c, double times, double rows, int depth, int columns)
{
    c->visit(c->context, &(blmi_work){c->tap, times, rows, depth, columns, NULL});
}

// `times` encoders over `tokens` tokens of `channels` channels.
static void count_encoders(const counter *c, double times, double tokens, int channels,
    int mlp, int heads, int window)
{
    const double attentions = times * heads * tokens / window;
    count(c, times, tokens, channels, 3 * channels);        // qkv
    count(c, attentions, window, channels / heads, window); // scores
    count(c, attentions, window, window, channels / heads); // values
    count(c, times, tokens, channels, channels);            // proj
    count(c, times, tokens, channels, mlp);                 // fc1
    count(c, times, tokens, mlp, channels);                 // fc2
}

static void work(const blmi_backbone *backbone, uint32_t taps, int width, int height,
    blmi_work_visit *visit, void *context)
{
    const blmi_variant_shape *shape = &blmi_variant_shapes[config_of(backbone)->variant];
    const double pixels = (double)width * height;
    counter c = {visit, context, 0};
    visit(context, &(blmi_work){0, 1, pixels / 4, 7 * 7 * 3, shape->planes, "layer0"});
    for (; c.tap <= blmi_last_tap(taps); c.tap++) {
        // layer4, the last, does not halve the image, its windows are both of 7 x 7, and
        // its last convolution is of 1 x 1.
        const bool last = c.tap == BLMI_STAGES - 1;
        const int blocks = shape->blocks[c.tap], mlp = shape->width[c.tap];
        const int channels = shape->planes << c.tap, heads = 1 << c.tap;
        const double tokens = pixels / (16 << 2 * c.tap);
        count_encoders(&c, blocks, tokens, channels, mlp, heads, 7 * 7);
        count_encoders(&c, blocks, tokens, channels, mlp, heads, last ? 7 * 7 : 14 * 14);
        count(&c, blocks - 1, tokens, 9 * channels, channels);
        count(&c, 1, last ? tokens : tokens / 4, (last ? 1 : 9) * channels, 2 * channels);
        count(&c, 1, last ? tokens : tokens / 4, channels, 2 * channels); // shortcut
    }
}

// Layer0 has a sixteenth of the pixels and channels that grow with the variant: its
// output is held about seven times over (itself, a bordered copy, queries, keys, values,
// heads), the later stages' once more together.
static uint64_t bytes(const blmi_backbone *backbone, uint32_t taps, int width, int height)
{
    (void)taps;
    const uint64_t pixels = (uint64_t)width * (uint64_t)height;
    const uint64_t planes =
        (uint64_t)blmi_variant_shapes[config_of(backbone)->variant].planes;
    return sizeof(float) * (8 * pixels / 16 * planes);
}

// ---- how it runs

// A network, and which of its stages are wanted.
typedef struct wanted {
    blmi_contnet *net;
    int taps, tap[BLMI_STAGES];
} wanted;

static void destroy(void *net)
{
    wanted *w = net;
    blmi_contnet_free(w->net);
    blmi_free(w);
}

static blm_status build(const blmi_backbone *backbone, const blmi_tensors *weights,
    const blmi_network_options *o, void **net, blm_error *err)
{
    wanted *w = blmi_alloc_zero(1, sizeof *w);
    if (w == NULL)
        return blmi_no_memory(err, "a network", 1, sizeof *w);
    const blmi_contnet_options options = {.width = o->width,
        .height = o->height,
        .stages = o->tap[o->taps - 1] + 1,
        .batch = o->batch,
        .type = o->type};
    w->taps = o->taps;
    memcpy(w->tap, o->tap, (size_t)o->taps * sizeof *w->tap);
    const blm_status status =
        blmi_contnet_new(weights, config_of(backbone), &options, &w->net, err);
    if (status == BLM_OK)
        *net = w;
    else
        destroy(w);
    return status;
}

static blm_status open(const void *net, blmi_team *team, void **out, blm_error *err)
{
    blmi_contnet_workspace *workspace;
    BLMI_TRY(
        blmi_contnet_workspace_new(((const wanted *)net)->net, team, &workspace, err));
    *out = workspace;
    return BLM_OK;
}

static void close(void *workspace)
{
    blmi_contnet_workspace_free(workspace);
}

static void watch(void *workspace, blmi_watch *watcher, void *context)
{
    blmi_contnet_workspace_watch(workspace, watcher, context);
}

static blm_status run(const void *net, void *workspace, const float *x, int images,
    float *const *out, blm_error *err)
{
    const wanted *w = net;
    float *stage[BLMI_STAGES] = {NULL};
    for (int i = 0; i < w->taps; i++)
        stage[w->tap[i]] = out[i];
    return blmi_contnet_run(w->net, workspace, x, images, stage, err);
}

static const blmi_engine engine = {
    build, destroy, open, close, watch, run, needs, work, bytes, NULL};

const blmi_family blmi_family_contnet = {
    .name = "contnet",
    .called = "ConTNet",
    .file_prefix = "contnet-",
    .form_key = "backbone.pre_norm",
    .forms = forms,
    .recognise = recognise,
    .identify = identify,
    .describe = describe,
    .engine = &engine,
};
