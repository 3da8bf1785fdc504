#include "apps/bench/benchmark.h"
#include "apps/base/app_clock.h"

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/base/fault.h"
#include "apps/bench/floor.h"
#include "blemish/features.h"

enum {
    MAX_STEPS = BENCH_PHASES - 4, // of the network
    DECODE = 0,
    PREPARE,
    STEPS, // of the network, one series each
    DISTANCES = STEPS + MAX_STEPS,
    MAP,
    NETWORK, // all of its steps, timed together
    SERIES,  // number of series of times
    MAX_TAPS = 32,
};

enum {
    PICTURE_SIDE = 1024, // of the image to prepare if there is none to decode
    ADDED_AT_ONCE = 16,  // images added to the statistics in one call
    TURNS = 4,           // images per thread in one run, for throughput
    WARM_UP = 3,         // runs that are not counted
    FLOOR_ROUNDS = 3,    // times that the floor is measured, spread over the runs
    FLOOR_STRETCH = 10,  // least number of runs between them
};

// Everything that is timed.
typedef struct rig {
    bench_options options; // defaults filled in
    int workers;           // throughput: threads; else 1
    blm_model *model;
    blm_extractor **extractor; // (workers)
    blm_extractor_info info;
    blm_step step[MAX_STEPS];
    int steps;
    blm_scorer *scorer;
    blm_image *image; // the image to prepare
    blm_image *small; // at the size of the input, so that preparing it takes no time
                      // (unless the recipe crops)
    double fit_ms;
    double *samples; // (SERIES, runs) milliseconds per image
    double floor_gflops, output_mean, output_rms;
} rig;

// ---- made-up numbers and images -------------------------------------------------------

// splitmix64, as a number in [-1, 1).
static float noise(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (float)((double)((z ^ z >> 31) >> 11) * 0x1p-52 - 1);
}

static blm_status make_picture(blm_image **out, blm_error *err)
{
    const size_t size = (size_t)PICTURE_SIDE * PICTURE_SIDE * 3;
    uint8_t *pixels = malloc(size);
    if (pixels == NULL)
        return app_no_memory(err, "a picture", size, 1);
    for (size_t i = 0; i < size; i++)
        pixels[i] = (uint8_t)(i * 2654435761u >> 24);
    const blm_buffer buffer = {.pixels = pixels,
        .width = PICTURE_SIDE,
        .height = PICTURE_SIDE,
        .layout = BLM_RGB8};
    const blm_status status = blm_image_from_buffer(&buffer, out, err);
    free(pixels);
    return status;
}

// ---- options --------------------------------------------------------------------------

static blm_status check_range(
    const char *what, int *value, int standard, int low, int high, blm_error *err)
{
    if (*value == 0)
        *value = standard;
    if (*value >= low && *value <= high)
        return BLM_OK;
    return app_fail(err, BLM_EUSAGE, "%s %d: expected %d to %d", what, *value, low, high);
}

static blm_status complete_options(bench_options *o, blm_error *err)
{
    if (o->model != NULL && (o->weights != NULL || o->images != 0))
        return app_fail(err, BLM_EUSAGE,
            "a model has its own weights and statistics: expected no weights and no "
            "number of images beside it");
    if (o->model != NULL && (o->width != 0 || o->height != 0 || o->taps != NULL ||
                                o->type != BLM_TYPE_F32 || o->half != 0))
        return app_fail(err, BLM_EUSAGE,
            "a model has its own size, taps and types: expected no size, taps, type or "
            "half beside it");
    APP_TRY(check_range("threads", &o->threads, omp_get_max_threads(), 1, 1024, err));
    APP_TRY(check_range("batch", &o->batch, 1, 1, 64, err));
    APP_TRY(check_range("runs", &o->runs, 50, 3, 100000, err));
    if (o->throughput && o->batch > 1)
        return app_fail(
            err, BLM_EUSAGE, "batch %d: expected 1 with throughput", o->batch);
    return o->model != NULL ? BLM_OK
                            : check_range("images", &o->images, 240, 3, 2000, err);
}

// ---- a model of noise -----------------------------------------------------------------

static blm_status make_features(const blm_extractor *extractor, float *const *values,
    const size_t *sizes, size_t taps, uint64_t *state, blm_features **out, blm_error *err)
{
    for (size_t t = 0; t < taps; t++)
        for (size_t i = 0; i < sizes[t]; i++)
            values[t][i] = noise(state);
    return blm_features_from_outputs(extractor, (const float *const *)values, out, err);
}

// Adds up to ADDED_AT_ONCE images of noise; times the adding only.
static blm_status add_noise(rig *r, blm_fitter *fitter, float *const *values,
    const size_t *sizes, size_t taps, int count, uint64_t *state, blm_error *err)
{
    blm_features *features[ADDED_AT_ONCE] = {NULL};
    blm_status status = BLM_OK;
    for (int i = 0; i < count && status == BLM_OK; i++)
        status =
            make_features(r->extractor[0], values, sizes, taps, state, &features[i], err);
    const double start = app_clock_ms();
    if (status == BLM_OK)
        status = blm_fitter_add_features(
            fitter, (const blm_features *const *)features, NULL, (size_t)count, err);
    r->fit_ms += app_clock_ms() - start;
    for (int i = 0; i < count; i++)
        blm_features_free(features[i]);
    return status;
}

static blm_status fill_fitter(rig *r, blm_fitter *fitter, blm_error *err)
{
    blm_output tap[MAX_TAPS];
    float *values[MAX_TAPS] = {NULL};
    size_t sizes[MAX_TAPS];
    uint64_t state = 1;
    size_t taps = blm_extractor_outputs(r->extractor[0], tap, MAX_TAPS);
    blm_status status = BLM_OK;
    for (size_t t = 0; t < taps && status == BLM_OK; t++) {
        sizes[t] = (size_t)tap[t].width * (size_t)tap[t].height * (size_t)tap[t].channels;
        if ((values[t] = malloc(sizes[t] * sizeof(float))) == NULL)
            status = app_no_memory(err, "features", sizes[t], sizeof(float));
    }
    for (int done = 0; done < r->options.images && status == BLM_OK;) {
        const int left = r->options.images - done;
        const int count = left < ADDED_AT_ONCE ? left : ADDED_AT_ONCE;
        status = add_noise(r, fitter, values, sizes, taps, count, &state, err);
        done += count;
    }
    for (size_t t = 0; t < taps; t++)
        free(values[t]);
    return status;
}

static blm_status fit_noise(rig *r, const blm_recipe *recipe, blm_error *err)
{
    // A made-up score, so that no leave-one-out scores are computed; so high that images
    // are OK, as most are in use.
    const double score = 1e9;
    const blm_calibration calibration = {.held_out = &score, .held_out_count = 1};
    const blm_fit_options options = {.recipe = recipe,
        .weights = r->options.weights,
        .threads = r->options.threads,
        .from_features = 1};
    blm_fitter *fitter = NULL;
    APP_TRY(blm_fitter_new(&options, &fitter, err));
    blm_status status = fill_fitter(r, fitter, err);
    const double start = app_clock_ms();
    if (status == BLM_OK)
        status = blm_fitter_finish(fitter, &calibration, &r->model, err);
    r->fit_ms += app_clock_ms() - start;
    blm_fitter_free(fitter);
    return status;
}

// ---- building the rig -----------------------------------------------------------------

static blm_status open_extractors(rig *r, const blm_recipe *recipe, blm_error *err)
{
    const bench_options *o = &r->options;
    const blm_extractor_options options = {.recipe = r->model != NULL ? NULL : recipe,
        .weights = o->weights,
        .model = r->model,
        .threads = o->throughput ? 1 : o->threads,
        .batch = o->batch};
    r->workers = o->throughput ? o->threads : 1;
    r->extractor = calloc((size_t)r->workers, sizeof(blm_extractor *));
    if (r->extractor == NULL)
        return app_no_memory(
            err, "the threads", (size_t)r->workers, sizeof(blm_extractor *));
    APP_TRY(blm_extractor_new(&options, &r->extractor[0], err));
    for (int i = 1; i < r->workers; i++)
        APP_TRY(blm_extractor_clone(r->extractor[0], &r->extractor[i], err));
    const size_t steps = blm_extractor_steps(r->extractor[0], r->step, MAX_STEPS);
    r->steps = steps < MAX_STEPS ? (int)steps : MAX_STEPS;
    blm_extractor_describe(r->extractor[0], &r->info);
    return BLM_OK;
}

static blm_status open_pictures(rig *r, blm_error *err)
{
    const bench_options *o = &r->options;
    APP_TRY(o->picture != NULL ? blm_image_decode(o->picture, o->picture_size,
                                     "the picture", NULL, &r->image, err)
                               : make_picture(&r->image, err));
    const blm_recipe *recipe = r->info.recipe;
    const int whole = recipe->crop.width == 0 && recipe->resize_width == recipe->width &&
                      recipe->resize_height == recipe->height;
    return blm_image_resize(r->image, whole ? recipe->width : r->image->width,
        whole ? recipe->height : r->image->height, &r->small, err);
}

static blm_status build(rig *r, blm_error *err)
{
    const bench_options *o = &r->options;
    APP_TRY(complete_options(&r->options, err));
    blm_recipe recipe;
    blm_recipe_init(&recipe);
    recipe.width = o->width;
    recipe.height = o->height;
    if (o->taps != NULL)
        APP_TRY(blm_recipe_set(&recipe, "taps", o->taps, err));
    recipe.type = o->type;
    recipe.half = o->half;
    const blm_scorer_options scoring = {
        .threads = o->threads, .from_features = 1, .batch = o->batch};
    omp_set_num_threads(o->threads);
    const size_t runs = (size_t)o->runs;
    if ((r->samples = calloc(SERIES * runs, sizeof *r->samples)) == NULL)
        return app_no_memory(err, "times", SERIES * runs, sizeof *r->samples);
    if (o->model != NULL)
        APP_TRY(blm_model_open(o->model, &r->model, err));
    APP_TRY(open_extractors(r, &recipe, err));
    APP_TRY(open_pictures(r, err));
    if (r->model == NULL)
        APP_TRY(fit_noise(r, &recipe, err));
    return blm_scorer_new(r->model, &scoring, &r->scorer, err);
}

static void take_apart(rig *r)
{
    for (int i = 0; r->extractor != NULL && i < r->workers; i++)
        blm_extractor_free(r->extractor[i]);
    free(r->extractor);
    blm_scorer_free(r->scorer);
    blm_model_free(r->model);
    blm_image_free(r->image);
    blm_image_free(r->small);
    free(r->samples);
}

// ---- running --------------------------------------------------------------------------

// Records the time of `images` images together in a series.
static void note(rig *r, int series, int run, int images, double ms)
{
    if (run >= 0)
        r->samples[(size_t)series * (size_t)r->options.runs + (size_t)run] = ms / images;
}

// Computes mean and rms of the deepest output.
static void describe_output(rig *r, const blm_features *features)
{
    blm_output taps[MAX_TAPS];
    const blm_output *deepest = &taps[blm_features_outputs(features, taps, MAX_TAPS) - 1];
    const size_t count =
        (size_t)deepest->width * (size_t)deepest->height * (size_t)deepest->channels;
    double sum = 0, squares = 0;
    for (size_t i = 0; i < count; i++) {
        sum += (double)deepest->values[i];
        squares += (double)deepest->values[i] * (double)deepest->values[i];
    }
    r->output_mean = sum / (double)count;
    r->output_rms = sqrt(squares / (double)count);
}

static void free_all(blm_features **features, int count)
{
    for (int i = 0; i < count; i++) {
        blm_features_free(features[i]);
        features[i] = NULL;
    }
}

// Runs the network twice: timed as a whole, then step by step.  The caller frees features
// (batch), also after a failure.
static blm_status time_network(rig *r, int run, blm_features **features, blm_error *err)
{
    const int batch = r->options.batch;
    const blm_image *images[64];
    for (int i = 0; i < batch; i++)
        images[i] = r->image;
    APP_TRY(blm_extractor_run(r->extractor[0], images, batch, features, err));
    blm_extractor_describe(r->extractor[0], &r->info);
    note(r, PREPARE, run, batch, r->info.prepare_ms);
    note(r, NETWORK, run, batch, r->info.network_ms);
    free_all(features, batch);
    blm_extractor_time(r->extractor[0], 1);
    APP_TRY(blm_extractor_run(r->extractor[0], images, batch, features, err));
    blm_extractor_time(r->extractor[0], 0);
    blm_extractor_steps(r->extractor[0], r->step, (size_t)r->steps);
    for (int s = 0; s < r->steps; s++)
        note(r, STEPS + s, run, batch, r->step[s].ms);
    return BLM_OK;
}

static blm_status time_parts(rig *r, int run, blm_features **features, blm_error *err)
{
    const int batch = r->options.batch;
    blm_result results[64];
    APP_TRY(time_network(r, run, features, err));
    describe_output(r, features[0]);
    APP_TRY(blm_scorer_run_features(
        r->scorer, (const blm_features *const *)features, batch, results, err));
    note(r, DISTANCES, run, 1, results[0].distance_ms);
    note(r, MAP, run, 1, results[0].map_ms);
    return BLM_OK;
}

// Times all steps of an image, each on all threads.
static blm_status time_image(rig *r, int run, blm_error *err)
{
    const bench_options *o = &r->options;
    blm_features *features[64] = {NULL};
    if (o->picture != NULL) {
        const double start = app_clock_ms();
        blm_image_free(r->image);
        r->image = NULL;
        APP_TRY(blm_image_decode(
            o->picture, o->picture_size, "the picture", NULL, &r->image, err));
        note(r, DECODE, run, 1, app_clock_ms() - start);
    }
    const blm_status status = time_parts(r, run, features, err);
    free_all(features, o->batch);
    return status;
}

// Runs one image of the input's size on one thread.  keep: record mean and rms.
static blm_status run_small(rig *r, int worker, int keep, blm_error *err)
{
    const blm_image *const image = r->small;
    blm_features *features = NULL;
    APP_TRY(blm_extractor_run(r->extractor[worker], &image, 1, &features, err));
    if (keep)
        describe_output(r, features);
    blm_features_free(features);
    return BLM_OK;
}

// Times the network for TURNS images per thread.
static blm_status time_throughput(rig *r, int run, blm_error *err)
{
    const int images = r->workers * TURNS;
    blm_status status = BLM_OK;
    const double start = app_clock_ms();
#pragma omp parallel for schedule(dynamic, 1) num_threads(r->workers)
    for (int i = 0; i < images; i++) {
        blm_error text;
        const blm_status one = run_small(r, omp_get_thread_num(), i == 0, &text);
#pragma omp critical(bench_failure)
        if (one != BLM_OK && status == BLM_OK)
            status = app_fail(err, one, "%s", text.text);
    }
    note(r, NETWORK, run, images, app_clock_ms() - start);
    return status;
}

static blm_status measure_floor(rig *r, blm_error *err)
{
    floor_product products[MAX_STEPS];
    double gflops;
    if (r->steps == 0)
        return BLM_OK; // the work of the network is not known
    for (int s = 0; s < r->steps; s++)
        products[s] = (floor_product){
            r->step[s].rows * r->options.batch, r->step[s].depth, r->step[s].columns};
    APP_TRY(floor_rate(products, (size_t)r->steps, r->info.recipe->type, &gflops, err));
    r->floor_gflops = gflops > r->floor_gflops ? gflops : r->floor_gflops;
    return BLM_OK;
}

static blm_status run_all(rig *r, blm_error *err)
{
    const int runs = r->options.runs, third = (runs + FLOOR_ROUNDS - 1) / FLOOR_ROUNDS;
    const int stretch = third > FLOOR_STRETCH ? third : FLOOR_STRETCH;
    for (int run = -WARM_UP; run < runs; run++) {
        if (run >= 0 && run % stretch == 0)
            APP_TRY(measure_floor(r, err));
        APP_TRY(r->options.throughput ? time_throughput(r, run, err)
                                      : time_image(r, run, err));
    }
    return BLM_OK;
}

// ---- the result -----------------------------------------------------------------------

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// Median and percentiles of a series; sorts its samples.
static bench_time sum_up(rig *r, int series)
{
    const int n = r->options.runs;
    double *x = r->samples + (size_t)series * (size_t)n;
    qsort(x, (size_t)n, sizeof *x, by_size);
    return (bench_time){.median = (x[(n - 1) / 2] + x[n / 2]) / 2,
        .p10 = x[n / 10],
        .p90 = x[n - 1 - n / 10]};
}

static void add_phase(
    rig *r, const char *name, int series, double gflop, bench_result *out)
{
    const bench_time time = sum_up(r, series);
    if (gflop > 0 && time.median == 0)
        return; // the time of this step is unknown
    bench_phase *phase = &out->phases[out->phase_count++];
    snprintf(phase->name, sizeof phase->name, "%s", name);
    phase->time = time;
    phase->gflop = gflop;
}

static void add_phases(rig *r, bench_result *out)
{
    if (r->options.throughput)
        return;
    if (r->options.picture != NULL)
        add_phase(r, "decode", DECODE, 0, out);
    add_phase(r, "prepare", PREPARE, 0, out);
    for (int s = 0; s < r->steps; s++)
        add_phase(r, r->step[s].name, STEPS + s, r->step[s].gflop, out);
    add_phase(r, "distances", DISTANCES, 0, out);
    add_phase(r, "map", MAP, 0, out);
}

static bench_result result_of(rig *r)
{
    blm_model_info model;
    blm_model_describe(r->model, &model);
    bench_result out = {.type = r->info.recipe->type,
        .width = r->info.recipe->width,
        .height = r->info.recipe->height,
        .threads = r->options.threads,
        .batch = r->options.batch,
        .runs = r->options.runs,
        .network = sum_up(r, NETWORK),
        .gflop = r->info.gflop,
        .floor_gflops = r->floor_gflops,
        .output_mean = r->output_mean,
        .output_rms = r->output_rms,
        .images = (int)model.images,
        .fit_ms = r->fit_ms};
    snprintf(out.kernels, sizeof out.kernels, "%s", r->info.kernels);
    snprintf(out.backbone, sizeof out.backbone, "%s", r->info.backbone);
    add_phases(r, &out);
    out.images_per_s = 1000 / out.network.median;
    out.gflops = out.gflop * out.images_per_s;
    if (out.floor_gflops > 0) {
        out.floor_ms = 1000 * out.gflop / out.floor_gflops;
        out.ratio_to_floor = out.network.median / out.floor_ms;
    }
    return out;
}

blm_status bench_run(const bench_options *options, bench_result *out, blm_error *err)
{
    const int threads = omp_get_max_threads();
    rig r = {.options = options != NULL ? *options : (bench_options){0}};
    blm_status status = build(&r, err);
    if (status == BLM_OK)
        status = run_all(&r, err);
    if (status == BLM_OK)
        *out = result_of(&r);
    take_apart(&r);
    omp_set_num_threads(threads);
    return status;
}
