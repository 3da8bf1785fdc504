#include "src/format/header.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "src/base/alloc.h"
#include "src/base/error.h"

static const char metadata_key[] = "__metadata__";

size_t blmi_header_bytes(const blmi_tensor *tensor)
{
    return (size_t)blmi_tensor_count(tensor) * blmi_dtype_size(tensor->dtype);
}

// ---- reading --------------------------------------------------------------------------

// What the messages about one tensor need.
typedef struct place {
    const char *path, *name;
    blm_error *err;
} place;

static blm_status read_dtype(const place *at, const json_t *json, blmi_dtype *out)
{
    const char *text = json_string_value(json);
    if (text == NULL)
        return blmi_fail(
            at->err, BLM_EINPUT, "%s: tensor %s has no dtype", at->path, at->name);
    for (int dtype = BLMI_F32; dtype <= BLMI_U8; dtype++)
        if (strcmp(text, blmi_dtype_name((blmi_dtype)dtype)) == 0) {
            *out = (blmi_dtype)dtype;
            return BLM_OK;
        }
    return blmi_fail(at->err, BLM_EINPUT,
        "%s: tensor %s has the dtype %s, expected F64, F32, F16, BF16, I64, I32 or U8",
        at->path, at->name, text);
}

// Reads a shape, and checks that the product of any of its numbers cannot overflow.
static blm_status read_shape(const place *at, const json_t *json, blmi_tensor *tensor)
{
    const size_t rank = json_array_size(json);
    if (!json_is_array(json) || rank > BLMI_MAX_RANK)
        return blmi_fail(at->err, BLM_EINPUT,
            "%s: tensor %s: expected a shape of at most %d numbers", at->path, at->name,
            BLMI_MAX_RANK);
    int64_t bytes = (int64_t)blmi_dtype_size(tensor->dtype);
    for (size_t i = 0; i < rank; i++) {
        const json_t *number = json_array_get(json, i);
        const int64_t length = json_integer_value(number);
        if (!json_is_integer(number) || length < 0)
            return blmi_fail(at->err, BLM_EINPUT,
                "%s: tensor %s: number %zu of the shape is not a whole number, 0 or more",
                at->path, at->name, i + 1);
        if (__builtin_mul_overflow(bytes, length > 0 ? length : 1, &bytes))
            return blmi_fail(at->err, BLM_EINPUT, "%s: tensor %s: the shape is too large",
                at->path, at->name);
        tensor->shape[i] = length;
    }
    tensor->rank = (int)rank;
    return BLM_OK;
}

static blm_status read_offsets(const place *at, const json_t *json, const uint8_t *data,
    size_t data_size, blmi_tensor *tensor)
{
    const json_t *first = json_array_get(json, 0), *second = json_array_get(json, 1);
    const int64_t begin = json_integer_value(first), end = json_integer_value(second);
    if (json_array_size(json) != 2 || !json_is_integer(first) ||
        !json_is_integer(second) || begin < 0 || end < begin)
        return blmi_fail(at->err, BLM_EINPUT,
            "%s: tensor %s: data_offsets are not two rising numbers, 0 or more", at->path,
            at->name);
    if ((uint64_t)end > data_size)
        return blmi_fail(at->err, BLM_EINPUT,
            "%s: tensor %s ends at byte %lld of the data, which has %zu", at->path,
            at->name, (long long)end, data_size);
    if ((size_t)(end - begin) != blmi_header_bytes(tensor))
        return blmi_fail(at->err, BLM_EINPUT,
            "%s: tensor %s takes %lld bytes, expected %zu by its shape", at->path,
            at->name, (long long)(end - begin), blmi_header_bytes(tensor));
    tensor->data = data + begin;
    const size_t item = blmi_dtype_size(tensor->dtype);
    if ((uintptr_t)tensor->data % item != 0)
        return blmi_fail(at->err, BLM_EINPUT,
            "%s: tensor %s begins at byte %lld of the data, which is not aligned to its "
            "items of %zu bytes",
            at->path, at->name, (long long)begin, item);
    return BLM_OK;
}

static blm_status read_tensor(const place *at, const json_t *json, const uint8_t *data,
    size_t data_size, blmi_tensor *out)
{
    blmi_tensor tensor = {.name = at->name};
    if (!json_is_object(json))
        return blmi_fail(
            at->err, BLM_EINPUT, "%s: tensor %s: expected an object", at->path, at->name);
    BLMI_TRY(read_dtype(at, json_object_get(json, "dtype"), &tensor.dtype));
    BLMI_TRY(read_shape(at, json_object_get(json, "shape"), &tensor));
    BLMI_TRY(read_offsets(
        at, json_object_get(json, "data_offsets"), data, data_size, &tensor));
    *out = tensor;
    return BLM_OK;
}

static blm_status read_metadata(
    const char *path, json_t *json, blmi_header *header, blm_error *err)
{
    const char *key;
    json_t *value;
    if (json == NULL)
        return BLM_OK;
    if (!json_is_object(json))
        return blmi_fail(
            err, BLM_EINPUT, "%s: %s: expected an object", path, metadata_key);
    header->metadata = blmi_alloc(json_object_size(json), sizeof *header->metadata);
    if (header->metadata == NULL)
        return blmi_no_memory(
            err, metadata_key, json_object_size(json), sizeof *header->metadata);
    json_object_foreach(json, key, value)
    {
        if (!json_is_string(value))
            return blmi_fail(
                err, BLM_EINPUT, "%s: metadata %s: expected a string", path, key);
        header->metadata[header->metadata_count++] =
            (blmi_pair){key, json_string_value(value)};
    }
    return BLM_OK;
}

static blm_status read_tensors(const char *path, const uint8_t *data, size_t data_size,
    blmi_header *header, blm_error *err)
{
    const char *key;
    json_t *value;
    const size_t most = json_object_size(header->json);
    header->tensors = blmi_alloc(most, sizeof *header->tensors);
    if (header->tensors == NULL)
        return blmi_no_memory(err, "the list of tensors", most, sizeof *header->tensors);
    json_object_foreach(header->json, key, value)
    {
        if (strcmp(key, metadata_key) == 0)
            continue;
        const place at = {path, key, err};
        BLMI_TRY(
            read_tensor(&at, value, data, data_size, &header->tensors[header->count]));
        header->count++;
    }
    return BLM_OK;
}

static blm_status parse(const char *path, const char *text, size_t size,
    const uint8_t *data, size_t data_size, blmi_header *header, blm_error *err)
{
    json_error_t why;
    if (size == 0 || text[0] != '{') // JSON allows leading blanks, safetensors does not
        return blmi_fail(err, BLM_EINPUT, "%s: the header does not begin with '{'", path);
    header->json = json_loadb(text, size, JSON_REJECT_DUPLICATES, &why);
    if (header->json == NULL)
        return blmi_fail(err,
            json_error_code(&why) == json_error_out_of_memory ? BLM_ENOMEM : BLM_EINPUT,
            "%s: the header is not valid JSON: %s (byte %d)", path, why.text,
            why.position);
    BLMI_TRY(
        read_metadata(path, json_object_get(header->json, metadata_key), header, err));
    return read_tensors(path, data, data_size, header, err);
}

blm_status blmi_header_parse(const char *path, const char *text, size_t size,
    const uint8_t *data, size_t data_size, blmi_header *out, blm_error *err)
{
    blmi_header header = {0};
    const blm_status status = parse(path, text, size, data, data_size, &header, err);
    if (status == BLM_OK)
        *out = header;
    else
        blmi_header_free(&header);
    return status;
}

void blmi_header_free(blmi_header *header)
{
    blmi_free(header->tensors);
    blmi_free(header->metadata);
    json_decref(header->json);
    *header = (blmi_header){0};
}

// ---- writing --------------------------------------------------------------------------

// Puts a value under a new key of the object, and takes ownership of it.  NULL: it was
// made from text that is not UTF-8.
static blm_status put(
    const char *path, json_t *object, const char *key, json_t *value, blm_error *err)
{
    if (json_object_get(object, key) != NULL) {
        json_decref(value);
        return blmi_fail(err, BLM_EBUG, "%s: %s would be written twice", path, key);
    }
    if (json_object_set_new(object, key, value) != 0)
        return blmi_fail(
            err, BLM_EINPUT, "%s: %s: the name or its text is not UTF-8", path, key);
    return BLM_OK;
}

static json_t *describe_tensor(const blmi_tensor *tensor, size_t begin)
{
    json_t *shape = json_array();
    for (int i = 0; i < tensor->rank; i++)
        json_array_append_new(shape, json_integer(tensor->shape[i]));
    return json_pack("{s:s, s:o, s:[I,I]}", "dtype", blmi_dtype_name(tensor->dtype),
        "shape", shape, "data_offsets", (json_int_t)begin,
        (json_int_t)(begin + blmi_header_bytes(tensor)));
}

static blm_status fill(const char *path, json_t *root, json_t *metadata,
    const blmi_tensor *const *tensors, size_t count, const blmi_pair *pairs,
    size_t pair_count, blm_error *err)
{
    size_t begin = 0;
    for (size_t i = 0; i < pair_count; i++)
        BLMI_TRY(put(path, metadata, pairs[i].key, json_string(pairs[i].value), err));
    for (size_t i = 0; i < count; i++) {
        BLMI_TRY(
            put(path, root, tensors[i]->name, describe_tensor(tensors[i], begin), err));
        begin += blmi_header_bytes(tensors[i]);
    }
    return BLM_OK;
}

blm_status blmi_header_format(const char *path, const blmi_tensor *const *tensors,
    size_t count, const blmi_pair *metadata, size_t metadata_count, char **text,
    blm_error *err)
{
    json_t *root = json_object(), *object = json_object();
    blm_status status = BLM_OK;
    char *made = NULL;
    if (root == NULL || object == NULL) {
        json_decref(object);
        status = blmi_no_memory(err, "the header", 1, BLMI_HEADER_LIMIT);
        goto done;
    }
    json_object_set_new(root, metadata_key, object);
    status = fill(path, root, object, tensors, count, metadata, metadata_count, err);
    if (status != BLM_OK)
        goto done;
    made = json_dumps(root, JSON_COMPACT);
    if (made == NULL)
        status = blmi_no_memory(err, "the header", 1, BLMI_HEADER_LIMIT);
    else
        *text = made;
done:
    json_decref(root);
    return status;
}
