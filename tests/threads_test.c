// threads_test WEIGHTS IMAGE...: checks that every call of the library starts exactly as
// many threads as asked for, with more than there are cores and with fewer.  Counts
// threads with a pthread_create that replaces the system's.
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "blemish/blemish.h"
#include "blemish/eval.h"
#include "blemish/image.h"
#include "src/gauss/gauss.h"

static atomic_int alive, most; // without the caller

typedef struct start {
    void *(*routine)(void *);
    void *argument;
} start;

static void *run(void *context)
{
    const start s = *(start *)context;
    free(context);
    void *result = s.routine(s.argument);
    atomic_fetch_sub(&alive, 1);
    return result;
}

typedef int create_function(
    pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

__attribute__((visibility("default"))) int pthread_create(pthread_t *thread,
    const pthread_attr_t *attributes, void *(*routine)(void *), void *argument)
{
    create_function *create;
    *(void **)&create = dlsym(RTLD_NEXT, "pthread_create");
    start *s = malloc(sizeof *s);
    if (s == NULL)
        return 11;
    *s = (start){routine, argument};
    const int now = atomic_fetch_add(&alive, 1) + 1;
    for (int seen = atomic_load(&most); seen < now;)
        if (atomic_compare_exchange_weak(&most, &seen, now))
            break;
    return create(thread, attributes, run, s);
}

static blm_error err;

static void must(int truth, const char *what)
{
    if (truth)
        return;
    fprintf(stderr, "threads_test: %s: %s\n", what, err.text);
    exit(1);
}

// Checks that exactly `threads` threads were alive at once since the last check,
// including the caller, without the idle `others`.
static void check(const char *what, int threads, int others)
{
    const int found = 1 + atomic_load(&most) - others;
    printf("%s: %d threads, expected %d\n", what, found, threads);
    if (found != threads) {
        fprintf(
            stderr, "threads_test: %s: %d threads, expected %d\n", what, found, threads);
        exit(1);
    }
    atomic_store(&most, atomic_load(&alive));
}

static blm_model *fit(
    const char *weights, const char *const *paths, size_t count, int threads)
{
    blm_fitter *fitter;
    blm_model *model;
    const blm_fit_options options = {.weights = weights, .threads = threads};
    must(blm_fitter_new(&options, &fitter, &err) == BLM_OK, "fitter");
    must(blm_fitter_add_files(fitter, paths, NULL, count, NULL, &err) == BLM_OK, "files");
    must(blm_fitter_finish(fitter, NULL, &model, &err) == BLM_OK, "finish");
    blm_fitter_free(fitter);
    check("fit", threads, 0);
    return model;
}

static void calibrate(const blm_model *model, int threads)
{
    enum { MOST = 64 };
    int32_t group[MOST];
    for (int i = 0; i < MOST; i++)
        group[i] = i / 2;
    const blm_calibration c = {.group = group, .threads = threads};
    blm_model *other;
    must(blm_model_calibrate(model, &c, &other, &err) == BLM_OK, "calibrate");
    blm_model_free(other);
    check("calibrate", threads, 0);
}

static void score(const blm_model *model, const char *path, int threads)
{
    blm_scorer *scorer;
    blm_image *image;
    blm_result result;
    const blm_scorer_options options = {.threads = threads};
    must(blm_image_read(path, NULL, &image, &err) == BLM_OK, "image");
    const int pool = atomic_load(&alive); // of OpenMP, from the calls before
    must(blm_scorer_new(model, &options, &scorer, &err) == BLM_OK, "scorer");
    must(blm_scorer_run(scorer, image, &result, &err) == BLM_OK, "run");
    blm_scorer_free(scorer);
    blm_image_free(image);
    check("score", threads, pool);
}

static void measure(int threads)
{
    enum { SIDE = 64, IMAGES = 8 };
    static float map[SIDE * SIDE];
    static uint8_t mask[SIDE * SIDE];
    double scores[IMAGES];
    uint8_t labels[IMAGES];
    blm_pixel_metrics *pixels;
    blm_metrics metrics;
    blm_intervals intervals;
    const blm_pixel_options options = {.threads = threads};
    const blm_bootstrap bootstrap = {.threads = threads, .draws = 50};
    must(blm_pixel_metrics_new(&pixels, &err) == BLM_OK, "metrics");
    for (int i = 0; i < IMAGES; i++) {
        for (int k = 0; k < SIDE * SIDE; k++) {
            map[k] = (float)((k * 37 + i * 11) % 101);
            mask[k] = i % 2 != 0 && map[k] > 60;
        }
        scores[i] = i * 7 % 5;
        labels[i] = i % 2 != 0;
        must(blm_pixel_metrics_add(pixels, map, labels[i] ? mask : NULL, SIDE, SIDE,
                 labels[i], &err) == BLM_OK,
            "add");
    }
    must(blm_pixel_metrics_result(pixels, &options, &metrics, &err) == BLM_OK, "result");
    check("pixel metrics", threads, 0);
    must(blm_pixel_metrics_intervals(pixels, &options, &bootstrap, &intervals, &err) ==
             BLM_OK,
        "intervals");
    check("pixel intervals", threads, 0);
    must(blm_image_intervals(scores, labels, IMAGES, &bootstrap, &intervals, &err) ==
             BLM_OK,
        "image intervals");
    check("image intervals", threads, 0);
    blm_pixel_metrics_free(pixels);
}

// Products and factorisations large enough for BLAS to use its own threads.
static void learn(int threads, int images)
{
    enum { P = 4, D = 256 };
    blmi_accumulator *accumulator;
    blmi_gauss gauss;
    float *x = malloc((size_t)images * P * D * sizeof *x);
    uint32_t state = 1;
    must(x != NULL, "features");
    for (int i = 0; i < images * P * D; i++) {
        state = state * 1664525 + 1013904223;
        x[i] = (float)(state >> 8);
    }
    const blmi_gauss_rule rule = {.epsilon = 1};
    must(blmi_accumulator_new(P, D, &rule, NULL, threads, &accumulator, &err) == BLM_OK &&
             blmi_accumulator_add(accumulator, x, images, &err) == BLM_OK &&
             blmi_accumulator_finish(accumulator, &gauss, &err) == BLM_OK,
        "statistics");
    check("statistics", threads, 0);
    blmi_gauss_free(&gauss);
    blmi_accumulator_free(accumulator);
    free(x);
}

// The predicted memory grows by the same amount for each thread.
static void predict(const char *weights)
{
    uint64_t bytes[3];
    for (int i = 0; i < 3; i++) {
        blm_cost cost;
        const blm_fit_options options = {.weights = weights, .threads = 1 + i};
        must(blm_fitter_cost(&options, 100, &cost, &err) == BLM_OK, "cost");
        bytes[i] = cost.fit_bytes;
    }
    must(bytes[1] > bytes[0] && bytes[2] - bytes[1] == bytes[1] - bytes[0],
        "the predicted memory does not follow the threads");
    check("cost", 1, 0);
}

int main(int count, char **arguments)
{
    if (count < 6)
        return 2;
    const char *weights = arguments[1];
    const char *const *paths = (const char *const *)arguments + 2;
    const size_t images = (size_t)count - 2;
    predict(weights);
    // The order matters: the pool grows, and shrinks only when it must.
    const int threads[] = {1, 3};
    for (int i = 0; i < 2; i++) {
        blm_model *model = fit(weights, paths, images, threads[i]);
        calibrate(model, threads[i]);
        score(model, paths[0], threads[i]);
        measure(threads[i]);
        learn(threads[i], 120);
        learn(threads[i], 300);
        blm_model_free(model);
    }
    return 0;
}
