#include "src/detector/collection.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/alloc.h"
#include "src/base/error.h"

static const float largest_feature = 1e15f;

blm_status blmi_collection_new(const blmi_detector_shape *shape, const uint8_t *use,
    blmi_collection **out, blm_error *err)
{
    const int positions = shape->grid_width * shape->grid_height;
    blmi_collection *c = blmi_alloc_zero(1, sizeof *c);
    int *where = blmi_alloc((size_t)positions, sizeof *where);
    if (c == NULL || where == NULL) {
        blmi_free(c);
        blmi_free(where);
        return blmi_no_memory(err, "positions", (size_t)positions, sizeof *where);
    }
    c->shape = *shape;
    c->positions = positions;
    c->where = where;
    for (int p = 0; p < positions; p++)
        if (use == NULL || use[p] != 0)
            where[c->counted++] = p;
    *out = c;
    return BLM_OK;
}

void blmi_collection_free(blmi_collection *c)
{
    if (c == NULL)
        return;
    for (int64_t i = 0; i < c->images; i++)
        blmi_free(c->x[i]);
    blmi_free(c->x);
    blmi_free(c->where);
    blmi_free(c);
}

// ---- adding features ------------------------------------------------------------------

static blm_status check_features(
    const blmi_collection *c, const float *x, int images, blm_error *err)
{
    const size_t d = (size_t)c->shape.features;
    for (int i = 0; i < images; i++)
        for (int q = 0; q < c->counted; q++) {
            const int p = c->where[q];
            const float *row = x + ((size_t)i * (size_t)c->positions + (size_t)p) * d;
            for (size_t j = 0; j < d; j++)
                if (!(fabsf(row[j]) <= largest_feature))
                    return blmi_fail(err, BLM_EINPUT,
                        "image %lld: feature %zu at position %d is %g: expected a number "
                        "within +-%g",
                        (long long)(c->images + i), j, p, (double)row[j],
                        (double)largest_feature);
        }
    return BLM_OK;
}

static blm_status reserve(blmi_collection *c, int64_t more, blm_error *err)
{
    if (c->images + more <= c->capacity)
        return BLM_OK;
    const int64_t capacity = 2 * (c->images + more);
    float **list = blmi_alloc((size_t)capacity, sizeof *list);
    if (list == NULL)
        return blmi_no_memory(err, "the list of images", (size_t)capacity, sizeof *list);
    if (c->images > 0)
        memcpy(list, c->x, (size_t)c->images * sizeof *list);
    blmi_free(c->x);
    c->x = list;
    c->capacity = capacity;
    return BLM_OK;
}

blm_status blmi_collection_add(
    blmi_collection *c, const float *x, int images, blm_error *err)
{
    const size_t d = (size_t)c->shape.features, size = (size_t)c->counted * d;
    const int64_t before = c->images;
    if (images < 0 || images > INT32_MAX / c->positions - before)
        return blmi_fail(err, BLM_EUSAGE, "%d images added to %lld: expected at most %d",
            images, (long long)before, INT32_MAX / c->positions);
    BLMI_TRY(check_features(c, x, images, err));
    BLMI_TRY(reserve(c, images, err));
    for (int i = 0; i < images; i++) {
        float *copy = blmi_alloc(size, sizeof *copy);
        if (copy == NULL) {
            while (c->images > before)
                blmi_free(c->x[--c->images]);
            return blmi_no_memory(err, "an image's features", size, sizeof *copy);
        }
        const float *image = x + (size_t)i * (size_t)c->positions * d;
        for (size_t q = 0; q < (size_t)c->counted; q++)
            memcpy(copy + q * d, image + (size_t)c->where[q] * d, d * sizeof *copy);
        c->x[c->images++] = copy;
    }
    return BLM_OK;
}

// ---- a fit that collects -----------------------------------------------------------

blm_status blmi_collecting_new(const blmi_detector_rule *rule,
    const blmi_detector_shape *shape, const uint8_t *use, int threads, void **out,
    blm_error *err)
{
    blmi_collecting *fit = blmi_alloc_zero(1, sizeof *fit);
    if (fit == NULL)
        return blmi_no_memory(err, "the fit", 1, sizeof *fit);
    fit->rule = *rule;
    fit->threads = threads;
    const blm_status status = blmi_collection_new(shape, use, &fit->collection, err);
    if (status == BLM_OK)
        *out = fit;
    else
        blmi_free(fit);
    return status;
}

void blmi_collecting_free(void *context)
{
    blmi_collecting *fit = context;
    blmi_collection_free(fit->collection);
    blmi_free(fit);
}

blm_status blmi_collecting_add(void *context, const float *x, int images, blm_error *err)
{
    blmi_collecting *fit = context;
    if (fit->collection == NULL)
        return blmi_fail(err, BLM_EUSAGE, "images added after the model is finished");
    return blmi_collection_add(fit->collection, x, images, err);
}

int64_t blmi_collecting_images(const void *context)
{
    const blmi_collecting *fit = context;
    return fit->collection->images;
}

// ---- scales ---------------------------------------------------------------------------

// Sums (D) of the features, or of the squares of features less mean (D).
static void add_up(const blmi_collection *c, const double *mean, double *sum)
{
    const size_t d = (size_t)c->shape.features;
    memset(sum, 0, d * sizeof *sum);
    for (int64_t i = 0; i < c->images; i++)
        for (size_t q = 0; q < (size_t)c->counted; q++) {
            const float *x = c->x[i] + q * d;
            for (size_t j = 0; j < d && mean == NULL; j++)
                sum[j] += (double)x[j];
            for (size_t j = 0; j < d && mean != NULL; j++)
                sum[j] += ((double)x[j] - mean[j]) * ((double)x[j] - mean[j]);
        }
}

blm_status blmi_collection_scales(const blmi_collection *c, float *scale, blm_error *err)
{
    const size_t d = (size_t)c->shape.features;
    const double count = (double)c->images * c->counted;
    const int outputs = c->shape.outputs > 0 ? c->shape.outputs : 1;
    double *mean = blmi_alloc(2 * d, sizeof *mean), *variance = mean + d;
    if (mean == NULL)
        return blmi_no_memory(err, "scales", 2 * d, sizeof *mean);
    add_up(c, NULL, mean);
    for (size_t j = 0; j < d; j++)
        mean[j] /= count;
    add_up(c, mean, variance);
    for (int k = 0, first = 0; k < outputs; k++) {
        const int taken = c->shape.outputs > 0 ? c->shape.taken[k] : (int)d;
        double sum = 0.0;
        for (int j = first; j < first + taken; j++)
            sum += variance[j] / count;
        for (int j = first; j < first + taken; j++)
            scale[j] = sum > 0.0 ? (float)(1.0 / sqrt(sum / taken)) : 1.0f;
        first += taken;
    }
    blmi_free(mean);
    return BLM_OK;
}

void blmi_collection_spread(
    const blmi_collection *c, int64_t i, const float *scale, float *features)
{
    const size_t d = (size_t)c->shape.features;
    memset(features, 0, (size_t)c->positions * d * sizeof *features);
    for (size_t q = 0; q < (size_t)c->counted; q++)
        for (size_t j = 0; j < d; j++)
            features[(size_t)c->where[q] * d + j] = c->x[i][q * d + j] * scale[j];
}

void blmi_collection_use(const blmi_collection *c, uint8_t *use)
{
    memset(use, 0, (size_t)c->positions);
    for (int q = 0; q < c->counted; q++)
        use[c->where[q]] = 1;
}
