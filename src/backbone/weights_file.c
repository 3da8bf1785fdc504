// weights_file.c: finds and opens weights files.
#include "src/backbone/weights_file.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "blemish/blemish.h"
#include "blemish/weights.h"
#include "src/backbone/joint.h"
#include "src/backbone/onnx_file.h"
#include "src/backbone/weights_search.h"
#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/base/number.h"
#include "src/format/hash.h"

static const char default_name[] = "b";

// ---- opening --------------------------------------------------------------------------

bool blmi_weights_recognise(const blmi_safetensors *file)
{
    const char *format = blmi_safetensors_meta(file, "format");
    return format != NULL && strcmp(format, BLMI_WEIGHTS_FORMAT) == 0;
}

// Notes where the weights come from.
static void note_source(blmi_weights *weights, const char *path, const char *hash)
{
    blmi_weights_source *source = &weights->source[weights->sources++];
    const char *slash = strrchr(path, '/');
    blmi_print(source->name, sizeof source->name, "%s", slash != NULL ? slash + 1 : path);
    blmi_print(source->hash, sizeof source->hash, "%s", hash);
}

// Opens the next file of `weights` and finds its network.
static blm_status open_file(
    const char *path, blmi_weights *weights, blmi_backbone *out, blm_error *err)
{
    blmi_safetensors *file = &weights->file[weights->files];
    BLMI_TRY(blmi_safetensors_open(path, NULL, file, err));
    weights->files++;
    note_source(weights, path, file->checksum);
    if (!blmi_weights_recognise(file))
        return blmi_fail(err, BLM_EINPUT,
            "%s: not a weights file (its metadata format is not " BLMI_WEIGHTS_FORMAT
            "); `blemish import` makes one of a checkpoint",
            path);
    return blmi_backbone_read(path, file, &file->tensors, out, err);
}

static blm_status open_one(
    const char *path_or_name, blmi_weights *weights, blmi_backbone *out, blm_error *err)
{
    char found[PATH_MAX];
    if (strpbrk(path_or_name, "/.") != NULL)
        return open_file(path_or_name, weights, out, err);
    BLMI_TRY(blmi_weights_search_name(path_or_name, found, err));
    return open_file(found, weights, out, err);
}

// Joins the tensors of all files, each with its number as prefix, and hashes their
// hashes.
static blm_status join_files(blmi_weights *w, blm_error *err)
{
    size_t count = 0, size = 0;
    for (int i = 0; i < w->files; i++)
        for (size_t k = 0; k < w->file[i].tensors.count; k++, count++)
            size += sizeof "0." + strlen(w->file[i].tensors.items[k].name);
    w->owned = blmi_alloc(count, sizeof *w->owned);
    w->names = blmi_alloc(size, 1);
    blmi_hash *hash = blmi_hash_new();
    if (w->owned == NULL || w->names == NULL || hash == NULL) {
        blmi_hash_free(hash);
        return blmi_no_memory(err, "the list of tensors", count, sizeof *w->owned);
    }
    char *name = w->names;
    blmi_tensor *t = w->owned;
    for (int i = 0; i < w->files; i++) {
        blmi_hash_add(hash, w->file[i].checksum, BLMI_HASH_DIGITS);
        for (size_t k = 0; k < w->file[i].tensors.count; k++, t++) {
            *t = w->file[i].tensors.items[k];
            const size_t length = strlen(t->name);
            name[0] = (char)('0' + i);
            name[1] = '.';
            memcpy(name + 2, t->name, length + 1);
            t->name = name;
            name += length + 3;
        }
    }
    blmi_hash_text(hash, w->hash);
    blmi_hash_free(hash);
    w->tensors = (blmi_tensors){w->owned, count};
    return BLM_OK;
}

static blm_status open_several(const char *list, blmi_weights *weights, blm_error *err)
{
    blmi_backbone members[BLMI_MAX_MEMBERS];
    int count = 0;
    for (const char *at = list; at != NULL; count++) {
        const size_t length = strcspn(at, ",");
        char one[PATH_MAX];
        if (count == BLMI_MAX_MEMBERS || length == 0 || length >= sizeof one)
            return blmi_fail(err, BLM_EUSAGE,
                "weights \"%s\": expected 1 to %d names or files with commas between "
                "them",
                list, BLMI_MAX_MEMBERS);
        blmi_print(one, sizeof one, "%.*s", (int)length, at);
        if (blmi_onnx_is_path(one))
            return blmi_fail(err, BLM_EUSAGE,
                "weights \"%s\": %s has to be alone; of several, expected the weights "
                "file that `blemish import` makes of it",
                list, one);
        BLMI_TRY(open_one(one, weights, &members[count], err));
        at = at[length] == ',' ? at + length + 1 : NULL;
    }
    BLMI_TRY(blmi_joint_make(members, count, &weights->backbone, err));
    return join_files(weights, err);
}

static blm_status open_alone(const char *path, blmi_weights *weights, blm_error *err)
{
    BLMI_TRY(open_one(path, weights, &weights->backbone, err));
    weights->tensors = weights->file[0].tensors;
    blmi_print(weights->hash, sizeof weights->hash, "%s", weights->file[0].checksum);
    return BLM_OK;
}

static blm_status open_onnx(
    const char *path, const blmi_wanted *wanted, blmi_weights *weights, blm_error *err)
{
    static const blmi_wanted none = {.taps = ""};
    BLMI_TRY(blmi_onnx_weights_open(
        path, wanted != NULL ? wanted : &none, &weights->onnx, err));
    weights->tensors = weights->onnx->tensors;
    blmi_print(weights->hash, sizeof weights->hash, "%s", weights->onnx->hash);
    note_source(weights, path, weights->hash);
    return blmi_backbone_identify(&weights->tensors, 0, &weights->backbone, err);
}

static blm_status open_any(const char *path_or_name, const blmi_wanted *wanted,
    blmi_weights *weights, blm_error *err)
{
    const bool several =
        strchr(path_or_name, ',') != NULL && access(path_or_name, F_OK) != 0;
    if (blmi_onnx_is_path(path_or_name) && !several)
        return open_onnx(path_or_name, wanted, weights, err);
    if (several)
        return open_several(path_or_name, weights, err);
    return open_alone(path_or_name, weights, err);
}

blm_status blmi_weights_open(const char *path_or_name, const blmi_wanted *wanted,
    blmi_weights *out, blm_error *err)
{
    blmi_weights weights = {0};
    const blm_status status = open_any(
        path_or_name != NULL ? path_or_name : default_name, wanted, &weights, err);
    if (status == BLM_OK)
        *out = weights;
    else
        blmi_weights_close(&weights);
    return status;
}

static blm_status open_found(const blmi_weights_source *sources, int count,
    const char *beside, const blmi_wanted *wanted, blmi_weights *weights, blm_error *err)
{
    blmi_backbone members[BLMI_MAX_MEMBERS];
    char path[PATH_MAX];
    for (int i = 0; i < count; i++) {
        BLMI_TRY(blmi_weights_search(&sources[i], beside, path, err));
        if (count > 1)
            BLMI_TRY(open_one(path, weights, &members[i], err));
        else if (blmi_onnx_is_path(path))
            BLMI_TRY(open_onnx(path, wanted, weights, err));
        else
            BLMI_TRY(open_alone(path, weights, err));
        if (strcmp(weights->source[i].hash, sources[i].hash) != 0)
            return blmi_fail(err, BLM_EINPUT, "%s: has the hash %s, expected %s", path,
                weights->source[i].hash, sources[i].hash);
    }
    if (count == 1)
        return BLM_OK;
    BLMI_TRY(blmi_joint_make(members, count, &weights->backbone, err));
    return join_files(weights, err);
}

blm_status blmi_weights_find(const blmi_weights_source *sources, int count,
    const char *beside, const blmi_wanted *wanted, blmi_weights *out, blm_error *err)
{
    blmi_weights weights = {0};
    const blm_status status = open_found(sources, count, beside, wanted, &weights, err);
    if (status == BLM_OK)
        *out = weights;
    else
        blmi_weights_close(&weights);
    return status;
}

void blmi_weights_close(blmi_weights *weights)
{
    for (int i = 0; i < weights->files; i++)
        blmi_safetensors_close(&weights->file[i]);
    blmi_onnx_weights_close(weights->onnx);
    blmi_free(weights->owned);
    blmi_free(weights->names);
    *weights = (blmi_weights){0};
}
