// scorer.c: scores images and features: score, map, mask and regions.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "blemish/blemish.h"
#include "src/base/alloc.h"
#include "src/base/clock.h"
#include "src/base/error.h"
#include "src/base/sized.h"
#include "src/base/threads.h"
#include "src/feature/extractor.h"
#include "src/feature/recipe.h"
#include "src/image/picture.h"
#include "src/judge/image_check.h"
#include "src/map/map.h"
#include "src/model/image_features.h"
#include "src/model/model.h"
#include "src/score/mapper.h"
#include "src/score/marker.h"
#include "src/score/scorer.h"
#include "src/score/verdict.h"

enum { MAX_BATCH = 64 }; // images scored together

// Buffers for one of the images scored together.
typedef struct place {
    blmi_mapper *mapper;
    float *map;    // (height, width)
    uint8_t *mask; // (height, width)
    blmi_marker *marker;
    blm_region *regions;
    double checks[BLMI_ALL_CHECKS];
} place;

struct blm_scorer {
    blm_model *model;           // one of its owners
    blm_scorer_options options; // batch: 1 or more
    blmi_team *team;            // its threads
    blmi_thresholds at;
    uint8_t *use; // (P) positions that the region of interest touches; NULL: all
    uint8_t *on;  // (batch, P) positions that count on the images; NULL: as use
    blmi_extractor *extractor; // NULL: takes features
    blmi_extraction *extraction;
    int32_t *chosen; // (D) channels of the outputs of features; NULL: all
    float *features; // (batch, P, D)
    void *detector_scratch;
    float *distances; // (batch, P)
    float *sorted;    // (batch, P) scratch of checks
    place *places;    // (batch)
};

// ---- life -----------------------------------------------------------------------------

static blm_status open_place(const blm_model *model, place *p, blm_error *err)
{
    const blm_recipe *r = &model->recipe.fields;
    const size_t pixels = (size_t)r->width * (size_t)r->height;
    const size_t most_regions = blmi_marker_capacity(r->width, r->height);
    p->map = blmi_alloc(pixels, sizeof *p->map);
    p->mask = blmi_alloc(pixels, sizeof *p->mask);
    p->regions = blmi_alloc(most_regions, sizeof *p->regions);
    if (p->map == NULL || p->mask == NULL || p->regions == NULL)
        return blmi_no_memory(err, "the scorer", pixels, sizeof(float));
    BLMI_TRY(blmi_marker_new(&model->recipe, model->include, &p->marker, err));
    return blmi_mapper_new(&model->recipe, model->layout.grid_width,
        model->layout.grid_height, model->include, &p->mapper, err);
}

static void close_place(place *p)
{
    blmi_mapper_free(p->mapper);
    blmi_marker_free(p->marker);
    blmi_free(p->map);
    blmi_free(p->mask);
    blmi_free(p->regions);
}

static blm_status allocate(blm_scorer *s, blm_error *err)
{
    const blm_recipe *r = &s->model->recipe.fields;
    const blmi_layout *layout = &s->model->layout;
    const int batch = s->options.batch;
    const size_t positions = (size_t)batch * (size_t)layout->positions;
    s->features = blmi_alloc(positions, (size_t)layout->features * sizeof(float));
    s->detector_scratch =
        blmi_alloc(blmi_detector_scratch(s->model->detector, batch, s->team), 1);
    s->distances = blmi_alloc(positions, sizeof(float));
    s->sorted = blmi_alloc(positions, sizeof(float));
    s->places = blmi_alloc_zero((size_t)batch, sizeof *s->places);
    if (s->model->include != NULL &&
        (s->use = blmi_alloc((size_t)layout->positions, 1)) != NULL)
        blmi_region_positions(s->model->include, r->width, r->height, layout->grid_width,
            layout->grid_height, s->use);
    if ((s->model->include != NULL && s->use == NULL) || s->features == NULL ||
        s->detector_scratch == NULL || s->distances == NULL || s->sorted == NULL ||
        s->places == NULL)
        return blmi_no_memory(err, "the scorer", positions, sizeof(float));
    if (s->model->registration != NULL && (s->on = blmi_alloc(positions, 1)) == NULL)
        return blmi_no_memory(err, "the scorer", positions, 1);
    for (int i = 0; i < batch; i++)
        BLMI_TRY(open_place(s->model, &s->places[i], err));
    return BLM_OK;
}

static blm_status open_scorer(blm_scorer *s, blm_error *err)
{
    BLMI_TRY(blmi_team_new(blmi_threads_of(s->options.threads), &s->team, err));
    BLMI_TRY(allocate(s, err));
    if (s->options.from_features)
        return blmi_features_choose(
            &s->model->recipe, &s->model->layout, &s->chosen, err);
    BLMI_TRY(blmi_model_extractor(s->model, &s->extractor, err));
    BLMI_TRY(blmi_extraction_new(s->extractor, s->team, &s->extraction, err));
    const blm_model *m = s->model;
    if (m->registration == NULL)
        return BLM_OK;
    return blmi_extraction_align(
        s->extraction, m->registration, m->include, &m->cover, err);
}

static blm_status new_scorer(const blm_model *model, const blm_scorer_options *options,
    blm_scorer **out, blm_error *err)
{
    blm_scorer *scorer = blmi_alloc_zero(1, sizeof *scorer);
    if (scorer == NULL)
        return blmi_no_memory(err, "the scorer", 1, sizeof *scorer);
    scorer->model = blm_model_share(model);
    scorer->options = *options;
    scorer->options.batch = options->batch > 0 ? options->batch : 1;
    scorer->at = options->threshold != 0
                     ? (blmi_thresholds){.ng = options->threshold}
                     : (blmi_thresholds){model->threshold, model->review_threshold};
    const blm_status status = open_scorer(scorer, err);
    if (status == BLM_OK)
        *out = scorer;
    else
        blm_scorer_free(scorer);
    return status;
}

static blm_status check_options(const blm_scorer_options *o, blm_error *err)
{
    int threads;
    BLMI_TRY(blmi_threads_choose(o->threads, &threads, err));
    if (!isfinite(o->threshold) || o->threshold < 0)
        return blmi_fail(err, BLM_EUSAGE, "threshold %g: must be above 0", o->threshold);
    if (o->batch < 0 || o->batch > MAX_BATCH)
        return blmi_fail(
            err, BLM_EUSAGE, "batch %d: must be 0 to %d", o->batch, MAX_BATCH);
    return BLM_OK;
}

blm_status blm_scorer_new_sized(const blm_model *model, const blm_scorer_options *options,
    size_t options_size, blm_scorer **out, blm_error *err)
{
    blm_scorer_options o = {0};
    BLMI_NEED(model, err);
    BLMI_NEED(out, err);
    BLMI_TAKE(blm_scorer_options, o, options, options_size, err);
    BLMI_TRY(check_options(&o, err));
    return new_scorer(model, &o, out, err);
}

blm_status blm_scorer_clone(const blm_scorer *scorer, blm_scorer **out, blm_error *err)
{
    BLMI_NEED(scorer, err);
    BLMI_NEED(out, err);
    return new_scorer(scorer->model, &scorer->options, out, err);
}

void blm_scorer_free(blm_scorer *scorer)
{
    if (scorer == NULL)
        return;
    for (int i = 0; scorer->places != NULL && i < scorer->options.batch; i++)
        close_place(&scorer->places[i]);
    blmi_free(scorer->places);
    blmi_extraction_free(scorer->extraction);
    blmi_extractor_free(scorer->extractor);
    blmi_team_free(scorer->team);
    blmi_free(scorer->use);
    blmi_free(scorer->on);
    blmi_free(scorer->chosen);
    blmi_free(scorer->features);
    blmi_free(scorer->detector_scratch);
    blmi_free(scorer->distances);
    blmi_free(scorer->sorted);
    blm_model_free(scorer->model);
    blmi_free(scorer);
}

// ---- running --------------------------------------------------------------------------

static int by_falling_peak(const void *a, const void *b)
{
    const blm_region *x = a, *y = b;
    if (x->peak != y->peak)
        return x->peak < y->peak ? 1 : -1;
    return x->top != y->top ? (x->top > y->top ? 1 : -1)
                            : (x->left > y->left) - (x->left < y->left);
}

static double calibrated(const blm_scorer *s, double score)
{
    return blmi_verdict_calibrate(score, s->model->good_median, s->at);
}

// From map pixels to pixels of the original image.
static blm_region in_original(
    const blm_scorer *s, const blmi_frame *f, const blmi_component *c)
{
    return (blm_region){.left = f->x0 + c->left * f->step_x,
        .top = f->y0 + c->top * f->step_y,
        .right = f->x0 + c->right * f->step_x,
        .bottom = f->y0 + c->bottom * f->step_y,
        .area = (double)c->area * f->step_x * f->step_y,
        .peak = (double)c->peak,
        .severity = calibrated(s, (double)c->peak),
        .peak_x = f->x0 + (c->peak_x + 0.5) * f->step_x,
        .peak_y = f->y0 + (c->peak_y + 0.5) * f->step_y,
        .centroid_x = f->x0 + c->centroid_x * f->step_x,
        .centroid_y = f->y0 + c->centroid_y * f->step_y};
}

// Mask and regions of the map.
static void find_regions(
    const blm_scorer *s, const place *p, const blmi_frame *frame, blm_result *result)
{
    const blmi_component *components;
    const size_t count = blmi_marker_run(p->marker, p->map, s->at, p->mask, &components);
    for (size_t i = 0; i < count; i++)
        p->regions[i] = in_original(s, frame, &components[i]);
    qsort(p->regions, count, sizeof *p->regions, by_falling_peak);
    result->mask = p->mask;
    result->regions = p->regions;
    result->region_count = count;
}

// Distances of the features of `count` images, all of them finite.
static blm_status measure(blm_scorer *s, int count, blm_error *err)
{
    const int positions = s->model->detector->positions;
    blmi_detector_distances(s->model->detector, s->features, count, s->use, s->team,
        s->detector_scratch, s->distances);
    for (int p = 0; p < count * positions; p++)
        if (!isfinite(s->distances[p]))
            return blmi_fail(err, BLM_EINPUT,
                "position %d: the distance is not finite: the weights or the model may "
                "be damaged",
                p % positions);
    return BLM_OK;
}

// The members of a result that do not need the score.
static blm_result begin_result(const blm_scorer *s, const blmi_seen *seen)
{
    return (blm_result){.threshold = s->at.ng,
        .review_threshold = s->at.review,
        .unseen = blmi_seen_compare(&s->model->seen, seen),
        .width = s->model->recipe.fields.width,
        .height = s->model->recipe.fields.height};
}

// An image that was scored.
typedef struct scored {
    int width, height;
    const blmi_look *look;           // NULL: unknown
    const blmi_alignment *alignment; // NULL: not aligned
} scored;

// Finds out why image i cannot be judged.  warp: NULL: it was not aligned.
static void check(const blm_scorer *s, int i, const scored *image, const blmi_warp *warp,
    blm_result *out)
{
    const blm_model *m = s->model;
    const int positions = m->detector->positions;
    const size_t at = (size_t)i * (size_t)positions;
    const uint8_t *use = s->use;
    float spread[2], fit[2];
    if (m->limits == NULL)
        return;
    if (warp != NULL) {
        blmi_mapper_positions(&m->recipe, m->include, warp, m->layout.grid_width,
            m->layout.grid_height, s->on + at);
        use = s->on + at;
        blmi_check_alignment(image->alignment->quality, image->alignment->rival, fit);
    }
    blmi_check_distances(s->distances + at, use, positions, s->sorted + at, spread);
    const blmi_checked checked = {image->look, spread, warp != NULL ? fit : NULL};
    out->checks = s->places[i].checks;
    out->check_count = (size_t)blmi_model_checks(m);
    out->reasons |=
        blmi_check_image(&checked, m->limits, (int)out->check_count, s->places[i].checks);
    if ((out->unseen & (BLM_UNSEEN_SIZE | BLM_UNSEEN_ASPECT)) != 0)
        out->reasons |= BLM_REASON_SIZE;
}

// The result of image i from its distances.
static void judge(const blm_scorer *s, int i, const scored *image, blm_result *out)
{
    const double start = blmi_clock_ms();
    const place *p = &s->places[i];
    const blmi_frame frame =
        blmi_recipe_frame(&s->model->recipe, image->width, image->height);
    blmi_warp own, *warp = NULL;
    const size_t at = (size_t)i * (size_t)s->model->detector->positions;
    if (image->alignment != NULL) {
        own = blmi_registration_warp(s->model->registration, image->alignment);
        warp = &own;
        out->alignment = blmi_model_alignment(s->model, image->alignment, &frame);
    }
    out->map = p->map;
    out->score =
        (double)blmi_mapper_run_aligned(p->mapper, s->distances + at, warp, p->map);
    out->calibrated = calibrated(s, out->score);
    check(s, i, image, warp, out);
    out->verdict =
        blmi_verdict_image(out->score, out->reasons, s->options.judge_anyway != 0, s->at);
    find_regions(s, p, &frame, out);
    out->map_ms = blmi_clock_ms() - start;
}

// image: with the cover (cover.h) laid over it.
static blm_status run(
    blm_scorer *scorer, const blm_image *image, blm_result *out, blm_error *err)
{
    const blmi_seen seen = blmi_seen_of(image);
    const bool checked = scorer->model->limits != NULL;
    blmi_look look;
    blm_result result = begin_result(scorer, &seen);
    const blm_rect crop =
        blmi_recipe_crop(blmi_scorer_recipe(scorer), image->width, image->height);
    BLMI_TRY(blmi_extractor_run(scorer->extractor, scorer->extraction, image,
        scorer->features, &result.prepare_ms, &result.network_ms, err));
    double start = blmi_clock_ms();
    // After the extractor, which checks that the crop is inside the image.
    if (checked)
        BLMI_TRY(blmi_look_at(image, &crop, &look, err));
    result.prepare_ms += blmi_clock_ms() - start;
    start = blmi_clock_ms();
    BLMI_TRY(measure(scorer, 1, err));
    result.distance_ms = blmi_clock_ms() - start;
    const scored own = {image->width, image->height, checked ? &look : NULL,
        blmi_extraction_alignment(scorer->extraction, 0)};
    judge(scorer, 0, &own, &result);
    result.align_ms = blmi_extraction_align_ms(scorer->extraction);
    *out = result;
    return BLM_OK;
}

blm_status blm_scorer_run_sized(blm_scorer *scorer, const blm_image *image,
    blm_result *out, size_t out_size, blm_error *err)
{
    blm_result own;
    BLMI_NEED(scorer, err);
    BLMI_NEED(out, err);
    BLMI_TRY(blmi_picture_check(image, err));
    if (scorer->extractor == NULL)
        return blmi_fail(
            err, BLM_EUSAGE, "the scorer was made for features, not for images");
    const blm_model *model = scorer->model;
    blm_image *copy = NULL;
    BLMI_TRY(blmi_cover_copy(
        blmi_model_cover(model), &model->recipe, model->include, image, &copy, err));
    const blm_status status = run(scorer, copy != NULL ? copy : image, &own, err);
    blm_image_free(copy);
    if (status == BLM_OK)
        blmi_sized_give(&own, sizeof own, out, out_size);
    return status;
}

// ---- features in the place of images

typedef struct together {
    const blm_scorer *scorer;
    const blm_features *const *features;
    blm_result *results;
} together;

static void gather_one(const void *context, int i, int thread)
{
    const together *t = context;
    const blmi_layout *layout = &t->scorer->model->layout;
    const size_t size = (size_t)layout->positions * (size_t)layout->features;
    (void)thread;
    blmi_features_gather(t->features[i], layout, t->scorer->chosen,
        t->scorer->features + (size_t)i * size);
}

static void judge_one(const void *context, int i, int thread)
{
    const together *t = context;
    (void)thread;
    const blm_features *f = t->features[i];
    const scored image = {f->width, f->height, f->has_look ? &f->look : NULL,
        f->aligned ? &f->alignment : NULL};
    judge(t->scorer, i, &image, &t->results[i]);
}

static blm_status check_features(
    const blm_scorer *s, const blm_features *const *features, int count, blm_error *err)
{
    const blm_model *m = s->model;
    if (s->extractor != NULL)
        return blmi_fail(
            err, BLM_EUSAGE, "the scorer was made for images, not for features");
    if (count < 1 || count > s->options.batch)
        return blmi_fail(err, BLM_EUSAGE, "%d images: must be 1 to %d, the batch", count,
            s->options.batch);
    for (int i = 0; i < count; i++) {
        BLMI_NEED(features[i], err);
        BLMI_TRY(blmi_features_check(features[i], &m->recipe, &m->layout, m->weights_hash,
            m->include, m->registration, err));
    }
    return BLM_OK;
}

blm_status blm_scorer_run_features_sized(blm_scorer *scorer,
    const blm_features *const *features, int count, blm_result *out, size_t out_size,
    blm_error *err)
{
    blm_result results[MAX_BATCH];
    BLMI_NEED(scorer, err);
    BLMI_NEED(features, err);
    BLMI_NEED(out, err);
    BLMI_TRY(check_features(scorer, features, count, err));
    const together all = {scorer, features, results};
    blmi_team_each(scorer->team, count, gather_one, &all);
    const double start = blmi_clock_ms();
    BLMI_TRY(measure(scorer, count, err));
    const double distance_ms = (blmi_clock_ms() - start) / count;
    for (int i = 0; i < count; i++) {
        results[i] = begin_result(scorer, &features[i]->seen);
        results[i].distance_ms = distance_ms;
    }
    blmi_team_each(scorer->team, count, judge_one, &all);
    for (int i = 0; i < count; i++)
        blmi_sized_give(
            &results[i], sizeof *results, (char *)out + (size_t)i * out_size, out_size);
    return BLM_OK;
}

const blmi_recipe *blmi_scorer_recipe(const blm_scorer *scorer)
{
    return &scorer->model->recipe;
}

const blm_region *blm_result_region_sized(
    const blm_result *result, size_t result_size, size_t index)
{
    const size_t known = offsetof(blm_result, region_count) + sizeof(size_t);
    if (result == NULL || result_size < known || index >= result->region_count)
        return NULL;
    return &result->regions[index];
}
