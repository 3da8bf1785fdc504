// What a model tells about itself; its scores of good images.
#include "src/model/model.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/base/utf8.h"

const char *blm_version(void)
{
    return BLM_VERSION;
}

void blm_model_free(blm_model *model)
{
    if (model == NULL)
        return;
    blmi_detector_free(model->detector);
    blmi_free(model->owned_scores);
    blmi_free(model->name);
    blmi_free(model->owned_names);
    blmi_free(model->owned_include);
    blmi_free(model->owned_weights);
    blmi_weights_close(&model->fitted_on);
    blmi_safetensors_close(&model->file);
    blmi_free(model);
}

static double region_share(const blm_model *model)
{
    const size_t pixels =
        (size_t)model->recipe.fields.width * (size_t)model->recipe.fields.height;
    size_t inside = 0;
    for (size_t i = 0; model->include != NULL && i < pixels; i++)
        inside += model->include[i] != 0;
    return model->include != NULL ? (double)inside / (double)pixels : 1;
}

void blm_model_describe(const blm_model *model, blm_model_info *out)
{
    if (out == NULL)
        return;
    *out = (blm_model_info){0};
    if (model == NULL)
        return;
    const blmi_detector *detector = model->detector;
    *out = (blm_model_info){.program = model->program,
        .hash = model->file.checksum,
        .weights_hash = model->weights_hash,
        .backbone = model->backbone.name,
        .recipe = &model->recipe.fields,
        .images = detector->images,
        .positions = detector->positions,
        .features = detector->features,
        .rank = blmi_detector_rank(detector),
        .region = region_share(model),
        .threshold = model->threshold,
        .false_alarm = model->false_alarm,
        .method = model->method,
        .review_threshold = model->review_threshold,
        .review = model->review,
        .source = model->source,
        .good_scores = (size_t)model->good_count,
        .groups = (size_t)model->groups,
        .good_median = model->good_median};
}

const char *blm_model_image_name(const blm_model *model, size_t index)
{
    return model != NULL && index < (size_t)model->detector->left_out ? model->name[index]
                                                                      : NULL;
}

static int by_falling_score(const void *a, const void *b)
{
    const blm_good_score *x = a, *y = b;
    if (x->score != y->score)
        return x->score < y->score ? 1 : -1;
    return x->index < y->index ? -1 : 1;
}

size_t blm_model_good_scores(const blm_model *model, blm_good_score *out, size_t capacity)
{
    const size_t count = model != NULL ? (size_t)model->good_count : 0;
    if (capacity == 0 || out == NULL || count == 0)
        return count;
    blm_good_score *all = blmi_alloc(count, sizeof *all);
    if (all == NULL)
        return 0;
    for (size_t i = 0; i < count; i++)
        all[i] = (blm_good_score){model->source == BLM_HELD_OUT ? "" : model->name[i],
            model->good_scores[i], i};
    qsort(all, count, sizeof *all, by_falling_score);
    memcpy(out, all, (capacity < count ? capacity : count) * sizeof *out);
    blmi_free(all);
    return count;
}

// Copies the names, which come from file names and may hold any bytes, with those that
// are not printable shown as \xNN.
static blm_status show_names(blm_model *model, blm_error *err)
{
    const size_t count = (size_t)model->detector->left_out;
    char *shown = blmi_alloc(model->names_size, 4);
    if (shown == NULL)
        return blmi_no_memory(err, "names", model->names_size, 4);
    char *to = shown;
    for (size_t i = 0; i < count; i++) {
        const size_t length = blmi_utf8_show(model->name[i], to);
        model->name[i] = to;
        to += length + 1;
    }
    blmi_free(model->owned_names);
    model->names = model->owned_names = shown;
    model->names_size = (size_t)(to - shown);
    return BLM_OK;
}

blm_status blmi_model_index_names(blm_model *model, const char *path, blm_error *err)
{
    const size_t count = (size_t)model->detector->left_out;
    const char *at = model->names, *end = model->names + model->names_size;
    bool printable = true;
    model->name = blmi_alloc(count, sizeof *model->name);
    if (model->name == NULL)
        return blmi_no_memory(err, "names", count, sizeof *model->name);
    for (size_t i = 0; i < count; i++) {
        const char *zero = memchr(at, '\0', (size_t)(end - at));
        if (zero == NULL)
            return blmi_fail(err, BLM_EINPUT,
                "%s: names of %zu images expected, %zu found", path, count, i);
        model->name[i] = at;
        printable = printable && blmi_utf8_is_printable(at);
        at = zero + 1;
    }
    if (at != end)
        return blmi_fail(
            err, BLM_EINPUT, "%s: more names than its %zu images", path, count);
    return printable ? BLM_OK : show_names(model, err);
}
