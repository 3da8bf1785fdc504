// Tests of the subspace: the part of features outside it, and leaving images out against
// new fits.
#include <math.h>
#include <string.h>

#include "src/base/alloc.h"
#include "src/detector/subspace.h"
#include "src/gauss/reference.h"
#include "tests/check.h"

enum { WIDTH = 5, HEIGHT = 4, P = WIDTH * HEIGHT, D = 41, N = 7 };

static const blmi_detector_shape shape = {.grid_width = WIDTH,
    .grid_height = HEIGHT,
    .features = D,
    .outputs = 2,
    .taken = {11, 30}};
static const uint8_t holes[P] = {
    1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0};
static blm_error err;

// Images of x (N, P, D) whose group is not `out`.
static blmi_collection *collect(const float *x, const int32_t *group, int32_t out)
{
    blmi_collection *c = NULL;
    assert_ok(blmi_collection_new(&shape, holes, &c, &err), err);
    for (int i = 0; i < N; i++)
        if (group == NULL || group[i] != out)
            assert_ok(blmi_collection_add(c, x + i * P * D, 1, &err), err);
    return c;
}

// Distances of x (P, D) from the subspace of a collection.
static void measure(const blmi_collection *c, const float *scale, double share,
    const float *x, float out[P])
{
    blmi_spread spread;
    blmi_residual *residual = NULL;
    float axes[D * D], variances[D], mean[D];
    int rank;
    assert_ok(blmi_spread_new(c, scale, 2, &spread, &err), err);
    assert_ok(blmi_spread_axes(&spread, share, axes, variances, &rank, &err), err);
    for (int j = 0; j < D; j++)
        mean[j] = (float)spread.mean[j];
    assert_ok(blmi_residual_new(scale, mean, axes, P, D, rank, &residual, &err), err);
    void *scratch = blmi_alloc(blmi_residual_scratch(residual, NULL), 1);
    blmi_residual_run(residual, x, 1, holes, NULL, scratch, out);
    for (int p = 0; p < P; p++) { // in double, one axis after the other
        double y[D], square = 0.0;
        for (int j = 0; j < D; j++)
            y[j] = (double)x[p * D + j] * (double)scale[j] - (double)mean[j];
        for (int k = 0; k < rank; k++) {
            double product = 0.0;
            for (int j = 0; j < D; j++)
                product += y[j] * (double)axes[k * D + j];
            for (int j = 0; j < D; j++)
                y[j] -= product * (double)axes[k * D + j];
        }
        for (int j = 0; j < D; j++)
            square += y[j] * y[j];
        if (holes[p] == 0)
            assert_true(out[p] == 0.0f);
        else
            assert_true(relative_error(out[p], sqrt(square)) < 1e-4);
    }
    blmi_free(scratch);
    blmi_residual_free(residual);
    blmi_spread_free(&spread);
}

static void leaving_out_is_fitting_again(void **state)
{
    (void)state;
    const int32_t each[N] = {0, 1, 2, 3, 4, 5, 6}, groups[N] = {4, 4, 1, 4, 1, 0, 9};
    const double shares[] = {0.5, 0.9, 0.99};
    float *x = malloc(N * P * D * sizeof *x), scale[D], found[N * P], expected[P];
    reference_features(4, N, P, D, x);
    blmi_collection *all = collect(x, NULL, 0);
    assert_ok(blmi_collection_scales(all, scale, &err), err);
    for (int s = 0; s < 3; s++)
        for (int g = 0; g < 2; g++) {
            const int32_t *group = g == 0 ? each : groups;
            blmi_spread spread;
            assert_ok(blmi_spread_new(all, scale, 2, &spread, &err), err);
            assert_ok(
                blmi_spread_leave_out(&spread, shares[s], group, each, N, found, &err),
                err);
            for (int i = 0; i < N; i++) {
                blmi_collection *rest = collect(x, group, group[i]);
                measure(rest, scale, shares[s], x + i * P * D, expected);
                for (int p = 0; p < P; p++)
                    assert_true(holes[p] == 0 ? found[i * P + p] == 0.0f
                                              : relative_error(found[i * P + p],
                                                    expected[p]) < 1e-4);
                blmi_collection_free(rest);
            }
            blmi_spread_free(&spread);
        }
    blmi_collection_free(all);
    free(x);
}

static void groups_must_leave_two_images(void **state)
{
    (void)state;
    const int32_t each[N] = {0, 1, 2, 3, 4, 5, 6}, most[N] = {0, 0, 0, 0, 0, 0, 1};
    float *x = malloc(N * P * D * sizeof *x), scale[D], found[N * P];
    blmi_spread spread;
    reference_features(4, N, P, D, x);
    blmi_collection *all = collect(x, NULL, 0);
    assert_ok(blmi_collection_scales(all, scale, &err), err);
    assert_ok(blmi_spread_new(all, scale, 2, &spread, &err), err);
    assert_int_equal(
        blmi_spread_leave_out(&spread, 0.9, most, each, N, found, &err), BLM_EUSAGE);
    blmi_spread_free(&spread);
    blmi_collection_free(all);
    free(x);
}

// Each output of the network is scaled as a whole to mean variance 1.
static void scales_are_those_of_outputs(void **state)
{
    (void)state;
    float *x = malloc(N * P * D * sizeof *x), scale[D];
    reference_features(4, N, P, D, x);
    blmi_collection *all = collect(x, NULL, 0);
    assert_ok(blmi_collection_scales(all, scale, &err), err);
    for (int k = 0, first = 0; k < 2; first += shape.taken[k++]) {
        double total = 0.0;
        for (int j = first; j < first + shape.taken[k]; j++) {
            double sum = 0.0, squares = 0.0, count = 0.0;
            assert_true(scale[j] == scale[first]);
            for (int i = 0; i < N * P; i++) {
                const double v = (double)x[i * D + j] * (double)scale[j];
                sum += holes[i % P] * v;
                squares += holes[i % P] * v * v;
                count += holes[i % P];
            }
            total += squares / count - sum / count * (sum / count);
        }
        assert_true(fabs(total / shape.taken[k] - 1) < 1e-5);
    }
    blmi_collection_free(all);
    free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaving_out_is_fitting_again),
        cmocka_unit_test(groups_must_leave_two_images),
        cmocka_unit_test(scales_are_those_of_outputs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
