// bench.c: the parts of the detector, each timed by itself, and the floor beside them.
#include "blemish/bench.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "blemish/blemish.h"
#include "src/backbone/backbone.h"
#include "src/backbone/floor.h"
#include "src/backbone/weights.h"
#include "src/base/alloc.h"
#include "src/base/clock.h"
#include "src/base/error.h"
#include "src/feature/extractor.h"
#include "src/feature/recipe.h"
#include "src/map/map.h"
#include "src/model/model.h"
#include "src/nn/kernels.h"
#include "src/score/mapper.h"

enum {
    DECODE,
    PREPARE,
    LAYER0,
    STAGES = 4, // layer1 ..
    DISTANCES = LAYER0 + STAGES + 1,
    MAP,
    NETWORK, // all of its layers, unwatched
    SERIES,  // of times
};
static const char *const phase_name[BLM_BENCH_PHASES] = {"decode", "prepare", "layer0",
    "layer1", "layer2", "layer3", "layer4", "distances", "map"};

enum {
    PICTURE_SIDE = 1024, // of the picture that is prepared when there is none to decode
    ADDED_AT_ONCE = 16,  // images, to the statistics
    TURNS = 4,           // images a thread takes in one run, for throughput
    WARM_UP = 3,         // runs that are not counted
    FLOOR_ROUNDS = 3,    // times that the floor is measured, all along the runs;
    FLOOR_STRETCH = 10,  // after so many of them at the earliest
};

// All that is timed.
typedef struct rig {
    blm_bench_options options; // no member is zero any more where that means a default
    int workers;               // throughput: threads; else 1
    blmi_team *team;           // of all threads for one image, else NULL
    blmi_recipe recipe;
    blm_model *model;     // NULL: the next two
    blmi_weights weights; // and
    blmi_detector *fitted;
    const blmi_backbone *backbone;
    blmi_layout layout;
    const blmi_detector *detector;
    double fit_ms;
    blmi_network *net;
    blmi_workspace **workspace; // (workers)
    float **output; // (workers, BLMI_MOST_TAPS) as blmi_network_run takes them
    blm_image *image;
    uint8_t *resized; // (resize_height, resize_width, 3)
    float *x;         // (batch, height, width, 3)
    float *features;  // (batch, P, D)
    uint8_t *use;     // (P), or NULL
    void *detector_scratch;
    float *distances; // (batch, P)
    blmi_mapper *mapper;
    float *map;      // (height, width)
    double *samples; // (SERIES, runs) milliseconds an image
    double floor_gflops;
} rig;

// ---- numbers and pictures that are made up --------------------------------------------

// splitmix64, as a number in [-1, 1).
static float noise(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (float)((double)((z ^ z >> 31) >> 11) * 0x1p-52 - 1);
}

static void fill_with_noise(float *x, size_t count, uint64_t *state)
{
    for (size_t i = 0; i < count; i++)
        x[i] = noise(state);
}

static blm_status make_picture(blm_image **out, blm_error *err)
{
    const size_t size = (size_t)PICTURE_SIDE * PICTURE_SIDE * 3;
    uint8_t *pixels = blmi_alloc(size, 1);
    if (pixels == NULL)
        return blmi_no_memory(err, "a picture", size, 1);
    for (size_t i = 0; i < size; i++)
        pixels[i] = (uint8_t)(i * 2654435761u >> 24);
    const blm_buffer buffer = {.pixels = pixels,
        .width = PICTURE_SIDE,
        .height = PICTURE_SIDE,
        .layout = BLM_RGB8};
    const blm_status status = blm_image_from_buffer(&buffer, out, err);
    blmi_free(pixels);
    return status;
}

// ---- building the rig -----------------------------------------------------------------

static blm_status check_range(
    const char *what, int *value, int standard, int low, int high, blm_error *err)
{
    if (*value == 0)
        *value = standard;
    if (*value >= low && *value <= high)
        return BLM_OK;
    return blmi_fail(
        err, BLM_EUSAGE, "%s %d: expected %d to %d", what, *value, low, high);
}

static blm_status complete_options(blm_bench_options *o, blm_error *err)
{
    if (o->model != NULL && (o->weights != NULL || o->images != 0))
        return blmi_fail(err, BLM_EUSAGE,
            "a model has weights and statistics: no others can be given");
    if (o->model != NULL &&
        (o->width != 0 || o->height != 0 || o->type != BLM_TYPE_F32 || o->half != 0))
        return blmi_fail(err, BLM_EUSAGE,
            "a model knows the size of its input and its types: none can be given");
    BLMI_TRY(check_range("threads", &o->threads, omp_get_max_threads(), 1, 1024, err));
    BLMI_TRY(check_range("batch", &o->batch, 1, 1, 64, err));
    BLMI_TRY(check_range("runs", &o->runs, 50, 3, 100000, err));
    if (o->throughput && o->batch > 1)
        return blmi_fail(
            err, BLM_EUSAGE, "batch %d: for throughput a run has one image", o->batch);
    return o->model != NULL ? BLM_OK
                            : check_range("images", &o->images, 240, 3, 2000, err);
}

// The statistics of images whose features are noise.
static blm_status fit_noise(rig *r, blm_error *err)
{
    blmi_detector_fit *fit = NULL;
    const size_t size = (size_t)r->layout.positions * (size_t)r->layout.features;
    const blmi_detector_shape grid = blmi_layout_grid(&r->layout);
    const blmi_detector_rule rule = blmi_recipe_rule(&r->recipe);
    uint64_t state = 1;
    float *x = blmi_alloc(ADDED_AT_ONCE * size, sizeof *x);
    blm_status status =
        x != NULL ? blmi_detector_fit_new(&rule, &grid, NULL, &fit, err)
                  : blmi_no_memory(err, "features", ADDED_AT_ONCE * size, sizeof *x);
    for (int done = 0; status == BLM_OK && done < r->options.images;) {
        const int left = r->options.images - done;
        const int count = left < ADDED_AT_ONCE ? left : ADDED_AT_ONCE;
        fill_with_noise(x, (size_t)count * size, &state);
        const double start = blmi_clock_ms();
        status = blmi_detector_fit_add(fit, x, count, err);
        r->fit_ms += blmi_clock_ms() - start;
        done += count;
    }
    blmi_free(x);
    const double start = blmi_clock_ms();
    if (status == BLM_OK)
        status = blmi_detector_fit_finish(fit, &r->fitted, err);
    r->fit_ms += blmi_clock_ms() - start;
    blmi_detector_fit_free(fit);
    r->detector = r->fitted;
    return status;
}

// Recipe, network and statistics.
static blm_status open_subject(rig *r, blm_error *err)
{
    const blm_bench_options *o = &r->options;
    if (o->model != NULL) {
        BLMI_TRY(blm_model_open(o->model, &r->model, err));
        r->recipe = r->model->recipe;
        r->backbone = &r->model->backbone;
        r->detector = r->model->detector;
    } else {
        blm_recipe recipe;
        blm_recipe_init(&recipe);
        recipe.width = o->width;
        recipe.height = o->height;
        recipe.type = o->type;
        recipe.half = o->half;
        BLMI_TRY(blmi_weights_open(o->weights, &r->weights, err));
        r->backbone = &r->weights.backbone;
        BLMI_TRY(blmi_recipe_complete(&recipe, r->backbone, &r->recipe, err));
    }
    BLMI_TRY(blmi_recipe_layout(&r->recipe, r->backbone, &r->layout, err));
    blmi_network_options options = {.width = r->recipe.fields.width,
        .height = r->recipe.fields.height,
        .batch = o->batch,
        .type = r->recipe.fields.type,
        .taps = r->layout.outputs};
    for (int i = 0; i < options.taps; i++)
        options.tap[i] = r->layout.output[i].tap;
    BLMI_TRY(blmi_network_new(r->backbone,
        r->model != NULL ? &r->model->weights : &r->weights.tensors, &options, &r->net,
        err));
    if (r->model != NULL)
        return BLM_OK;
    return fit_noise(r, err);
}

// Memory for what the recipe asks of the network, for one worker.
static blm_status allocate_outputs(rig *r, float **output, blm_error *err)
{
    for (int i = 0; i < r->layout.outputs; i++) {
        const size_t count =
            (size_t)r->options.batch * blmi_output_count(&r->layout.output[i]);
        output[i] = blmi_alloc(count, sizeof(float));
        if (output[i] == NULL)
            return blmi_no_memory(err, "an output", count, sizeof(float));
    }
    return BLM_OK;
}

static blm_status allocate_workers(rig *r, blm_error *err)
{
    const size_t workers = (size_t)r->workers;
    r->workspace = blmi_alloc_zero(workers, sizeof *r->workspace);
    r->output = blmi_alloc_zero(workers * BLMI_MOST_TAPS, sizeof *r->output);
    if (r->workspace == NULL || r->output == NULL)
        return blmi_no_memory(err, "the threads", workers, sizeof *r->workspace);
    for (size_t i = 0; i < workers; i++) {
        BLMI_TRY(blmi_workspace_new(r->net, r->team, &r->workspace[i], err));
        BLMI_TRY(allocate_outputs(r, r->output + i * BLMI_MOST_TAPS, err));
    }
    return BLM_OK;
}

static blm_status allocate(rig *r, blm_error *err)
{
    const blmi_recipe *recipe = &r->recipe;
    const size_t batch = (size_t)r->options.batch, runs = (size_t)r->options.runs;
    const size_t positions = (size_t)r->detector->positions;
    const size_t pixels = (size_t)recipe->fields.width * (size_t)recipe->fields.height;
    const size_t features = batch * positions * (size_t)r->detector->features;
    r->resized = blmi_alloc(
        (size_t)recipe->fields.resize_width * (size_t)recipe->fields.resize_height, 3);
    r->x = blmi_alloc(batch * pixels * 3, sizeof *r->x);
    r->features = blmi_alloc(features, sizeof *r->features);
    r->detector_scratch =
        blmi_alloc(blmi_detector_scratch(r->detector, r->options.batch, r->team), 1);
    r->distances = blmi_alloc(batch * positions, sizeof *r->distances);
    r->map = blmi_alloc(pixels, sizeof *r->map);
    r->samples = blmi_alloc_zero(SERIES * runs, sizeof *r->samples);
    if (r->resized == NULL || r->x == NULL || r->features == NULL ||
        r->detector_scratch == NULL || r->distances == NULL || r->map == NULL ||
        r->samples == NULL)
        return blmi_no_memory(err, "the images", features, sizeof *r->features);
    uint64_t state = 2;
    fill_with_noise(r->features, features, &state);
    return allocate_workers(r, err);
}

static blm_status open_region(rig *r, blm_error *err)
{
    const uint8_t *include = r->model != NULL ? r->model->include : NULL;
    BLMI_TRY(blmi_mapper_new(&r->recipe, r->layout.grid_width, r->layout.grid_height,
        include, &r->mapper, err));
    if (include == NULL)
        return BLM_OK;
    r->use = blmi_alloc((size_t)r->detector->positions, 1);
    if (r->use == NULL)
        return blmi_no_memory(
            err, "the region of interest", (size_t)r->detector->positions, 1);
    blmi_region_positions(include, r->recipe.fields.width, r->recipe.fields.height,
        r->layout.grid_width, r->layout.grid_height, r->use);
    return BLM_OK;
}

static blm_status build(rig *r, blm_error *err)
{
    BLMI_TRY(complete_options(&r->options, err));
    omp_set_num_threads(r->options.threads);
    r->workers = r->options.throughput ? r->options.threads : 1;
    if (!r->options.throughput)
        BLMI_TRY(blmi_team_new(r->options.threads, &r->team, err));
    BLMI_TRY(open_subject(r, err));
    BLMI_TRY(allocate(r, err));
    BLMI_TRY(open_region(r, err));
    return r->options.picture != NULL
               ? blm_image_decode(r->options.picture, r->options.picture_size,
                     "the picture", NULL, &r->image, err)
               : make_picture(&r->image, err);
}

static void take_apart(rig *r)
{
    for (int i = 0; r->workspace != NULL && i < r->workers; i++)
        blmi_workspace_free(r->workspace[i]);
    for (int i = 0; r->output != NULL && i < r->workers * BLMI_MOST_TAPS; i++)
        blmi_free(r->output[i]);
    blmi_free(r->workspace);
    blmi_free(r->output);
    blmi_team_free(r->team);
    blmi_network_free(r->net);
    blmi_detector_free(r->fitted);
    blmi_weights_close(&r->weights);
    blm_model_free(r->model);
    blm_image_free(r->image);
    blmi_mapper_free(r->mapper);
    blmi_free(r->resized);
    blmi_free(r->x);
    blmi_free(r->features);
    blmi_free(r->use);
    blmi_free(r->detector_scratch);
    blmi_free(r->distances);
    blmi_free(r->map);
    blmi_free(r->samples);
}

// ---- running --------------------------------------------------------------------------

// Times since the last call, for the steps of one run.
typedef struct stopwatch {
    double last;
    double ms[STAGES + 1]; // of layer0 ..
} stopwatch;

static void note_step(void *context, const char *step, const float *y, int images,
    int height, int width, int channels)
{
    (void)y, (void)images, (void)height, (void)width, (void)channels;
    stopwatch *watch = context;
    const double now = blmi_clock_ms();
    watch->ms[step[5] - '0'] += now - watch->last; // "layer2.ConTBlock0.ste1"
    watch->last = now;
}

// Takes the time since *start as that of a series in this run, for each of `images`, and
// starts anew.
static void note(rig *r, int series, int run, int images, double *start)
{
    const double now = blmi_clock_ms();
    if (run >= 0)
        r->samples[(size_t)series * (size_t)r->options.runs + (size_t)run] =
            (now - *start) / images;
    *start = blmi_clock_ms();
}

// The network, once to be timed as a whole and once to be timed by layers.
static blm_status time_network(rig *r, int run, blm_error *err)
{
    const int batch = r->options.batch;
    double start = blmi_clock_ms();
    BLMI_TRY(blmi_network_run(r->net, r->workspace[0], r->x, batch, r->output, err));
    note(r, NETWORK, run, batch, &start);
    stopwatch watch = {.last = start};
    blmi_workspace_watch(r->workspace[0], note_step, &watch);
    BLMI_TRY(blmi_network_run(r->net, r->workspace[0], r->x, batch, r->output, err));
    blmi_workspace_watch(r->workspace[0], NULL, NULL);
    for (int k = 0; run >= 0 && k <= STAGES; k++)
        r->samples[(size_t)(LAYER0 + k) * (size_t)r->options.runs + (size_t)run] =
            watch.ms[k] / batch;
    return BLM_OK;
}

static blm_status prepare(rig *r, blm_error *err)
{
    BLMI_TRY(blmi_recipe_resize(&r->recipe, r->image, r->resized, err));
    blmi_recipe_normalise(&r->recipe, &r->backbone->input, r->resized, r->x);
    return BLM_OK;
}

// All that an image goes through, with all threads at each part of it.
static blm_status time_image(rig *r, int run, blm_error *err)
{
    const blm_bench_options *o = &r->options;
    const size_t pixels =
        (size_t)r->recipe.fields.width * (size_t)r->recipe.fields.height;
    double start = blmi_clock_ms();
    if (o->picture != NULL) {
        blm_image_free(r->image);
        r->image = NULL;
        BLMI_TRY(blm_image_decode(
            o->picture, o->picture_size, "the picture", NULL, &r->image, err));
        note(r, DECODE, run, 1, &start);
    }
    BLMI_TRY(prepare(r, err));
    note(r, PREPARE, run, 1, &start);
    for (int i = 1; i < o->batch; i++)
        memcpy(r->x + (size_t)i * pixels * 3, r->x, pixels * 3 * sizeof *r->x);
    BLMI_TRY(time_network(r, run, err));
    start = blmi_clock_ms();
    blmi_detector_distances(r->detector, r->features, o->batch, r->use, r->team,
        r->detector_scratch, r->distances);
    note(r, DISTANCES, run, o->batch, &start);
    blmi_mapper_run(r->mapper, r->distances, r->map);
    note(r, MAP, run, 1, &start);
    return BLM_OK;
}

// The network for TURNS images a thread.
static blm_status time_throughput(rig *r, int run, blm_error *err)
{
    const int images = r->workers * TURNS;
    blm_status status = BLM_OK;
    if (run < 0)
        BLMI_TRY(prepare(r, err));
    double start = blmi_clock_ms();
#pragma omp parallel for schedule(dynamic, 1) num_threads(r->workers)
    for (int i = 0; i < images; i++) {
        const int worker = omp_get_thread_num();
        blm_error text;
        const blm_status one = blmi_network_run(r->net, r->workspace[worker], r->x, 1,
            r->output + (ptrdiff_t)worker * BLMI_MOST_TAPS, &text);
#pragma omp critical(blmi_bench_failure)
        if (one != BLM_OK && status == BLM_OK) {
            status = one;
            if (err != NULL)
                *err = text;
        }
    }
    note(r, NETWORK, run, images, &start);
    return status;
}

static int last_tap(const rig *r)
{
    return r->layout.output[r->layout.outputs - 1].tap;
}

static blm_status run_all(rig *r, blm_error *err)
{
    const int runs = r->options.runs, third = (runs + FLOOR_ROUNDS - 1) / FLOOR_ROUNDS;
    const int stretch = third > FLOOR_STRETCH ? third : FLOOR_STRETCH;
    for (int run = -WARM_UP; run < runs; run++) {
        if (run >= 0 && run % stretch == 0) {
            double gflops;
            BLMI_TRY(blmi_floor_rate(r->backbone, last_tap(r), r->recipe.fields.width,
                r->recipe.fields.height, r->options.batch, r->recipe.fields.type, &gflops,
                err));
            r->floor_gflops = gflops > r->floor_gflops ? gflops : r->floor_gflops;
        }
        BLMI_TRY(r->options.throughput ? time_throughput(r, run, err)
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

// Sorts the samples of a series.
static blm_bench_time sum_up(rig *r, int series)
{
    const int n = r->options.runs;
    double *x = r->samples + (size_t)series * (size_t)n;
    qsort(x, (size_t)n, sizeof *x, by_size);
    return (blm_bench_time){.median = (x[(n - 1) / 2] + x[n / 2]) / 2,
        .p10 = x[n / 10],
        .p90 = x[n - 1 - n / 10]};
}

// Sums up the products of one layer: the stem's are the first.
typedef struct layer_work {
    int layer, visited;
    double gflop;
} layer_work;

static void add_work(void *context, const blmi_work *w)
{
    layer_work *sum = context;
    if ((sum->visited++ == 0 ? 0 : w->tap + 1) == sum->layer)
        sum->gflop += 2e-9 * w->count * w->rows * w->depth * w->columns;
}

static double gflop_of(const rig *r, int series)
{
    layer_work sum = {series - LAYER0, 0, 0};
    blmi_backbone_work(r->backbone, last_tap(r), r->recipe.fields.width,
        r->recipe.fields.height, add_work, &sum);
    return sum.gflop;
}

static void add_phases(rig *r, blm_bench_result *out)
{
    const int depth = last_tap(r) + 1;
    for (int series = DECODE; series <= MAP; series++) {
        if (series > LAYER0 + depth && series < DISTANCES)
            continue;
        out->gflop += gflop_of(r, series);
        if (r->options.throughput || (series == DECODE && r->options.picture == NULL))
            continue;
        out->phases[out->phase_count++] =
            (blm_bench_phase){phase_name[series], sum_up(r, series), gflop_of(r, series)};
    }
}

// Of the deepest stage in use.
static void describe_output(const rig *r, blm_bench_result *out)
{
    const int deepest = r->layout.outputs - 1;
    const int count =
        r->options.batch * (int)blmi_output_count(&r->layout.output[deepest]);
    const float *y = r->output[deepest];
    double sum = 0, squares = 0;
    for (int i = 0; i < count; i++) {
        sum += (double)y[i];
        squares += (double)y[i] * (double)y[i];
    }
    out->output_mean = sum / count;
    out->output_rms = sqrt(squares / count);
}

static blm_bench_result result_of(rig *r)
{
    blm_bench_result out = {.backbone = r->backbone->name,
        .kernels = blmi_kernels_best()->name,
        .type = r->recipe.fields.type,
        .width = r->recipe.fields.width,
        .height = r->recipe.fields.height,
        .threads = r->options.threads,
        .batch = r->options.batch,
        .runs = r->options.runs,
        .network = sum_up(r, NETWORK),
        .floor_gflops = r->floor_gflops,
        .images = (int)r->detector->images,
        .fit_ms = r->fit_ms};
    add_phases(r, &out);
    describe_output(r, &out);
    out.images_per_s = 1000 / out.network.median;
    out.gflops = out.gflop * out.images_per_s;
    out.floor_ms = 1000 * out.gflop / out.floor_gflops;
    out.ratio_to_floor = out.network.median / out.floor_ms;
    return out;
}

blm_status blm_bench(
    const blm_bench_options *options, blm_bench_result *out, blm_error *err)
{
    const int threads = omp_get_max_threads();
    rig r = {.options = options != NULL ? *options : (blm_bench_options){0}};
    blm_status status = build(&r, err);
    if (status == BLM_OK)
        status = run_all(&r, err);
    if (status == BLM_OK)
        *out = result_of(&r);
    take_apart(&r);
    omp_set_num_threads(threads);
    return status;
}
