// model.c: lifetime and properties of models.
#include "src/model/model.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/base/sized.h"
#include "src/base/utf8.h"

const char *blm_version(void)
{
    return BLM_VERSION;
}

int blm_version_number(void)
{
    return BLM_VERSION_NUMBER;
}

// ---- life -----------------------------------------------------------------------------

struct blmi_model_life {
    blm_model *model;
    atomic_int owners;
    pthread_mutex_t packing;   // held while the weights are packed
    blmi_extractor *extractor; // NULL: not packed yet, or a model with a base
};

blm_status blmi_model_new(blm_model **out, blm_error *err)
{
    blm_model *model = blmi_alloc_zero(1, sizeof *model);
    blmi_model_life *life = blmi_alloc_zero(1, sizeof *life);
    if (model == NULL || life == NULL || pthread_mutex_init(&life->packing, NULL) != 0) {
        blmi_free(model);
        blmi_free(life);
        return blmi_no_memory(err, "a model", 1, sizeof *model + sizeof *life);
    }
    atomic_init(&life->owners, 1);
    life->model = model;
    model->life = life;
    *out = model;
    return BLM_OK;
}

void blmi_model_own_weights(blm_model *model, blmi_weights *weights)
{
    model->fitted_on = *weights;
    *weights = (blmi_weights){0};
    model->weights = model->fitted_on.tensors;
    model->source_files = model->fitted_on.source;
    model->source_count = model->fitted_on.sources;
}

blm_model *blm_model_share(const blm_model *model)
{
    if (model == NULL)
        return NULL;
    atomic_fetch_add(&model->life->owners, 1);
    return model->life->model;
}

// Whether the detector belongs to this model, not to its base.
static bool owns_detector(const blm_model *model)
{
    return model->base == NULL || model->base->detector != model->detector;
}

blm_status blmi_model_derive(
    const blm_model *model, blmi_detector *detector, blm_model **out, blm_error *err)
{
    blm_model *next;
    const blm_status status = blmi_model_new(&next, err);
    if (status != BLM_OK) {
        blmi_detector_free(detector);
        return status;
    }
    blmi_model_life *life = next->life;
    *next = *model;
    next->life = life;
    next->base = blm_model_share(owns_detector(model) ? model : model->base);
    if (detector != NULL)
        next->detector = detector;
    // The base closes and frees these.
    next->fitted_on = (blmi_weights){0};
    next->file = (blmi_safetensors){0};
    next->owned_weights = NULL;
    next->owned_include = NULL;
    next->owned_names = NULL;
    next->owned_scores = NULL;
    next->owned_same = NULL;
    next->owned_looks = NULL;
    next->owned_limits = NULL;
    next->owned_alignments = NULL;
    *out = next;
    return BLM_OK;
}

void blm_model_free(blm_model *model)
{
    if (model == NULL || atomic_fetch_sub(&model->life->owners, 1) > 1)
        return;
    blm_model *base = model->base;
    if (owns_detector(model))
        blmi_detector_free(model->detector);
    if (base == NULL) {
        blmi_free(model->name);
        blmi_registration_free(model->registration);
    }
    blmi_free(model->owned_names);
    blmi_free(model->owned_include);
    blmi_free(model->owned_weights);
    blmi_free(model->owned_scores);
    blmi_free(model->owned_same);
    blmi_free(model->owned_looks);
    blmi_free(model->owned_limits);
    blmi_free(model->owned_alignments);
    blmi_weights_close(&model->fitted_on);
    blmi_safetensors_close(&model->file);
    blmi_extractor_free(model->life->extractor);
    pthread_mutex_destroy(&model->life->packing);
    blmi_free(model->life);
    blmi_free(model);
    blm_model_free(base);
}

blm_status blmi_model_extractor(
    const blm_model *model, blmi_extractor **out, blm_error *err)
{
    while (model->base != NULL)
        model = model->base;
    blmi_model_life *life = model->life;
    blm_status status = BLM_OK;
    pthread_mutex_lock(&life->packing);
    if (life->extractor == NULL)
        status = blmi_extractor_new(&model->weights, &model->backbone, &model->recipe,
            &model->layout, 1, &life->extractor, err);
    if (status == BLM_OK)
        *out = blmi_extractor_share(life->extractor);
    pthread_mutex_unlock(&life->packing);
    return status;
}

// ---- properties -----------------------------------------------------------------------

static double region_share(const blm_model *model)
{
    const size_t pixels =
        (size_t)model->recipe.fields.width * (size_t)model->recipe.fields.height;
    size_t inside = 0;
    for (size_t i = 0; model->include != NULL && i < pixels; i++)
        inside += model->include[i] != 0;
    return model->include != NULL ? (double)inside / (double)pixels : 1;
}

static size_t count_copies(const blm_model *model)
{
    size_t count = 0;
    for (int m = 0; model->same != NULL && m < model->detector->left_out; m++)
        count += model->same[m] != m;
    return count;
}

// The number of groups, or of scores if there are no groups.
static double count_units(const blm_model *model)
{
    return (double)(model->groups > 0 ? model->groups : model->good_count);
}

// See blm_model_info.  The n held-out images and the next one are exchangeable: on
// average at most floor(rate (n + 1)) of these n + 1 reach the threshold; one if it is of
// the tail.  With groups, whose images count in parts, it is the rate itself.
static double promised_rate(const blm_model *model)
{
    const double n = count_units(model);
    if (model->source != BLM_HELD_OUT)
        return NAN;
    if (model->method == BLM_THRESHOLD_TAIL)
        return 1 / (n + 1);
    return model->groups > 0 ? model->false_alarm
                             : floor(model->false_alarm * (n + 1) + 1e-9) / (n + 1);
}

size_t blmi_model_images(const blm_model *model)
{
    return (size_t)model->detector->images / ((size_t)model->detector->variations + 1);
}

int blmi_model_checks(const blm_model *model)
{
    return model->registration != NULL ? BLMI_ALL_CHECKS : BLMI_CHECKS;
}

const blmi_warp *blmi_model_good_warp(const blm_model *model, size_t m, blmi_warp *out)
{
    if (model->registration == NULL)
        return NULL;
    *out = blmi_registration_warp(model->registration, &model->alignments[m]);
    return out;
}

blm_alignment blmi_model_alignment(
    const blm_model *model, const blmi_alignment *alignment, const blmi_frame *frame)
{
    const blm_recipe *r = &model->recipe.fields;
    const blmi_warp w = blmi_registration_warp(model->registration, alignment);
    const double x = 0.5 * r->width, y = 0.5 * r->height; // the centre
    return (blm_alignment){.aligned = 1,
        .doubtful = alignment->quality - alignment->rival < BLMI_CHECK_NO_LEAD,
        .turn = alignment->transform.angle * (180 / 3.14159265358979323846),
        .scale = alignment->transform.scale,
        .x = (w.xx * x + w.xy * y + w.x0 - x) * frame->step_x,
        .y = (w.yx * x + w.yy * y + w.y0 - y) * frame->step_y,
        .quality = alignment->quality,
        .rival = alignment->rival};
}

int blm_model_good_alignment_sized(
    const blm_model *model, size_t index, blm_alignment *out, size_t out_size)
{
    static const blmi_frame input = {.step_x = 1, .step_y = 1};
    if (model == NULL || out == NULL || model->registration == NULL ||
        index >= (size_t)model->detector->left_out)
        return 0;
    const blm_alignment own =
        blmi_model_alignment(model, &model->alignments[index], &input);
    blmi_sized_give(&own, sizeof own, out, out_size);
    return 1;
}

const blmi_cover *blmi_model_cover(const blm_model *model)
{
    static const blmi_cover none;
    return model->registration != NULL ? &none : &model->cover;
}

static blm_model_info describe(const blm_model *model)
{
    const blmi_detector *detector = model->detector;
    return (blm_model_info){.program = model->program,
        .hash = model->file.checksum,
        .weights_hash = model->weights_hash,
        .weights_file = model->outside ? model->source_files[0].name : NULL,
        .backbone = model->backbone.name,
        .recipe = &model->recipe.fields,
        .images = (int64_t)blmi_model_images(model),
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
        .copies = count_copies(model),
        .good_median = model->good_median,
        .finest_rate = 1 / (count_units(model) + 1),
        .promised_rate = promised_rate(model),
        .unjudged = model->unjudged,
        .reference = model->registration != NULL
                         ? blmi_registration_name(model->registration)
                         : NULL};
}

void blm_model_describe_sized(
    const blm_model *model, blm_model_info *out, size_t out_size)
{
    const blm_model_info own = model != NULL ? describe(model) : (blm_model_info){0};
    if (out != NULL)
        blmi_sized_give(&own, sizeof own, out, out_size);
}

const char *blm_model_image_name(const blm_model *model, size_t index)
{
    return model != NULL && index < (size_t)model->detector->left_out ? model->name[index]
                                                                      : NULL;
}

size_t blm_model_image_same(const blm_model *model, size_t index)
{
    return model != NULL && model->same != NULL &&
                   index < (size_t)model->detector->left_out
               ? (size_t)model->same[index]
               : index;
}

int blm_model_check_sized(
    const blm_model *model, size_t index, blm_check *out, size_t out_size)
{
    if (model == NULL || out == NULL || model->limits == NULL ||
        index >= (size_t)blmi_model_checks(model))
        return 0;
    const blmi_check *c = blmi_check_at((int)index);
    const blm_check own = {.name = c->name,
        .reason = c->reason,
        .above = c->side > 0,
        .limit = model->limits[index].at,
        .good = model->limits[index].good};
    blmi_sized_give(&own, sizeof own, out, out_size);
    return 1;
}

static int by_falling_score(const void *a, const void *b)
{
    const blm_good_score *x = a, *y = b;
    if (x->score != y->score)
        return x->score < y->score ? 1 : -1;
    return x->index < y->index ? -1 : 1;
}

size_t blm_model_good_scores_sized(
    const blm_model *model, blm_good_score *out, size_t out_size, size_t capacity)
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
    for (size_t i = 0; i < count && i < capacity; i++)
        blmi_sized_give(&all[i], sizeof *all, (char *)out + i * out_size, out_size);
    blmi_free(all);
    return count;
}

// Copies the names and writes bytes that are not printable as \xNN.  Names come from file
// names, which can contain any byte.
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
                "%s: good.names: expected the names of %zu images, found %zu", path,
                count, i);
        model->name[i] = at;
        printable = printable && blmi_utf8_is_printable(at);
        at = zero + 1;
    }
    if (at != end)
        return blmi_fail(err, BLM_EINPUT,
            "%s: good.names: expected the names of %zu images, found more", path, count);
    return printable ? BLM_OK : show_names(model, err);
}
