// model_weights.c: the weights of model files, inside of them or named by hash.
#include "src/model/model_weights.h"

#include <string.h>

#include "src/backbone/onnx_file.h"
#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/base/number.h"

#define BACKBONE "backbone." // prefix of the names

// ---- saving ---------------------------------------------------------------------------

size_t blmi_model_weights_names(const blm_model *model)
{
    size_t size = 0;
    for (size_t i = 0; i < model->weights.count; i++)
        size += sizeof BACKBONE + strlen(model->weights.items[i].name);
    return size;
}

blm_status blmi_model_list_weights(const blm_model *model, blmi_tensor *tensors,
    size_t *count, char *names, blmi_backbone *backbone, blm_error *err)
{
    BLMI_TRY(blmi_backbone_cut(&model->backbone, &model->weights, model->recipe.stages,
        tensors, count, backbone, err));
    for (size_t i = 0; i < *count; i++) {
        const char *name = tensors[i].name;
        tensors[i].name = names;
        names = stpcpy(stpcpy(names, BACKBONE), name) + 1;
    }
    return BLM_OK;
}

// A plain file name, which no message needs to quote.
static bool is_name(const char *name, size_t length)
{
    if (length == 0 || name[0] == '.')
        return false;
    for (size_t i = 0; i < length; i++)
        if (name[i] == '/' || (unsigned char)name[i] < ' ')
            return false;
    return true;
}

blm_status blmi_model_check_sources(
    const blm_model *model, const char *path, blm_error *err)
{
    if (model->source_count == 0)
        return blmi_fail(err, BLM_EUSAGE,
            "%s: the weights files of the model are not known: it was opened from a file "
            "that contains its weights",
            path);
    for (int i = 0; i < model->source_count; i++)
        if (!is_name(model->source_files[i].name, strlen(model->source_files[i].name)))
            return blmi_fail(err, BLM_EUSAGE,
                "%s: the name of its weights file number %d begins with a dot or has "
                "control characters: expected another name",
                path, i + 1);
    return BLM_OK;
}

size_t blmi_model_name_weights(
    const blm_model *model, char text[BLMI_SOURCES_TEXT], blmi_pair pairs[2])
{
    size_t at = 0, count = 0;
    for (int i = 0; i < model->source_count; i++)
        at += (size_t)blmi_print(text + at, BLMI_SOURCES_TEXT - at, "%s%s %s",
            i > 0 ? "/" : "", model->source_files[i].hash, model->source_files[i].name);
    pairs[count++] = (blmi_pair){BLMI_MODEL_WEIGHTS, text};
    if (blmi_onnx_is_path(model->source_files[0].name))
        pairs[count++] = (blmi_pair){BLMI_MODEL_TAPS, model->recipe.fields.taps};
    return count;
}

// ---- opening --------------------------------------------------------------------------

static bool read_source(const char *text, size_t length, blmi_weights_source *out)
{
    static const char digits[] = "0123456789abcdef";
    const size_t before = BLMI_HASH_DIGITS + 1; // the hash and a blank
    if (length <= before || length - before >= sizeof out->name ||
        strspn(text, digits) != BLMI_HASH_DIGITS || text[BLMI_HASH_DIGITS] != ' ' ||
        !is_name(text + before, length - before))
        return false;
    blmi_print(out->hash, sizeof out->hash, "%.*s", BLMI_HASH_DIGITS, text);
    blmi_print(
        out->name, sizeof out->name, "%.*s", (int)(length - before), text + before);
    return true;
}

static blm_status open_sources(
    blm_model *model, const char *said, const char *path, blm_error *err)
{
    const blm_recipe *recipe = &model->recipe.fields;
    const blmi_wanted wanted = {
        .taps = recipe->taps, .width = recipe->width, .height = recipe->height};
    blmi_weights_source source[BLMI_MAX_MEMBERS];
    blmi_weights weights;
    int count = 0;
    bool good = true;
    for (const char *at = said; good && at != NULL; count++) {
        const size_t length = strcspn(at, "/");
        good = count < BLMI_MAX_MEMBERS && read_source(at, length, &source[count]);
        at = at[length] == '/' ? at + length + 1 : NULL;
    }
    if (!good)
        return blmi_fail(err, BLM_EINPUT,
            "%s: weights outside \"%.100s\": expected 1 to %d hashes and names of files",
            path, said, BLMI_MAX_MEMBERS);
    BLMI_TRY(blmi_weights_find(source, count, path, &wanted, &weights, err));
    blmi_model_own_weights(model, &weights);
    model->outside = true;
    if (strcmp(model->weights_hash, model->fitted_on.hash) == 0)
        return BLM_OK;
    return blmi_fail(err, BLM_EINPUT,
        "%s: metadata weights_hash is %s, but its weights have %s", path,
        model->weights_hash, model->fitted_on.hash);
}

// All of the weights in their files, more than the taps may need.
static blm_status find_outside(
    blm_model *model, const char *said, const char *path, blm_error *err)
{
    const char *taps = blmi_safetensors_meta(&model->file, BLMI_MODEL_TAPS);
    blm_error why;
    if (taps != NULL &&
        blm_recipe_set(&model->recipe.fields, "taps", taps, &why) != BLM_OK)
        return blmi_fail(
            err, BLM_EINPUT, "%s: metadata " BLMI_MODEL_TAPS ": %s", path, why.text);
    return open_sources(model, said, path, err);
}

// The tensors named backbone.*, without that prefix, in the order of the file.
static blm_status find_inside(blm_model *model, const char *path, blm_error *err)
{
    const blmi_tensors *all = &model->file.tensors;
    blmi_tensor *items = model->owned_weights = blmi_alloc(all->count, sizeof *items);
    if (items == NULL)
        return blmi_no_memory(err, "the list of weights", all->count, sizeof *items);
    size_t count = 0;
    for (size_t i = 0; i < all->count; i++)
        if (strncmp(all->items[i].name, BACKBONE, strlen(BACKBONE)) == 0) {
            items[count] = all->items[i];
            items[count++].name += strlen(BACKBONE);
        }
    model->weights = (blmi_tensors){items, count};
    return count > 0 ? BLM_OK
                     : blmi_fail(err, BLM_EINPUT, "%s: contains no weights", path);
}

blm_status blmi_model_find_weights(blm_model *model, const char *path, blm_error *err)
{
    const char *said = blmi_safetensors_meta(&model->file, BLMI_MODEL_WEIGHTS);
    BLMI_TRY(said != NULL ? find_outside(model, said, path, err)
                          : find_inside(model, path, err));
    return blmi_backbone_read(path, &model->file, &model->weights, &model->backbone, err);
}
