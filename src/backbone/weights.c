#include "src/backbone/weights.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "blemish/blemish.h"
#include "blemish/weights.h"
#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/base/file.h"
#include "src/format/checkpoint.h"
#include "src/format/hash.h"

#define FORMAT "blemish-weights"

static const char default_name[] = "b";

// ---- what a network is, as metadata ---------------------------------------------------

static const char *const truth[] = {"false", "true"};
static const char *const numbers[] = {"0", "1", "2", "3", "4"};
_Static_assert(sizeof numbers / sizeof *numbers == BLMI_STAGES + 1, "one text for each");

void blmi_config_describe(
    const blmi_contnet_config *config, blmi_pair pairs[BLMI_CONFIG_PAIRS])
{
    size_t i = 0;
    pairs[i++] = (blmi_pair){"backbone.variant", blmi_variant_name(config->variant)};
    pairs[i++] = (blmi_pair){"backbone.relative", truth[config->relative]};
    pairs[i++] = (blmi_pair){"backbone.qkv_bias", truth[config->qkv_bias]};
    pairs[i++] = (blmi_pair){"backbone.pre_norm", truth[config->pre_norm]};
    pairs[i++] = (blmi_pair){"backbone.avgdown", truth[config->avgdown]};
    pairs[i++] = (blmi_pair){"backbone.stages", numbers[config->stages]};
}

// Finds the text of a metadata entry among `count` words.
static blm_status read_word(const char *path, const blmi_safetensors *file,
    const char *key, const char *const *words, int count, int *out, blm_error *err)
{
    const char *text = blmi_safetensors_meta(file, key);
    for (int i = 0; text != NULL && i < count; i++)
        if (strcmp(text, words[i]) == 0) {
            *out = i;
            return BLM_OK;
        }
    return blmi_fail(err, BLM_EINPUT, "%s: metadata %s is \"%s\", expected %s to %s",
        path, key, text != NULL ? text : "", words[0], words[count - 1]);
}

blm_status blmi_config_read(const char *path, const blmi_safetensors *file,
    blmi_contnet_config *out, blm_error *err)
{
    const char *variants[] = {blmi_variant_name(BLMI_TI), blmi_variant_name(BLMI_S),
        blmi_variant_name(BLMI_M), blmi_variant_name(BLMI_B)};
    int variant, relative, qkv_bias, pre_norm, avgdown, stages;
    BLMI_TRY(read_word(path, file, "backbone.variant", variants, 4, &variant, err));
    BLMI_TRY(read_word(path, file, "backbone.relative", truth, 2, &relative, err));
    BLMI_TRY(read_word(path, file, "backbone.qkv_bias", truth, 2, &qkv_bias, err));
    BLMI_TRY(read_word(path, file, "backbone.pre_norm", truth, 2, &pre_norm, err));
    BLMI_TRY(read_word(path, file, "backbone.avgdown", truth, 2, &avgdown, err));
    BLMI_TRY(
        read_word(path, file, "backbone.stages", numbers + 1, BLMI_STAGES, &stages, err));
    *out = (blmi_contnet_config){
        .variant = (blmi_variant)variant,
        .relative = relative,
        .qkv_bias = qkv_bias,
        .pre_norm = pre_norm,
        .avgdown = avgdown,
        .stages = stages + 1,
    };
    return BLM_OK;
}

// The network of a file's tensors; pre_norm is left as it is.
static blm_status identify(const char *path, const blmi_tensors *tensors,
    blmi_contnet_config *config, blm_error *err)
{
    blm_error why;
    const blm_status status = blmi_contnet_identify(tensors, config, &why);
    return status == BLM_OK ? BLM_OK : blmi_fail(err, status, "%s: %s", path, why.text);
}

// ---- where weights lie ----------------------------------------------------------------

// The folder of weights beside the library that runs, wherever it was installed to.
static void installed_folder(char folder[PATH_MAX])
{
    Dl_info info;
    folder[0] = '\0';
    if (dladdr(default_name, &info) == 0 || info.dli_fname == NULL)
        return;
    const char *slash = strrchr(info.dli_fname, '/');
    const int length = slash != NULL ? (int)(slash - info.dli_fname) : 0;
    snprintf(
        folder, PATH_MAX, "%.*s/%s", length, info.dli_fname, BLM_WEIGHTS_FROM_LIBRARY);
}

// Finds the file of weights that are called `name`.
static blm_status find_by_name(const char *name, char path[PATH_MAX], blm_error *err)
{
    char installed[PATH_MAX];
    installed_folder(installed);
    const char *wanted = getenv("BLEMISH_WEIGHTS");
    const char *const folders[] = {
        wanted != NULL ? wanted : "", installed, BLM_WEIGHTS_SOURCE};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        const int length =
            snprintf(path, PATH_MAX, "%s/contnet-%s.safetensors", folders[i], name);
        if (folders[i][0] != '\0' && length < PATH_MAX && access(path, F_OK) == 0)
            return BLM_OK;
    }
    return blmi_fail(err, BLM_EINPUT,
        "weights \"%s\": no contnet-%s.safetensors in the folders BLEMISH_WEIGHTS=%s, %s "
        "and %s",
        name, name, folders[0], folders[1], folders[2]);
}

// ---- opening --------------------------------------------------------------------------

static bool is_ours(const blmi_safetensors *file)
{
    const char *format = blmi_safetensors_meta(file, "format");
    return format != NULL && strcmp(format, FORMAT) == 0;
}

blm_status blmi_config_check(const char *path, const blmi_tensors *tensors,
    const blmi_contnet_config *config, blm_error *err)
{
    blmi_pair said[BLMI_CONFIG_PAIRS], shown[BLMI_CONFIG_PAIRS];
    blmi_contnet_config found = *config;
    BLMI_TRY(identify(path, tensors, &found, err));
    blmi_config_describe(config, said);
    blmi_config_describe(&found, shown);
    for (int i = 0; i < BLMI_CONFIG_PAIRS; i++)
        if (strcmp(said[i].value, shown[i].value) != 0)
            return blmi_fail(err, BLM_EINPUT,
                "%s: metadata %s is \"%s\", but the tensors show \"%s\"", path,
                said[i].key, said[i].value, shown[i].value);
    return BLM_OK;
}

static blm_status check_weights(const char *path, blmi_weights *weights, blm_error *err)
{
    if (!is_ours(&weights->file))
        return blmi_fail(err, BLM_EINPUT,
            "%s: no weights file, whose metadata format is " FORMAT
            ": a checkpoint is made "
            "one by `blemish import`",
            path);
    weights->tensors = weights->file.tensors;
    BLMI_TRY(blmi_config_read(path, &weights->file, &weights->config, err));
    return blmi_config_check(path, &weights->tensors, &weights->config, err);
}

blm_status blmi_weights_open(const char *path_or_name, blmi_weights *out, blm_error *err)
{
    char found[PATH_MAX];
    const char *path = path_or_name != NULL ? path_or_name : default_name;
    if (strpbrk(path, "/.") == NULL) {
        BLMI_TRY(find_by_name(path, found, err));
        path = found;
    }
    blmi_weights weights = {0};
    blm_status status = blmi_safetensors_open(path, NULL, &weights.file, err);
    if (status == BLM_OK)
        status = check_weights(path, &weights, err);
    if (status == BLM_OK)
        *out = weights;
    else
        blmi_weights_close(&weights);
    return status;
}

void blmi_weights_close(blmi_weights *weights)
{
    blmi_safetensors_close(&weights->file);
    *weights = (blmi_weights){0};
}

// ---- importing ------------------------------------------------------------------------

// What is imported, whichever of the two forms it has.
typedef struct source {
    blmi_tensors tensors;
    blmi_safetensors file;
    blmi_checkpoint checkpoint;
    char hash[BLMI_HASH_DIGITS + 1]; // XXH3-128 of the bytes of the file
    blm_norm recorded;
} source;

static void close_source(source *s)
{
    blmi_safetensors_close(&s->file);
    blmi_checkpoint_close(&s->checkpoint);
}

// Hashes the file and finds whether it is a safetensors file: after eight bytes of length
// comes the '{' of JSON, where a zip archive has the number of a compression method.
static blm_status look_at(
    const char *path, source *s, bool *is_safetensors, blm_error *err)
{
    blmi_file file;
    BLMI_TRY(blmi_file_read(path, 0, &file, err));
    *is_safetensors = file.size > 8 && file.bytes[8] == '{';
    blmi_hash *hash = blmi_hash_new();
    if (hash != NULL) {
        blmi_hash_add(hash, file.bytes, file.size);
        blmi_hash_text(hash, s->hash);
    }
    blmi_hash_free(hash);
    blmi_file_close(&file);
    return hash != NULL ? BLM_OK : blmi_no_memory(err, "a hash", 1, sizeof s->hash);
}

static blm_status open_source(const char *path, source *s, blm_error *err)
{
    bool is_safetensors;
    BLMI_TRY(look_at(path, s, &is_safetensors, err));
    if (!is_safetensors) {
        BLMI_TRY(blmi_checkpoint_read(path, &s->checkpoint, err));
        s->tensors = s->checkpoint.tensors;
        return BLM_OK;
    }
    BLMI_TRY(blmi_safetensors_open(path, NULL, &s->file, err));
    s->tensors = s->file.tensors;
    if (is_ours(&s->file)) {
        blmi_contnet_config config;
        BLMI_TRY(blmi_config_read(path, &s->file, &config, err));
        s->recorded = config.pre_norm ? BLM_NORM_PRE : BLM_NORM_POST;
    }
    return BLM_OK;
}

static bool ends_with(const char *text, const char *end)
{
    const size_t length = strlen(text), size = strlen(end);
    return length >= size && strcmp(text + length - size, end) == 0;
}

// The backbone is layer0 to layer4; what else there is, a classifier, has no use here,
// nor has what only training needs or what follows from the architecture.
static bool is_weight(const char *name)
{
    return strncmp(name, "layer", 5) == 0 && name[5] >= '0' &&
           name[5] <= '0' + BLMI_STAGES && name[6] == '.' &&
           !ends_with(name, ".num_batches_tracked") &&
           !ends_with(name, ".relative_position_index");
}

// Keeps the weights: items has room for all tensors of the source.
static blm_status pick_weights(
    const char *path, const source *s, blmi_tensor *items, size_t *count, blm_error *err)
{
    for (size_t i = 0; i < s->tensors.count; i++) {
        const blmi_tensor *t = &s->tensors.items[i];
        if (!is_weight(t->name))
            continue;
        if (t->dtype > BLMI_F64)
            return blmi_fail(err, BLM_EINPUT, "%s: tensor %s is %s, expected floats",
                path, t->name, blmi_dtype_name(t->dtype));
        items[(*count)++] = *t;
    }
    return BLM_OK;
}

static blm_status choose_norm(
    const char *path, const source *s, blm_norm norm, bool *pre_norm, blm_error *err)
{
    if (norm == BLM_NORM_UNKNOWN)
        norm = s->recorded;
    if (norm != BLM_NORM_PRE && norm != BLM_NORM_POST)
        return blmi_fail(err, BLM_EUSAGE,
            "%s: cannot tell pre-norm from post-norm: say --pre-norm or --post-norm",
            path);
    if (s->recorded != BLM_NORM_UNKNOWN && s->recorded != norm)
        return blmi_fail(err, BLM_EUSAGE, "%s: records %s, but %s was asked for", path,
            s->recorded == BLM_NORM_PRE ? "pre-norm" : "post-norm",
            norm == BLM_NORM_PRE ? "pre-norm" : "post-norm");
    *pre_norm = norm == BLM_NORM_PRE;
    return BLM_OK;
}

static blm_status write_weights(const char *path, const char *out, const source *s,
    blm_norm norm, blmi_tensor *items, blm_error *err)
{
    blmi_contnet_config config = {0};
    size_t count = 0;
    BLMI_TRY(pick_weights(path, s, items, &count, err));
    BLMI_TRY(identify(path, &(blmi_tensors){items, count}, &config, err));
    BLMI_TRY(choose_norm(path, s, norm, &config.pre_norm, err));
    blmi_pair pairs[BLMI_CONFIG_PAIRS + 4] = {
        {"format", FORMAT},
        {"format_version", BLMI_FORMAT_VERSION},
        {"program", "blemish " BLM_VERSION},
        {"source_hash", s->hash},
    };
    blmi_config_describe(&config, pairs + 4);
    return blmi_safetensors_write(out, items, count, pairs, BLMI_CONFIG_PAIRS + 4, err);
}

blm_status blm_weights_import(
    const char *checkpoint, const char *out, blm_norm norm, blm_error *err)
{
    BLMI_NEED(checkpoint, err);
    BLMI_NEED(out, err);
    if (norm != BLM_NORM_UNKNOWN && norm != BLM_NORM_PRE && norm != BLM_NORM_POST)
        return blmi_fail(
            err, BLM_EUSAGE, "norm %d: expected unknown, pre or post", (int)norm);
    source s = {0};
    blmi_tensor *items = NULL;
    blm_status status = open_source(checkpoint, &s, err);
    if (status != BLM_OK)
        goto done;
    items = blmi_alloc(s.tensors.count, sizeof *items);
    status = items != NULL ? write_weights(checkpoint, out, &s, norm, items, err)
                           : blmi_no_memory(err, "the list of tensors", s.tensors.count,
                                 sizeof *items);
done:
    blmi_free(items);
    close_source(&s);
    return status;
}
