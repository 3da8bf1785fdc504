// joint.c: several networks that run one after the other on the same pixels.
#include "src/backbone/joint.h"

#include <string.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/base/number.h"

static const blmi_family family;

#define BETWEEN " + " // the names of the networks

// Network i alone.
static blmi_backbone member_of(const blmi_backbone *joint, int i)
{
    const blmi_member *m = &joint->member[i];
    blmi_backbone one = {
        .family = m->family, .form = m->form, .input = m->input, .taps = m->taps};
    blmi_print(one.name, sizeof one.name, "%s", m->name);
    memcpy(one.tap, joint->tap + m->first, (size_t)m->taps * sizeof *one.tap);
    memcpy(one.plan.bytes, m->plan.bytes, sizeof m->plan);
    return one;
}

// Those of the taps that are network i's, counted from its first.
static uint32_t taps_of(const blmi_backbone *joint, int i, uint32_t taps)
{
    const blmi_member *m = &joint->member[i];
    return taps >> m->first & (uint32_t)((UINT64_C(1) << m->taps) - 1);
}

// The network that a tensor belongs to, whose own name is *name; -1: none.
static int member_of_tensor(const char *tensor, const char **name)
{
    if (tensor[0] < '0' || tensor[0] >= '0' + BLMI_MAX_MEMBERS || tensor[1] != '.')
        return -1;
    *name = tensor + 2;
    return tensor[0] - '0';
}

int blmi_joint_member(const char *tensor)
{
    const char *name;
    return member_of_tensor(tensor, &name);
}

// ---- making one

static int common_multiple(int a, int b)
{
    int x = a, y = b;
    while (y != 0) {
        const int rest = x % y;
        x = y;
        y = rest;
    }
    return a / x * b;
}

// One input for all: the sides that suit every network; no normalisation.
static blm_status join_inputs(
    const blmi_backbone *members, int count, blmi_input *out, blm_error *err)
{
    blmi_input in = {.unit = 1, .largest = BLMI_LARGEST_SIDE};
    for (int i = 0; i < count; i++) {
        const blmi_input *own = &members[i].input;
        in.unit = common_multiple(in.unit, own->unit);
        in.largest = own->largest < in.largest ? own->largest : in.largest;
        if (in.unit > BLMI_LARGEST_SIDE)
            return blmi_fail(
                err, BLM_EUSAGE, "no size of input suits all of the weights");
    }
    in.standard = members[0].input.standard;
    for (int i = 0; i < count; i++) // the only size of one of them
        if (members[i].input.largest == members[i].input.standard)
            in.standard = members[i].input.standard;
    in.standard = (in.standard + in.unit - 1) / in.unit * in.unit;
    in.largest = in.largest / in.unit * in.unit;
    if (in.standard > in.largest)
        return blmi_fail(err, BLM_EUSAGE,
            "%s and %s: no size of input suits all of the weights", members[0].name,
            members[1].name);
    for (int c = 0; c < 3; c++)
        in.deviation[c] = 1;
    in.bicubic = members[0].input.bicubic;
    *out = in;
    return BLM_OK;
}

// The taps of a network that are taken where none is named: the last ones of strides 8
// and 16, so that grids fit, or its own choice where all of its taps have one stride.
static uint32_t usual_taps(const blmi_backbone *one)
{
    uint32_t taps = 0;
    for (int stride = 8; stride <= 16; stride *= 2)
        for (int k = one->taps - 1; k >= 0; k--)
            if (one->tap[k].stride == stride) {
                taps |= 1u << k;
                break;
            }
    return taps & (taps - 1) ? taps : one->usual; // two of them
}

// "contnet-b", or "contnet-b#2" if there is one already.
static void label_of(const blmi_backbone *joint, int i, char *out, size_t size)
{
    int same = 1;
    for (int k = 0; k < i; k++)
        same += strcmp(joint->member[k].name, joint->member[i].name) == 0;
    blmi_print(out, size, same > 1 ? "%s#%d" : "%s", joint->member[i].name, same);
    for (; *out != '\0'; out++)
        if (*out >= 'A' && *out <= 'Z')
            *out = (char)(*out - 'A' + 'a');
        else if (*out == ' ') // lists of taps have no blanks
            *out = '-';
}

static blm_status add_member(
    blmi_backbone *joint, const blmi_backbone *one, blm_error *err)
{
    const int i = joint->members++;
    blmi_member *m = &joint->member[i];
    char label[40];
    static const unsigned char zeros[sizeof one->plan];
    if (joint->taps + one->taps > BLMI_MAX_TAPS)
        return blmi_fail(err, BLM_EUSAGE,
            "the weights have more than %d outputs together", BLMI_MAX_TAPS);
    if (memcmp(one->plan.bytes + sizeof m->plan, zeros,
            sizeof one->plan - sizeof m->plan) != 0)
        return blmi_fail(err, BLM_EBUG, "%s has too large a plan", one->name);
    *m = (blmi_member){.family = one->family,
        .form = one->form,
        .first = joint->taps,
        .taps = one->taps,
        .input = one->input};
    blmi_print(m->name, sizeof m->name, "%s", one->name);
    memcpy(m->plan.bytes, one->plan.bytes, sizeof m->plan);
    label_of(joint, i, label, sizeof label);
    joint->usual |= usual_taps(one) << m->first;
    for (int k = 0; k < one->taps; k++)
        blmi_backbone_add_tap(joint, one->tap[k].channels, one->tap[k].stride, "%s:%s",
            label, one->tap[k].name);
    return BLM_OK;
}

// Appends to a text in out.
static void append(char *out, size_t size, const char *between, const char *text)
{
    const size_t length = strlen(out);
    blmi_print(out + length, size - length, "%s%s", length > 0 ? between : "", text);
}

blm_status blmi_joint_make(
    const blmi_backbone *members, int count, blmi_backbone *out, blm_error *err)
{
    blmi_backbone joint = {.family = &family};
    if (count < 2 || count > BLMI_MAX_MEMBERS)
        return blmi_fail(err, BLM_EUSAGE, "%d weights side by side: expected 2 to %d",
            count, BLMI_MAX_MEMBERS);
    BLMI_TRY(join_inputs(members, count, &joint.input, err));
    for (int i = 0; i < count; i++) {
        const blmi_backbone *one = &members[i];
        BLMI_TRY(add_member(&joint, one, err));
        joint.named = joint.named || one->named;
        append(joint.name, sizeof joint.name, BETWEEN, one->name);
        append(joint.recorded, sizeof joint.recorded, " ", one->family->name);
        if (one->family->forms != NULL)
            append(joint.recorded, sizeof joint.recorded, "/",
                one->family->forms[one->form].recorded);
    }
    *out = joint;
    return BLM_OK;
}

// ---- tensors

// Network i's tensors, under their own names; items has room for all of weights.
static blmi_tensors tensors_of(const blmi_tensors *weights, int i, blmi_tensor *items)
{
    size_t count = 0;
    for (size_t k = 0; k < weights->count; k++) {
        const char *name;
        if (member_of_tensor(weights->items[k].name, &name) != i)
            continue;
        items[count] = weights->items[k];
        items[count++].name = name;
    }
    return (blmi_tensors){items, count};
}

// What is known of the networks before their tensors are looked at.
typedef struct known {
    int count;
    struct {
        const blmi_family *family;
        int form;
        char name[sizeof((blmi_member *)NULL)->name]; // "": what the tensors show
    } member[BLMI_MAX_MEMBERS];
} known;

static blm_status identify(
    const blmi_tensors *weights, const known *k, blmi_backbone *out, blm_error *err)
{
    blm_status status = BLM_OK;
    blmi_backbone *members = blmi_alloc_zero((size_t)k->count, sizeof *members);
    blmi_tensor *items = blmi_alloc(weights->count, sizeof *items);
    if (members == NULL || items == NULL) {
        status = blmi_no_memory(err, "networks", weights->count, sizeof *items);
        goto done;
    }
    for (int i = 0; i < k->count && status == BLM_OK; i++) {
        const blmi_tensors own = tensors_of(weights, i, items);
        status = blmi_backbone_identify_as(
            k->member[i].family, &own, k->member[i].form, &members[i], err);
        if (status == BLM_OK && members[i].form < 0)
            status = blmi_fail(
                err, BLM_EINPUT, "the form of %s is not recorded", members[i].name);
        if (status == BLM_OK && k->member[i].name[0] != '\0')
            blmi_backbone_call(&members[i], k->member[i].name);
    }
    if (status == BLM_OK)
        status = blmi_joint_make(members, k->count, out, err);
done:
    blmi_free(items);
    blmi_free(members);
    return status;
}

blm_status blmi_joint_identify(const blmi_backbone *whole, uint32_t taps,
    const blmi_tensors *weights, blmi_backbone *out, blm_error *err)
{
    known k = {.count = whole->members};
    BLMI_TRY(blmi_backbone_check_taps(whole, taps, err));
    for (int i = 0; i < whole->members; i++) {
        k.member[i].family = whole->member[i].family;
        k.member[i].form = whole->member[i].form;
        memcpy(k.member[i].name, whole->member[i].name, sizeof k.member[i].name);
    }
    return identify(weights, &k, out, err);
}

// What the metadata says of network i: family->name, or family->name/form.  False: there
// is no such entry.
static bool entry_at(const char *text, int i, char entry[64])
{
    for (; i > 0 && text != NULL; i--)
        text = strchr(text, ' ') != NULL ? strchr(text, ' ') + 1 : NULL;
    if (text == NULL || *text == '\0')
        return false;
    const size_t length = strcspn(text, " ");
    blmi_print(entry, 64, "%.*s", length < 63 ? (int)length : 63, text);
    return true;
}

// Takes the recorded names of all networks.
static blm_status read_names(
    const char *path, const blmi_safetensors *file, known *k, blm_error *err)
{
    const char *at;
    int count = 0;
    BLMI_TRY(blmi_backbone_said_name(path, file, &at, err));
    if (at == NULL)
        return BLM_OK;
    while (at != NULL && count < k->count) {
        const char *end = strstr(at, BETWEEN);
        const size_t length = end != NULL ? (size_t)(end - at) : strlen(at);
        if (length == 0 || length >= sizeof k->member->name)
            break;
        blmi_print(
            k->member[count++].name, sizeof k->member->name, "%.*s", (int)length, at);
        at = end != NULL ? end + strlen(BETWEEN) : NULL;
    }
    if (at == NULL && count == k->count)
        return BLM_OK;
    return blmi_fail(err, BLM_EINPUT,
        "%s: metadata " BLMI_NAME_KEY ": expected %d names with \"" BETWEEN
        "\" between them",
        path, k->count);
}

static blm_status read_known(
    const char *path, const blmi_safetensors *file, known *k, blm_error *err)
{
    const char *said = blmi_safetensors_meta(file, BLMI_JOINT_KEY);
    char entry[64];
    for (; k->count < BLMI_MAX_MEMBERS && entry_at(said, k->count, entry); k->count++) {
        const char *slash = strchr(entry, '/');
        const size_t length = slash != NULL ? (size_t)(slash - entry) : strlen(entry);
        const blmi_family *own = blmi_family_named(entry, length);
        const int form =
            own != NULL ? blmi_family_form(own, slash != NULL ? slash + 1 : NULL) : -1;
        if (form < 0)
            return blmi_fail(err, BLM_EINPUT,
                "%s: metadata " BLMI_JOINT_KEY " has \"%s\", which is not known", path,
                entry);
        k->member[k->count].family = own;
        k->member[k->count].form = form;
    }
    return read_names(path, file, k, err);
}

blm_status blmi_joint_read(const char *path, const blmi_safetensors *file,
    const blmi_tensors *weights, blmi_backbone *out, blm_error *err)
{
    const char *said = blmi_safetensors_meta(file, BLMI_JOINT_KEY);
    known k = {0};
    blm_error why;
    blmi_backbone found;
    BLMI_TRY(read_known(path, file, &k, err));
    const blm_status status = identify(weights, &k, &found, &why);
    if (status != BLM_OK)
        return blmi_fail(
            err, status == BLM_EUSAGE ? BLM_EINPUT : status, "%s: %s", path, why.text);
    if (strcmp(said, found.recorded) != 0)
        return blmi_fail(err, BLM_EINPUT,
            "%s: metadata " BLMI_JOINT_KEY " is \"%s\", but the tensors show \"%s\"",
            path, said, found.recorded);
    *out = found;
    return BLM_OK;
}

static size_t describe(
    const blmi_backbone *backbone, blmi_pair pairs[BLMI_MAX_CONFIG_PAIRS])
{
    pairs[0] = (blmi_pair){BLMI_JOINT_KEY, backbone->recorded};
    return 1;
}

// ---- asking

static blm_status needs(const blmi_backbone *backbone, uint32_t taps, const char *tensor,
    bool *out, blm_error *err)
{
    const char *name;
    const int i = member_of_tensor(tensor, &name);
    *out = false;
    if (i < 0 || i >= backbone->members || taps_of(backbone, i, taps) == 0)
        return BLM_OK;
    const blmi_backbone one = member_of(backbone, i);
    return one.family->engine->needs(&one, taps_of(backbone, i, taps), name, out, err);
}

typedef struct visitor {
    blmi_work_visit *visit;
    void *context;
    int first;
} visitor;

static void visit_work(void *context, const blmi_work *work)
{
    const visitor *v = context;
    blmi_work own = *work;
    own.tap += v->first;
    own.step = NULL; // part of that of the tap
    v->visit(v->context, &own);
}

static void work(const blmi_backbone *backbone, uint32_t taps, int width, int height,
    blmi_work_visit *visit, void *context)
{
    for (int i = 0; i < backbone->members; i++) {
        const uint32_t own = taps_of(backbone, i, taps);
        const blmi_backbone one = member_of(backbone, i);
        visitor v = {visit, context, backbone->member[i].first};
        if (own != 0)
            blmi_backbone_work(&one, own, width, height, visit_work, &v);
    }
}

static uint64_t bytes(const blmi_backbone *backbone, uint32_t taps, int width, int height)
{
    uint64_t sum = (uint64_t)width * (uint64_t)height * 3 * sizeof(float);
    for (int i = 0; i < backbone->members; i++) {
        const uint32_t own = taps_of(backbone, i, taps);
        const blmi_backbone one = member_of(backbone, i);
        if (own != 0)
            sum += blmi_backbone_bytes(&one, own, width, height);
    }
    return sum;
}

static void grid(const blmi_backbone *backbone, int tap, int width, int height,
    int *grid_width, int *grid_height)
{
    int i = 0;
    while (tap >= backbone->member[i].first + backbone->member[i].taps)
        i++;
    const blmi_backbone one = member_of(backbone, i);
    blmi_backbone_grid(
        &one, tap - backbone->member[i].first, width, height, grid_width, grid_height);
}

// ---- running

typedef struct joint_net {
    int members, batch;
    size_t pixels; // of an image
    struct {
        blmi_network *network; // NULL: none of its taps is wanted
        blmi_input input;
        int first; // of its outputs, among those that are wanted
        char label[32];
    } member[BLMI_MAX_MEMBERS];
} joint_net;

typedef struct joint_room {
    blmi_workspace *workspace[BLMI_MAX_MEMBERS];
    float *x; // (batch, height, width, 3), as one network wants it
    const joint_net *net;
    int running; // network
    blmi_watch *watch;
    void *context; // of the watch
} joint_room;

static void destroy(void *net)
{
    joint_net *j = net;
    for (int i = 0; i < j->members; i++)
        blmi_network_free(j->member[i].network);
    blmi_free(j);
}

// The options of network i; taps is 0 if none of its taps is wanted.  *first takes the
// number of its first output among all.
static blmi_network_options options_of(
    const blmi_backbone *backbone, const blmi_network_options *all, int i, int *first)
{
    const blmi_member *m = &backbone->member[i];
    blmi_network_options own = *all;
    own.taps = 0;
    for (int k = 0; k < all->taps; k++) {
        if (all->tap[k] < m->first || all->tap[k] >= m->first + m->taps)
            continue;
        if (own.taps == 0)
            *first = k;
        own.tap[own.taps++] = all->tap[k] - m->first;
    }
    return own;
}

static blm_status build_members(joint_net *j, const blmi_backbone *backbone,
    const blmi_tensors *weights, const blmi_network_options *options, blm_error *err)
{
    blm_status status = BLM_OK;
    blmi_tensor *items = blmi_alloc(weights->count, sizeof *items);
    if (items == NULL)
        return blmi_no_memory(err, "networks", weights->count, sizeof *items);
    for (int i = 0; i < j->members && status == BLM_OK; i++) {
        const blmi_backbone one = member_of(backbone, i);
        const blmi_tensors own = tensors_of(weights, i, items);
        const blmi_network_options o =
            options_of(backbone, options, i, &j->member[i].first);
        j->member[i].input = one.input;
        blmi_print(j->member[i].label, sizeof j->member[i].label, "%.*s",
            (int)strcspn(one.tap[0].name, ":"), one.tap[0].name);
        if (o.taps > 0)
            status = blmi_network_new(&one, &own, &o, &j->member[i].network, err);
    }
    blmi_free(items);
    return status;
}

static blm_status build(const blmi_backbone *backbone, const blmi_tensors *weights,
    const blmi_network_options *options, void **net, blm_error *err)
{
    joint_net *j = blmi_alloc_zero(1, sizeof *j);
    if (j == NULL)
        return blmi_no_memory(err, "networks", 1, sizeof *j);
    j->members = backbone->members;
    j->batch = options->batch;
    j->pixels = (size_t)options->width * (size_t)options->height;
    const blm_status status = build_members(j, backbone, weights, options, err);
    if (status == BLM_OK)
        *net = j;
    else
        destroy(j);
    return status;
}

static void close(void *workspace)
{
    joint_room *room = workspace;
    for (int i = 0; i < BLMI_MAX_MEMBERS; i++)
        blmi_workspace_free(room->workspace[i]);
    blmi_free(room->x);
    blmi_free(room);
}

static blm_status open(const void *net, blmi_team *team, void **out, blm_error *err)
{
    const joint_net *j = net;
    blm_status status = BLM_OK;
    joint_room *room = blmi_alloc_zero(1, sizeof *room);
    if (room == NULL)
        return blmi_no_memory(err, "a workspace", 1, sizeof *room);
    room->net = j;
    room->x = blmi_alloc((size_t)j->batch * j->pixels * 3, sizeof *room->x);
    if (room->x == NULL)
        status = blmi_no_memory(err, "a workspace", j->pixels * 3, sizeof *room->x);
    for (int i = 0; i < j->members && status == BLM_OK; i++)
        if (j->member[i].network != NULL)
            status =
                blmi_workspace_new(j->member[i].network, team, &room->workspace[i], err);
    if (status == BLM_OK)
        *out = room;
    else
        close(room);
    return status;
}

// A step of a network by the name that its taps have here.
static void show_step(void *context, const char *step, const float *y, int images,
    int height, int width, int channels)
{
    const joint_room *room = context;
    char name[240];
    const char *label = room->net->member[room->running].label;
    if (strchr(step, ':') != NULL) // taps are known to it by that name
        blmi_print(name, sizeof name, "%s", step);
    else
        blmi_print(name, sizeof name, "%s:%s", label, step);
    room->watch(room->context, name, y, images, height, width, channels);
}

static void watch(void *workspace, blmi_watch *watcher, void *context)
{
    joint_room *room = workspace;
    room->watch = watcher;
    room->context = context;
    for (int i = 0; i < BLMI_MAX_MEMBERS; i++)
        if (room->workspace[i] != NULL)
            blmi_workspace_watch(
                room->workspace[i], watcher != NULL ? show_step : NULL, room);
}

static bool same_preparation(const blmi_input *a, const blmi_input *b)
{
    return memcmp(a->mean, b->mean, sizeof a->mean) == 0 &&
           memcmp(a->deviation, b->deviation, sizeof a->deviation) == 0;
}

// x, bytes / 255, as a network wants it: to the bit what it would get alone.
static void prepare(const blmi_input *input, const float *x, size_t pixels, float *out)
{
    float table[256][3];
    for (int v = 0; v < 256; v++)
        for (int c = 0; c < 3; c++)
            table[v][c] = (float)((v / 255.0 - input->mean[c]) / input->deviation[c]);
    for (size_t i = 0; i < 3 * pixels; i++)
        out[i] = table[(int)(x[i] * 255 + 0.5f)][i % 3];
}

static blm_status run(const void *net, void *workspace, const float *x, int images,
    float *const *out, blm_error *err)
{
    const joint_net *j = net;
    joint_room *room = workspace;
    const blmi_input *prepared = NULL;
    for (int i = 0; i < j->members; i++) {
        const blmi_input *input = &j->member[i].input;
        if (j->member[i].network == NULL)
            continue;
        if (prepared == NULL || !same_preparation(prepared, input))
            prepare(input, x, (size_t)images * j->pixels, room->x);
        prepared = input;
        room->running = i;
        BLMI_TRY(blmi_network_run(j->member[i].network, room->workspace[i], room->x,
            images, out + j->member[i].first, err));
    }
    return BLM_OK;
}

static const blmi_engine engine = {
    build, destroy, open, close, watch, run, needs, work, bytes, NULL};

static const blmi_family family = {
    .name = "joint",
    .called = "several networks",
    .describe = describe,
    .grid = grid,
    .engine = &engine,
};
