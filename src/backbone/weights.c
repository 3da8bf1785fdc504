// weights.c: weights files: finding, opening and importing them.
#include "src/backbone/weights.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "blemish/blemish.h"
#include "blemish/weights.h"
#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/number.h"
#include "src/format/checkpoint.h"
#include "src/format/hash.h"

#define FORMAT "blemish-weights"

static const char default_name[] = "b";

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
    blmi_print(
        folder, PATH_MAX, "%.*s/%s", length, info.dli_fname, BLM_WEIGHTS_FROM_LIBRARY);
}

// The folder of weights that the user has added.
static void user_folder(char folder[PATH_MAX])
{
    const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    folder[0] = '\0';
    if (data != NULL && data[0] == '/')
        blmi_print(folder, PATH_MAX, "%s/blemish/weights", data);
    else if (home != NULL && home[0] != '\0')
        blmi_print(folder, PATH_MAX, "%s/.local/share/blemish/weights", home);
}

// Finds the file of weights that are called `name`.
static blm_status find_by_name(const char *name, char path[PATH_MAX], blm_error *err)
{
    char installed[PATH_MAX], of_user[PATH_MAX];
    installed_folder(installed);
    user_folder(of_user);
    const char *wanted = getenv("BLEMISH_WEIGHTS");
    const char *const folders[] = {wanted != NULL ? wanted : "", of_user, installed};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        for (int k = 0; folders[i][0] != '\0' && blmi_backbone_prefix(k) != NULL; k++) {
            const int length = blmi_print(path, PATH_MAX, "%s/%s%s.safetensors",
                folders[i], blmi_backbone_prefix(k), name);
            if (length < PATH_MAX && access(path, F_OK) == 0)
                return BLM_OK;
        }
    return blmi_fail(err, BLM_EINPUT,
        "weights \"%s\": no %s.safetensors or %s%s.safetensors in the folders "
        "BLEMISH_WEIGHTS=%s, %s and %s",
        name, name, blmi_backbone_prefix(1), name, folders[0], folders[1], folders[2]);
}

// ---- opening --------------------------------------------------------------------------

static bool is_ours(const blmi_safetensors *file)
{
    const char *format = blmi_safetensors_meta(file, "format");
    return format != NULL && strcmp(format, FORMAT) == 0;
}

static blm_status check_weights(const char *path, blmi_weights *weights, blm_error *err)
{
    if (!is_ours(&weights->file))
        return blmi_fail(err, BLM_EINPUT,
            "%s: not a weights file (its metadata format is not " FORMAT
            "); `blemish import` makes one of a checkpoint",
            path);
    weights->tensors = weights->file.tensors;
    return blmi_backbone_read(
        path, &weights->file, &weights->tensors, &weights->backbone, err);
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
    int recorded;                    // the form, if it is a weights file; else -1
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
        blmi_backbone backbone;
        BLMI_TRY(blmi_backbone_read(path, &s->file, &s->tensors, &backbone, err));
        s->recorded = backbone.form;
    }
    return BLM_OK;
}

// "--form post-norm or --form pre-norm"
static void list_forms(const blmi_family *family, char *text, size_t size)
{
    size_t at = 0;
    text[0] = '\0';
    for (int i = 0; family->forms != NULL && family->forms[i].name != NULL && at < size;
         i++)
        at += (size_t)blmi_print(text + at, size - at, "%s--form %s", i > 0 ? " or " : "",
            family->forms[i].name);
}

static blm_status choose_form(const char *path, const source *s, const char *form,
    blmi_backbone *backbone, blm_error *err)
{
    const blmi_family *family = backbone->family;
    char forms[200];
    list_forms(family, forms, sizeof forms);
    backbone->form = family->forms != NULL ? s->recorded : 0;
    for (int i = 0; form != NULL; i++) {
        if (family->forms == NULL || family->forms[i].name == NULL)
            return blmi_fail(err, BLM_EUSAGE, "%s: %s has no form %s%s%s", path,
                backbone->name, form, family->forms != NULL ? "; expected " : "", forms);
        if (strcmp(form, family->forms[i].name) == 0) {
            backbone->form = i;
            break;
        }
    }
    if (backbone->form < 0)
        return blmi_fail(err, BLM_EUSAGE,
            "%s: the tensors of a %s do not show its form: say %s", path, family->called,
            forms);
    if (s->recorded >= 0 && s->recorded != backbone->form)
        return blmi_fail(err, BLM_EUSAGE, "%s: records %s, but %s was asked for", path,
            family->forms[s->recorded].name, form);
    return BLM_OK;
}

static blm_status write_weights(const char *path, const char *out, const source *s,
    const char *form, blmi_tensor *items, blm_error *err)
{
    blmi_backbone backbone;
    blm_error why;
    size_t count = 0;
    blm_status status = blmi_backbone_identify(&s->tensors, -1, &backbone, &why);
    if (status == BLM_OK) {
        BLMI_TRY(choose_form(path, s, form, &backbone, err));
        status = blmi_backbone_cut(
            &backbone, &s->tensors, backbone.taps - 1, items, &count, &backbone, &why);
    }
    if (status != BLM_OK)
        return blmi_fail(err, status, "%s: %s", path, why.text);
    blmi_pair pairs[BLMI_MOST_CONFIG_PAIRS + 4] = {
        {"format", FORMAT},
        {"format_version", BLMI_FORMAT_VERSION},
        {"program", "blemish " BLM_VERSION},
        {"source_hash", s->hash},
    };
    const size_t config = blmi_backbone_describe(&backbone, pairs + 4);
    return blmi_safetensors_write(out, items, count, pairs, config + 4, err);
}

blm_status blm_weights_import(
    const char *checkpoint, const char *out, const char *form, blm_error *err)
{
    BLMI_NEED(checkpoint, err);
    BLMI_NEED(out, err);
    source s = {.recorded = -1};
    blmi_tensor *items = NULL;
    blm_status status = open_source(checkpoint, &s, err);
    if (status != BLM_OK)
        goto done;
    items = blmi_alloc(s.tensors.count, sizeof *items);
    status = items != NULL ? write_weights(checkpoint, out, &s, form, items, err)
                           : blmi_no_memory(err, "the list of tensors", s.tensors.count,
                                 sizeof *items);
done:
    blmi_free(items);
    close_source(&s);
    return status;
}
