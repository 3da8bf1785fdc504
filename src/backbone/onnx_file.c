// onnx_file.c: opens an ONNX file as weights: cuts it to its taps and finds their shapes.
#include "src/backbone/onnx_file.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "src/backbone/backbone_table.h"
#include "src/backbone/onnx_runtime.h"
#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/number.h"
#include "src/format/hash.h"

enum { STANDARD = 224, MAX_EXTRA = 16, NAME = 96 };

// What is being opened.
typedef struct opening {
    const char *path;
    blmi_onnx_weights *w;
    blmi_file file, data; // data: the file with its numbers, if there is one
    blmi_onnx *onnx;
    int taps;
    char name[BLMI_MAX_TAPS][NAME];
    int width, height; // that it is tried at
    bool fixed;        // the only size
    bool pixels;       // the input is (images, height, width, 3)
    bool named;        // the recipe names taps
    size_t bytes;      // of w->network
} opening;

// ---- taps

static blm_status add_tap(opening *o, const char *name, size_t length, blm_error *err)
{
    char text[512];
    if (o->taps == BLMI_MAX_TAPS || length >= NAME || length == 0)
        return blmi_fail(err, BLM_EUSAGE,
            "%s: taps: expected 1 to %d names of at most %d bytes", o->path,
            BLMI_MAX_TAPS, NAME - 1);
    blmi_print(o->name[o->taps], NAME, "%.*s", (int)length, name);
    if (blmi_onnx_find(o->onnx, o->name[o->taps]) < 0) {
        blmi_onnx_near(o->onnx, o->name[o->taps], text, sizeof text);
        return blmi_fail(err, BLM_EUSAGE,
            "%s: taps \"%s\": not a value of the network; it has %s, ...", o->path,
            o->name[o->taps], text);
    }
    for (int k = 0; k < o->taps; k++)
        if (strcmp(o->name[k], o->name[o->taps]) == 0)
            return BLM_OK;
    o->taps++;
    return BLM_OK;
}

static blm_status find_taps(opening *o, const blmi_wanted *wanted, blm_error *err)
{
    const char *at = wanted->taps, *name;
    o->named = *at != '\0';
    for (size_t i = 0; *at == '\0' && (name = blmi_onnx_output(o->onnx, i)) != NULL; i++)
        BLMI_TRY(add_tap(o, name, strlen(name), err));
    while (*at != '\0') {
        const size_t length = strcspn(at, ",");
        BLMI_TRY(add_tap(o, at, length, err));
        at += length + (at[length] == ',');
    }
    for (int i = 1; i < o->taps; i++) // in the order of computation
        for (int k = i; k > 0 && blmi_onnx_find(o->onnx, o->name[k - 1]) >
                                     blmi_onnx_find(o->onnx, o->name[k]);
             k--) {
            char moved[NAME];
            memcpy(moved, o->name[k], NAME);
            memcpy(o->name[k], o->name[k - 1], NAME);
            memcpy(o->name[k - 1], moved, NAME);
        }
    return o->taps > 0 ? BLM_OK
                       : blmi_fail(err, BLM_EINPUT, "%s: has no outputs", o->path);
}

// ---- size

// "1, 3, any, any"
static void print_shape(const int64_t *shape, int rank, char *text, size_t size)
{
    size_t at = 0;
    text[0] = '\0';
    for (int i = 0; i < rank && at < size; i++) {
        const char *comma = i > 0 ? ", " : "";
        at += (size_t)(shape[i] < 0 ? blmi_print(text + at, size - at, "%sany", comma)
                                    : blmi_print(text + at, size - at, "%s%lld", comma,
                                          (long long)shape[i]));
    }
}

static blm_status find_size(opening *o, const blmi_wanted *wanted, blm_error *err)
{
    const blmi_onnx_input *in = blmi_onnx_input_of(o->onnx);
    const int64_t *s = in->shape;
    char shape[200];
    o->pixels = blmi_onnx_takes_pixels(in);
    const int64_t channels = s[o->pixels ? 3 : 1];
    const int64_t *side = s + (o->pixels ? 1 : 2); // height, width
    print_shape(s, in->rank, shape, sizeof shape);
    if (in->type != BLMI_ONNX_FLOAT || in->rank != 4 || (s[0] != 1 && s[0] != -1) ||
        (channels != 3 && channels != -1))
        return blmi_fail(err, BLM_EINPUT,
            "%s: input %s has type %d and shape (%s); expected type %d (float) and "
            "(1 or any, 3, height, width) or (1 or any, height, width, 3)",
            o->path, in->name, in->type, shape, BLMI_ONNX_FLOAT);
    o->fixed = side[0] > 0 || side[1] > 0;
    if (o->fixed && (side[0] != side[1] || side[0] > BLMI_LARGEST_SIDE))
        return blmi_fail(err, BLM_EINPUT,
            "%s: input %s has the shape (%s); expected a square of at most %d pixels, or "
            "any height and width",
            o->path, in->name, shape, BLMI_LARGEST_SIDE);
    o->width = o->height = o->fixed ? (int)side[0] : STANDARD;
    if (!o->fixed && wanted->width > 0) {
        o->width = wanted->width;
        o->height = wanted->height;
    }
    return o->width <= BLMI_LARGEST_SIDE && o->height <= BLMI_LARGEST_SIDE &&
                   o->width > 0 && o->height > 0
               ? BLM_OK
               : blmi_fail(err, BLM_EUSAGE, "size %d x %d: expected sides of at most %d",
                     o->width, o->height, BLMI_LARGEST_SIDE);
}

// ---- shapes

static bool same_stride(const opening *o, int64_t rows, int64_t columns)
{
    return rows > 0 && columns > 0 && rows <= o->height && columns <= o->width &&
           llabs(rows * o->width - columns * o->height) < o->width + o->height;
}

// The grid of `count` tokens, and how many stand before it; false: there is none.
static bool find_tokens(const opening *o, int64_t count, int64_t *form)
{
    for (int stride = 1; stride <= o->width && stride <= o->height; stride++) {
        const int64_t rows = o->height / stride, columns = o->width / stride;
        if (rows * columns > count || o->height % stride != 0 || o->width % stride != 0)
            continue;
        form[1] = count - rows * columns;
        form[3] = rows;
        form[4] = columns;
        return form[1] <= MAX_EXTRA;
    }
    return false;
}

static blm_status read_shape(const opening *o, const char *name,
    const blmi_session_output *y, int64_t *form, blm_error *err)
{
    const int64_t *s = y->shape;
    memset(form, 0, BLMI_ONNX_TAP_FORM * sizeof *form);
    if (y->rank == 4 && same_stride(o, s[2], s[3])) {
        form[0] = BLMI_ONNX_PLANES;
        form[2] = s[1];
        form[3] = s[2];
        form[4] = s[3];
    } else if (y->rank == 4 && same_stride(o, s[1], s[2])) {
        form[0] = BLMI_ONNX_PIXELS;
        form[2] = s[3];
        form[3] = s[1];
        form[4] = s[2];
    } else if (y->rank == 3 && find_tokens(o, s[1], form)) {
        form[0] = BLMI_ONNX_TOKENS;
        form[2] = s[2];
    }
    if (form[2] > 0 && s[0] == 1)
        return BLM_OK;
    char shape[200];
    print_shape(s, y->rank, shape, sizeof shape);
    return blmi_fail(err, BLM_EUSAGE,
        "%s: taps \"%s\": its shape is (%s) at %d x %d pixels; expected floats (images, "
        "channels, rows, columns), or tokens (images, rows * columns, channels)%s",
        o->path, name, shape, o->width, o->height,
        o->named ? "" : ": name such values of the network, by --taps");
}

static blm_status take(
    void *context, const blmi_session_output *outputs, int count, blm_error *err)
{
    const opening *o = context;
    for (int k = 0; k < count; k++)
        BLMI_TRY(read_shape(o, o->name[k], &outputs[k],
            o->w->form + (ptrdiff_t)k * BLMI_ONNX_TAP_FORM, err));
    return BLM_OK;
}

static blm_status try_out(opening *o, const char *const *names, blm_error *err)
{
    const size_t count = 3 * (size_t)o->width * (size_t)o->height;
    const int64_t planes[] = {1, 3, o->height, o->width};
    const int64_t pixels[] = {1, o->height, o->width, 3};
    blmi_runtime *runtime = NULL;
    blmi_session *session = NULL;
    float *x = blmi_alloc_zero(count, sizeof *x);
    blm_status status =
        x != NULL ? BLM_OK : blmi_no_memory(err, "an input", count, sizeof *x);
    if (status == BLM_OK)
        status = blmi_runtime_open(&runtime, err);
    if (status == BLM_OK)
        status = blmi_session_new(runtime, o->w->network, o->bytes, 1, &session, err);
    if (status == BLM_OK)
        status = blmi_session_run(session, blmi_onnx_input_of(o->onnx)->name, x,
            o->pixels ? pixels : planes, 4, names, o->taps, take, o, err);
    blmi_session_free(session);
    blmi_runtime_close(runtime);
    blmi_free(x);
    return status;
}

// Default side, unit and largest side.  Where strides are whole, sides of any multiple of
// the largest one are taken; else only the side that was tried.
static blm_status settle_size(opening *o, blm_error *err)
{
    int64_t unit = 1;
    bool whole = !o->fixed;
    for (int k = 0; k < o->taps; k++) {
        const int64_t *form = o->w->form + (ptrdiff_t)k * BLMI_ONNX_TAP_FORM;
        const int64_t stride = o->height / form[3];
        whole = whole && form[3] * stride == o->height && form[4] * stride == o->width;
        unit = stride > unit ? stride : unit;
    }
    if (!whole && o->width != o->height)
        return blmi_fail(err, BLM_EUSAGE,
            "%s: %d x %d pixels are no multiple of its strides; expected that, or a "
            "square",
            o->path, o->width, o->height);
    const int64_t side =
        !whole || o->width == o->height ? o->width : (STANDARD + unit - 1) / unit * unit;
    for (int k = 0; k < o->taps && whole; k++) {
        int64_t *form = o->w->form + (ptrdiff_t)k * BLMI_ONNX_TAP_FORM;
        form[3] = form[4] = side / (o->height / form[3]);
    }
    o->w->size[0] = side;
    o->w->size[1] = whole ? unit : side;
    o->w->size[2] = whole ? BLMI_LARGEST_SIDE / unit * unit : side;
    return BLM_OK;
}

// ---- opening

bool blmi_onnx_is_path(const char *path)
{
    static const char end[] = ".onnx";
    const size_t length = strlen(path);
    return length > strlen(end) && strcmp(path + length - strlen(end), end) == 0;
}

static blm_status read_files(opening *o, char hash[BLMI_HASH_DIGITS + 1], blm_error *err)
{
    char path[PATH_MAX];
    BLMI_TRY(blmi_file_read(o->path, INT32_MAX, &o->file, err));
    BLMI_TRY(blmi_onnx_read(o->path, o->file.bytes, o->file.size, &o->onnx, err));
    const char *data = blmi_onnx_data_name(o->onnx), *slash = strrchr(o->path, '/');
    const int folder = slash != NULL ? (int)(slash + 1 - o->path) : 0;
    blmi_print(path, sizeof path, "%.*s%s", folder, o->path, data);
    if (data[0] != '\0')
        BLMI_TRY(blmi_file_read(path, INT32_MAX, &o->data, err));
    blmi_hash *own = blmi_hash_new();
    if (own == NULL)
        return blmi_no_memory(err, "a hash", 1, 1);
    blmi_hash_add(own, o->file.bytes, o->file.size);
    blmi_hash_add(own, o->data.bytes, o->data.size);
    blmi_hash_text(own, hash);
    blmi_hash_free(own);
    return BLM_OK;
}

static void list_tensors(opening *o, const blmi_wanted *wanted)
{
    static const blmi_wanted usual = {BLMI_IMAGENET};
    const blmi_wanted *from = wanted->deviation[0] > 0 ? wanted : &usual;
    blmi_onnx_weights *w = o->w;
    char *at = w->names;
    memcpy(w->input, from->mean, sizeof from->mean);
    memcpy(w->input + 3, from->deviation, sizeof from->deviation);
    for (int k = 0; k < o->taps; k++)
        at = stpcpy(at, o->name[k]) + 1;
    // in the order of their names
    w->item[0] = (blmi_tensor){BLMI_ONNX_INPUT, BLMI_F64, 2, {2, 3}, w->input};
    w->item[1] =
        (blmi_tensor){BLMI_ONNX_NETWORK, BLMI_U8, 1, {(int64_t)o->bytes}, w->network};
    w->item[2] = (blmi_tensor){BLMI_ONNX_SIZE, BLMI_I64, 1, {3}, w->size};
    w->item[3] = (blmi_tensor){
        BLMI_ONNX_TAP_FORMS, BLMI_I64, 2, {o->taps, BLMI_ONNX_TAP_FORM}, w->form};
    w->item[4] =
        (blmi_tensor){BLMI_ONNX_TAP_NAMES, BLMI_U8, 1, {at - w->names}, w->names};
    w->tensors = (blmi_tensors){w->item, 5};
}

static blm_status open_file(opening *o, const blmi_wanted *wanted, blm_error *err)
{
    const char *names[BLMI_MAX_TAPS];
    BLMI_TRY(read_files(o, o->w->hash, err));
    BLMI_TRY(find_taps(o, wanted, err));
    BLMI_TRY(find_size(o, wanted, err));
    for (int k = 0; k < o->taps; k++)
        names[k] = o->name[k];
    BLMI_TRY(blmi_onnx_cut(o->onnx, names, o->taps, o->data.bytes, o->data.size,
        &o->w->network, &o->bytes, err));
    BLMI_TRY(try_out(o, names, err));
    BLMI_TRY(settle_size(o, err));
    list_tensors(o, wanted);
    return BLM_OK;
}

static void close_files(opening *o)
{
    blmi_onnx_free(o->onnx);
    blmi_file_close(&o->file);
    blmi_file_close(&o->data);
}

blm_status blmi_onnx_hash(
    const char *path, char hash[BLMI_HASH_DIGITS + 1], blm_error *err)
{
    opening o = {.path = path};
    const blm_status status = read_files(&o, hash, err);
    close_files(&o);
    return status;
}

blm_status blmi_onnx_weights_open(
    const char *path, const blmi_wanted *wanted, blmi_onnx_weights **out, blm_error *err)
{
    opening o = {.path = path, .w = blmi_alloc_zero(1, sizeof *o.w)};
    if (o.w == NULL)
        return blmi_no_memory(err, "weights", 1, sizeof *o.w);
    const blm_status status = open_file(&o, wanted, err);
    close_files(&o);
    if (status == BLM_OK)
        *out = o.w;
    else
        blmi_onnx_weights_close(o.w);
    return status;
}

void blmi_onnx_weights_close(blmi_onnx_weights *weights)
{
    if (weights == NULL)
        return;
    blmi_free(weights->network);
    blmi_free(weights);
}
