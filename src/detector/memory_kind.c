// The memory as a detector: the distance to the nearest feature of the good images, as in
// SPADE (Cohen & Hoshen, 2020) and PatchCore (Roth et al., CVPR 2022).
//
// A row of the memory is the features of one image at one position, each output of the
// network scaled as a whole.  The memory has all rows, or a coreset.
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/detector/bank.h"
#include "src/detector/collection.h"
#include "src/detector/coreset.h"
#include "src/detector/kind.h"

typedef struct memory_detector {
    blmi_detector base;
    blmi_detector_rule rule;
    blmi_detector_shape shape;
    int64_t rows;       // K
    const float *scale; // (D)
    const float *row;   // (K, D)
    const int32_t
        *number; // (K) image * P + position; rising, or with a reach by position
    blmi_bank *bank;
    // After a fit with a coreset: the images, for leaving out groups.
    blmi_collection *collection;
    void *owned[5]; // arrays of the fit
} memory_detector;

static const memory_detector *own(const blmi_detector *detector)
{
    return (const memory_detector *)(const void *)detector;
}

static memory_detector *own_mutable(blmi_detector *detector)
{
    return (memory_detector *)(void *)detector;
}

// ---- fitting --------------------------------------------------------------------------

static blm_status check_rule(const blmi_detector_rule *rule, blm_error *err)
{
    if (!(rule->coreset > 0.0 && rule->coreset <= 1.0))
        return blmi_fail(err, BLM_EUSAGE,
            "coreset %g: expected a share above 0, at most 1", rule->coreset);
    if (rule->reach < -1 || rule->reach > BLMI_MAX_REACH)
        return blmi_fail(err, BLM_EUSAGE, "reach %d: expected 0 to %d, or -1: no limit",
            rule->reach, BLMI_MAX_REACH);
    if (rule->reach >= 0 && rule->coreset < 1.0)
        return blmi_fail(err, BLM_EUSAGE,
            "coreset %g with reach %d: expected only one of them, since a position could "
            "be left without a row",
            rule->coreset, rule->reach);
    return BLM_OK;
}

static blm_status new_fit(const blmi_detector_rule *rule,
    const blmi_detector_shape *shape, const uint8_t *use, int threads, void **out,
    blm_error *err)
{
    BLMI_TRY(check_rule(rule, err));
    return blmi_collecting_new(rule, shape, use, threads, out, err);
}

// Allocates memory that the detector owns.
static void *hold(memory_detector *d, int slot, size_t count, size_t size)
{
    return d->owned[slot] = blmi_alloc(count, size);
}

// Lists all rows, scaled, and their numbers.
static void list_rows(const blmi_collection *c, bool by_position, const float *scale,
    float *row, int32_t *number)
{
    const size_t d = (size_t)c->shape.features;
    for (int64_t i = 0; i < c->images; i++)
        for (int q = 0; q < c->counted; q++) {
            const int64_t k = by_position ? q * c->images + i : i * c->counted + q;
            const float *x = c->x[i] + (size_t)q * d;
            number[k] = (int32_t)(i * c->positions + c->where[q]);
            for (size_t j = 0; j < d; j++)
                row[(size_t)k * d + j] = x[j] * scale[j];
        }
}

static int by_number(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

// Reduces rows (K, D) to a coreset, which is moved to the front.
static blm_status keep_coreset(
    memory_detector *d, float *row, int32_t *number, int threads, blm_error *err)
{
    const size_t width = (size_t)d->base.features;
    const int64_t wanted = blmi_coreset_size(d->rule.coreset, d->rows);
    int64_t count = 0, *chosen = blmi_alloc((size_t)wanted, sizeof *chosen);
    if (chosen == NULL)
        return blmi_no_memory(err, "the coreset", (size_t)wanted, sizeof *chosen);
    const blm_status status = blmi_coreset_choose(row, d->rows, d->base.features,
        d->rule.seed, wanted, threads, chosen, &count, NULL, err);
    if (status == BLM_OK) {
        qsort(chosen, (size_t)count, sizeof *chosen, by_number);
        // In rising order, so that none is overwritten.
        for (int64_t k = 0; k < count; k++) {
            memmove(row + (size_t)k * width, row + (size_t)chosen[k] * width,
                width * sizeof *row);
            number[k] = number[chosen[k]];
        }
        d->rows = count;
    }
    blmi_free(chosen);
    return status;
}

// Frees the part of an array of rows that the coreset does not need.
static blm_status shrink(memory_detector *d, float **row, blm_error *err)
{
    const size_t count = (size_t)d->rows * (size_t)d->base.features;
    float *smaller = blmi_alloc(count, sizeof *smaller);
    if (smaller == NULL)
        return blmi_no_memory(err, "the memory", count, sizeof *smaller);
    memcpy(smaller, *row, count * sizeof *smaller);
    blmi_free(*row);
    d->owned[1] = *row = smaller;
    return BLM_OK;
}

static blm_status open_bank(memory_detector *d, blm_error *err)
{
    blmi_bank_free(d->bank);
    d->bank = NULL;
    const blmi_bank_layout layout = {
        d->shape.grid_width, d->shape.grid_height, d->base.features, d->rule.reach};
    return blmi_bank_new(&layout, d->row, d->number, d->rows, &d->bank, err);
}

static blm_status leave_one_out(memory_detector *d, const blmi_collection *c,
    const uint8_t *use, int threads, float *loo, int32_t *loo_index, blm_error *err);

static blm_status build(
    memory_detector *d, const blmi_collection *c, int threads, blm_error *err)
{
    const size_t width = (size_t)c->shape.features;
    const size_t all = (size_t)(c->images * c->counted);
    float *scale = hold(d, 0, width, sizeof *scale);
    float *row = hold(d, 1, all, width * sizeof *row);
    int32_t *number = hold(d, 2, all, sizeof *number);
    const size_t left_out = (size_t)d->base.left_out;
    float *loo = hold(d, 3, left_out, (size_t)c->positions * sizeof *loo);
    int32_t *loo_index = hold(d, 4, left_out, sizeof *loo_index);
    if (scale == NULL || row == NULL || number == NULL || loo == NULL ||
        loo_index == NULL)
        return blmi_no_memory(err, "the memory", all, width * sizeof *row);
    BLMI_TRY(blmi_collection_scales(c, scale, err));
    list_rows(c, d->rule.reach >= 0, scale, row, number);
    d->rows = (int64_t)all;
    if (d->rule.coreset < 1.0) {
        BLMI_TRY(keep_coreset(d, row, number, threads, err));
        BLMI_TRY(shrink(d, &row, err));
    }
    d->scale = scale;
    d->row = row;
    d->number = number;
    d->base.loo = loo;
    d->base.loo_index = loo_index;
    BLMI_TRY(open_bank(d, err));
    uint8_t *use = blmi_alloc((size_t)c->positions, 1);
    if (use == NULL)
        return blmi_no_memory(err, "positions", (size_t)c->positions, 1);
    blmi_collection_use(c, use);
    const blm_status status = leave_one_out(d, c, use, threads, loo, loo_index, err);
    blmi_free(use);
    return status;
}

static blm_status finish(void *context, blmi_detector *out, blm_error *err)
{
    blmi_collecting *fit = context;
    memory_detector *d = own_mutable(out);
    const blmi_collection *c = fit->collection;
    if (c == NULL)
        return blmi_fail(err, BLM_EUSAGE, "the model is finished already");
    if (c->images < 3)
        return blmi_fail(
            err, BLM_EUSAGE, "%lld images, expected 3 or more", (long long)c->images);
    d->rule = fit->rule;
    d->shape = c->shape;
    out->images = c->images;
    out->positions = c->positions;
    out->features = c->shape.features;
    out->left_out = (int)(c->images / (out->variations + 1));
    const blm_status status = build(d, c, fit->threads, err);
    if (status == BLM_OK && d->rule.coreset < 1.0) {
        d->collection = fit->collection;
        fit->collection = NULL;
    }
    return status;
}

static void release(blmi_detector *detector)
{
    memory_detector *d = own_mutable(detector);
    blmi_bank_free(d->bank);
    blmi_collection_free(d->collection);
    for (int i = 0; i < 5; i++)
        blmi_free(d->owned[i]);
}

// ---- distances ------------------------------------------------------------------------

static size_t scaled_bytes(const memory_detector *d)
{
    const size_t bytes =
        (size_t)d->base.positions * (size_t)d->base.features * sizeof(float);
    return (bytes + BLMI_ALIGNMENT - 1) / BLMI_ALIGNMENT * BLMI_ALIGNMENT;
}

static size_t scratch(const blmi_detector *detector, int images, const blmi_team *team)
{
    const memory_detector *d = own(detector);
    (void)images;
    return scaled_bytes(d) + blmi_bank_scratch(d->bank, team);
}

static void distances(const blmi_detector *detector, const float *x, int images,
    const uint8_t *use, blmi_team *team, void *memory, float *out)
{
    const memory_detector *d = own(detector);
    const size_t positions = (size_t)detector->positions;
    const size_t width = (size_t)detector->features;
    float *scaled = memory;
    for (int i = 0; i < images; i++, x += positions * width, out += positions) {
        for (size_t p = 0; p < positions; p++)
            for (size_t j = 0; j < width; j++)
                scaled[p * width + j] = x[p * width + j] * d->scale[j];
        blmi_bank_search(d->bank, scaled, use, (blmi_bank_skip){NULL, 0}, team,
            (char *)memory + scaled_bytes(d), out, NULL);
    }
}

// The scaled features x (P, D) of good image i, from a collection or from a memory with
// all rows.
static void recall(
    const memory_detector *d, const blmi_collection *c, int64_t i, float *x)
{
    const size_t width = (size_t)d->base.features;
    if (c != NULL) {
        blmi_collection_spread(c, i, d->scale, x);
        return;
    }
    memset(x, 0, (size_t)d->base.positions * width * sizeof *x);
    for (int64_t k = 0; k < d->rows; k++)
        if (d->number[k] / d->base.positions == i)
            memcpy(x + (size_t)(d->number[k] % d->base.positions) * width,
                d->row + (size_t)k * width, width * sizeof *x);
}

// Distances of each image to the rows of other groups, into out (M, P).
static blm_status leave_groups(const memory_detector *d, const blmi_collection *c,
    const int32_t *group, const uint8_t *use, int threads, float *out, blm_error *err)
{
    const size_t positions = (size_t)d->base.positions;
    const size_t bytes = scaled_bytes(d) + blmi_bank_scratch(d->bank, NULL);
    char *memory = blmi_alloc((size_t)threads, bytes);
    if (memory == NULL)
        return blmi_no_memory(err, "leaving images out", (size_t)threads, bytes);
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (int m = 0; m < d->base.left_out; m++) {
        const int64_t i = d->base.loo_index[m];
        char *mine = memory + (size_t)omp_get_thread_num() * bytes;
        recall(d, c, i, (float *)(void *)mine);
        blmi_bank_search(d->bank, (const float *)(const void *)mine, use,
            (blmi_bank_skip){group, group[i]}, NULL, mine + scaled_bytes(d),
            out + (size_t)m * positions, NULL);
    }
    blmi_free(memory);
    for (size_t k = 0; k < (size_t)d->base.left_out * positions; k++)
        if (!isfinite(out[k]))
            return blmi_fail(err, BLM_EUSAGE,
                "image %zu: the memory has no row of other images to compare it with: "
                "expected a larger coreset, or smaller groups",
                (size_t)d->base.loo_index[k / positions] /
                    ((size_t)d->base.variations + 1));
    return BLM_OK;
}

static blm_status leave_one_out(memory_detector *d, const blmi_collection *c,
    const uint8_t *use, int threads, float *loo, int32_t *loo_index, blm_error *err)
{
    int32_t *group;
    BLMI_TRY(blmi_detector_groups(&d->base, NULL, &group, err));
    for (int m = 0; m < d->base.left_out; m++)
        loo_index[m] = m * (d->base.variations + 1);
    const blm_status status = leave_groups(d, c, group, use, threads, loo, err);
    blmi_free(group);
    return status;
}

static blm_status leave_out(const blmi_detector *detector, const int32_t *group,
    const uint8_t *use, int threads, float *out, blm_error *err)
{
    const memory_detector *d = own(detector);
    if (d->rule.coreset < 1.0 && d->collection == NULL)
        return blmi_fail(err, BLM_EUSAGE,
            "a memory with a coreset did not keep the images: give the groups to the "
            "fit");
    return leave_groups(d, d->collection, group, use, threads, out, err);
}

// Only for an equal rule: no field can change without a new fit.
static bool can_adapt(const blmi_detector *detector, const blmi_detector_rule *rule)
{
    const blmi_detector_rule *r = &own(detector)->rule;
    return r->reach == rule->reach && r->coreset == rule->coreset &&
           (r->seed == rule->seed || r->coreset == 1.0);
}

static blm_status adapt(
    blmi_detector *detector, const blmi_detector_rule *rule, int threads, blm_error *err)
{
    (void)detector;
    (void)rule;
    (void)threads;
    (void)err;
    return BLM_OK;
}

// ---- files ----------------------------------------------------------------------------

static void blank(blmi_detector *detector, const blmi_detector_rule *rule,
    const blmi_detector_shape *shape)
{
    memory_detector *d = own_mutable(detector);
    d->rule = *rule;
    d->shape = *shape;
}

static size_t numbers(blmi_detector *detector, blmi_number out[BLMI_MAX_NUMBERS])
{
    memory_detector *d = own_mutable(detector);
    size_t count = 0;
    out[count++] = (blmi_number){"memory.images", BLMI_NUMBER_INT64, &detector->images};
    out[count++] =
        (blmi_number){"memory.positions", BLMI_NUMBER_INT, &detector->positions};
    out[count++] = (blmi_number){"memory.features", BLMI_NUMBER_INT, &detector->features};
    out[count++] = (blmi_number){"memory.left_out", BLMI_NUMBER_INT, &detector->left_out};
    out[count++] = (blmi_number){"memory.rows", BLMI_NUMBER_INT64, &d->rows};
    return count;
}

static blm_status check_numbers(blmi_detector *detector, const blmi_detector_rule *rule,
    const char *path, blm_error *err)
{
    memory_detector *d = own_mutable(detector);
    const int64_t most = detector->images * detector->positions;
    BLMI_TRY(check_rule(rule, err));
    if (detector->left_out * (detector->variations + 1) != detector->images ||
        most > INT32_MAX || d->rows < 1 || d->rows > most)
        return blmi_fail(err, BLM_EINPUT,
            "%s: memory: %lld images, %d left out and %lld rows contradict each other",
            path, (long long)detector->images, detector->left_out, (long long)d->rows);
    return BLM_OK;
}

static size_t parts(blmi_detector *detector, blmi_part out[BLMI_MAX_PARTS])
{
    memory_detector *d = own_mutable(detector);
    const int64_t p = detector->positions, w = detector->features, k = d->rows;
    const int64_t m = detector->left_out;
    size_t count = 0;
    out[count++] = (blmi_part){"memory.scale", BLMI_F32, 1, {w}, &d->scale};
    out[count++] = (blmi_part){"memory.rows", BLMI_F32, 2, {k, w}, &d->row};
    out[count++] = (blmi_part){"memory.number", BLMI_I32, 1, {k}, &d->number};
    out[count++] = (blmi_part){"memory.loo", BLMI_F32, 2, {m, p}, &detector->loo};
    out[count++] =
        (blmi_part){"memory.loo_index", BLMI_I32, 1, {m}, &detector->loo_index};
    return count;
}

// Whether the order is right: with a reach, every position has all images or none.
static bool is_in_order(const memory_detector *d, int64_t k)
{
    const int64_t p = d->base.positions, images = d->base.images;
    const int64_t number = d->number[k];
    if (number < 0 || number >= images * p)
        return false;
    if (d->rule.reach < 0)
        return k == 0 || number > d->number[k - 1];
    return number / p == k % images && (k == 0 || number % p >= d->number[k - 1] % p) &&
           (k % images == 0 ? k == 0 || number % p > d->number[k - 1] % p
                            : number % p == d->number[k - 1] % p);
}

static blm_status check_parts(blmi_detector *detector, const char *path, blm_error *err)
{
    memory_detector *d = own_mutable(detector);
    for (int j = 0; j < detector->features; j++)
        if (!(d->scale[j] > 0.0f))
            return blmi_fail(err, BLM_EINPUT,
                "%s: memory.scale: number %d is %g, expected a number above 0", path, j,
                (double)d->scale[j]);
    for (int64_t k = 0; k < d->rows; k++)
        if (!is_in_order(d, k))
            return blmi_fail(err, BLM_EINPUT,
                "%s: memory.number: number %lld is %d, expected rising order", path,
                (long long)k, (int)d->number[k]);
    if (d->rule.reach >= 0 && d->rows % detector->images != 0)
        return blmi_fail(err, BLM_EINPUT,
            "%s: memory: %lld rows of %lld images, expected the same number of each",
            path, (long long)d->rows, (long long)detector->images);
    return open_bank(d, err);
}

// ---- cost and name --------------------------------------------------------------------

static blmi_detector_cost cost(const blmi_detector_rule *rule,
    const blmi_detector_shape *shape, int64_t images, int threads)
{
    const double p = (double)shape->grid_width * shape->grid_height;
    const double n = (double)images, d = shape->features, all = n * p;
    const double kept = rule->coreset < 1.0 ? fmax(floor(rule->coreset * all), 1) : all;
    const double around =
        rule->reach < 0 ? kept
                        : n * fmin((2 * rule->reach + 1) * (2 * rule->reach + 1), p);
    const double loo = n * p * (sizeof(float) + sizeof(int32_t));
    const double model = kept * (d * sizeof(float) + sizeof(int32_t)) + loo;
    const double choosing = rule->coreset < 1.0 ? 2 * all * kept * d : 0;
    // Features and rows; words for the choice, or of the bank.
    const double fit = model + (2 * all + threads * p) * d * sizeof(float) +
                       (rule->coreset < 1.0 ? all : kept) * d * sizeof(float) / 2;
    return (blmi_detector_cost){.model_bytes = (uint64_t)model,
        .fit_bytes = (uint64_t)fit,
        .fit_gflop = 1e-9 * (choosing + 2 * n * p * around * d),
        .distances_gflop = 1e-9 * 2 * p * around * d};
}

static int rank(const blmi_detector *detector)
{
    (void)detector;
    return 0;
}

const blmi_detector_kind blmi_detector_memory = {.name = "memory",
    .new_fit = new_fit,
    .free_fit = blmi_collecting_free,
    .add = blmi_collecting_add,
    .images = blmi_collecting_images,
    .finish = finish,
    .size = sizeof(memory_detector),
    .release = release,
    .scratch = scratch,
    .distances = distances,
    .leave_out = leave_out,
    .can_adapt = can_adapt,
    .adapt = adapt,
    .blank = blank,
    .numbers = numbers,
    .parts = parts,
    .check_numbers = check_numbers,
    .check_parts = check_parts,
    .cost = cost,
    .rank = rank};
