#include "src/gauss/accumulate.h"

#include <math.h>
#include <omp.h>
#include <string.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/base/threads.h"
#include "src/gauss/linalg.h"
#include "src/gauss/near_leave_out.h"

enum { MAX_POSITIONS = 1 << 20, MAX_FEATURES = 1 << 14 };
// Above this a scatter in float would overflow; features of networks are far below.
static const float largest_feature = 1e15f;

// Whether the grid consists of whole rows, and of whole cells if features repeat.
static bool fits_grid(int positions, const blmi_gauss_rule *rule)
{
    const int edge = rule->repeated > 0 ? rule->edge : 1;
    return edge >= 1 && rule->grid_width >= 1 && positions % rule->grid_width == 0 &&
           rule->grid_width % edge == 0 && positions / rule->grid_width % edge == 0;
}

static blm_status check_rule(
    int positions, int features, const blmi_gauss_rule *rule, blm_error *err)
{
    if (!(rule->epsilon > 0.0) || !isfinite(rule->epsilon))
        return blmi_fail(
            err, BLM_EUSAGE, "epsilon %g: expected a number above 0", rule->epsilon);
    if (!(rule->shrinkage >= 0.0 && rule->shrinkage < 1.0))
        return blmi_fail(err, BLM_EUSAGE, "shrinkage %g: expected 0 or more, below 1",
            rule->shrinkage);
    if (rule->tolerance < 0 || rule->tolerance > BLMI_MAX_TOLERANCE)
        return blmi_fail(err, BLM_EUSAGE, "tolerance %d: expected 0 to %d",
            rule->tolerance, BLMI_MAX_TOLERANCE);
    if (rule->repeated < 0 || rule->repeated >= features)
        return blmi_fail(err, BLM_EUSAGE,
            "%d of %d features are repeated: expected 0 to %d", rule->repeated, features,
            features - 1);
    if ((rule->tolerance > 0 || rule->repeated > 0) && !fits_grid(positions, rule))
        return blmi_fail(err, BLM_EUSAGE,
            "%d positions, expected whole rows of %d, and whole cells of %d x %d",
            positions, rule->grid_width, rule->edge, rule->edge);
    return BLM_OK;
}

blm_status blmi_accumulator_new(int positions, int features, const blmi_gauss_rule *rule,
    const uint8_t *use, int threads, blmi_accumulator **out, blm_error *err)
{
    if (positions < 1 || positions > MAX_POSITIONS || features < 1 ||
        features > MAX_FEATURES)
        return blmi_fail(err, BLM_EUSAGE,
            "%d positions of %d features, expected 1 to %d of 1 to %d", positions,
            features, MAX_POSITIONS, MAX_FEATURES);
    BLMI_TRY(check_rule(positions, features, rule, err));
    blmi_accumulator *a = blmi_alloc_zero(1, sizeof(*a));
    int *where = blmi_alloc(2 * (size_t)positions, sizeof(*where));
    if (a == NULL || where == NULL) {
        blmi_free(a);
        blmi_free(where);
        return blmi_no_memory(err, "positions", 2 * (size_t)positions, sizeof(*where));
    }
    a->positions = positions;
    a->features = features;
    a->rule = *rule;
    a->threads = threads;
    a->stride = 1;
    a->where = where;
    a->number = where + positions;
    for (int p = 0; p < positions; p++) {
        const bool count = use == NULL || use[p] != 0;
        a->number[p] = count ? a->counted : -1;
        if (count)
            where[a->counted++] = p;
    }
    *out = a;
    return BLM_OK;
}

void blmi_accumulator_free(blmi_accumulator *a)
{
    if (a == NULL)
        return;
    for (size_t i = 0; i < a->held; i++)
        blmi_free(a->samples[i].x);
    blmi_free(a->samples);
    blmi_free(a->triangles.memory);
    blmi_free(a->mean);
    blmi_free(a->scale);
    blmi_free(a->scratch);
    blmi_free(a->where);
    blmi_free(a);
}

int64_t blmi_accumulator_images(const blmi_accumulator *a)
{
    return a->images;
}

// ---- gathering ------------------------------------------------------------------------

void blmi_gather_mean(
    const blmi_sample *samples, size_t count, int q, int features, double *mean)
{
    const size_t width = (size_t)features;
    memset(mean, 0, width * sizeof(double));
    for (size_t i = 0; i < count; i++) {
        const float *x = samples[i].x + (size_t)q * width;
        for (size_t d = 0; d < width; d++)
            mean[d] += (double)x[d];
    }
    for (size_t d = 0; d < width; d++)
        mean[d] /= (double)count;
}

void blmi_gather_centred(const blmi_sample *samples, size_t count, int q, int features,
    const double *centre, double *rows)
{
    const size_t width = (size_t)features;
    for (size_t i = 0; i < count; i++) {
        const float *x = samples[i].x + (size_t)q * width;
        double *row = rows + i * width;
        for (size_t d = 0; d < width; d++)
            row[d] = (double)x[d] - centre[d];
    }
}

// ---- many images: folding into the triangles ------------------------------------------

size_t blmi_many_scratch(const blmi_gauss_rule *rule, int features)
{
    const size_t d = (size_t)features;
    return d * d + BLMI_MAX_LEFT_OUT * d + blmi_near_many_size(rule, features);
}

// Updates mean and scatter by a block of images (Chan, Golub and LeVeque).  The
// difference of the means is one more row of the block, multiplied by sqrt(n m / (n +
// m)).
static void fold_position(blmi_accumulator *a, int q, size_t count, double *scratch)
{
    const size_t d = (size_t)a->features;
    const blmi_sample *block = a->samples + a->kept;
    double *rows = scratch + d * d; // (count + 1, D)
    double *shift = rows + count * d;
    double *mean = a->mean + (size_t)q * d;
    float *packed =
        a->triangles.factor + (size_t)a->where[q] * blmi_triangle(a->features);
    const bool first = a->folded == 0;
    const double n = (double)a->folded, m = (double)count;

    double *centre = scratch; // (D), until the products are written there
    blmi_gather_mean(block, count, q, a->features, centre);
    blmi_gather_centred(block, count, q, a->features, centre, rows);
    for (size_t j = 0; j < d; j++) {
        const double gap = first ? 0.0 : centre[j] - mean[j];
        shift[j] = sqrt(n * m / (n + m)) * gap;
        mean[j] = first ? centre[j] : mean[j] + gap * m / (n + m);
    }
    blmi_gram_of_columns(a->features, (int)count + 1, rows, scratch);
    for (size_t i = 0; i < d; i++, packed += i)
        for (size_t j = 0; j <= i; j++)
            packed[j] = (float)((first ? 0.0 : (double)packed[j]) + scratch[i * d + j]);
}

// Drops folded images that are not needed: every stride-th is kept with its variations,
// and the stride doubles if that would be more than 256.
static void thin(blmi_accumulator *a)
{
    const int64_t each = a->rule.variations + 1;
    const int64_t originals = (a->folded + each - 1) / each;
    while ((originals + a->stride - 1) / a->stride * each > BLMI_MAX_LEFT_OUT)
        a->stride *= 2;
    size_t held = 0;
    a->kept = 0;
    for (size_t i = 0; i < a->held; i++) {
        const blmi_sample sample = a->samples[i];
        const bool folded = sample.index < a->folded;
        if (folded && sample.index / each % a->stride != 0) {
            blmi_free(sample.x);
            continue;
        }
        a->samples[held++] = sample;
        a->kept += folded;
    }
    a->held = held;
}

static void fold(blmi_accumulator *a, size_t count)
{
#pragma omp parallel num_threads(a->threads)
    {
        const size_t size = blmi_many_scratch(&a->rule, a->features);
        double *scratch = a->scratch + (size_t)omp_get_thread_num() * size;
        blmi_threads_keep_to_one();
#pragma omp for schedule(dynamic)
        for (int q = 0; q < a->counted; q++)
            fold_position(a, q, count, scratch);
    }
    a->folded += (int64_t)count;
    thin(a);
}

void blmi_accumulator_flush(blmi_accumulator *a)
{
    if (a->images > a->folded)
        fold(a, (size_t)(a->images - a->folded));
}

// ---- adding features ------------------------------------------------------------------

static blm_status check_features(
    const blmi_accumulator *a, const float *x, int images, blm_error *err)
{
    const size_t d = (size_t)a->features;
    for (int i = 0; i < images; i++) {
        for (int q = 0; q < a->counted; q++) {
            const size_t p = (size_t)a->where[q];
            const float *row = x + ((size_t)i * (size_t)a->positions + p) * d;
            for (size_t j = 0; j < d; j++)
                if (!(fabsf(row[j]) <= largest_feature))
                    return blmi_fail(err, BLM_EINPUT,
                        "image %lld: feature %zu at position %zu is %g: expected a "
                        "number within +-%g",
                        (long long)(a->images + i), j, p, (double)row[j],
                        (double)largest_feature);
        }
    }
    return BLM_OK;
}

// Makes room in the list of samples.
static blm_status reserve(blmi_accumulator *a, size_t more, blm_error *err)
{
    if (a->held + more <= a->capacity)
        return BLM_OK;
    const size_t capacity = 2 * (a->held + more);
    blmi_sample *samples = blmi_alloc(capacity, sizeof(*samples));
    if (samples == NULL)
        return blmi_no_memory(err, "the list of images", capacity, sizeof(*samples));
    if (a->held > 0)
        memcpy(samples, a->samples, a->held * sizeof(*samples));
    blmi_free(a->samples);
    a->samples = samples;
    a->capacity = capacity;
    return BLM_OK;
}

// Allocates the arrays of the many form.  What is allocated before a failure is kept for
// the next try.
static blm_status get_triangles(blmi_accumulator *a, blm_error *err)
{
    const size_t d = (size_t)a->features, many = blmi_many_scratch(&a->rule, a->features);
    if (a->mean == NULL)
        a->mean = blmi_alloc((size_t)a->counted * d, sizeof(double));
    if (a->mean == NULL)
        return blmi_no_memory(err, "means", (size_t)a->counted * d, sizeof(double));
    if (a->scratch == NULL)
        a->scratch = blmi_alloc((size_t)a->threads * many, sizeof(double));
    if (a->scratch == NULL)
        return blmi_no_memory(
            err, "covariances", (size_t)a->threads * many, sizeof(double));
    if (a->triangles.memory == NULL)
        return blmi_storage_new(BLMI_CHOLESKY, 0, a->positions, a->features,
            &(blmi_gauss_rule){.unit_variance = a->rule.unit_variance}, &a->triangles,
            err);
    return BLM_OK;
}

// Copies the used positions of images: of all images, or of none after a failure.
static blm_status append(blmi_accumulator *a, const float *x, int images, blm_error *err)
{
    const size_t d = (size_t)a->features, size = (size_t)a->counted * d;
    for (int i = 0; i < images; i++) {
        float *copy = blmi_alloc(size, sizeof(float));
        if (copy == NULL) {
            for (; i > 0; i--)
                blmi_free(a->samples[--a->held].x);
            return blmi_no_memory(err, "an image's features", size, sizeof(float));
        }
        const float *image = x + (size_t)i * (size_t)a->positions * d;
        for (size_t q = 0; q < (size_t)a->counted; q++)
            memcpy(copy + q * d, image + (size_t)a->where[q] * d, d * sizeof(float));
        a->samples[a->held++] = (blmi_sample){a->images + i, copy};
    }
    return BLM_OK;
}

blm_status blmi_accumulator_add(
    blmi_accumulator *a, const float *x, int images, blm_error *err)
{
    if (a->used_up)
        return blmi_fail(err, BLM_EUSAGE, "images added after the model is finished");
    if (images < 0 || images > INT32_MAX - a->images)
        return blmi_fail(err, BLM_EUSAGE, "%d images added to %lld: expected at most %d",
            images, (long long)a->images, INT32_MAX);
    const bool many = blmi_form_of(a->images + images, a->features, a->rule.variations) ==
                      BLMI_CHOLESKY;
    BLMI_TRY(check_features(a, x, images, err));
    BLMI_TRY(reserve(a, (size_t)images, err));
    if (many)
        BLMI_TRY(get_triangles(a, err));
    BLMI_TRY(append(a, x, images, err));
    a->images += images;
    while (many && a->images - a->folded >= BLMI_FOLD)
        fold(a, BLMI_FOLD);
    return BLM_OK;
}
