#include "src/gauss/storage.h"

#include <stdbool.h>
#include <string.h>

#include "src/base/alloc.h"
#include "src/base/error.h"

size_t blmi_triangle(int features)
{
    return (size_t)features * ((size_t)features + 1) / 2;
}

blmi_gauss_form blmi_form_of(int64_t images, int features, int variations)
{
    const int64_t most = variations > 0 ? features : ((int64_t)features + 1) / 2;
    return images <= most ? BLMI_EIGENPAIRS : BLMI_CHOLESKY;
}

// The next `count` items of `size` bytes of the block at base (NULL: only measured), on
// a boundary of 64 bytes.
static void *carve_items(void *base, size_t *at, size_t count, size_t size)
{
    void *start = base == NULL ? NULL : (char *)base + *at;
    *at += (count * size + BLMI_ALIGNMENT - 1) / BLMI_ALIGNMENT * BLMI_ALIGNMENT;
    return start;
}

static void *carve(void *base, size_t *at, size_t count)
{
    return carve_items(base, at, count, sizeof(float));
}

static void *carve_halves(void *base, size_t *at, size_t count)
{
    return carve_items(base, at, count, sizeof(uint16_t));
}

static void lay_out_few(blmi_storage *s, size_t images, void *base, size_t *at)
{
    const size_t p = (size_t)s->positions, d = (size_t)s->features, r = (size_t)s->rank;
    if (s->half) {
        s->half_axes = carve_halves(base, at, p * r * d);
        s->rounding = carve(base, at, images * p);
    } else {
        s->axes = carve(base, at, p * r * d);
    }
    s->variances = carve(base, at, p * r);
    s->coordinates = carve(base, at, p * images * r);
}

static void lay_out_many(blmi_storage *s, void *base, size_t *at)
{
    const size_t p = (size_t)s->positions, d = (size_t)s->features;
    if (s->half) {
        s->half_factor = carve_halves(base, at, p * blmi_triangle(s->features - 1));
        s->row_scale = carve(base, at, p * d);
        s->diagonal = carve(base, at, p * d);
    } else {
        s->factor = carve(base, at, p * blmi_triangle(s->features));
    }
}

// Sets the arrays of s inside the block at base.  Returns the size of the block.
static size_t lay_out(blmi_storage *s, int64_t images, int scaled, void *base)
{
    const bool few = s->form == BLMI_EIGENPAIRS;
    const size_t p = (size_t)s->positions, d = (size_t)s->features;
    const size_t n = few ? (size_t)images : BLMI_MAX_LEFT_OUT;
    size_t at = 0;
    s->mean = carve(base, &at, p * d);
    s->scale = scaled ? carve(base, &at, d) : NULL;
    if (few)
        lay_out_few(s, n, base, &at);
    else
        lay_out_many(s, base, &at);
    s->loo = carve(base, &at, n * p);
    s->loo_index = carve(base, &at, n);
    s->memory = base;
    return at;
}

static blmi_storage shape(
    blmi_gauss_form form, int64_t images, int positions, int features, int half)
{
    return (blmi_storage){.form = form,
        .positions = positions,
        .features = features,
        .rank = form == BLMI_EIGENPAIRS ? (int)images - 1 : 0,
        .half = half};
}

size_t blmi_storage_bytes(blmi_gauss_form form, int64_t images, int positions,
    int features, const blmi_gauss_rule *rule)
{
    blmi_storage storage = shape(form, images, positions, features, rule->half);
    return lay_out(&storage, images, rule->unit_variance, NULL);
}

blm_status blmi_storage_new(blmi_gauss_form form, int64_t images, int positions,
    int features, const blmi_gauss_rule *rule, blmi_storage *out, blm_error *err)
{
    const size_t bytes = blmi_storage_bytes(form, images, positions, features, rule);
    void *memory = blmi_alloc(1, bytes);
    if (memory == NULL)
        return blmi_no_memory(err, "the fitted model", 1, bytes);
    *out = shape(form, images, positions, features, rule->half);
    lay_out(out, images, rule->unit_variance, memory);
    return BLM_OK;
}

// Position p of an array (P, count) of floats; NULL: there is none.
static void blank(float *array, size_t p, size_t count)
{
    if (array != NULL)
        memset(array + p * count, 0, count * sizeof *array);
}

static void blank_halves(uint16_t *array, size_t p, size_t count)
{
    if (array != NULL)
        memset(array + p * count, 0, count * sizeof *array);
}

// Position p of an array (images, P); NULL: there is none.
static void blank_column(float *array, size_t p, int images, int positions)
{
    for (int i = 0; array != NULL && i < images; i++)
        array[(size_t)i * (size_t)positions + p] = 0.0f;
}

void blmi_storage_blank(const blmi_storage *s, int p, int images)
{
    const size_t at = (size_t)p, d = (size_t)s->features, r = (size_t)s->rank;
    blank(s->mean, at, d);
    blank(s->axes, at, r * d);
    blank_halves(s->half_axes, at, r * d);
    blank(s->variances, at, r);
    blank(s->coordinates, at, (size_t)images * r);
    blank(s->factor, at, blmi_triangle(s->features));
    blank_halves(s->half_factor, at, blmi_triangle(s->features - 1));
    blank(s->row_scale, at, d);
    blank(s->diagonal, at, d);
    blank_column(s->rounding, at, images, s->positions);
    blank_column(s->loo, at, images, s->positions);
}
