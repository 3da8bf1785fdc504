// legacy.c: reads files that torch.save wrote before PyTorch 1.6.
#include "src/format/legacy.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/alloc.h"
#include "src/base/cursor.h"
#include "src/base/error.h"
#include "src/base/tensor.h"

enum { MAX_PICKLE = 4 << 20, FIRST_TRY = 1 << 16 }; // bytes

// The pickle of 0x1950a86a20f9469cfc6c: the first bytes of every such file.
static const uint8_t magic[] = {
    0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, '.'};

typedef struct storage {
    blmi_text key;
    size_t item;   // bytes
    int64_t count; // items
    size_t at;     // offset of its bytes in the file
} storage;

struct blmi_legacy {
    const uint8_t *bytes;
    blmi_pickle *object;
    storage *storages; // (count), by key
    size_t count;
};

bool blmi_legacy_is(const uint8_t *bytes, size_t size)
{
    return size >= sizeof magic && memcmp(bytes, magic, sizeof magic) == 0;
}

// Reads the pickle at `at`, and moves `at` to its end.  The reader's memory depends on
// the number of bytes, so it gets only a few at first.
static blm_status read_pickle(const char *path, const uint8_t *bytes, size_t size,
    size_t *at, blmi_pickle **out, blm_error *err)
{
    const size_t left = size - *at;
    blm_status status = BLM_EINPUT;
    for (size_t most = FIRST_TRY; status != BLM_OK; most *= 8) {
        const size_t offered = left < most ? left : most;
        status = blmi_pickle_read(path, bytes + *at, offered, out, err);
        if (status != BLM_OK && (offered == left || most >= MAX_PICKLE))
            return status;
    }
    *at += blmi_pickle_length(*out);
    return BLM_OK;
}

static int compare_keys(blmi_text a, blmi_text b)
{
    const int order = memcmp(a.bytes, b.bytes, a.size < b.size ? a.size : b.size);
    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

static int by_key(const void *a, const void *b)
{
    return compare_keys(((const storage *)a)->key, ((const storage *)b)->key);
}

static size_t item_size(blmi_global type)
{
    switch (type) {
    case BLMI_STORAGE_F64:
    case BLMI_STORAGE_I64:
        return 8;
    case BLMI_STORAGE_F32:
    case BLMI_STORAGE_I32:
        return 4;
    case BLMI_STORAGE_F16:
    case BLMI_STORAGE_BF16:
    case BLMI_STORAGE_I16:
        return 2;
    default:
        return 1;
    }
}

// Lists the storages that the object uses, each once, in the order of their keys, which
// is their order in the file.
static blm_status list_storages(blmi_legacy *legacy, const char *path, blm_error *err)
{
    size_t values, found = 0;
    const blmi_value *value = blmi_pickle_values(legacy->object, &values);
    for (size_t i = 0; i < values; i++)
        found += value[i].kind == BLMI_STORAGE;
    legacy->storages = blmi_alloc(found, sizeof *legacy->storages);
    if (legacy->storages == NULL)
        return blmi_no_memory(err, path, found, sizeof *legacy->storages);
    storage *s = legacy->storages;
    for (size_t i = 0; i < values; i++)
        if (value[i].kind == BLMI_STORAGE)
            s[legacy->count++] = (storage){value[i].as.storage.key->as.text,
                item_size(value[i].as.storage.type), value[i].as.storage.count, 0};
    qsort(s, legacy->count, sizeof *s, by_key);
    size_t kept = 0;
    for (size_t i = 0; i < legacy->count; i++) {
        if (kept == 0 || by_key(&s[kept - 1], &s[i]) != 0)
            s[kept++] = s[i];
        else if (s[kept - 1].item != s[i].item || s[kept - 1].count != s[i].count)
            return blmi_fail(
                err, BLM_EINPUT, "%s: a storage is used with two types or sizes", path);
    }
    legacy->count = kept;
    return BLM_OK;
}

// Finds the position of each storage.
static blm_status find_storages(
    blmi_legacy *legacy, const char *path, size_t at, size_t size, blm_error *err)
{
    blmi_cursor cursor = blmi_cursor_over(legacy->bytes, size);
    blmi_cursor_seek(&cursor, at);
    for (size_t i = 0; i < legacy->count; i++) {
        storage *s = &legacy->storages[i];
        const uint64_t count = blmi_cursor_u64le(&cursor);
        s->at = cursor.at;
        if (!cursor.overrun && count != (uint64_t)s->count)
            return blmi_fail(err, BLM_EINPUT,
                "%s: storage %zu has %llu items, expected %lld", path, i,
                (unsigned long long)count, (long long)s->count);
        if (cursor.overrun || count > blmi_cursor_left(&cursor) / s->item ||
            blmi_cursor_take(&cursor, (size_t)count * s->item) == NULL)
            return blmi_fail(err, BLM_EINPUT,
                "%s: truncated: the file ends in storage %zu of %zu", path, i,
                legacy->count);
    }
    return BLM_OK;
}

static blm_status read_file(
    blmi_legacy *legacy, const char *path, size_t size, blm_error *err)
{
    size_t at = sizeof magic;
    for (int i = 0; i < 4; i++) { // protocol, machine, object, keys
        blmi_pickle *pickle;
        BLMI_TRY(read_pickle(path, legacy->bytes, size, &at, &pickle, err));
        if (i == 2)
            legacy->object = pickle;
        else
            blmi_pickle_free(pickle);
    }
    BLMI_TRY(list_storages(legacy, path, err));
    return find_storages(legacy, path, at, size, err);
}

blm_status blmi_legacy_open(const char *path, const uint8_t *bytes, size_t size,
    blmi_legacy **out, blm_error *err)
{
    blmi_legacy *legacy = blmi_alloc_zero(1, sizeof *legacy);
    if (legacy == NULL)
        return blmi_no_memory(err, path, 1, sizeof *legacy);
    legacy->bytes = bytes;
    const blm_status status = read_file(legacy, path, size, err);
    if (status == BLM_OK)
        *out = legacy;
    else
        blmi_legacy_close(legacy);
    return status;
}

void blmi_legacy_close(blmi_legacy *legacy)
{
    if (legacy == NULL)
        return;
    blmi_pickle_free(legacy->object);
    blmi_free(legacy->storages);
    blmi_free(legacy);
}

const blmi_value *blmi_legacy_root(const blmi_legacy *legacy)
{
    return blmi_pickle_root(legacy->object);
}

const uint8_t *blmi_legacy_storage(const blmi_legacy *legacy, blmi_text key, size_t *size)
{
    for (size_t i = 0; i < legacy->count; i++) {
        const storage *s = &legacy->storages[i];
        if (compare_keys(s->key, key) == 0) {
            *size = (size_t)s->count * s->item;
            return legacy->bytes + s->at;
        }
    }
    return NULL;
}
