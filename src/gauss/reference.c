#include "src/gauss/reference.h"

#include <math.h>
#include <stdlib.h>

#include "tests/random.h"

enum { CAUSES = 24 };

// A random number of variance 1, nearly normal.
static double normal(uint64_t *state)
{
    double sum = -6.0;
    for (int i = 0; i < 12; i++)
        sum += random_unit(state);
    return sum;
}

void reference_features(uint64_t seed, int images, int positions, int features, float *x)
{
    const size_t d = (size_t)features;
    double *weights = malloc((CAUSES + 2) * d * sizeof(*weights));
    double *mean = weights + CAUSES * d, *noise = mean + d;
    for (int p = 0; p < positions; p++) {
        uint64_t common = 1000003u * (uint64_t)p + 7; // one distribution for all seeds
        uint64_t own = seed * 7919u + (uint64_t)p;
        for (size_t j = 0; j < d; j++) {
            mean[j] = normal(&common);
            noise[j] = 0.02 + 0.2 * random_unit(&common);
            for (int k = 0; k < CAUSES; k++)
                weights[(size_t)k * d + j] = 0.5 / (1 + k) * normal(&common);
        }
        for (int i = 0; i < images; i++) {
            float *row = x + ((size_t)i * (size_t)positions + (size_t)p) * d;
            double causes[CAUSES];
            for (int k = 0; k < CAUSES; k++)
                causes[k] = normal(&own);
            for (size_t j = 0; j < d; j++) {
                double sum = mean[j] + noise[j] * normal(&own);
                for (int k = 0; k < CAUSES; k++)
                    sum += weights[(size_t)k * d + j] * causes[k];
                row[j] = (float)sum;
            }
        }
    }
    free(weights);
}

static void factor(double *a, size_t d)
{
    for (size_t i = 0; i < d; i++)
        for (size_t j = 0; j <= i; j++) {
            double sum = a[i * d + j];
            for (size_t k = 0; k < j; k++)
                sum -= a[i * d + k] * a[j * d + k];
            a[i * d + j] = i == j ? sqrt(sum) : sum / a[j * d + j];
        }
}

static double mean_of_diagonal(const reference *g, size_t d)
{
    double sum = 0.0;
    for (size_t j = 0; j < d; j++)
        sum += g->triangle[j * d + j];
    return sum / (double)d;
}

// The rule, applied to the lower triangle of a covariance.
static void regularise(reference *g, size_t d, const blmi_gauss_rule *rule)
{
    for (size_t j = 0; j < d; j++)
        for (size_t k = 0; k <= j; k++)
            g->triangle[j * d + k] *= g->scale[j] * g->scale[k];
    const double mean = mean_of_diagonal(g, d);
    for (size_t j = 0; j < d; j++) {
        for (size_t k = 0; k <= j; k++)
            g->triangle[j * d + k] *= 1.0 - rule->shrinkage;
        g->triangle[j * d + j] += rule->shrinkage * mean + rule->epsilon;
    }
}

// Mean (D) and lower triangle of the covariance (D, D), both zero before, of the images
// that are not left out.
static void moments(const float *x, int images, size_t step, size_t d,
    const int32_t *left_out, int32_t out, double *mean, double *triangle)
{
    double count = 0.0;
    for (int i = 0; i < images; i++) {
        if (left_out != NULL && left_out[i] == out)
            continue;
        count += 1.0;
        for (size_t j = 0; j < d; j++)
            mean[j] += (double)x[(size_t)i * step + j];
    }
    for (size_t j = 0; j < d; j++)
        mean[j] /= count;
    for (int i = 0; i < images; i++) {
        const float *row = x + (size_t)i * step;
        if (left_out != NULL && left_out[i] == out)
            continue;
        for (size_t j = 0; j < d; j++)
            for (size_t k = 0; k <= j; k++)
                triangle[j * d + k] += ((double)row[j] - mean[j]) *
                                       ((double)row[k] - mean[k]) / (count - 1.0);
    }
}

// scale (D), zero before: by the variances of all positions.
static void find_scales(const float *x, int images, int positions, size_t d,
    const int32_t *left_out, int32_t out, double *scale)
{
    double sum = 0.0;
    for (size_t p = 0; p < (size_t)positions; p++) {
        double *mean = calloc(d, sizeof(double)), *all = calloc(d * d, sizeof(double));
        moments(x + p * d, images, (size_t)positions * d, d, left_out, out, mean, all);
        for (size_t j = 0; j < d; j++)
            scale[j] += all[j * d + j] / positions;
        free(mean);
        free(all);
    }
    for (size_t j = 0; j < d; j++)
        sum += scale[j];
    for (size_t j = 0; j < d; j++)
        scale[j] = 1.0 / sqrt(fmax(scale[j], 0.01 * sum / (double)d));
}

reference reference_fit(const float *x, int images, int positions, int features, int p,
    const int32_t *left_out, int32_t out, const blmi_gauss_rule *rule)
{
    const size_t d = (size_t)features;
    reference g = {features, calloc(d, sizeof(double)), calloc(d, sizeof(double)),
        calloc(d * d, sizeof(double))};
    moments(x + (size_t)p * d, images, (size_t)positions * d, d, left_out, out, g.mean,
        g.triangle);
    if (rule->unit_variance)
        find_scales(x, images, positions, d, left_out, out, g.scale);
    for (size_t j = 0; j < d && !rule->unit_variance; j++)
        g.scale[j] = 1.0;
    regularise(&g, d, rule);
    factor(g.triangle, d);
    return g;
}

double reference_distance(const reference *g, const float *x)
{
    const size_t d = (size_t)g->features;
    double *z = malloc(d * sizeof(*z)), square = 0.0;
    for (size_t i = 0; i < d; i++) {
        z[i] = ((double)x[i] - g->mean[i]) * g->scale[i];
        for (size_t j = 0; j < i; j++)
            z[i] -= g->triangle[i * d + j] * z[j];
        z[i] /= g->triangle[i * d + i];
        square += z[i] * z[i];
    }
    free(z);
    return sqrt(square);
}

void reference_free(reference *g)
{
    free(g->mean);
    free(g->scale);
    free(g->triangle);
}

double relative_error(double a, double b)
{
    return fabs(a - b) / fabs(b);
}
