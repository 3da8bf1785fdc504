// calibration.c: scores good images without their own part in the model, and sets the
// thresholds.
#include <float.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/base/sized.h"
#include "src/base/threads.h"
#include "src/feature/recipe.h"
#include "src/fit/calibration.h"
#include "src/fit/check_limits.h"
#include "src/fit/fit_parts.h"
#include "src/fit/threshold.h"
#include "src/map/map.h"
#include "src/model/model.h"
#include "src/score/mapper.h"

// ---- scores ---------------------------------------------------------------------------

// Scores the images of one thread.
static blm_status score_share(const blm_model *model, const float *distances, int thread,
    int threads, double *out, blm_error *err)
{
    const size_t pixels =
        (size_t)model->recipe.fields.width * (size_t)model->recipe.fields.height;
    const size_t positions = (size_t)model->detector->positions;
    blmi_mapper *mapper = NULL;
    float *map = blmi_alloc(pixels, sizeof *map);
    blm_status status = map != NULL
                            ? blmi_mapper_new(&model->recipe, model->layout.grid_width,
                                  model->layout.grid_height, model->include, &mapper, err)
                            : blmi_no_memory(err, "a map", pixels, sizeof *map);
    for (int i = thread; i < model->detector->left_out && status == BLM_OK;
         i += threads) {
        blmi_warp own;
        const blmi_warp *warp = blmi_model_good_warp(model, (size_t)i, &own);
        out[i] = (double)blmi_mapper_run_aligned(
            mapper, distances + (size_t)i * positions, warp, map);
    }
    blmi_mapper_free(mapper);
    blmi_free(map);
    return status;
}

// Distances (M, P) -> scores (M), by the code that scores new images.
static blm_status score_distances(const blm_model *model, const float *distances,
    int threads, double *out, blm_error *err)
{
    blm_status status = BLM_OK;
#pragma omp parallel num_threads(threads)
    {
        blm_error own;
        const blm_status mine = score_share(
            model, distances, omp_get_thread_num(), omp_get_num_threads(), out, &own);
        if (mine != BLM_OK) {
#pragma omp critical(blmi_score_distances)
            status = blmi_fail(err, mine, "%s", own.text);
        }
    }
    return status;
}

static blm_status score_groups(const blm_model *model, const int32_t *group, int threads,
    double *out, float (*spread)[2], blm_error *err)
{
    const size_t count =
        (size_t)model->detector->left_out * (size_t)model->detector->positions;
    blm_status status = BLM_OK;
    uint8_t *use = NULL;
    float *distances = blmi_alloc(count, sizeof *distances);
    if (model->include != NULL)
        use = blmi_alloc((size_t)model->detector->positions, sizeof *use);
    if (distances == NULL || (model->include != NULL && use == NULL)) {
        status = blmi_no_memory(err, "distances", count, sizeof *distances);
        goto done;
    }
    if (use != NULL)
        blmi_region_positions(model->include, model->recipe.fields.width,
            model->recipe.fields.height, model->layout.grid_width,
            model->layout.grid_height, use);
    status =
        blmi_detector_leave_out(model->detector, group, use, threads, distances, err);
    if (status == BLM_OK)
        status = score_distances(model, distances, threads, out, err);
    if (status == BLM_OK)
        status = blmi_limits_spread(model, distances, spread, err);
done:
    blmi_free(distances);
    blmi_free(use);
    return status;
}

static blm_status check_scores(const double *scores, size_t count, blm_error *err)
{
    for (size_t i = 0; i < count; i++)
        if (!(fabs(scores[i]) < (double)FLT_MAX))
            return blmi_fail(err, BLM_EINPUT,
                "calibration: score %zu is %g, expected a finite float", i, scores[i]);
    return BLM_OK;
}

// scores (count), from the source that the calibration chooses; spread (M, 2).
static blm_status fill_scores(const blm_model *model, const blm_calibration *c,
    double *scores, size_t count, float (*spread)[2], blm_error *err)
{
    const int threads = blmi_threads_of(c->threads);
    const float *loo = model->detector->loo;
    if (c->held_out == NULL && c->group != NULL)
        BLMI_TRY(score_groups(model, c->group, threads, scores, spread, err));
    else
        BLMI_TRY(blmi_limits_spread(model, loo, spread, err));
    if (c->held_out != NULL)
        memcpy(scores, c->held_out, count * sizeof *scores);
    else if (c->group == NULL)
        BLMI_TRY(score_distances(model, loo, threads, scores, err));
    return check_scores(scores, count, err);
}

// ---- thresholds -----------------------------------------------------------------------

static double rate_of(const blm_calibration *c)
{
    return c->false_alarm != 0 ? c->false_alarm : 0.01;
}

blm_status blmi_calibration_check(
    const blm_calibration *c, const blmi_recipe *recipe, blm_error *err)
{
    const int64_t pixels = (int64_t)recipe->fields.width * recipe->fields.height;
    if (c == NULL)
        return BLM_OK;
    const double rate = rate_of(c);
    if (!(rate > 0 && rate < 1))
        return blmi_fail(
            err, BLM_EUSAGE, "false-alarm rate %g: must be above 0 and below 1", rate);
    if (!(c->review == 0 || (c->review > rate && c->review < 1)))
        return blmi_fail(err, BLM_EUSAGE,
            "review rate %g: must be above the false-alarm rate %g and below 1",
            c->review, rate);
    if (!(c->unjudged >= 0 && c->unjudged < 1))
        return blmi_fail(err, BLM_EUSAGE,
            "cannot-judge rate %g: must be above 0 and below 1", c->unjudged);
    if (c->min_area < 0 || c->min_area > pixels)
        return blmi_fail(err, BLM_EUSAGE, "min-area %lld: must be 1 to %lld",
            (long long)c->min_area, (long long)pixels);
    if (c->held_out != NULL && c->held_out_count == 0)
        return blmi_fail(err, BLM_EUSAGE,
            "calibration: held_out_count is 0, expected the scores of held-out images");
    int threads;
    return blmi_threads_choose(c->threads, &threads, err);
}

static blm_status set_thresholds(
    blm_model *model, const blm_calibration *c, blm_error *err)
{
    const double *scores = model->good_scores;
    const size_t count = (size_t)model->good_count;
    blm_threshold_method review_method;
    model->false_alarm = c->false_alarm;
    model->review = c->review;
    model->review_threshold = 0;
    model->groups = 0;
    if (c->group != NULL)
        BLMI_TRY(blmi_count_groups(c->group, count, &model->groups, err));
    BLMI_TRY(blmi_median(scores, count, &model->good_median, err));
    BLMI_TRY(blmi_threshold_at_rate(
        scores, c->group, count, c->false_alarm, &model->threshold, &model->method, err));
    if (c->review == 0)
        return BLM_OK;
    BLMI_TRY(blmi_threshold_at_rate(scores, c->group, count, c->review,
        &model->review_threshold, &review_method, err));
    model->review_threshold = fmin(model->review_threshold, model->threshold);
    return BLM_OK;
}

static void set_source(blm_model *model, const blm_calibration *c)
{
    model->source = c->held_out != NULL ? BLM_HELD_OUT
                    : c->group != NULL  ? BLM_LEAVE_GROUP_OUT
                                        : BLM_LEAVE_ONE_OUT;
}

// Sets scores, source, thresholds and limits; c->group becomes the groups that were used.
// Copies are left out together, unless the detector cannot, or too few images would be
// left.
static blm_status score_and_set(blm_model *model, blm_calibration *c,
    const int32_t *parts, double *scores, size_t count, blm_error *err)
{
    const int32_t *asked = c->group;
    const size_t left_out = (size_t)model->detector->left_out;
    float(*spread)[2] = blmi_alloc(left_out, sizeof *spread);
    if (spread == NULL)
        return blmi_no_memory(err, "distances", left_out, sizeof *spread);
    if (parts != NULL)
        c->group = parts;
    blm_status status = fill_scores(model, c, scores, count, spread, err);
    if (status == BLM_EUSAGE && parts != NULL) {
        c->group = asked;
        status = fill_scores(model, c, scores, count, spread, err);
    }
    if (status == BLM_OK) {
        set_source(model, c);
        status = set_thresholds(model, c, err);
    }
    if (status == BLM_OK)
        status = blmi_limits_set(
            model, spread, left_out, c->unjudged != 0 ? c->unjudged : BLMI_UNJUDGED, err);
    blmi_free(spread);
    return status;
}

blm_status blmi_model_calibrate(
    blm_model *model, const blm_calibration *calibration, blm_error *err)
{
    blm_calibration c = calibration != NULL ? *calibration : (blm_calibration){0};
    BLMI_TRY(blmi_calibration_check(calibration, &model->recipe, err));
    blm_model next = *model; // so that a failure changes nothing
    int32_t *parts = NULL;   // (M) groups, with copies joined
    c.false_alarm = rate_of(&c);
    if (c.min_area != 0)
        next.recipe.fields.min_area = c.min_area;
    if (c.held_out == NULL && !c.keep_copies)
        BLMI_TRY(blmi_parts_join(model, c.group, &parts, err));
    const size_t count =
        c.held_out != NULL ? c.held_out_count : (size_t)model->detector->left_out;
    double *scores = blmi_alloc(count, sizeof *scores);
    blm_status status =
        scores != NULL ? BLM_OK : blmi_no_memory(err, "scores", count, sizeof *scores);
    next.good_scores = next.owned_scores = scores;
    next.good_count = (int64_t)count;
    if (status == BLM_OK)
        status = score_and_set(&next, &c, parts, scores, count, err);
    blmi_free(parts);
    if (status == BLM_OK) {
        blmi_free(model->owned_scores);
        blmi_free(model->owned_limits);
        *model = next;
    } else
        blmi_free(scores);
    return status;
}

blm_status blm_model_calibrate_sized(const blm_model *model, const blm_calibration *given,
    size_t calibration_size, blm_model **out, blm_error *err)
{
    blm_calibration own = {0};
    const blm_calibration *calibration = &own;
    BLMI_NEED(model, err);
    BLMI_NEED(out, err);
    BLMI_TAKE(blm_calibration, own, given, calibration_size, err);
    blm_model *next;
    BLMI_TRY(blmi_calibration_check(calibration, &model->recipe, err));
    BLMI_TRY(blmi_model_derive(model, NULL, &next, err));
    const blm_status status = blmi_model_calibrate(next, calibration, err);
    if (status == BLM_OK)
        *out = next;
    else
        blm_model_free(next);
    return status;
}
