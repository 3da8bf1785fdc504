// Many recipes on one extraction of features.
#include "blemish/sweep.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/alloc.h"
#include "src/base/clock.h"
#include "src/base/error.h"
#include "src/feature/extractor.h"
#include "src/feature/recipe.h"
#include "src/feature/recipe_fields.h"
#include "src/model/model.h"
#include "src/score/mapper.h"

enum { BLOCK = 16 }; // images whose features are stacked at once

typedef struct samples {
    float **outputs; // (count) of an image: its stages one behind the other
    size_t count;
} samples;

struct blm_sweep {
    blmi_recipe recipe; // complete
    blm_decode_options decode;
    int threads;
    blmi_team *team; // of as many
    blmi_weights weights;
    blmi_extractor *extractor;
    samples of[2]; // by blm_sweep_role

    // The last fit.  The recipe of the model is what it was fitted by.
    blm_model model;
    int32_t *chosen; // (D)
    double *scores;  // (test images)
};

// ---- life -----------------------------------------------------------------------------

static blm_status open_sweep(blm_sweep *sweep, const blm_sweep_options *o, blm_error *err)
{
    if (o->threads < 0 || o->threads > 1024)
        return blmi_fail(err, BLM_EUSAGE, "threads %d: must be 0 to 1024", o->threads);
    sweep->threads = o->threads > 0 ? o->threads : omp_get_max_threads();
    BLMI_TRY(blmi_team_new(sweep->threads, &sweep->team, err));
    BLMI_TRY(blmi_weights_open(o->weights, &sweep->weights, err));
    BLMI_TRY(
        blmi_recipe_complete(o->recipe, &sweep->weights.backbone, &sweep->recipe, err));
    sweep->recipe.fields.channels = 0; // whatever is chosen is chosen from all
    sweep->decode = o->decode;
    sweep->decode.bits = sweep->recipe.fields.bits;
    return blmi_extractor_new(&sweep->weights.tensors, &sweep->weights.backbone,
        &sweep->recipe, &sweep->extractor, err);
}

blm_status blm_sweep_new(
    const blm_sweep_options *options, blm_sweep **out, blm_error *err)
{
    const blm_sweep_options defaults = {0};
    blm_sweep *sweep = blmi_alloc_zero(1, sizeof *sweep);
    if (sweep == NULL)
        return blmi_no_memory(err, "the sweep", 1, sizeof *sweep);
    const blm_status status =
        open_sweep(sweep, options != NULL ? options : &defaults, err);
    if (status == BLM_OK)
        *out = sweep;
    else
        blm_sweep_free(sweep);
    return status;
}

static void forget_fit(blm_sweep *sweep)
{
    blmi_detector_free(sweep->model.detector);
    blmi_free(sweep->model.owned_scores);
    blmi_free(sweep->chosen);
    sweep->model = (blm_model){0};
    sweep->chosen = NULL;
}

void blm_sweep_free(blm_sweep *sweep)
{
    if (sweep == NULL)
        return;
    forget_fit(sweep);
    for (int role = 0; role < 2; role++) {
        for (size_t i = 0; i < sweep->of[role].count; i++)
            blmi_free(sweep->of[role].outputs[i]);
        free(sweep->of[role].outputs);
    }
    blmi_free(sweep->scores);
    blmi_extractor_free(sweep->extractor);
    blmi_team_free(sweep->team);
    blmi_weights_close(&sweep->weights);
    blmi_free(sweep);
}

// ---- extraction -----------------------------------------------------------------------

// The outputs of a file, one behind the other, in new memory.
static blm_status take_file(const blm_sweep *sweep, blmi_extraction *extraction,
    const char *path, float **out, blm_error *err)
{
    const blmi_layout *layout = blmi_extractor_layout(sweep->extractor);
    const size_t size = blmi_layout_count(layout);
    blm_image *image = NULL;
    blm_error why;
    BLMI_TRY(blm_image_read(path, &sweep->decode, &image, err));
    const blm_status status =
        blmi_extractor_run(sweep->extractor, extraction, image, NULL, NULL, NULL, &why);
    blm_image_free(image);
    if (status != BLM_OK)
        return blmi_fail(err, status, "%s: %s", path, why.text);
    if ((*out = blmi_alloc(size, sizeof **out)) == NULL)
        return blmi_no_memory(err, "features", size, sizeof **out);
    for (int i = 0, at = 0; i < layout->outputs; i++) {
        const size_t count = blmi_output_count(&layout->output[i]);
        memcpy(*out + at, blmi_extraction_outputs(extraction)[i], count * sizeof **out);
        at += (int)count;
    }
    return BLM_OK;
}

// What threads that take in files have in common.
typedef struct intake {
    const blm_sweep *sweep;
    const char *const *paths;
    size_t count, next, done;
    float **outputs; // (count)
    const blm_sweep_watch *watch;
    blm_status status;
    blm_error *err;
} intake;

// The next file's number; `count` when there is none or something went wrong.
static size_t next_file(intake *all)
{
    size_t mine;
#pragma omp critical(blmi_sweep_intake)
    mine = all->status == BLM_OK && all->next < all->count ? all->next++ : all->count;
    return mine;
}

static void end_file(intake *all, blm_status status, const blm_error *why)
{
#pragma omp critical(blmi_sweep_intake)
    {
        const blm_sweep_watch *w = all->watch;
        all->done++;
        if (all->status == BLM_OK && status != BLM_OK)
            all->status = blmi_fail(all->err, status, "%s", why->text);
        if (all->status == BLM_OK && w->progress != NULL &&
            w->progress(w->context, all->done, all->count) != 0)
            all->status = blmi_fail(all->err, BLM_ESYSTEM, "interrupted");
    }
}

static void take_files(intake *all)
{
    blmi_extraction *extraction = NULL;
    blm_error why;
    blm_status status =
        blmi_extraction_new(all->sweep->extractor, NULL, &extraction, &why);
    for (size_t i; (i = next_file(all)) < all->count;) {
        if (status == BLM_OK)
            status =
                take_file(all->sweep, extraction, all->paths[i], &all->outputs[i], &why);
        end_file(all, status, &why);
    }
    blmi_extraction_free(extraction);
}

blm_status blm_sweep_add_files(blm_sweep *sweep, blm_sweep_role role,
    const char *const *paths, size_t count, const blm_sweep_watch *watch, blm_error *err)
{
    const blm_sweep_watch nobody = {0};
    samples *to = &sweep->of[role];
    float **outputs = realloc(to->outputs, (to->count + count + 1) * sizeof *outputs);
    if (outputs == NULL)
        return blmi_no_memory(err, "images", to->count + count, sizeof *outputs);
    to->outputs = outputs;
    memset(outputs + to->count, 0, count * sizeof *outputs);
    intake all = {.sweep = sweep,
        .paths = paths,
        .count = count,
        .outputs = outputs + to->count,
        .watch = watch != NULL ? watch : &nobody,
        .err = err};
    forget_fit(sweep);
#pragma omp parallel num_threads(sweep->threads)
    take_files(&all);
    to->count += count;
    return all.status;
}

// ---- fitting --------------------------------------------------------------------------

// Points to the outputs of an image that the last fit takes.
static void find_outputs(
    const blm_sweep *sweep, const float *outputs, const float *output[BLMI_MOST_TAPS])
{
    const blmi_layout *all = blmi_extractor_layout(sweep->extractor);
    for (int i = 0, taken = 0; i < all->outputs; i++) {
        if (taken < sweep->model.layout.outputs &&
            sweep->model.layout.output[taken].tap == all->output[i].tap)
            output[taken++] = outputs;
        outputs += blmi_output_count(&all->output[i]);
    }
}

// Features (count, P, D) of images from number `first` on, by the layout of the last fit.
static void stack(
    const blm_sweep *sweep, const samples *from, size_t first, int count, float *features)
{
    const blmi_layout *layout = &sweep->model.layout;
    const size_t size = (size_t)layout->positions * (size_t)layout->features;
#pragma omp parallel for num_threads(sweep->threads)
    for (int i = 0; i < count; i++) {
        const float *output[BLMI_MOST_TAPS];
        find_outputs(sweep, from->outputs[first + (size_t)i], output);
        blmi_features_stack(layout, sweep->chosen, output, features + (size_t)i * size);
    }
}

static int block_at(const samples *from, size_t first)
{
    const size_t left = from->count - first;
    return left < BLOCK ? (int)left : BLOCK;
}

static blm_status accumulate(
    blm_sweep *sweep, float *features, blmi_detector_fit *statistics, blm_error *err)
{
    const samples *good = &sweep->of[BLM_SWEEP_GOOD];
    for (size_t i = 0; i < good->count; i += BLOCK) {
        const int count = block_at(good, i);
        stack(sweep, good, i, count, features);
        BLMI_TRY(blmi_detector_fit_add(statistics, features, count, err));
    }
    return blmi_detector_fit_finish(statistics, &sweep->model.detector, err);
}

// Fits anew.  features (BLOCK, P, D) is scratch.
static blm_status fit(
    blm_sweep *sweep, const blmi_recipe *recipe, float *features, blm_error *err)
{
    const blmi_detector_rule rule = blmi_recipe_rule(recipe);
    blmi_detector_fit *statistics = NULL;
    forget_fit(sweep);
    BLMI_TRY(
        blmi_recipe_layout(recipe, &sweep->weights.backbone, &sweep->model.layout, err));
    BLMI_TRY(blmi_features_choose(recipe, &sweep->model.layout, &sweep->chosen, err));
    const blmi_detector_shape grid = blmi_layout_grid(&sweep->model.layout);
    BLMI_TRY(blmi_detector_fit_new(&rule, &grid, NULL, &statistics, err));
    const blm_status status = accumulate(sweep, features, statistics, err);
    blmi_detector_fit_free(statistics);
    return status;
}

// Whether the last fit serves a recipe too, with other statistics of the same features.
static int serves(const blm_sweep *sweep, const blmi_recipe *recipe)
{
    const blmi_recipe *last = &sweep->model.recipe;
    const blmi_detector_rule rule = blmi_recipe_rule(recipe);
    return sweep->model.detector != NULL &&
           blmi_recipe_equal(
               &last->fields, &recipe->fields, BLM_PART_FEATURES, BLM_PART_FEATURES) &&
           blmi_detector_can_adapt(sweep->model.detector, &rule);
}

// ---- scoring --------------------------------------------------------------------------

// Working memory of a run.
typedef struct room {
    float *features;  // (BLOCK, P, D)
    float *distances; // (BLOCK, P)
    float *maps;      // (BLOCK, height, width)
    void *scratch;
    blmi_mapper *mapper[BLOCK];
} room;

static void free_room(room *r)
{
    blmi_free(r->features);
    blmi_free(r->distances);
    blmi_free(r->maps);
    blmi_free(r->scratch);
    for (int i = 0; i < BLOCK; i++)
        blmi_mapper_free(r->mapper[i]);
}

static blm_status make_features(
    const blm_sweep *sweep, const blmi_recipe *recipe, room *r, blm_error *err)
{
    blmi_layout layout;
    BLMI_TRY(blmi_recipe_layout(recipe, &sweep->weights.backbone, &layout, err));
    const size_t size = (size_t)layout.positions * (size_t)layout.features;
    r->features = blmi_alloc(size, BLOCK * sizeof(float));
    return r->features != NULL
               ? BLM_OK
               : blmi_no_memory(err, "features", size, BLOCK * sizeof(float));
}

static blm_status make_maps(const blm_sweep *sweep, room *r, blm_error *err)
{
    const blmi_detector *detector = sweep->model.detector;
    const blmi_recipe *recipe = &sweep->model.recipe;
    const size_t pixels = (size_t)recipe->fields.width * (size_t)recipe->fields.height;
    r->distances = blmi_alloc((size_t)detector->positions, BLOCK * sizeof(float));
    r->maps = blmi_alloc(pixels, BLOCK * sizeof(float));
    r->scratch = blmi_alloc(blmi_detector_scratch(detector, BLOCK, sweep->team), 1);
    if (r->distances == NULL || r->maps == NULL || r->scratch == NULL)
        return blmi_no_memory(err, "maps", pixels, BLOCK * sizeof(float));
    for (int i = 0; i < BLOCK; i++)
        BLMI_TRY(blmi_mapper_new(recipe, sweep->model.layout.grid_width,
            sweep->model.layout.grid_height, NULL, &r->mapper[i], err));
    return BLM_OK;
}

static blm_status score_block(
    const blm_sweep *sweep, const room *r, size_t first, int count, blm_error *err)
{
    const blmi_recipe *recipe = &sweep->model.recipe;
    const blmi_detector *detector = sweep->model.detector;
    const size_t pixels = (size_t)recipe->fields.width * (size_t)recipe->fields.height;
    stack(sweep, &sweep->of[BLM_SWEEP_TEST], first, count, r->features);
    blmi_detector_distances(
        detector, r->features, count, NULL, sweep->team, r->scratch, r->distances);
    for (int i = 0; i < count * detector->positions; i++)
        if (!isfinite(r->distances[i]))
            return blmi_fail(err, BLM_EINPUT, "a distance is no finite number");
#pragma omp parallel for num_threads(sweep->threads)
    for (int i = 0; i < count; i++)
        sweep->scores[first + (size_t)i] = (double)blmi_mapper_run(r->mapper[i],
            r->distances + i * detector->positions, r->maps + (size_t)i * pixels);
    return BLM_OK;
}

static blm_status score_test(
    const blm_sweep *sweep, const room *r, const blm_sweep_watch *watch, blm_error *err)
{
    const samples *test = &sweep->of[BLM_SWEEP_TEST];
    const blmi_recipe *recipe = &sweep->model.recipe;
    const size_t pixels = (size_t)recipe->fields.width * (size_t)recipe->fields.height;
    for (size_t first = 0; first < test->count; first += BLOCK) {
        const int count = block_at(test, first);
        BLMI_TRY(score_block(sweep, r, first, count, err));
        for (int i = 0; i < count; i++)
            if (watch->map != NULL && watch->map(watch->context, first + (size_t)i,
                                          r->maps + (size_t)i * pixels) != 0)
                return blmi_fail(err, BLM_ESYSTEM, "interrupted");
    }
    return BLM_OK;
}

// ---- a run ----------------------------------------------------------------------------

static blm_status check_recipe(
    const blm_sweep *sweep, const blmi_recipe *r, blm_error *err)
{
    const blmi_recipe *own = &sweep->recipe;
    if (!blmi_recipe_equal(&r->fields, &own->fields, BLM_PART_INPUT, BLM_PART_NETWORK))
        return blmi_fail(err, BLM_EUSAGE,
            "sweep: size, resize, crop, filter, bits and type must be those of the "
            "extraction");
    if ((r->stages & ~own->stages) != 0)
        return blmi_fail(err, BLM_EUSAGE,
            "sweep: taps %s are not among those of the extraction, %s", r->fields.taps,
            own->fields.taps);
    return BLM_OK;
}

// Makes sweep->model that of the recipe, calibrated.
static blm_status make_model(blm_sweep *sweep, const blmi_recipe *recipe,
    const blm_calibration *calibration, float *features, blm_error *err)
{
    const blm_calibration c = {.false_alarm = calibration->false_alarm,
        .review = calibration->review,
        .min_area = calibration->min_area};
    const blmi_detector_rule rule = blmi_recipe_rule(recipe);
    if (serves(sweep, recipe))
        BLMI_TRY(blmi_detector_adapt(sweep->model.detector, &rule, err));
    else
        BLMI_TRY(fit(sweep, recipe, features, err));
    sweep->model.recipe = *recipe;
    return blm_model_calibrate(&sweep->model, &c, err);
}

static blm_status run(blm_sweep *sweep, const blmi_recipe *recipe,
    const blm_calibration *calibration, const blm_sweep_watch *watch, room *r,
    blm_sweep_result *out, blm_error *err)
{
    const double start = blmi_clock_ms();
    const size_t count = sweep->of[BLM_SWEEP_TEST].count;
    BLMI_TRY(make_features(sweep, recipe, r, err));
    BLMI_TRY(make_model(sweep, recipe, calibration, r->features, err));
    BLMI_TRY(make_maps(sweep, r, err));
    blmi_free(sweep->scores);
    if ((sweep->scores = blmi_alloc(count, sizeof *sweep->scores)) == NULL)
        return blmi_no_memory(err, "scores", count, sizeof *sweep->scores);
    const double fitted = blmi_clock_ms();
    BLMI_TRY(score_test(sweep, r, watch, err));
    *out = (blm_sweep_result){.recipe = sweep->model.recipe.fields,
        .positions = sweep->model.detector->positions,
        .features = sweep->model.detector->features,
        .good = sweep->model.good_scores,
        .good_count = (size_t)sweep->model.good_count,
        .good_median = sweep->model.good_median,
        .threshold = sweep->model.threshold,
        .scores = sweep->scores,
        .score_count = count,
        .fit_ms = fitted - start,
        .score_ms = blmi_clock_ms() - fitted};
    return BLM_OK;
}

const blm_recipe *blm_sweep_recipe(const blm_sweep *sweep)
{
    return &sweep->recipe.fields;
}

blm_status blm_sweep_run(blm_sweep *sweep, const blm_recipe *recipe,
    const blm_calibration *calibration, const blm_sweep_watch *watch,
    blm_sweep_result *out, blm_error *err)
{
    const blm_sweep_watch nobody = {0};
    const blm_calibration defaults = {0};
    blmi_recipe complete;
    room r = {0};
    BLMI_TRY(blmi_recipe_complete(recipe, &sweep->weights.backbone, &complete, err));
    BLMI_TRY(check_recipe(sweep, &complete, err));
    const blm_status status =
        run(sweep, &complete, calibration != NULL ? calibration : &defaults,
            watch != NULL ? watch : &nobody, &r, out, err);
    free_room(&r);
    if (status != BLM_OK)
        forget_fit(sweep); // it may be half of another one
    return status;
}
