#include "src/gauss/storage.h"

#include <stdbool.h>
#include <string.h>

#include "src/base/alloc.h"
#include "src/base/error.h"

size_t blmi_triangle(int features)
{
    return (size_t)features * ((size_t)features + 1) / 2;
}

blmi_gauss_form blmi_form_of(int64_t images, int features)
{
    return 2 * images <= (int64_t)features + 1 ? BLMI_EIGENPAIRS : BLMI_CHOLESKY;
}

// The next `count` items of 4 bytes of the block at base (NULL: only measured), on a
// boundary of 64 bytes.
static void *carve(void *base, size_t *at, size_t count)
{
    void *start = base == NULL ? NULL : (char *)base + *at;
    *at += (count * sizeof(float) + BLMI_ALIGNMENT - 1) / BLMI_ALIGNMENT * BLMI_ALIGNMENT;
    return start;
}

// Points s at its arrays inside the block at base and returns the size of the block.
static size_t lay_out(blmi_storage *s, int64_t images, int scaled, void *base)
{
    const bool few = s->form == BLMI_EIGENPAIRS;
    const size_t p = (size_t)s->positions, d = (size_t)s->features;
    const size_t r = (size_t)s->rank, n = few ? (size_t)images : BLMI_MOST_LEFT_OUT;
    size_t at = 0;
    s->mean = carve(base, &at, p * d);
    s->scale = scaled ? carve(base, &at, d) : NULL;
    if (few) {
        s->axes = carve(base, &at, p * r * d);
        s->variances = carve(base, &at, p * r);
        s->coordinates = carve(base, &at, p * n * r);
    } else {
        s->factor = carve(base, &at, p * blmi_triangle(s->features));
    }
    s->loo = carve(base, &at, n * p);
    s->loo_index = carve(base, &at, n);
    s->memory = base;
    return at;
}

static blmi_storage shape(
    blmi_gauss_form form, int64_t images, int positions, int features)
{
    return (blmi_storage){.form = form,
        .positions = positions,
        .features = features,
        .rank = form == BLMI_EIGENPAIRS ? (int)images - 1 : 0};
}

size_t blmi_storage_bytes(
    blmi_gauss_form form, int64_t images, int positions, int features, int scaled)
{
    blmi_storage storage = shape(form, images, positions, features);
    return lay_out(&storage, images, scaled, NULL);
}

blm_status blmi_storage_new(blmi_gauss_form form, int64_t images, int positions,
    int features, int scaled, blmi_storage *out, blm_error *err)
{
    const size_t bytes = blmi_storage_bytes(form, images, positions, features, scaled);
    void *memory = blmi_alloc(1, bytes);
    if (memory == NULL)
        return blmi_no_memory(err, "the fitted model", 1, bytes);
    *out = shape(form, images, positions, features);
    lay_out(out, images, scaled, memory);
    return BLM_OK;
}

static void blank(float *array, size_t p, size_t count)
{
    memset(array + p * count, 0, count * sizeof(float));
}

void blmi_storage_blank(const blmi_storage *s, int p, int images)
{
    const size_t at = (size_t)p, d = (size_t)s->features, r = (size_t)s->rank;
    blank(s->mean, at, d);
    if (s->form == BLMI_EIGENPAIRS) {
        blank(s->axes, at, r * d);
        blank(s->variances, at, r);
        blank(s->coordinates, at, (size_t)images * r);
    } else {
        blank(s->factor, at, blmi_triangle(s->features));
    }
    for (int i = 0; i < images; i++)
        s->loo[(size_t)i * (size_t)s->positions + at] = 0.0f;
}
