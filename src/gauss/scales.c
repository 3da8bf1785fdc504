// scales.c: the factors that give features unit variance.
#include <math.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/gauss/accumulate.h"

void blmi_scale_rows(double *rows, size_t count, size_t width, const double *scale)
{
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < width; j++)
            rows[i * width + j] *= scale[j];
}

// Adds the variances (D) at position number q to variance (D).
static void add_variances_few(const blmi_accumulator *a, int q, double *variance)
{
    const size_t d = (size_t)a->features;
    double *mean = variance + d, *row = mean + d;
    blmi_gather_mean(a->samples, a->held, q, a->features, mean);
    for (size_t i = 0; i < a->held; i++) {
        blmi_gather_centred(a->samples + i, 1, q, a->features, mean, row);
        for (size_t j = 0; j < d; j++)
            variance[j] += row[j] * row[j] / (double)(a->images - 1);
    }
}

static void add_variances_many(const blmi_accumulator *a, int q, double *variance)
{
    const float *packed =
        a->triangles.factor + (size_t)a->where[q] * blmi_triangle(a->features);
    for (size_t i = 0; i < (size_t)a->features; i++) {
        packed += i;
        variance[i] += (double)packed[i] / (double)(a->images - 1);
    }
}

// Converts the variances (D), summed over positions, to scales, rounded to float as in
// the model, so that the samples are scaled like later images.
static void scales_of(double *variance, int features, int counted)
{
    double sum = 0.0;
    for (int j = 0; j < features; j++)
        sum += variance[j] /= counted;
    const double least = 0.01 * sum / features;
    for (int j = 0; j < features; j++)
        variance[j] =
            sum > 0.0 ? (double)(float)(1.0 / sqrt(fmax(variance[j], least))) : 1.0;
}

blm_status blmi_find_scales(blmi_accumulator *a, blmi_gauss_form form, blm_error *err)
{
    const size_t d = (size_t)a->features;
    if (!a->rule.unit_variance)
        return BLM_OK;
    a->scale = blmi_alloc_zero(3 * d, sizeof(double)); // with a mean and a row
    if (a->scale == NULL)
        return blmi_no_memory(err, "scales", 3 * d, sizeof(double));
    for (int q = 0; q < a->counted; q++) {
        if (form == BLMI_EIGENPAIRS)
            add_variances_few(a, q, a->scale);
        else
            add_variances_many(a, q, a->scale);
    }
    scales_of(a->scale, a->features, a->counted);
    return BLM_OK;
}
