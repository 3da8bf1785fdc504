#include "src/format/checkpoint.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/number.h"
#include "src/format/archive.h"
#include "src/format/legacy.h"
#include "src/format/pickle.h"

enum { MAX_PICKLE = 4 << 20, MAX_DEPTH = 4 }; // bytes; nested dicts around the state dict
// Limit for all tensors, and for all storages; ConTNet-B in double takes 320 MB.
static const int64_t max_bytes = INT64_C(512) << 20;
static const int64_t max_file = INT64_C(2) << 30; // includes the state of an optimizer

struct blmi_checkpoint_state {
    blmi_tensor *items; // (capacity), each owns its name and data
    size_t capacity;
};

// A tensor of the state dict, before its data are read.
typedef struct pick {
    blmi_text name;
    const blmi_value *tensor;
} pick;

// ---- finding the tensors --------------------------------------------------------------

static bool text_is(blmi_text text, const char *other)
{
    return text.size == strlen(other) && memcmp(text.bytes, other, text.size) == 0;
}

static const blmi_value *member(const blmi_value *dict, const char *key)
{
    const blmi_value *found = NULL; // the last one with that key is used, as in Python
    for (const blmi_entry *e = dict->as.dict.first; e != NULL; e = e->next)
        if (text_is(e->key, key))
            found = e->value;
    return found;
}

// Finds the state dict in root, a dict.
static const blmi_value *find_state_dict(const blmi_value *root)
{
    static const char *const wrappers[] = {
        "model", "state_dict", "model_state_dict", "ema", "net", "teacher"};
    for (int depth = 0; depth < MAX_DEPTH; depth++) {
        const blmi_value *inner = NULL;
        for (size_t i = 0; i < sizeof wrappers / sizeof *wrappers; i++) {
            const blmi_value *value = member(root, wrappers[i]);
            if (inner == NULL && value != NULL && value->kind == BLMI_DICT)
                inner = value;
        }
        if (inner == NULL)
            break;
        root = inner;
    }
    return root;
}

static blm_status pick_tensors(
    const char *path, const blmi_value *root, pick **picks, size_t *count, blm_error *err)
{
    if (root->kind != BLMI_DICT)
        return blmi_fail(
            err, BLM_EINPUT, "%s: does not contain a dict, expected a state dict", path);
    const blmi_value *dict = find_state_dict(root);
    size_t found = 0;
    for (const blmi_entry *e = dict->as.dict.first; e != NULL; e = e->next)
        found += e->value->kind == BLMI_TENSOR;
    if (found == 0)
        return blmi_fail(err, BLM_EINPUT,
            "%s: does not contain a state dict: expected tensors by name at the top "
            "or under model, state_dict, model_state_dict, ema, net or teacher",
            path);
    pick *made = *picks = blmi_alloc(found, sizeof *made);
    if (made == NULL)
        return blmi_no_memory(err, "the list of tensors", found, sizeof *made);
    for (const blmi_entry *e = dict->as.dict.first; e != NULL; e = e->next)
        if (e->value->kind == BLMI_TENSOR)
            made[(*count)++] = (pick){e->key, e->value};
    return BLM_OK;
}

static int compare_texts(blmi_text a, blmi_text b)
{
    const int order = memcmp(a.bytes, b.bytes, a.size < b.size ? a.size : b.size);
    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

static blmi_text storage_key(const pick *p)
{
    return p->tensor->as.tensor.storage->as.storage.key->as.text;
}

// Sorts tensors by storage, so that each storage is read once.
static int by_storage(const void *a, const void *b)
{
    return compare_texts(storage_key(a), storage_key(b));
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const blmi_tensor *)a)->name, ((const blmi_tensor *)b)->name);
}

// ---- views ----------------------------------------------------------------------------

// A view of a storage.
typedef struct view {
    int64_t strides[BLMI_MAX_RANK]; // items
    int64_t offset;                 // items
    int64_t count;                  // items of the view
    int64_t storage_count;          // items of the storage
    size_t item;                    // bytes
} view;

static blm_status read_type(const char *path, const blmi_tensor *t, blmi_global type,
    blmi_dtype *out, blm_error *err)
{
    static const blmi_dtype dtypes[] = {
        [BLMI_STORAGE_F32 - BLMI_STORAGE_F32] = BLMI_F32,
        [BLMI_STORAGE_F16 - BLMI_STORAGE_F32] = BLMI_F16,
        [BLMI_STORAGE_BF16 - BLMI_STORAGE_F32] = BLMI_BF16,
        [BLMI_STORAGE_F64 - BLMI_STORAGE_F32] = BLMI_F64,
        [BLMI_STORAGE_I64 - BLMI_STORAGE_F32] = BLMI_I64,
        [BLMI_STORAGE_I32 - BLMI_STORAGE_F32] = BLMI_I32,
        [BLMI_STORAGE_U8 - BLMI_STORAGE_F32] = BLMI_U8,
    };
    const size_t index = (size_t)type - BLMI_STORAGE_F32;
    if (index >= sizeof dtypes / sizeof *dtypes)
        return blmi_fail(err, BLM_EINPUT, "%s: tensor %s is a %s, which is not supported",
            path, t->name, blmi_global_name(type));
    *out = dtypes[index];
    return BLM_OK;
}

// Fills in a tensor whose name is set; checks that the view is inside its storage.
static blm_status read_view(
    const char *path, const blmi_value *value, blmi_tensor *t, view *v, blm_error *err)
{
    const blmi_value *storage = value->as.tensor.storage;
    const blmi_value *shape = value->as.tensor.shape;
    BLMI_TRY(read_type(path, t, storage->as.storage.type, &t->dtype, err));
    t->rank = (int)shape->as.tuple.count;
    *v = (view){.offset = value->as.tensor.offset,
        .count = 1,
        .storage_count = storage->as.storage.count,
        .item = blmi_dtype_size(t->dtype)};
    int64_t last = v->offset; // the highest item of the view
    bool fits = last >= 0;
    for (int i = 0; i < t->rank; i++) {
        const int64_t length = shape->as.tuple.items[i]->as.integer;
        const int64_t stride = value->as.tensor.strides->as.tuple.items[i]->as.integer;
        int64_t reach;
        fits = fits && length >= 0 && stride >= 0 &&
               !__builtin_mul_overflow(v->count, length > 0 ? length : 1, &v->count) &&
               !__builtin_mul_overflow(length > 0 ? length - 1 : 0, stride, &reach) &&
               !__builtin_add_overflow(last, reach, &last);
        t->shape[i] = length;
        v->strides[i] = length > 1 ? stride : 0; // any value is valid for one item
    }
    if (!fits || v->count > max_bytes || v->storage_count > max_bytes)
        return blmi_fail(err, BLM_EINPUT,
            "%s: tensor %s: shape, strides or offset are negative or too large", path,
            t->name);
    v->count = blmi_tensor_count(t);
    if (v->count > 0 && last >= v->storage_count)
        return blmi_fail(err, BLM_EINPUT,
            "%s: tensor %s reaches item %lld of a storage of %lld", path, t->name,
            (long long)last, (long long)v->storage_count);
    return BLM_OK;
}

// Copies the items of the view, last dimension fastest.
static void copy_view(
    uint8_t *out, const uint8_t *storage, const blmi_tensor *t, const view *v)
{
    int64_t index[BLMI_MAX_RANK] = {0};
    int64_t at = v->offset;
    for (int64_t n = 0; n < v->count; n++) {
        memcpy(out + (size_t)n * v->item, storage + (size_t)at * v->item, v->item);
        for (int d = t->rank - 1; d >= 0; d--) {
            at += v->strides[d];
            if (++index[d] < t->shape[d])
                break;
            at -= v->strides[d] * t->shape[d];
            index[d] = 0;
        }
    }
}

// ---- reading --------------------------------------------------------------------------

typedef struct reader {
    const char *path;
    blmi_archive *archive; // or
    blmi_legacy *legacy;
    blmi_text key;          // of the loaded storage
    uint8_t *storage;       // its bytes, from an archive; NULL: none
    const uint8_t *at_hand; // its bytes, archive or not
    size_t size;
    int64_t storage_left, tensor_left; // bytes until max_bytes
    blm_error *err;
} reader;

// Loads the storage of a view, unless it is loaded already.
static blm_status load_storage(reader *r, blmi_text key, const view *v)
{
    const int64_t size = v->storage_count * (int64_t)v->item;
    char name[64];
    if (r->legacy != NULL) {
        r->at_hand = blmi_legacy_storage(r->legacy, key, &r->size);
        return r->at_hand != NULL
                   ? BLM_OK
                   : blmi_fail(r->err, BLM_EBUG, "%s: a storage is missing", r->path);
    }
    if (r->storage != NULL && compare_texts(key, r->key) == 0)
        return BLM_OK;
    blmi_free(r->storage);
    r->storage = NULL;
    r->key = key;
    const int length =
        blmi_print(name, sizeof name, "data/%.*s", (int)key.size, key.bytes);
    if ((size_t)length >= sizeof name)
        return blmi_fail(
            r->err, BLM_EINPUT, "%s: the name of a storage is too long", r->path);
    if (size > r->storage_left)
        return blmi_fail(r->err, BLM_EINPUT,
            "%s: storages of more bytes than the limit of %lld", r->path,
            (long long)max_bytes);
    r->storage_left -= size;
    BLMI_TRY(blmi_archive_read(
        r->archive, name, (uint64_t)size, &r->storage, &r->size, r->err));
    r->at_hand = r->storage;
    return BLM_OK;
}

// Copies a name, without the prefix of DataParallel.
static blm_status copy_name(reader *r, blmi_text text, const char **out)
{
    static const char prefix[] = "module.";
    const size_t skip = sizeof prefix - 1;
    if (text.size >= skip && memcmp(text.bytes, prefix, skip) == 0)
        text = (blmi_text){text.bytes + skip, text.size - skip};
    if (memchr(text.bytes, '\0', text.size) != NULL)
        return blmi_fail(
            r->err, BLM_EINPUT, "%s: a tensor's name contains a zero byte", r->path);
    char *name = blmi_alloc(text.size + 1, 1);
    if (name == NULL)
        return blmi_no_memory(r->err, "a name", text.size, 1);
    memcpy(name, text.bytes, text.size);
    name[text.size] = '\0';
    *out = name;
    return BLM_OK;
}

static blm_status read_tensor(reader *r, const pick *p, blmi_tensor *t)
{
    view v;
    BLMI_TRY(copy_name(r, p->name, &t->name));
    BLMI_TRY(read_view(r->path, p->tensor, t, &v, r->err));
    if (v.count > r->tensor_left / (int64_t)v.item)
        return blmi_fail(r->err, BLM_EINPUT,
            "%s: tensors of more bytes than the limit of %lld", r->path,
            (long long)max_bytes);
    r->tensor_left -= v.count * (int64_t)v.item;
    BLMI_TRY(load_storage(r, storage_key(p), &v));
    if (r->size != (size_t)v.storage_count * v.item)
        return blmi_fail(r->err, BLM_EINPUT,
            "%s: tensor %s: its storage has %zu bytes, expected %lld items of %zu",
            r->path, t->name, r->size, (long long)v.storage_count, v.item);
    uint8_t *data = blmi_alloc((size_t)v.count, v.item);
    if (data == NULL)
        return blmi_no_memory(r->err, t->name, (size_t)v.count, v.item);
    copy_view(data, r->at_hand, t, &v);
    t->data = data;
    return BLM_OK;
}

static blm_status read_tensors(reader *r, const pick *picks, blmi_checkpoint *checkpoint)
{
    struct blmi_checkpoint_state *state = checkpoint->state;
    for (size_t i = 0; i < state->capacity; i++)
        BLMI_TRY(read_tensor(r, &picks[i], &state->items[i]));
    qsort(state->items, state->capacity, sizeof *state->items, by_name);
    for (size_t i = 1; i < state->capacity; i++)
        if (by_name(&state->items[i - 1], &state->items[i]) == 0)
            return blmi_fail(r->err, BLM_EINPUT, "%s: tensor %s is stored twice", r->path,
                state->items[i].name);
    checkpoint->tensors = (blmi_tensors){state->items, state->capacity};
    return BLM_OK;
}

static blm_status check_byte_order(
    const char *path, blmi_archive *archive, blm_error *err)
{
    static const char little[] = "little";
    uint8_t *text;
    size_t size;
    if (!blmi_archive_has(archive, "byteorder")) // before PyTorch 2.1
        return BLM_OK;
    BLMI_TRY(blmi_archive_read(archive, "byteorder", 16, &text, &size, err));
    const bool ok = text_is((blmi_text){(const char *)text, size}, little);
    blmi_free(text);
    return ok ? BLM_OK
              : blmi_fail(err, BLM_EINPUT,
                    "%s: its byteorder is not %s: save it again on another machine", path,
                    little);
}

// Reads the tensors, after the pickle is read.
static blm_status read_object(
    reader *r, const blmi_value *root, blmi_checkpoint *checkpoint)
{
    pick *picks = NULL;
    size_t count = 0;
    r->storage_left = r->tensor_left = max_bytes;
    blm_status status = pick_tensors(r->path, root, &picks, &count, r->err);
    if (status != BLM_OK)
        goto done;
    qsort(picks, count, sizeof *picks, by_storage);
    checkpoint->state->items = blmi_alloc_zero(count, sizeof *checkpoint->state->items);
    if (checkpoint->state->items == NULL) {
        status =
            blmi_no_memory(r->err, "the list of tensors", count, sizeof(blmi_tensor));
        goto done;
    }
    checkpoint->state->capacity = count;
    status = read_tensors(r, picks, checkpoint);
done:
    blmi_free(r->storage);
    blmi_free(picks);
    return status;
}

static blm_status read_archive(
    const char *path, blmi_archive *archive, blmi_checkpoint *checkpoint, blm_error *err)
{
    uint8_t *bytes;
    size_t size;
    blmi_pickle *pickle = NULL;
    BLMI_TRY(check_byte_order(path, archive, err));
    BLMI_TRY(blmi_archive_read(archive, "data.pkl", MAX_PICKLE, &bytes, &size, err));
    reader r = {.path = path, .archive = archive, .err = err};
    blm_status status = blmi_pickle_read(path, bytes, size, &pickle, err);
    if (status == BLM_OK)
        status = read_object(&r, blmi_pickle_root(pickle), checkpoint);
    blmi_pickle_free(pickle);
    blmi_free(bytes);
    return status;
}

static blm_status read_legacy(
    const char *path, const blmi_file *file, blmi_checkpoint *checkpoint, blm_error *err)
{
    reader r = {.path = path, .err = err};
    BLMI_TRY(blmi_legacy_open(path, file->bytes, file->size, &r.legacy, err));
    const blm_status status = read_object(&r, blmi_legacy_root(r.legacy), checkpoint);
    blmi_legacy_close(r.legacy);
    return status;
}

static blm_status read_any(const char *path, blmi_checkpoint *checkpoint, blm_error *err)
{
    blmi_file file;
    blmi_archive *archive = NULL;
    BLMI_TRY(blmi_file_read(path, (uint64_t)max_file, &file, err));
    if (blmi_legacy_is(file.bytes, file.size)) {
        const blm_status status = read_legacy(path, &file, checkpoint, err);
        blmi_file_close(&file);
        return status;
    }
    blmi_file_close(&file);
    blm_status status = blmi_archive_open(path, &archive, err);
    if (status == BLM_OK)
        status = read_archive(path, archive, checkpoint, err);
    blmi_archive_close(archive);
    return status;
}

blm_status blmi_checkpoint_read(const char *path, blmi_checkpoint *out, blm_error *err)
{
    blmi_checkpoint checkpoint = {0};
    checkpoint.state = blmi_alloc_zero(1, sizeof *checkpoint.state);
    if (checkpoint.state == NULL)
        return blmi_no_memory(err, path, 1, sizeof *checkpoint.state);
    const blm_status status = read_any(path, &checkpoint, err);
    if (status == BLM_OK)
        *out = checkpoint;
    else
        blmi_checkpoint_close(&checkpoint);
    return status;
}

void blmi_checkpoint_close(blmi_checkpoint *checkpoint)
{
    struct blmi_checkpoint_state *state = checkpoint->state;
    for (size_t i = 0; state != NULL && i < state->capacity; i++) {
        blmi_free((void *)(uintptr_t)state->items[i].name);
        blmi_free((void *)(uintptr_t)state->items[i].data);
    }
    if (state != NULL)
        blmi_free(state->items);
    blmi_free(state);
    *checkpoint = (blmi_checkpoint){0};
}
