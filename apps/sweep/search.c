#include "apps/sweep/search.h"
#include "apps/base/app_clock.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "apps/base/fault.h"
#include "blemish/features.h"

enum { BLOCK = 16 }; // images that are scored together

typedef struct samples {
    blm_features **items; // (count)
    size_t count;
} samples;

struct search {
    blm_decode_options decode;
    const char *weights;
    int threads;
    blm_extractor *extractor; // each thread clones it
    samples of[2];            // by search_role
    blm_model *model;         // of the last run; NULL: none
    blm_good_score *good;     // (good images)
    double *good_scores;      // (good images)
    double *scores;           // (test images)
};

// ---- life -----------------------------------------------------------------------------

static blm_status open_search(search *s, const search_options *o, blm_error *err)
{
    const blm_extractor_options options = {
        .recipe = o->recipe, .weights = o->weights, .threads = 1};
    blm_extractor_info info;
    if (o->threads < 0 || o->threads > 1024)
        return app_fail(err, BLM_EUSAGE, "threads %d: must be 0 to 1024", o->threads);
    s->threads = o->threads > 0 ? o->threads : omp_get_max_threads();
    s->weights = o->weights;
    APP_TRY(blm_extractor_new(&options, &s->extractor, err));
    blm_extractor_describe(s->extractor, &info);
    s->decode = o->decode;
    blm_recipe_decode_options(info.recipe, &s->decode);
    return BLM_OK;
}

blm_status search_new(const search_options *options, search **out, blm_error *err)
{
    search *s = calloc(1, sizeof *s);
    if (s == NULL)
        return app_no_memory(err, "the search", 1, sizeof *s);
    const blm_status status = open_search(s, options, err);
    if (status == BLM_OK)
        *out = s;
    else
        search_free(s);
    return status;
}

void search_free(search *s)
{
    if (s == NULL)
        return;
    for (int role = 0; role < 2; role++) {
        for (size_t i = 0; i < s->of[role].count; i++)
            blm_features_free(s->of[role].items[i]);
        free(s->of[role].items);
    }
    blm_model_free(s->model);
    blm_extractor_free(s->extractor);
    free(s->good);
    free(s->good_scores);
    free(s->scores);
    free(s);
}

const blm_recipe *search_recipe(const search *s)
{
    blm_extractor_info info;
    blm_extractor_describe(s->extractor, &info);
    return info.recipe;
}

// ---- extraction -----------------------------------------------------------------------

// Shared state of the threads that add files.
typedef struct intake {
    const search *search;
    const search_source *source;
    size_t count, next, done;
    blm_features **items; // (count)
    const search_watch *watch;
    blm_status status;
    blm_error *err;
} intake;

static blm_status take_file(
    const intake *all, blm_extractor *extractor, size_t i, blm_error *err)
{
    const search_source *source = all->source;
    blm_image *image = NULL;
    APP_TRY(source->image(source->context, i, &all->search->decode, &image, err));
    const blm_image *const one = image;
    blm_error why;
    const blm_status status = blm_extractor_run(extractor, &one, 1, &all->items[i], &why);
    blm_image_free(image);
    return status == BLM_OK ? BLM_OK
                            : app_fail(err, status, "%s: %s",
                                  source->name(source->context, i), why.text);
}

// The number of the next file; `count` if there is none, or after a failure.
static size_t next_file(intake *all)
{
    size_t mine;
#pragma omp critical(search_intake)
    mine = all->status == BLM_OK && all->next < all->count ? all->next++ : all->count;
    return mine;
}

static void end_file(intake *all, blm_status status, const blm_error *why)
{
#pragma omp critical(search_intake)
    {
        const search_watch *w = all->watch;
        all->done++;
        if (all->status == BLM_OK && status != BLM_OK)
            all->status = app_fail(all->err, status, "%s", why->text);
        if (all->status == BLM_OK && w->progress != NULL &&
            w->progress(w->context, all->done, all->count) != 0)
            all->status = app_fail(all->err, BLM_ESYSTEM, "interrupted");
    }
}

static void take_files(intake *all)
{
    blm_extractor *extractor = NULL;
    blm_error why;
    blm_status status = blm_extractor_clone(all->search->extractor, &extractor, &why);
    for (size_t i; (i = next_file(all)) < all->count;) {
        if (status == BLM_OK)
            status = take_file(all, extractor, i, &why);
        end_file(all, status, &why);
    }
    blm_extractor_free(extractor);
}

blm_status search_add_images(search *s, search_role role, const search_source *source,
    size_t count, const search_watch *watch, blm_error *err)
{
    const search_watch nobody = {0};
    samples *to = &s->of[role];
    blm_features **items = reallocarray(to->items, to->count + count + 1, sizeof *items);
    if (items == NULL)
        return app_no_memory(err, "images", to->count + count, sizeof *items);
    to->items = items;
    memset(items + to->count, 0, count * sizeof *items);
    intake all = {.search = s,
        .source = source,
        .count = count,
        .items = items + to->count,
        .watch = watch != NULL ? watch : &nobody,
        .err = err};
    blm_model_free(s->model);
    s->model = NULL;
#pragma omp parallel num_threads(s->threads)
    take_files(&all);
    to->count += count;
    return all.status;
}

static blm_status read_file(void *context, size_t index, const blm_decode_options *decode,
    blm_image **out, blm_error *err)
{
    return blm_image_read(((const char *const *)context)[index], decode, out, err);
}

static const char *name_file(void *context, size_t index)
{
    return ((const char *const *)context)[index];
}

blm_status search_add_files(search *s, search_role role, const char *const *paths,
    size_t count, const search_watch *watch, blm_error *err)
{
    const search_source files = {
        .context = (void *)(uintptr_t)paths, .image = read_file, .name = name_file};
    return search_add_images(s, role, &files, count, watch, err);
}

// ---- fitting --------------------------------------------------------------------------

static blm_status fit(search *s, const blm_recipe *recipe,
    const blm_calibration *calibration, blm_error *err)
{
    const blm_fit_options options = {.recipe = recipe,
        .weights = s->weights,
        .threads = s->threads,
        .from_features = 1};
    const samples *good = &s->of[SEARCH_GOOD];
    blm_fitter *fitter = NULL;
    blm_model_free(s->model);
    s->model = NULL;
    APP_TRY(blm_fitter_new(&options, &fitter, err));
    blm_status status = blm_fitter_add_features(
        fitter, (const blm_features *const *)good->items, NULL, good->count, err);
    if (status == BLM_OK)
        status = blm_fitter_finish(fitter, calibration, &s->model, err);
    blm_fitter_free(fitter);
    return status;
}

static blm_status make_model(search *s, const blm_recipe *recipe,
    const blm_calibration *calibration, blm_error *err)
{
    const blm_calibration c = {.false_alarm = calibration->false_alarm,
        .review = calibration->review,
        .min_area = calibration->min_area,
        .threads = s->threads};
    blm_model *adapted = NULL;
    if (!blm_model_can_adapt(s->model, recipe))
        return fit(s, recipe, &c, err);
    const blm_status status = blm_model_adapt(s->model, recipe, &c, &adapted, err);
    if (status == BLM_OK) {
        blm_model_free(s->model);
        s->model = adapted;
    }
    return status;
}

static int by_index(const void *a, const void *b)
{
    const size_t x = ((const blm_good_score *)a)->index;
    const size_t y = ((const blm_good_score *)b)->index;
    return (x > y) - (x < y);
}

// The scores of good images, in the order of the images.
static blm_status list_good(search *s, size_t count, blm_error *err)
{
    free(s->good);
    free(s->good_scores);
    s->good = calloc(count + 1, sizeof *s->good);
    s->good_scores = calloc(count + 1, sizeof *s->good_scores);
    if (s->good == NULL || s->good_scores == NULL)
        return app_no_memory(err, "scores", count, sizeof *s->good);
    blm_model_good_scores(s->model, s->good, count);
    qsort(s->good, count, sizeof *s->good, by_index);
    for (size_t i = 0; i < count; i++)
        s->good_scores[i] = s->good[i].score;
    return BLM_OK;
}

// ---- scoring --------------------------------------------------------------------------

static blm_status score_all(
    search *s, blm_scorer *scorer, const search_watch *watch, blm_error *err)
{
    const samples *test = &s->of[SEARCH_TEST];
    blm_result results[BLOCK];
    for (size_t first = 0; first < test->count; first += BLOCK) {
        const size_t left = test->count - first;
        const int count = left < BLOCK ? (int)left : BLOCK;
        APP_TRY(blm_scorer_run_features(scorer,
            (const blm_features *const *)test->items + first, count, results, err));
        for (int i = 0; i < count; i++) {
            const size_t index = first + (size_t)i;
            s->scores[index] = results[i].score;
            if (watch->map != NULL &&
                watch->map(watch->context, index, results[i].map) != 0)
                return app_fail(err, BLM_ESYSTEM, "interrupted");
        }
    }
    return BLM_OK;
}

static blm_status score_test(search *s, const search_watch *watch, blm_error *err)
{
    const blm_scorer_options options = {
        .threads = s->threads, .from_features = 1, .batch = BLOCK};
    const size_t count = s->of[SEARCH_TEST].count;
    blm_scorer *scorer = NULL;
    free(s->scores);
    if ((s->scores = calloc(count + 1, sizeof *s->scores)) == NULL)
        return app_no_memory(err, "scores", count, sizeof *s->scores);
    if (count == 0)
        return BLM_OK;
    APP_TRY(blm_scorer_new(s->model, &options, &scorer, err));
    const blm_status status = score_all(s, scorer, watch, err);
    blm_scorer_free(scorer);
    return status;
}

static blm_status run(search *s, const blm_recipe *recipe,
    const blm_calibration *calibration, const search_watch *watch, search_result *out,
    blm_error *err)
{
    blm_model_info info;
    const double start = app_clock_ms();
    APP_TRY(make_model(s, recipe, calibration, err));
    blm_model_describe(s->model, &info);
    APP_TRY(list_good(s, info.good_scores, err));
    const double fitted = app_clock_ms();
    APP_TRY(score_test(s, watch, err));
    *out = (search_result){.recipe = *info.recipe,
        .positions = info.positions,
        .features = info.features,
        .good = s->good_scores,
        .good_count = info.good_scores,
        .good_median = info.good_median,
        .threshold = info.threshold,
        .scores = s->scores,
        .score_count = s->of[SEARCH_TEST].count,
        .fit_ms = fitted - start,
        .score_ms = app_clock_ms() - fitted};
    return BLM_OK;
}

blm_status search_run(search *s, const blm_recipe *recipe,
    const blm_calibration *calibration, const search_watch *watch, search_result *out,
    blm_error *err)
{
    const search_watch nobody = {0};
    const blm_calibration defaults = {0};
    const blm_status status =
        run(s, recipe, calibration != NULL ? calibration : &defaults,
            watch != NULL ? watch : &nobody, out, err);
    if (status != BLM_OK) {
        blm_model_free(s->model); // it may be incomplete
        s->model = NULL;
    }
    return status;
}
