// bench_detectors: times the fit and the distances of a detector, on noise.
//
//     bench_detectors --grid 28 --features 856 --images 240 --tolerance 1 --half
//     bench_detectors --grid 28 --features 384 --repeated 256 --images 240 --tolerance 2
//     bench_detectors --grid 28 --features 384 --images 60 --memory --coreset 0.1
//
// With --repeated R the first R features are the same in cells of 2 x 2 positions, as
// those of a tap on a grid of half the width.
//
// Prints the time of a fit's statistics and, for batches of 1, 4 and 16 images, the
// median time of the distances of one image.
#include <getopt.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/median.h"
#include "src/base/alloc.h"
#include "src/base/clock.h"
#include "src/base/error.h"
#include "src/base/threads.h"
#include "src/detector/detector.h"
#include "tests/random.h"

enum { BATCHES = 3, MAX_BATCH = 16 };
static const int batches[BATCHES] = {1, 4, MAX_BATCH};

typedef struct settings {
    blmi_detector_rule rule;
    int grid, features, repeated, images, runs, threads;
} settings;

// Copies the repeated features of the corner of each cell to its other positions.
static void repeat(const settings *s, float *image)
{
    for (int p = 0; p < s->grid * s->grid; p++) {
        const int corner = p / s->grid / 2 * 2 * s->grid + p % s->grid / 2 * 2;
        memmove(image + (size_t)p * (size_t)s->features,
            image + (size_t)corner * (size_t)s->features,
            (size_t)s->repeated * sizeof *image);
    }
}

// Values from -1 to 1 with a common part, so that images are similar.
static void fill(const settings *s, float *x, size_t images, uint64_t *state)
{
    const size_t image = (size_t)(s->grid * s->grid * s->features);
    for (size_t i = 0; i < images * image; i++) {
        uint64_t place = i % image;
        x[i] = (float)(2 * random_unit(&place) + 2 * random_unit(state) - 2);
    }
    for (size_t i = 0; i < images; i++)
        repeat(s, x + i * image);
}

static blm_status fit(const settings *s, float *x, blmi_detector **out, blm_error *err)
{
    const blmi_detector_shape shape = {.grid_width = s->grid,
        .grid_height = s->grid,
        .features = s->features,
        .repeated = s->repeated,
        .edge = 2};
    blmi_detector_fit *fit = NULL;
    uint64_t state = 1;
    double ms = 0;
    BLMI_TRY(
        blmi_detector_fit_new(&s->rule, &shape, NULL, blmi_threads_of(0), &fit, err));
    for (int done = 0; done < s->images; done += MAX_BATCH) {
        const int left = s->images - done;
        const int count = left < MAX_BATCH ? left : MAX_BATCH;
        fill(s, x, (size_t)count, &state);
        const double start = blmi_clock_ms();
        BLMI_TRY(blmi_detector_fit_add(fit, x, count, err));
        ms += blmi_clock_ms() - start;
    }
    const double start = blmi_clock_ms();
    BLMI_TRY(blmi_detector_fit_finish(fit, out, err));
    printf("fit of %d images: %.0f ms\n", s->images, ms + blmi_clock_ms() - start);
    blmi_detector_fit_free(fit);
    return BLM_OK;
}

// Processor time of all threads, which other programs affect little.
static double processor_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return 1e3 * (double)now.tv_sec + 1e-6 * (double)now.tv_nsec;
}

static void time_batch(const settings *s, const blmi_detector *detector, const float *x,
    int batch, blmi_team *team)
{
    double *ms = calloc((size_t)s->runs, sizeof *ms);
    double *processor = calloc((size_t)s->runs, sizeof *processor);
    float *out = calloc((size_t)(batch * s->grid * s->grid), sizeof *out);
    void *scratch = blmi_alloc(blmi_detector_scratch(detector, batch, team), 1);
    for (int i = -1; i < s->runs; i++) {
        const double start = blmi_clock_ms(), used = processor_ms();
        blmi_detector_distances(detector, x, batch, NULL, team, scratch, out);
        if (i < 0)
            continue;
        ms[i] = (blmi_clock_ms() - start) / batch;
        processor[i] = (processor_ms() - used) / batch;
    }
    printf("distances, batch %2d: %.2f ms per image, %.2f ms of processor time\n", batch,
        median_of(ms, s->runs), median_of(processor, s->runs));
    free(ms);
    free(processor);
    free(out);
    blmi_free(scratch);
}

static blm_status measure(const settings *s, blm_error *err)
{
    const size_t size = (size_t)(s->grid * s->grid * s->features);
    float *x = blmi_alloc(MAX_BATCH * size, sizeof *x);
    blmi_detector *detector = NULL;
    blmi_team *team = NULL;
    uint64_t state = 7;
    if (x == NULL)
        return blmi_no_memory(err, "features", MAX_BATCH * size, sizeof *x);
    BLMI_TRY(fit(s, x, &detector, err));
    BLMI_TRY(blmi_team_new(s->threads, &team, err));
    fill(s, x, MAX_BATCH, &state);
    for (int b = 0; b < BATCHES; b++)
        time_batch(s, detector, x, batches[b], team);
    blmi_team_free(team);
    blmi_detector_free(detector);
    blmi_free(x);
    return BLM_OK;
}

static const struct option names[] = {{"grid", 1, NULL, 'g'}, {"features", 1, NULL, 'f'},
    {"repeated", 1, NULL, 'p'}, {"images", 1, NULL, 'n'}, {"runs", 1, NULL, 'r'},
    {"threads", 1, NULL, 't'}, {"tolerance", 1, NULL, 'R'}, {"half", 0, NULL, 'h'},
    {"unit-variance", 0, NULL, 'u'}, {"epsilon", 1, NULL, 'e'}, {"memory", 0, NULL, 'm'},
    {"subspace", 0, NULL, 's'}, {"reach", 1, NULL, 'd'}, {"coreset", 1, NULL, 'c'},
    {NULL, 0, NULL, 0}};

int main(int argc, char **argv)
{
    settings s = {.rule = {.epsilon = 0.01, .reach = -1, .coreset = 1, .explained = 0.99},
        .grid = 28,
        .features = 856,
        .images = 240,
        .runs = 7,
        .threads = blmi_threads_of(0)};
    blm_error err;
    for (int c; (c = getopt_long(argc, argv, "", names, NULL)) != -1;) {
        int *const whole = c == 'g'   ? &s.grid
                           : c == 'f' ? &s.features
                           : c == 'p' ? &s.repeated
                           : c == 'n' ? &s.images
                           : c == 'r' ? &s.runs
                           : c == 't' ? &s.threads
                           : c == 'R' ? &s.rule.tolerance
                           : c == 'd' ? &s.rule.reach
                                      : NULL;
        if (whole != NULL)
            *whole = atoi(optarg);
        else if (c == 'h')
            s.rule.half = 1;
        else if (c == 'u')
            s.rule.unit_variance = 1;
        else if (c == 'e')
            s.rule.epsilon = atof(optarg);
        else if (c == 'c')
            s.rule.coreset = atof(optarg);
        else if (c == 'm')
            s.rule.name = BLMI_DETECTOR_MEMORY;
        else if (c == 's')
            s.rule.name = BLMI_DETECTOR_SUBSPACE;
        else
            return 2;
    }
    omp_set_num_threads(s.threads);
    if (measure(&s, &err) == BLM_OK)
        return 0;
    fprintf(stderr, "bench_detectors: %s\n", err.text);
    return 1;
}
