#include "src/model/check_model.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/base/utf8.h"
#include "src/detector/parts.h"
#include "src/map/map.h"

// ---- numbers --------------------------------------------------------------------------

static blm_status check_threshold(
    const blm_model *model, const char *path, blm_error *err)
{
    if (model->good_count < 1 || model->good_count > 1 << 30 ||
        (model->source != BLM_HELD_OUT &&
            model->good_count != model->detector->left_out) ||
        model->source > BLM_HELD_OUT || model->groups < 0 ||
        model->groups > model->good_count ||
        !(model->threshold >= (double)FLT_TRUE_MIN) ||
        !(model->review_threshold >= 0 && model->review_threshold <= model->threshold) ||
        !(model->false_alarm > 0 && model->false_alarm < 1))
        return blmi_fail(err, BLM_EINPUT,
            "%s: threshold: source %d, %lld scores, threshold %g and review threshold %g "
            "contradict each other",
            path, (int)model->source, (long long)model->good_count, model->threshold,
            model->review_threshold);
    if (model->method > BLM_THRESHOLD_TAIL)
        return blmi_fail(err, BLM_EINPUT, "%s: threshold.method %d is unknown", path,
            (int)model->method);
    return BLM_OK;
}

// Source, groups and review agree.
static blm_status check_groups(const blm_model *model, const char *path, blm_error *err)
{
    const bool grouped = model->groups > 0;
    const bool fits = model->source == BLM_LEAVE_ONE_OUT     ? !grouped
                      : model->source == BLM_LEAVE_GROUP_OUT ? grouped
                                                             : true;
    if (!fits)
        return blmi_fail(err, BLM_EINPUT,
            "%s: threshold: source %d and %lld groups contradict each other", path,
            (int)model->source, (long long)model->groups);
    const bool review = model->review_threshold > 0;
    if (review ? !(model->review > model->false_alarm && model->review < 1)
               : model->review != 0)
        return blmi_fail(err, BLM_EINPUT,
            "%s: review: threshold %g and rate %g contradict each other", path,
            model->review_threshold, model->review);
    return BLM_OK;
}

// All zeros: a fit to features whose images are unknown.
static bool is_unknown(const blmi_seen *s)
{
    return (s->least_width | s->most_width | s->least_height | s->most_height | s->grey |
               s->colour) == 0 &&
           s->most_aspect == 0 && s->most_brightness == 0;
}

static blm_status check_seen(const blm_model *model, const char *path, blm_error *err)
{
    const blmi_seen *s = &model->seen;
    if (is_unknown(s))
        return BLM_OK;
    const bool fits = s->least_width >= 1 && s->least_width <= s->most_width &&
                      s->least_height >= 1 && s->least_height <= s->most_height &&
                      s->least_aspect > 0 && s->least_aspect <= s->most_aspect &&
                      s->least_brightness >= 0 &&
                      s->least_brightness <= s->most_brightness &&
                      s->most_brightness <= 255 && (s->grey == 0 || s->grey == 1) &&
                      (s->colour == 0 || s->colour == 1) && s->grey + s->colour > 0;
    if (!fits)
        return blmi_fail(err, BLM_EINPUT,
            "%s: seen: no images have %d to %d x %d to %d pixels, width / height %g to "
            "%g, brightness %g to %g, grey %d, colour %d",
            path, s->least_width, s->most_width, s->least_height, s->most_height,
            s->least_aspect, s->most_aspect, s->least_brightness, s->most_brightness,
            s->grey, s->colour);
    return BLM_OK;
}

static blm_status check_texts(const blm_model *model, const char *path, blm_error *err)
{
    const size_t digits = strspn(model->weights_hash, "0123456789abcdef");
    if (digits != BLMI_HASH_DIGITS || model->weights_hash[digits] != '\0')
        return blmi_fail(err, BLM_EINPUT,
            "%s: metadata weights_hash is \"%s\", expected %d hexadecimal digits", path,
            model->weights_hash, BLMI_HASH_DIGITS);
    if (!blmi_utf8_is_printable(model->program))
        return blmi_fail(
            err, BLM_EINPUT, "%s: metadata program has control characters", path);
    return BLM_OK;
}

blm_status blmi_model_check_numbers(
    const blm_model *model, const char *path, blm_error *err)
{
    BLMI_TRY(check_threshold(model, path, err));
    BLMI_TRY(check_groups(model, path, err));
    BLMI_TRY(check_seen(model, path, err));
    return check_texts(model, path, err);
}

// ---- tensors --------------------------------------------------------------------------

static blm_status check_good_scores(
    const blm_model *model, const char *path, blm_error *err)
{
    double least = INFINITY, most = -INFINITY;
    for (int64_t i = 0; i < model->good_count; i++) {
        if (!(fabs(model->good_scores[i]) < (double)FLT_MAX))
            return blmi_fail(err, BLM_EINPUT,
                "%s: good.scores: number %lld is %g, expected a finite float", path,
                (long long)i, model->good_scores[i]);
        least = fmin(least, model->good_scores[i]);
        most = fmax(most, model->good_scores[i]);
    }
    if (!(model->good_median >= least && model->good_median <= most))
        return blmi_fail(err, BLM_EINPUT,
            "%s: threshold.median is %g, but the scores are %g to %g", path,
            model->good_median, least, most);
    return BLM_OK;
}

// Each image refers to the first image that shows the same part.
static blm_status check_same(const blm_model *model, const char *path, blm_error *err)
{
    const int32_t *same = model->same;
    for (int32_t m = 0; same != NULL && m < model->detector->left_out; m++)
        if (same[m] < 0 || same[m] > m || same[same[m]] != same[m])
            return blmi_fail(err, BLM_EINPUT,
                "%s: good.same: number %d is %d, expected the first image of a group",
                path, (int)m, (int)same[m]);
    return BLM_OK;
}

// The region of interest has room for the smallest defect.
static blm_status check_region(const blm_model *model, const char *path, blm_error *err)
{
    const int width = model->recipe.fields.width, height = model->recipe.fields.height;
    const size_t pixels = (size_t)width * (size_t)height;
    size_t kept;
    if (model->include == NULL)
        return BLM_OK;
    for (size_t i = 0; i < pixels; i++)
        if (model->include[i] > 1)
            return blmi_fail(err, BLM_EINPUT,
                "%s: recipe.include: number %zu is %d, expected 0 or 1", path, i,
                model->include[i]);
    uint8_t *room = blmi_alloc(pixels, 1);
    if (room == NULL)
        return blmi_no_memory(err, "the region of interest", pixels, 1);
    memcpy(room, model->include, pixels);
    const blm_status status = blmi_region_keep_large(
        room, width, height, model->recipe.fields.min_area, &kept, err);
    blmi_free(room);
    if (status == BLM_OK && kept == 0)
        return blmi_fail(err, BLM_EINPUT,
            "%s: recipe.include: no part of it has room for the smallest defect, %lld "
            "pixels",
            path, (long long)model->recipe.fields.min_area);
    return status;
}

// Shapes are checked when the network is built.
static blm_status check_weights(const blm_model *model, const char *path, blm_error *err)
{
    for (size_t i = 0; i < model->weights.count; i++) {
        blmi_tensor t = model->weights.items[i];
        const blmi_part part = {t.name, t.dtype, 1, {blmi_tensor_count(&t)}, &t.data};
        BLMI_TRY(blmi_part_check_finite(&part, path, err));
    }
    return BLM_OK;
}

static blm_status check_limits(const blm_model *model, const char *path, blm_error *err)
{
    for (int i = 0; model->limits != NULL && i < blmi_model_checks(model); i++)
        if (isnan(model->limits[i].at))
            return blmi_fail(
                err, BLM_EINPUT, "%s: check.limits: limit %d is not a number", path, i);
    if (model->limits != NULL && !(model->unjudged > 0 && model->unjudged < 1))
        return blmi_fail(err, BLM_EINPUT,
            "%s: check.rate is %g, expected above 0 and below 1", path, model->unjudged);
    for (size_t i = 0; model->looks != NULL && i < model->look_count; i++)
        for (int k = 0; k < BLMI_LOOK_NUMBERS; k++)
            if (!isfinite(model->looks[i].at[k]))
                return blmi_fail(err, BLM_EINPUT,
                    "%s: good.looks: number %d of image %zu is not finite", path, k, i);
    return BLM_OK;
}

// Each number is finite, and one that an alignment can have.
static blm_status check_alignments(
    const blm_model *model, const char *path, blm_error *err)
{
    const double far = 4.0 * (model->recipe.fields.width + model->recipe.fields.height);
    for (int m = 0; model->alignments != NULL && m < model->detector->left_out; m++) {
        const blmi_alignment *a = &model->alignments[m];
        const blmi_transform *t = &a->transform;
        if (!(fabs(t->angle) < 4 && t->scale > 0.1 && t->scale < 10 &&
                fabs(t->dx) <= far && fabs(t->dy) <= far && fabs(a->quality) <= 1 &&
                fabs(a->rival) <= 1))
            return blmi_fail(err, BLM_EINPUT,
                "%s: good.alignments: image %d has angle %g, scale %g, shift %g, %g and "
                "quality %g, %g, which no alignment has",
                path, m, t->angle, t->scale, t->dx, t->dy, a->quality, a->rival);
    }
    return BLM_OK;
}

blm_status blmi_model_check_tensors(
    const blm_model *model, const char *path, blm_error *err)
{
    BLMI_TRY(check_good_scores(model, path, err));
    BLMI_TRY(check_same(model, path, err));
    BLMI_TRY(check_limits(model, path, err));
    BLMI_TRY(check_alignments(model, path, err));
    BLMI_TRY(check_region(model, path, err));
    return check_weights(model, path, err);
}

// ---- the reference --------------------------------------------------------------------

blm_status blmi_model_set_reference(blm_model *model, const char *path, double aspect,
    const char *name, const blmi_tensor *picture, blm_error *err)
{
    const blm_recipe *r = &model->recipe.fields;
    blm_error why;
    if (name == NULL || !blmi_utf8_is_printable(name))
        return blmi_fail(err, BLM_EINPUT,
            "%s: metadata align.name is missing or has control characters", path);
    if (!(aspect >= 1.0 / 64 && aspect <= 64))
        return blmi_fail(err, BLM_EINPUT,
            "%s: metadata align.aspect is %g, expected 1/64 to 64", path, aspect);
    if (picture == NULL || picture->dtype != BLMI_U8 || picture->rank != 2 ||
        picture->shape[0] != r->height || picture->shape[1] != r->width)
        return blmi_fail(err, BLM_EINPUT,
            "%s: tensor align.reference is missing, or not of %d x %d bytes", path,
            r->width, r->height);
    const blm_status status = blmi_registration_new(
        &model->recipe, picture->data, aspect, name, &model->registration, &why);
    return status == BLM_OK ? BLM_OK : blmi_fail(err, status, "%s: %s", path, why.text);
}
