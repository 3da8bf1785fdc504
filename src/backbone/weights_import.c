// weights_import.c: converts a published checkpoint to a weights file.
#include <stdlib.h>
#include <string.h>

#include "blemish/blemish.h"
#include "blemish/weights.h"
#include "src/backbone/backbone_table.h"
#include "src/backbone/weights_file.h"
#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/number.h"
#include "src/format/checkpoint.h"
#include "src/format/hash.h"

// The file to import, in either of the two forms.
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
// it has the '{' of JSON, where a zip archive has the number of a compression method.
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
    if (blmi_weights_recognise(&s->file)) {
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
            "%s: the tensors do not show the form of this %s: say %s", path,
            family->called, forms);
    if (s->recorded >= 0 && s->recorded != backbone->form)
        return blmi_fail(err, BLM_EUSAGE, "%s: records %s, but %s was asked for", path,
            family->forms[s->recorded].name, form);
    return BLM_OK;
}

// Prefixes of whole models around the network.
static const char *const prefixes[] = {
    "module.", "backbone.", "dinov2_with_registers.", "dinov2.", "cvt.", "model."};

static const char *without_prefixes(const char *name)
{
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
            name += strlen(prefixes[i]);
    return name;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const blmi_tensor *)a)->name, ((const blmi_tensor *)b)->name);
}

// The tensors of a source under their family's names, sorted again.
static blm_status plain_names(const char *path, const source *s, blmi_tensor *items,
    char (*names)[BLMI_LONGEST_ALIAS], blm_error *err)
{
    const size_t count = s->tensors.count;
    for (size_t i = 0; i < count; i++) {
        items[i] = s->tensors.items[i];
        items[i].name = without_prefixes(items[i].name);
    }
    blmi_backbone_rename(items, count, names);
    qsort(items, count, sizeof *items, by_name);
    for (size_t i = 1; i < count; i++)
        if (by_name(&items[i - 1], &items[i]) == 0)
            return blmi_fail(err, BLM_EINPUT,
                "%s: tensor %s is stored twice, under several names", path,
                items[i].name);
    return BLM_OK;
}

// Checks that all tensors exist, with the right shapes, by building the network once.
static blm_status try_out(
    const blmi_backbone *backbone, const blmi_tensors *weights, blm_error *err)
{
    blmi_network *network;
    const blmi_network_options options = {.width = backbone->input.standard,
        .height = backbone->input.standard,
        .batch = 1,
        .taps = 1,
        .tap = {backbone->taps - 1}};
    BLMI_TRY(blmi_network_new(backbone, weights, &options, &network, err));
    blmi_network_free(network);
    return BLM_OK;
}

static blm_status write_weights(const char *path, const char *out, const source *s,
    const char *form, blmi_tensor *items, char (*names)[BLMI_LONGEST_ALIAS],
    blm_error *err)
{
    blmi_backbone backbone;
    blm_error why;
    size_t count = 0;
    BLMI_TRY(plain_names(path, s, items, names, err));
    const blmi_tensors plain = {items, s->tensors.count};
    blm_status status = blmi_backbone_identify(&plain, -1, &backbone, &why);
    if (status == BLM_OK) {
        BLMI_TRY(choose_form(path, s, form, &backbone, err));
        status = blmi_backbone_cut(
            &backbone, &plain, 1u << (backbone.taps - 1), items, &count, &backbone, &why);
    }
    if (status == BLM_OK)
        status = try_out(&backbone, &(blmi_tensors){items, count}, &why);
    if (status != BLM_OK)
        return blmi_fail(err, status, "%s: %s", path, why.text);
    blmi_pair pairs[BLMI_MAX_CONFIG_PAIRS + 4] = {
        {"format", BLMI_WEIGHTS_FORMAT},
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
    char(*names)[BLMI_LONGEST_ALIAS] = NULL;
    blm_status status = open_source(checkpoint, &s, err);
    if (status != BLM_OK)
        goto done;
    items = blmi_alloc(s.tensors.count, sizeof *items);
    names = blmi_alloc(s.tensors.count, sizeof *names);
    status =
        items != NULL && names != NULL
            ? write_weights(checkpoint, out, &s, form, items, names, err)
            : blmi_no_memory(err, "the list of tensors", s.tensors.count, sizeof *names);
done:
    blmi_free(names);
    blmi_free(items);
    close_source(&s);
    return status;
}
