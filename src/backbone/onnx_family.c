// onnx_family.c: networks in the form of ONNX, run by ONNX Runtime.
#include <pthread.h>
#include <string.h>

#include "src/backbone/backbone_table.h"
#include "src/backbone/onnx_network.h"
#include "src/backbone/onnx_runtime.h"
#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/base/number.h"

enum { MAX_SIDE_OF_GRID = 4096, MAX_SESSIONS = 8 };

// The grids at the default side.
typedef struct plan {
    uint16_t rows[BLMI_MAX_TAPS], columns[BLMI_MAX_TAPS];
    uint32_t size_kb; // of the network
} plan;

static const plan *plan_of(const blmi_backbone *backbone)
{
    return (const plan *)(const void *)backbone->plan.bytes;
}

// ---- what it is

static bool recognise(const blmi_tensors *weights)
{
    return blmi_tensors_find(weights, BLMI_ONNX_NETWORK) != NULL;
}

// A tensor of `count` items.
static blm_status find(const blmi_tensors *weights, const char *name, blmi_dtype dtype,
    int64_t count, const void **out, blm_error *err)
{
    const blmi_tensor *t = blmi_tensors_find(weights, name);
    if (t == NULL || t->dtype != dtype || blmi_tensor_count(t) != count)
        return blmi_fail(err, BLM_EINPUT, "%s: missing, or not %lld items of %s", name,
            (long long)count, blmi_dtype_name(dtype));
    *out = t->data;
    return BLM_OK;
}

static blm_status read_input(const blmi_tensors *weights, blmi_input *out, blm_error *err)
{
    const void *data;
    BLMI_TRY(find(weights, BLMI_ONNX_SIZE, BLMI_I64, 3, &data, err));
    const int64_t *size = data;
    if (size[1] < 1 || size[0] < size[1] || size[2] < size[0] ||
        size[2] > BLMI_LARGEST_SIDE || size[0] % size[1] != 0)
        return blmi_fail(err, BLM_EINPUT, BLMI_ONNX_SIZE ": %lld, %lld, %lld is no size",
            (long long)size[0], (long long)size[1], (long long)size[2]);
    *out = (blmi_input){
        .standard = (int)size[0], .unit = (int)size[1], .largest = (int)size[2]};
    BLMI_TRY(find(weights, BLMI_ONNX_INPUT, BLMI_F64, 6, &data, err));
    memcpy(out->mean, data, sizeof out->mean);
    memcpy(out->deviation, (const double *)data + 3, sizeof out->deviation);
    for (int c = 0; c < 3; c++)
        if (!(out->deviation[c] >= 1e-4 && out->deviation[c] <= 1e4 &&
                out->mean[c] >= -1e4 && out->mean[c] <= 1e4))
            return blmi_fail(
                err, BLM_EINPUT, BLMI_ONNX_INPUT ": no mean and deviation of a channel");
    return BLM_OK;
}

static blm_status add_tap(
    blmi_backbone *out, plan *p, const char *name, const int64_t *form, blm_error *err)
{
    const int k = out->taps;
    const int side = out->input.standard;
    if (name[0] == '\0' || strlen(name) >= sizeof out->tap->name ||
        strpbrk(name, ",\n") != NULL || form[0] < 0 || form[0] >= BLMI_ONNX_LAYOUTS ||
        form[1] < 0 || form[1] > 64 || form[2] < 1 || form[2] > 65536 || form[3] < 1 ||
        form[3] > side || form[4] < 1 || form[4] > side || form[3] > MAX_SIDE_OF_GRID ||
        form[4] > MAX_SIDE_OF_GRID)
        return blmi_fail(err, BLM_EINPUT,
            BLMI_ONNX_TAP_FORMS ": tap %d has a shape or a name that is not allowed",
            k + 1);
    p->rows[k] = (uint16_t)form[3];
    p->columns[k] = (uint16_t)form[4];
    blmi_backbone_add_tap(out, (int)form[2], side / (int)form[3], "%s", name);
    return BLM_OK;
}

static blm_status identify(
    const blmi_tensors *weights, blmi_backbone *out, blm_error *err)
{
    plan p = {0};
    const blmi_tensor *network = blmi_tensors_find(weights, BLMI_ONNX_NETWORK);
    const blmi_tensor *names = blmi_tensors_find(weights, BLMI_ONNX_TAP_NAMES);
    const blmi_tensor *forms = blmi_tensors_find(weights, BLMI_ONNX_TAP_FORMS);
    const int64_t taps =
        forms != NULL ? blmi_tensor_count(forms) / BLMI_ONNX_TAP_FORM : 0;
    if (network == NULL || network->dtype != BLMI_U8 || names == NULL ||
        names->dtype != BLMI_U8 || forms == NULL || forms->dtype != BLMI_I64 ||
        taps < 1 || taps > BLMI_MAX_TAPS ||
        blmi_tensor_count(forms) != taps * BLMI_ONNX_TAP_FORM)
        return blmi_fail(err, BLM_EINPUT,
            "an ONNX network without proper " BLMI_ONNX_TAP_NAMES
            " and " BLMI_ONNX_TAP_FORMS);
    p.size_kb = (uint32_t)(blmi_tensor_count(network) / 1024);
    BLMI_TRY(read_input(weights, &out->input, err));
    const char *name = names->data;
    size_t left = (size_t)blmi_tensor_count(names);
    for (int k = 0; k < taps; k++) {
        const char *end = memchr(name, '\0', left);
        if (end == NULL)
            return blmi_fail(
                err, BLM_EINPUT, BLMI_ONNX_TAP_NAMES ": fewer names than taps");
        BLMI_TRY(add_tap(out, &p, name,
            (const int64_t *)forms->data + (ptrdiff_t)k * BLMI_ONNX_TAP_FORM, err));
        left -= (size_t)(end + 1 - name);
        name = end + 1;
    }
    memcpy(out->plan.bytes, &p, sizeof p);
    blmi_backbone_name(out, "ONNX network");
    out->usual = (uint32_t)((UINT64_C(1) << taps) - 1);
    return BLM_OK;
}

// Exact at the default side; in proportion at others, which are multiples of the unit.
static void grid(const blmi_backbone *backbone, int tap, int width, int height,
    int *grid_width, int *grid_height)
{
    const plan *p = plan_of(backbone);
    const int side = backbone->input.standard;
    *grid_width = (int)((int64_t)p->columns[tap] * width / side);
    *grid_height = (int)((int64_t)p->rows[tap] * height / side);
}

static blm_status needs(const blmi_backbone *backbone, uint32_t taps, const char *tensor,
    bool *out, blm_error *err)
{
    (void)backbone, (void)taps, (void)err;
    *out = strncmp(tensor, "onnx.", 5) == 0;
    return BLM_OK;
}

// Not known: the network is ONNX Runtime's.
static void work(const blmi_backbone *backbone, uint32_t taps, int width, int height,
    blmi_work_visit *visit, void *context)
{
    (void)backbone, (void)taps, (void)width, (void)height, (void)visit, (void)context;
}

// A guess: the network once more, as packed, and 64 channels at half the size.
static uint64_t bytes(const blmi_backbone *backbone, uint32_t taps, int width, int height)
{
    (void)taps;
    return (uint64_t)plan_of(backbone)->size_kb * 1024 +
           (uint64_t)width * (uint64_t)height / 4 * 64 * sizeof(float);
}

// ---- building

typedef struct onnx_tap {
    char name[sizeof((blmi_tap *)NULL)->name];
    blmi_onnx_layout layout;
    int extra, channels, rows, columns; // at the size of the network
} onnx_tap;

typedef struct onnx_net {
    blmi_runtime *runtime;
    uint8_t *bytes; // (size) cut to the taps
    size_t size;
    blmi_onnx_input input;
    int width, height, batch, taps;
    onnx_tap tap[BLMI_MAX_TAPS];
    pthread_mutex_t opening; // of sessions, one for each number of threads
    bool has_mutex;
    struct {
        int threads;
        blmi_session *session;
    } open[MAX_SESSIONS];
} onnx_net;

static void destroy(void *net)
{
    onnx_net *n = net;
    for (int i = 0; i < MAX_SESSIONS; i++)
        blmi_session_free(n->open[i].session);
    if (n->has_mutex)
        pthread_mutex_destroy(&n->opening);
    blmi_runtime_close(n->runtime);
    blmi_free(n->bytes);
    blmi_free(n);
}

static void take_taps(onnx_net *n, const blmi_backbone *backbone,
    const blmi_tensors *weights, const blmi_network_options *o)
{
    const int64_t *forms = blmi_tensors_find(weights, BLMI_ONNX_TAP_FORMS)->data;
    n->taps = o->taps;
    for (int i = 0; i < o->taps; i++) {
        const int64_t *form = forms + (ptrdiff_t)o->tap[i] * BLMI_ONNX_TAP_FORM;
        onnx_tap *tap = &n->tap[i];
        const char *name = blmi_tensors_find(weights, BLMI_ONNX_TAP_NAMES)->data;
        for (int k = 0; k < o->tap[i]; k++) // side by side the backbone's have a label
            name += strlen(name) + 1;
        blmi_print(tap->name, sizeof tap->name, "%s", name);
        tap->layout = (blmi_onnx_layout)form[0];
        tap->extra = (int)form[1];
        tap->channels = (int)form[2];
        blmi_backbone_grid(
            backbone, o->tap[i], o->width, o->height, &tap->columns, &tap->rows);
    }
}

static blm_status cut(onnx_net *n, const blmi_tensor *network, blm_error *err)
{
    blmi_onnx *onnx = NULL;
    const char *names[BLMI_MAX_TAPS];
    for (int i = 0; i < n->taps; i++)
        names[i] = n->tap[i].name;
    blm_status status = blmi_onnx_read(
        BLMI_ONNX_NETWORK, network->data, (size_t)blmi_tensor_count(network), &onnx, err);
    if (status == BLM_OK) {
        n->input = *blmi_onnx_input_of(onnx);
        status = blmi_onnx_cut(onnx, names, n->taps, NULL, 0, &n->bytes, &n->size, err);
    }
    blmi_onnx_free(onnx);
    return status;
}

static blm_status build(const blmi_backbone *backbone, const blmi_tensors *weights,
    const blmi_network_options *o, void **net, blm_error *err)
{
    if (o->type != BLM_TYPE_F32)
        return blmi_fail(err, BLM_EUSAGE,
            "type: an ONNX network has the type that it was exported with; expected f32");
    onnx_net *n = blmi_alloc_zero(1, sizeof *n);
    if (n == NULL)
        return blmi_no_memory(err, "a network", 1, sizeof *n);
    n->width = o->width;
    n->height = o->height;
    n->batch = o->batch;
    n->has_mutex = pthread_mutex_init(&n->opening, NULL) == 0;
    take_taps(n, backbone, weights, o);
    blm_status status = n->has_mutex ? BLM_OK : blmi_no_memory(err, "a lock", 1, 1);
    if (status == BLM_OK)
        status = blmi_runtime_open(&n->runtime, err);
    if (status == BLM_OK)
        status = cut(n, blmi_tensors_find(weights, BLMI_ONNX_NETWORK), err);
    if (status == BLM_OK)
        *net = n;
    else
        destroy(n);
    return status;
}

// ---- running

typedef struct onnx_room {
    onnx_net *net;
    const blmi_session *session;
    float *x; // (batch, 3, height, width)
    float *const *out;
    int first, images; // of the part that runs
    blmi_watch *watch;
    void *context; // of the watch
} onnx_room;

static void close(void *workspace)
{
    onnx_room *room = workspace;
    blmi_free(room->x);
    blmi_free(room);
}

// The session for that number of threads; workspaces share it.
static blm_status find_session(
    onnx_net *n, int threads, const blmi_session **out, blm_error *err)
{
    blm_status status = BLM_OK;
    int i = 0;
    pthread_mutex_lock(&n->opening);
    while (i < MAX_SESSIONS - 1 && n->open[i].session != NULL &&
           n->open[i].threads != threads)
        i++;
    if (n->open[i].session == NULL)
        status = blmi_session_new(
            n->runtime, n->bytes, n->size, threads, &n->open[i].session, err);
    n->open[i].threads = threads;
    *out = n->open[i].session;
    pthread_mutex_unlock(&n->opening);
    return status;
}

static blm_status open(const void *net, blmi_team *team, void **out, blm_error *err)
{
    onnx_net *n = (onnx_net *)(uintptr_t)net; // its list of sessions has a lock
    const size_t count = (size_t)n->batch * 3 * (size_t)n->width * (size_t)n->height;
    onnx_room *room = blmi_alloc_zero(1, sizeof *room);
    if (room == NULL)
        return blmi_no_memory(err, "a workspace", 1, sizeof *room);
    room->net = n;
    room->x = blmi_alloc(count, sizeof *room->x);
    blm_status status =
        room->x != NULL ? find_session(n, blmi_team_threads(team), &room->session, err)
                        : blmi_no_memory(err, "a workspace", count, sizeof(float));
    if (status == BLM_OK)
        *out = room;
    else
        close(room);
    return status;
}

static void watch(void *workspace, blmi_watch *watcher, void *context)
{
    onnx_room *room = workspace;
    room->watch = watcher;
    room->context = context;
}

static bool has_shape(const onnx_tap *t, const blmi_session_output *o, int images)
{
    const int64_t n = images, r = t->rows, w = t->columns, c = t->channels;
    const int64_t *s = o->shape;
    switch (t->layout) {
    case BLMI_ONNX_PLANES:
        return o->rank == 4 && s[0] == n && s[1] == c && s[2] == r && s[3] == w;
    case BLMI_ONNX_PIXELS:
        return o->rank == 4 && s[0] == n && s[1] == r && s[2] == w && s[3] == c;
    case BLMI_ONNX_TOKENS:
    case BLMI_ONNX_LAYOUTS:
        break;
    }
    return o->rank == 3 && s[0] == n && s[1] == t->extra + r * w && s[2] == c;
}

// One image's output as (rows, columns, channels).
static void copy_output(const onnx_tap *t, const float *from, float *to)
{
    const size_t cells = (size_t)t->rows * (size_t)t->columns;
    const size_t channels = (size_t)t->channels;
    if (t->layout != BLMI_ONNX_PLANES) {
        memcpy(to, from + (size_t)t->extra * channels, cells * channels * sizeof *to);
        return;
    }
    for (size_t p = 0; p < cells; p++)
        for (size_t c = 0; c < channels; c++)
            to[p * channels + c] = from[c * cells + p];
}

static blm_status take(
    void *context, const blmi_session_output *outputs, int count, blm_error *err)
{
    const onnx_room *room = context;
    for (int k = 0; k < count; k++) {
        const onnx_tap *t = &room->net->tap[k];
        const blmi_session_output *o = &outputs[k];
        const size_t cells = (size_t)t->rows * (size_t)t->columns;
        const size_t size = cells * (size_t)t->channels;
        if (!has_shape(t, o, room->images))
            return blmi_fail(err, BLM_EINPUT,
                "tap %s: another shape than expected at %d x %d pixels: %d channels, "
                "%d x %d positions",
                t->name, room->net->width, room->net->height, t->channels, t->columns,
                t->rows);
        float *to = room->out[k] + (size_t)room->first * size;
        const size_t step = size + (size_t)t->extra * (size_t)t->channels;
        for (int i = 0; i < room->images; i++)
            copy_output(t, o->values + (size_t)i * step, to + (size_t)i * size);
    }
    return BLM_OK;
}

// (images, height, width, 3) to (images, 3, height, width)
static void to_planes(const float *x, size_t pixels, int images, float *out)
{
    for (int i = 0; i < images; i++, x += 3 * pixels, out += 3 * pixels)
        for (size_t p = 0; p < pixels; p++)
            for (size_t c = 0; c < 3; c++)
                out[c * pixels + p] = x[3 * p + c];
}

static blm_status run(const void *net, void *workspace, const float *x, int images,
    float *const *out, blm_error *err)
{
    const onnx_net *n = net;
    onnx_room *room = workspace;
    const char *names[BLMI_MAX_TAPS];
    const size_t pixels = (size_t)n->width * (size_t)n->height;
    const int step = n->input.shape[0] < 1 ? images : 1; // exported for one image?
    for (int k = 0; k < n->taps; k++)
        names[k] = n->tap[k].name;
    const bool as_pixels = blmi_onnx_takes_pixels(&n->input);
    const float *from = as_pixels ? x : room->x;
    if (!as_pixels)
        to_planes(x, pixels, images, room->x);
    room->out = out;
    room->images = step;
    for (room->first = 0; room->first < images; room->first += step) {
        const int64_t planes_shape[] = {step, 3, n->height, n->width};
        const int64_t pixels_shape[] = {step, n->height, n->width, 3};
        BLMI_TRY(blmi_session_run(room->session, n->input.name,
            from + (size_t)room->first * 3 * pixels,
            as_pixels ? pixels_shape : planes_shape, 4, names, n->taps, take, room, err));
    }
    for (int k = 0; k < n->taps && room->watch != NULL; k++)
        room->watch(room->context, n->tap[k].name, out[k], images, n->tap[k].rows,
            n->tap[k].columns, n->tap[k].channels);
    return BLM_OK;
}

static const char *kernels(const void *net)
{
    return blmi_runtime_name(((const onnx_net *)net)->runtime);
}

static const blmi_engine engine = {
    build, destroy, open, close, watch, run, needs, work, bytes, kernels};

const blmi_family blmi_family_onnx = {
    .name = "onnx",
    .called = "an ONNX network",
    .recognise = recognise,
    .identify = identify,
    .grid = grid,
    .engine = &engine,
    .any_type = true,
};
