#include "src/format/safetensors.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/alloc.h"
#include "src/base/cursor.h"
#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/writer.h"
#include "src/format/header.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "tensors are used in place");

enum { LENGTH_BYTES = 8, DATA_ALIGNMENT = 64 };

// The beginning of every header with a checksum.  So the 32 digits, which count as zeros
// in the checksum, are found without reading JSON.
static const char lead[] = "{\"__metadata__\":{\"checksum\":\"";
static const char blank[] = "00000000000000000000000000000000";
enum { LEAD = sizeof lead - 1, CHECKSUM_AT = LENGTH_BYTES + LEAD };

struct blmi_safetensors_state {
    blmi_file file;
    blmi_header header;
};

// ---- order ----------------------------------------------------------------------------

static int by_name(const void *a, const void *b)
{
    return strcmp(((const blmi_tensor *)a)->name, ((const blmi_tensor *)b)->name);
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const blmi_pair *)a)->key, ((const blmi_pair *)b)->key);
}

static int compare(size_t a, size_t b)
{
    return (a > b) - (a < b);
}

// Sorts by start; an empty tensor is before one that begins at the same place.
static int by_place(const void *a, const void *b)
{
    const blmi_tensor *s = a, *t = b;
    const int order = compare((uintptr_t)s->data, (uintptr_t)t->data);
    return order != 0 ? order : compare(blmi_header_bytes(s), blmi_header_bytes(t));
}

// The largest power of two, at most 64, that divides the bytes of a tensor.
static size_t alignment(const blmi_tensor *tensor)
{
    const size_t bits = blmi_header_bytes(tensor) | DATA_ALIGNMENT;
    return bits & (~bits + 1);
}

static int by_alignment(const void *a, const void *b)
{
    const blmi_tensor *s = *(const blmi_tensor *const *)a;
    const blmi_tensor *t = *(const blmi_tensor *const *)b;
    const int order = compare(alignment(t), alignment(s));
    return order != 0 ? order : strcmp(s->name, t->name);
}

// ---- reading --------------------------------------------------------------------------

static bool has_lead(const blmi_file *file)
{
    return file->size >= CHECKSUM_AT + BLMI_HASH_DIGITS &&
           memcmp(file->bytes + LENGTH_BYTES, lead, LEAD) == 0;
}

bool blmi_safetensors_said_checksum(const char *path, char checksum[BLMI_HASH_DIGITS + 1])
{
    uint8_t bytes[CHECKSUM_AT + BLMI_HASH_DIGITS];
    const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); // a pipe is no file
    const ssize_t size = fd >= 0 ? read(fd, bytes, sizeof bytes) : 0;
    if (fd >= 0)
        close(fd);
    if (size != (ssize_t)sizeof bytes || memcmp(bytes + LENGTH_BYTES, lead, LEAD) != 0)
        return false;
    memcpy(checksum, bytes + CHECKSUM_AT, BLMI_HASH_DIGITS);
    checksum[BLMI_HASH_DIGITS] = '\0';
    return strspn(checksum, "0123456789abcdef") == BLMI_HASH_DIGITS;
}

// The hash of a file; the digits of its checksum, if it has one, count as zeros.
static blm_status hash_blanked(
    const blmi_file *file, char text[BLMI_HASH_DIGITS + 1], blm_error *err)
{
    size_t at = 0;
    blmi_hash *hash = blmi_hash_new();
    if (hash == NULL)
        return blmi_no_memory(err, "a hash", 1, file->size);
    if (has_lead(file)) {
        blmi_hash_add(hash, file->bytes, CHECKSUM_AT);
        blmi_hash_add(hash, blank, BLMI_HASH_DIGITS);
        at = CHECKSUM_AT + BLMI_HASH_DIGITS;
    }
    blmi_hash_add(hash, file->bytes + at, file->size - at);
    blmi_hash_text(hash, text);
    blmi_hash_free(hash);
    return BLM_OK;
}

static blm_status read_length(
    const char *path, const blmi_file *file, size_t *length, blm_error *err)
{
    blmi_cursor cursor = blmi_cursor_over(file->bytes, file->size);
    const uint64_t said = blmi_cursor_u64le(&cursor);
    if (cursor.overrun)
        return blmi_fail(err, BLM_EINPUT, "%s: %zu bytes, too few for a safetensors file",
            path, file->size);
    if (said > BLMI_HEADER_LIMIT)
        return blmi_fail(err, BLM_EINPUT,
            "%s: a header of %llu bytes, expected at most %d: not a safetensors file of "
            "weights or of a model",
            path, (unsigned long long)said, BLMI_HEADER_LIMIT);
    if (said > blmi_cursor_left(&cursor))
        return blmi_fail(err, BLM_EINPUT,
            "%s: a header of %llu bytes, but the file has only %zu more: truncated?",
            path, (unsigned long long)said, blmi_cursor_left(&cursor));
    *length = (size_t)said;
    return BLM_OK;
}

// The tensors, sorted by place, must cover the data without hole or overlap.
static blm_status check_cover(const char *path, const blmi_header *header,
    const uint8_t *data, size_t data_size, blm_error *err)
{
    const uint8_t *expected = data;
    for (size_t i = 0; i < header->count; i++) {
        const blmi_tensor *t = &header->tensors[i];
        const uint8_t *begin = t->data;
        if (begin != expected)
            return blmi_fail(err, BLM_EINPUT,
                "%s: tensor %s begins at byte %zu of the data, expected %zu: %s", path,
                t->name, (size_t)(begin - data), (size_t)(expected - data),
                begin > expected ? "a hole" : "an overlap");
        expected = begin + blmi_header_bytes(t);
    }
    if (expected != data + data_size)
        return blmi_fail(err, BLM_EINPUT,
            "%s: the tensors end at byte %zu of the data, which has %zu", path,
            (size_t)(expected - data), data_size);
    return BLM_OK;
}

static blm_status check_understood(const char *path, const blmi_safetensors *file,
    const char *const *understood, blm_error *err)
{
    for (size_t i = 0; i < file->metadata_count; i++) {
        const char *key = file->metadata[i].key;
        if (key[0] != '!')
            continue;
        const char *const *known = understood;
        while (known != NULL && *known != NULL && strcmp(*known, key) != 0)
            known++;
        if (known == NULL || *known == NULL)
            return blmi_fail(err, BLM_EINPUT,
                "%s: needs a newer version of blemish, which understands %s", path, key);
    }
    return BLM_OK;
}

// Checks what all files of blemish have in common.
static blm_status check_format(
    const char *path, const blmi_safetensors *file, blm_error *err)
{
    const char *format = blmi_safetensors_meta(file, "format");
    const char *version = blmi_safetensors_meta(file, "format_version");
    const size_t major = strcspn(BLMI_FORMAT_VERSION, ".") + 1; // including the point
    if (format == NULL || strncmp(format, "blemish-", 8) != 0)
        return BLM_OK;
    if (version == NULL || strncmp(version, BLMI_FORMAT_VERSION, major) != 0)
        return blmi_fail(err, BLM_EINPUT,
            "%s: format_version %s of %s, this program reads %.*sx: use another "
            "version of blemish",
            path, version != NULL ? version : "(none)", format, (int)major,
            BLMI_FORMAT_VERSION);
    if (blmi_safetensors_meta(file, "checksum") == NULL)
        return blmi_fail(err, BLM_EINPUT,
            "%s: a file of format %s without a checksum: damaged", path, format);
    return BLM_OK;
}

static blm_status check_sum(const char *path, blmi_safetensors *file, blm_error *err)
{
    const char *said = blmi_safetensors_meta(file, "checksum");
    if (said == NULL)
        return BLM_OK;
    if (!has_lead(&file->state->file) || strcmp(said, file->checksum) != 0)
        return blmi_fail(err, BLM_EINPUT,
            "%s: checksum %s, but the bytes have %s: damaged, or changed by another "
            "program",
            path, said, file->checksum);
    file->checked = true;
    return BLM_OK;
}

static blm_status open_file(const char *path, const char *const *understood,
    blmi_safetensors *file, blm_error *err)
{
    struct blmi_safetensors_state *state = file->state;
    size_t length = 0;
    BLMI_TRY(blmi_file_read(path, 0, &state->file, err));
    BLMI_TRY(read_length(path, &state->file, &length, err));
    const uint8_t *text = state->file.bytes + LENGTH_BYTES, *data = text + length;
    const size_t data_size = state->file.size - LENGTH_BYTES - length;
    blmi_header *header = &state->header;
    BLMI_TRY(blmi_header_parse(
        path, (const char *)text, length, data, data_size, header, err));
    qsort(header->tensors, header->count, sizeof *header->tensors, by_place);
    BLMI_TRY(check_cover(path, header, data, data_size, err));
    qsort(header->tensors, header->count, sizeof *header->tensors, by_name);
    if (header->metadata_count > 0)
        qsort(header->metadata, header->metadata_count, sizeof *header->metadata, by_key);
    file->tensors = (blmi_tensors){header->tensors, header->count};
    file->metadata = header->metadata;
    file->metadata_count = header->metadata_count;
    BLMI_TRY(check_understood(path, file, understood, err));
    BLMI_TRY(check_format(path, file, err));
    BLMI_TRY(hash_blanked(&state->file, file->checksum, err));
    return check_sum(path, file, err);
}

blm_status blmi_safetensors_open(const char *path, const char *const *understood,
    blmi_safetensors *out, blm_error *err)
{
    blmi_safetensors file = {0};
    file.state = blmi_alloc_zero(1, sizeof *file.state);
    if (file.state == NULL)
        return blmi_no_memory(err, path, 1, sizeof *file.state);
    const blm_status status = open_file(path, understood, &file, err);
    if (status == BLM_OK)
        *out = file;
    else
        blmi_safetensors_close(&file);
    return status;
}

void blmi_safetensors_close(blmi_safetensors *file)
{
    if (file->state != NULL) {
        blmi_header_free(&file->state->header);
        blmi_file_close(&file->state->file);
        blmi_free(file->state);
    }
    *file = (blmi_safetensors){0};
}

const char *blmi_safetensors_meta(const blmi_safetensors *file, const char *key)
{
    const blmi_pair wanted = {key, NULL};
    const blmi_pair *found = file->metadata_count == 0
                                 ? NULL
                                 : bsearch(&wanted, file->metadata, file->metadata_count,
                                       sizeof wanted, by_key);
    return found != NULL ? found->value : NULL;
}

// ---- writing --------------------------------------------------------------------------

// Makes the length and the header, padded so that data begins at a multiple of 64, with a
// blank checksum.  *head is freed by blmi_free.
static blm_status make_head(const char *path, const blmi_tensor *const *tensors,
    size_t count, const blmi_pair *pairs, size_t pair_count, char **head, size_t *size,
    blm_error *err)
{
    char *text;
    BLMI_TRY(blmi_header_format(path, tensors, count, pairs, pair_count, &text, err));
    const size_t length = strlen(text);
    const size_t total =
        (LENGTH_BYTES + length + DATA_ALIGNMENT - 1) / DATA_ALIGNMENT * DATA_ALIGNMENT;
    const uint64_t padded = total - LENGTH_BYTES;
    blm_status status = BLM_OK;
    char *made = NULL;
    if (padded > BLMI_HEADER_LIMIT)
        status = blmi_fail(err, BLM_EINPUT,
            "%s: names and metadata give a header of %zu bytes, expected at most %d",
            path, (size_t)padded, BLMI_HEADER_LIMIT);
    else if ((made = blmi_alloc(total, 1)) == NULL)
        status = blmi_no_memory(err, "the header", total, 1);
    else {
        memcpy(made, &padded, LENGTH_BYTES);
        memcpy(made + LENGTH_BYTES, text, length);
        memset(made + LENGTH_BYTES + length, ' ', total - LENGTH_BYTES - length);
        *head = made;
        *size = total;
    }
    free(text);
    return status;
}

// Writes the checksum into the head, where it is blank.
static blm_status sign(char *head, size_t head_size, const blmi_tensor *const *tensors,
    size_t count, blm_error *err)
{
    char text[BLMI_HASH_DIGITS + 1];
    blmi_hash *hash = blmi_hash_new();
    if (hash == NULL)
        return blmi_no_memory(err, "a hash", 1, head_size);
    blmi_hash_add(hash, head, head_size);
    for (size_t i = 0; i < count; i++)
        blmi_hash_add(hash, tensors[i]->data, blmi_header_bytes(tensors[i]));
    blmi_hash_text(hash, text);
    blmi_hash_free(hash);
    memcpy(head + CHECKSUM_AT, text, BLMI_HASH_DIGITS);
    return BLM_OK;
}

static blm_status put_all(blmi_writer *writer, const char *head, size_t head_size,
    const blmi_tensor *const *tensors, size_t count, blm_error *err)
{
    BLMI_TRY(blmi_writer_put(writer, head, head_size, err));
    for (size_t i = 0; i < count; i++)
        BLMI_TRY(blmi_writer_put(
            writer, tensors[i]->data, blmi_header_bytes(tensors[i]), err));
    return BLM_OK;
}

blm_status blmi_safetensors_write(const char *path, const blmi_tensor *tensors,
    size_t count, const blmi_pair *metadata, size_t metadata_count, blm_error *err)
{
    char *head = NULL;
    size_t head_size = 0;
    blmi_writer *writer = NULL;
    blm_status status = BLM_OK;
    const blmi_tensor **order = blmi_alloc(count, sizeof *order);
    blmi_pair *pairs = blmi_alloc(metadata_count + 1, sizeof *pairs);
    if (order == NULL || pairs == NULL) {
        status = blmi_no_memory(err, "the list of tensors", count, sizeof *order);
        goto done;
    }
    for (size_t i = 0; i < count; i++)
        order[i] = &tensors[i];
    qsort(order, count, sizeof *order, by_alignment);
    pairs[0] = (blmi_pair){"checksum", blank};
    for (size_t i = 0; i < metadata_count; i++)
        pairs[i + 1] = metadata[i];
    qsort(pairs + 1, metadata_count, sizeof *pairs, by_key);

    status =
        make_head(path, order, count, pairs, metadata_count + 1, &head, &head_size, err);
    if (status == BLM_OK)
        status = sign(head, head_size, order, count, err);
    if (status == BLM_OK)
        status = blmi_writer_open(path, &writer, err);
    if (status == BLM_OK)
        status = put_all(writer, head, head_size, order, count, err);
    if (status != BLM_OK)
        goto done;
    status = blmi_writer_commit(writer, err);
    writer = NULL;
done:
    blmi_writer_abandon(writer);
    blmi_free(head);
    blmi_free(pairs);
    blmi_free(order);
    return status;
}
