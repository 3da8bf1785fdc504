#include "src/eval/bootstrap.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/base/splitmix.h"
#include "src/base/threads.h"

enum { DEFAULT_DRAWS = 1000, MAX_DRAWS = 1000000 };
static const double default_level = 0.95;

typedef struct bootstrap {
    int draws, threads;
    double level;
    uint64_t seed;
    size_t count; // items
    blmi_evaluate *evaluate;
    const void *data;
    size_t scratch_bytes;
    blm_metrics all;    // of the original data
    uint32_t *weights;  // (threads, count)
    char *scratch;      // (threads, scratch_bytes)
    blm_metrics *drawn; // (draws)
    double *sorted;     // (draws) values of one metric
} bootstrap;

// A random number from 0 to count - 1, with a bias below count / 2^53.
static size_t random_index(uint64_t *state, size_t count)
{
    return (size_t)((double)(blmi_splitmix(state) >> 11) * 0x1p-53 * (double)count);
}

// Draw number `draw`.  It has its own random numbers, so that any thread can make it.
static void make_draw(bootstrap *b, int draw)
{
    const size_t thread = (size_t)omp_get_thread_num();
    uint32_t *const weights = b->weights + thread * b->count;
    blm_metrics *const out = &b->drawn[draw];
    uint64_t start = (uint64_t)draw, state = blmi_splitmix(&start) ^ b->seed;
    do {
        for (size_t i = 0; i < b->count; i++)
            weights[i] = 0;
        for (size_t i = 0; i < b->count; i++)
            weights[random_index(&state, b->count)]++;
        b->evaluate(b->data, weights, b->scratch + thread * b->scratch_bytes, out);
    } while ((out->good == 0 && b->all.good > 0) ||
             (out->defective == 0 && b->all.defective > 0));
}

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quantile(const double *sorted, int count, double share)
{
    const double at = share * (count - 1);
    const int low = (int)at;
    const int high = low + 1 < count ? low + 1 : low;
    return sorted[low] + (at - low) * (sorted[high] - sorted[low]);
}

// The interval of the metric that is `offset` bytes into blm_metrics.
static blm_interval interval(const bootstrap *b, size_t offset)
{
    for (int i = 0; i < b->draws; i++) {
        b->sorted[i] = *(const double *)((const char *)&b->drawn[i] + offset);
        if (isnan(b->sorted[i]))
            return (blm_interval){NAN, NAN};
    }
    qsort(b->sorted, (size_t)b->draws, sizeof *b->sorted, compare_doubles);
    const double outside = (1 - b->level) / 2;
    return (blm_interval){quantile(b->sorted, b->draws, outside),
        quantile(b->sorted, b->draws, 1 - outside)};
}

static blm_status bootstrap_setup(
    bootstrap *b, const blm_bootstrap *options, blm_error *err)
{
    if (options != NULL) {
        if (options->draws < 0 || options->draws > MAX_DRAWS)
            return blmi_fail(err, BLM_EUSAGE, "%d draws of a bootstrap, expected 0 to %d",
                options->draws, MAX_DRAWS);
        if (options->level != 0 && !(options->level > 0 && options->level < 1))
            return blmi_fail(err, BLM_EUSAGE,
                "the level of an interval is %g, expected above 0, below 1",
                options->level);
        b->draws = options->draws;
        b->level = options->level;
        b->seed = options->seed;
    }
    if (b->draws == 0)
        b->draws = DEFAULT_DRAWS;
    if (b->level == 0)
        b->level = default_level;
    BLMI_TRY(
        blmi_threads_choose(options != NULL ? options->threads : 0, &b->threads, err));
    const size_t threads = (size_t)b->threads;
    b->weights = blmi_alloc(threads * b->count, sizeof *b->weights);
    b->scratch = blmi_alloc(threads, b->scratch_bytes);
    b->drawn = blmi_alloc((size_t)b->draws, sizeof *b->drawn);
    b->sorted = blmi_alloc((size_t)b->draws, sizeof *b->sorted);
    if (b->weights == NULL || b->scratch == NULL || b->drawn == NULL || b->sorted == NULL)
        return blmi_no_memory(err, "a bootstrap", threads, b->scratch_bytes);
    return BLM_OK;
}

blm_status blmi_bootstrap(const blm_bootstrap *options, size_t count,
    blmi_evaluate *evaluate, const void *data, size_t scratch_bytes, blm_intervals *out,
    blm_error *err)
{
    bootstrap b = {.count = count,
        .evaluate = evaluate,
        .data = data,
        .scratch_bytes = scratch_bytes};
    const blm_status status = bootstrap_setup(&b, options, err);
    if (status != BLM_OK)
        goto done;
    for (size_t i = 0; i < count; i++)
        b.weights[i] = 1;
    evaluate(data, b.weights, b.scratch, &b.all);
#pragma omp parallel for num_threads(b.threads) schedule(static)
    for (int draw = 0; draw < b.draws; draw++)
        make_draw(&b, draw);
    out->auroc = interval(&b, offsetof(blm_metrics, auroc));
    out->average_precision = interval(&b, offsetof(blm_metrics, average_precision));
    out->f1_max = interval(&b, offsetof(blm_metrics, f1_max));
    for (size_t i = 0; i < BLM_LIMITS; i++)
        out->au_pro[i] = interval(&b, offsetof(blm_metrics, au_pro) + i * sizeof(double));
done:
    blmi_free(b.sorted);
    blmi_free(b.drawn);
    blmi_free(b.scratch);
    blmi_free(b.weights);
    return status;
}
