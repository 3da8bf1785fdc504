// left_variations.c: leave-one-out distances of images that are left out with their
// variations.
#include "src/gauss/left_variations.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/gauss/linalg.h"

int blmi_variations_drop(const blmi_accumulator *a, int count, const blmi_storage *out)
{
    const size_t each = (size_t)a->rule.variations + 1, positions = (size_t)a->positions;
    const size_t kept = (size_t)count / each;
    for (size_t m = 1; m < kept; m++) {
        out->loo_index[m] = out->loo_index[m * each];
        memcpy(out->loo + m * positions, out->loo + m * each * positions,
            positions * sizeof *out->loo);
    }
    return (int)kept;
}

blm_status blmi_leave_variations_out_few(const blmi_accumulator *a,
    const blmi_storage *storage, blmi_gauss *gauss, blm_error *err)
{
    const size_t images = (size_t)a->images, positions = (size_t)a->positions;
    int32_t *group = blmi_alloc(images, sizeof *group);
    uint8_t *use = blmi_alloc(positions, 1);
    blm_status status = group != NULL && use != NULL
                            ? BLM_OK
                            : blmi_no_memory(err, "variations", images, sizeof *group);
    for (size_t i = 0; status == BLM_OK && i < images; i++)
        group[i] = (int32_t)i / (a->rule.variations + 1);
    for (size_t p = 0; status == BLM_OK && p < positions; p++)
        use[p] = a->number[p] >= 0;
    if (status == BLM_OK)
        status =
            blmi_gauss_leave_group_out(gauss, group, use, a->threads, storage->loo, err);
    if (status == BLM_OK)
        gauss->left_out = blmi_variations_drop(a, (int)images, storage);
    blmi_free(group);
    blmi_free(use);
    return status;
}

// ---- the many form --------------------------------------------------------------------

void blmi_many_group_factor(
    int64_t images, int size, int features, const double *u, double *t)
{
    const size_t g = (size_t)size, d = (size_t)features;
    for (size_t i = 0; i < g; i++)
        for (size_t j = 0; j <= i; j++) {
            double sum = (i == j ? 1.0 : 0.0) - 1.0 / (double)images;
            for (size_t k = 0; k < d; k++)
                sum -= u[i * d + k] * u[j * d + k];
            for (size_t k = 0; k < j; k++)
                sum -= t[i * g + k] * t[j * g + k];
            t[i * g + j] = i == j ? sqrt(fmax(sum, FLT_EPSILON)) : sum / t[j * g + j];
        }
}

double blmi_many_group_square(int64_t images, int size, int features, const double *u,
    const double *t, const double *z, double *h)
{
    const size_t g = (size_t)size, d = (size_t)features;
    double square = 0.0;
    for (size_t i = 0; i < g; i++)
        h[i] = 0.0;
    for (size_t k = 0; k < d; k++) {
        double y = 0.0;
        for (size_t i = 0; i < g; i++)
            y += u[i * d + k];
        y = z[k] + y / (double)(images - size);
        square += y * y;
        for (size_t i = 0; i < g; i++)
            h[i] += u[i * d + k] * y;
    }
    for (size_t i = 0; i < g; i++) {
        for (size_t k = 0; k < i; k++)
            h[i] -= t[i * g + k] * h[k];
        h[i] /= t[i * g + i];
        square += h[i] * h[i];
    }
    return square;
}

void blmi_leave_variations_out_many(int64_t images, int count, int size, int features,
    double keep, const double *factor, double *u, float *out, size_t stride)
{
    double t[BLMI_MAX_VARIATIONS_LEFT * BLMI_MAX_VARIATIONS_LEFT],
        h[BLMI_MAX_VARIATIONS_LEFT];
    blmi_forward(features, count, factor, u);
    for (int i = 0; i < count; i++) {
        const double *group = u + (size_t)(i - i % size) * (size_t)features;
        const double *z = u + (size_t)i * (size_t)features;
        if (i % size == 0)
            blmi_many_group_factor(images, size, features, group, t);
        const double square =
            blmi_many_group_square(images, size, features, group, t, z, h);
        const double rest = (double)(images - size);
        out[(size_t)i * stride] = (float)sqrt((rest - 1.0) / keep * square);
    }
}
