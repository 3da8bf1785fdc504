// A model at work: image in, score, map, mask and regions out.
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "blemish/blemish.h"
#include "src/base/alloc.h"
#include "src/base/clock.h"
#include "src/base/error.h"
#include "src/feature/extractor.h"
#include "src/feature/recipe.h"
#include "src/image/picture.h"
#include "src/map/map.h"
#include "src/model/model.h"
#include "src/score/mapper.h"
#include "src/score/scorer.h"
#include "src/score/verdict.h"

struct blm_scorer {
    const blm_model *model;
    int threads;     // of the options
    blmi_team *team; // at work inside an image
    double imposed;  // threshold of the options
    blmi_thresholds at;
    uint8_t *use; // (P) positions that the region of interest touches; NULL: all
    blmi_extractor *extractor;
    blmi_extraction *extraction;
    blmi_mapper *mapper;
    float *features; // (P, D)
    void *detector_scratch;
    float *distances; // (P)
    float *map;       // (height, width)
    uint8_t *mask;    // (height, width)
    int32_t *label;   // (height, width)
    blmi_component *components;
    blm_region *regions;
    blmi_frame frame; // of the image of the last run
};

// ---- life -----------------------------------------------------------------------------

static blm_status allocate(blm_scorer *s, blm_error *err)
{
    const blm_recipe *r = &s->model->recipe.fields;
    const blmi_layout *layout = &s->model->layout;
    const size_t pixels = (size_t)r->width * (size_t)r->height;
    const size_t most_regions = blmi_verdict_capacity(r->width, r->height);
    s->features =
        blmi_alloc((size_t)layout->positions, (size_t)layout->features * sizeof(float));
    s->detector_scratch =
        blmi_alloc(blmi_detector_scratch(s->model->detector, 1, s->team), 1);
    s->distances = blmi_alloc((size_t)layout->positions, sizeof(float));
    s->map = blmi_alloc(pixels, sizeof *s->map);
    s->mask = blmi_alloc(pixels, sizeof *s->mask);
    s->label = blmi_alloc(pixels, sizeof *s->label);
    s->components = blmi_alloc(most_regions, sizeof *s->components);
    s->regions = blmi_alloc(most_regions, sizeof *s->regions);
    if (s->model->include != NULL &&
        (s->use = blmi_alloc((size_t)layout->positions, 1)) != NULL)
        blmi_region_positions(s->model->include, r->width, r->height, layout->grid_width,
            layout->grid_height, s->use);
    if ((s->model->include != NULL && s->use == NULL) || s->features == NULL ||
        s->detector_scratch == NULL || s->distances == NULL || s->map == NULL ||
        s->mask == NULL || s->label == NULL || s->components == NULL ||
        s->regions == NULL)
        return blmi_no_memory(err, "the scorer", pixels, sizeof(float));
    return BLM_OK;
}

// extractor becomes the scorer's, also when this fails.
static blm_status new_scorer(const blm_model *model, const blm_scorer_options *options,
    blmi_extractor *extractor, blm_scorer **out, blm_error *err)
{
    blm_scorer *scorer = blmi_alloc_zero(1, sizeof *scorer);
    if (scorer == NULL) {
        blmi_extractor_free(extractor);
        return blmi_no_memory(err, "the scorer", 1, sizeof *scorer);
    }
    scorer->model = model;
    scorer->threads = options->threads;
    scorer->imposed = options->threshold;
    scorer->at = options->threshold != 0
                     ? (blmi_thresholds){.ng = options->threshold}
                     : (blmi_thresholds){model->threshold, model->review_threshold};
    scorer->extractor = extractor;
    blm_status status =
        blmi_team_new(scorer->threads > 0 ? scorer->threads : omp_get_max_threads(),
            &scorer->team, err);
    if (status == BLM_OK)
        status = allocate(scorer, err);
    if (status == BLM_OK)
        status = blmi_extraction_new(extractor, scorer->team, &scorer->extraction, err);
    if (status == BLM_OK)
        status = blmi_mapper_new(&model->recipe, model->layout.grid_width,
            model->layout.grid_height, model->include, &scorer->mapper, err);
    if (status == BLM_OK)
        *out = scorer;
    else
        blm_scorer_free(scorer);
    return status;
}

blm_status blm_scorer_new(const blm_model *model, const blm_scorer_options *options,
    blm_scorer **out, blm_error *err)
{
    BLMI_NEED(model, err);
    BLMI_NEED(out, err);
    const blm_scorer_options o = options != NULL ? *options : (blm_scorer_options){0};
    blmi_extractor *extractor;
    if (o.threads < 0 || o.threads > 1024)
        return blmi_fail(err, BLM_EUSAGE, "threads %d: must be 0 to 1024", o.threads);
    if (!isfinite(o.threshold) || o.threshold < 0)
        return blmi_fail(err, BLM_EUSAGE, "threshold %g: must be above 0", o.threshold);
    BLMI_TRY(blmi_extractor_new(
        &model->weights, &model->backbone, &model->recipe, &extractor, err));
    return new_scorer(model, &o, extractor, out, err);
}

blm_status blm_scorer_clone(const blm_scorer *scorer, blm_scorer **out, blm_error *err)
{
    BLMI_NEED(scorer, err);
    BLMI_NEED(out, err);
    const blm_scorer_options options = {
        .threads = scorer->threads, .threshold = scorer->imposed};
    return new_scorer(
        scorer->model, &options, blmi_extractor_share(scorer->extractor), out, err);
}

void blm_scorer_free(blm_scorer *scorer)
{
    if (scorer == NULL)
        return;
    blmi_extraction_free(scorer->extraction);
    blmi_extractor_free(scorer->extractor);
    blmi_team_free(scorer->team);
    blmi_mapper_free(scorer->mapper);
    blmi_free(scorer->use);
    blmi_free(scorer->features);
    blmi_free(scorer->detector_scratch);
    blmi_free(scorer->distances);
    blmi_free(scorer->map);
    blmi_free(scorer->mask);
    blmi_free(scorer->label);
    blmi_free(scorer->components);
    blmi_free(scorer->regions);
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
static blm_region in_original(const blm_scorer *s, const blmi_component *c)
{
    const blmi_frame *f = &s->frame;
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
static void find_regions(blm_scorer *s, blm_result *result)
{
    const blm_recipe *r = &s->model->recipe.fields;
    const size_t count = blmi_verdict_mark(
        s->map, r->width, r->height, s->at, s->label, s->mask, s->components);
    for (size_t i = 0; i < count; i++)
        s->regions[i] = in_original(s, &s->components[i]);
    qsort(s->regions, count, sizeof *s->regions, by_falling_peak);
    result->mask = s->mask;
    result->regions = s->regions;
    result->region_count = count;
}

// Distances of the image's features, all of them finite.
static blm_status measure(blm_scorer *s, blm_error *err)
{
    const int positions = s->model->detector->positions;
    blmi_detector_distances(s->model->detector, s->features, 1, s->use, s->team,
        s->detector_scratch, s->distances);
    for (int p = 0; p < positions; p++)
        if (!isfinite(s->distances[p]))
            return blmi_fail(err, BLM_EINPUT,
                "position %d: the distance is no finite number: damaged weights or "
                "model?",
                p);
    return BLM_OK;
}

// image: as the network shall see it.
static blm_status run(
    blm_scorer *scorer, const blm_image *image, blm_result *out, blm_error *err)
{
    const blm_model *model = scorer->model;
    const blmi_seen seen = blmi_seen_of(image);
    blm_result result = {.threshold = scorer->at.ng,
        .review_threshold = scorer->at.review,
        .unseen = blmi_seen_compare(&model->seen, &seen),
        .width = model->recipe.fields.width,
        .height = model->recipe.fields.height,
        .map = scorer->map};
    BLMI_TRY(blmi_extractor_run(scorer->extractor, scorer->extraction, image,
        scorer->features, &result.prepare_ms, &result.network_ms, err));
    const double start = blmi_clock_ms();
    BLMI_TRY(measure(scorer, err));
    const double measured = blmi_clock_ms();
    result.score =
        (double)blmi_mapper_run(scorer->mapper, scorer->distances, scorer->map);
    result.calibrated = calibrated(scorer, result.score);
    result.verdict = blmi_verdict(result.score, scorer->at);
    scorer->frame = blmi_recipe_frame(&model->recipe, image->width, image->height);
    find_regions(scorer, &result);
    result.distance_ms = measured - start;
    result.map_ms = blmi_clock_ms() - measured;
    *out = result;
    return BLM_OK;
}

blm_status blm_scorer_run(
    blm_scorer *scorer, const blm_image *image, blm_result *out, blm_error *err)
{
    BLMI_NEED(scorer, err);
    BLMI_NEED(out, err);
    BLMI_TRY(blmi_picture_check(image, err));
    const blm_model *model = scorer->model;
    blm_image *copy = NULL;
    BLMI_TRY(blmi_cover_copy(
        &model->cover, &model->recipe, model->include, image, &copy, err));
    const blm_status status = run(scorer, copy != NULL ? copy : image, out, err);
    blm_image_free(copy);
    return status;
}

const blmi_recipe *blmi_scorer_recipe(const blm_scorer *scorer)
{
    return &scorer->model->recipe;
}
