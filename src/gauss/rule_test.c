// Tests of shrinkage and unit variance, against whole covariances in double.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "src/gauss/gauss.h"
#include "src/gauss/reference.h"
#include "tests/check.h"

enum { THREADS = 2 };

enum {
    P = 2,
    FEW = 20,
    MANY = 60,
    D = 48
}; // FEW are kept as eigenpairs, MANY as factors

static blm_error err;

static const blmi_gauss_rule rules[] = {
    {.epsilon = 0.01, .shrinkage = 0.0, .unit_variance = 1},
    {.epsilon = 0.5, .shrinkage = 0.0, .unit_variance = 1},
    {.epsilon = 0.01, .shrinkage = 0.1},
    {.epsilon = 0.01, .shrinkage = 0.9},
    {.epsilon = 0.02, .shrinkage = 0.3, .unit_variance = 1},
};
enum { RULES = sizeof rules / sizeof *rules };

static blmi_gauss fit(const float *x, int images, const blmi_gauss_rule *rule)
{
    blmi_gauss gauss = {0};
    blmi_accumulator *a;
    assert_ok(blmi_accumulator_new(P, D, rule, NULL, THREADS, &a, &err), err);
    assert_ok(blmi_accumulator_add(a, x, images, &err), err);
    assert_ok(blmi_accumulator_finish(a, &gauss, &err), err);
    blmi_accumulator_free(a);
    return gauss;
}

// x (images, P, D), the third feature constant and the fourth nearly so.
static float *make_features(int images)
{
    float *x = malloc((size_t)(images * P * D) * sizeof *x);
    reference_features(11, images, P, D, x);
    for (int i = 0; i < images * P; i++) {
        x[i * D + 2] = 0.5f;
        x[i * D + 3] *= 1e-3f;
    }
    return x;
}

// The largest error of leave-one-out distances, against a fit to the others.
static double worst_left_out(
    const blmi_gauss *gauss, const float *x, int images, const blmi_gauss_rule *rule)
{
    double worst = 0.0;
    int32_t *own = malloc((size_t)images * sizeof *own);
    for (int i = 0; i < images; i++)
        own[i] = i;
    for (int p = 0; p < P; p++)
        for (int m = 0; m < gauss->left_out; m++) {
            const int i = gauss->loo_index[m];
            reference rest = reference_fit(x, images, P, D, p, own, i, rule);
            const double expected = reference_distance(&rest, x + (i * P + p) * D);
            worst = fmax(worst, relative_error((double)gauss->loo[m * P + p], expected));
            reference_free(&rest);
        }
    free(own);
    return worst;
}

static void check_distances(const blmi_gauss *gauss, const float *x, int images,
    const blmi_gauss_rule *rule, const float *others, int count)
{
    float *found = malloc((size_t)(count * P) * sizeof *found);
    void *scratch =
        aligned_alloc(64, (blmi_gauss_scratch(gauss, count, NULL) + 63) / 64 * 64);
    blmi_gauss_distances(gauss, others, count, NULL, NULL, scratch, found);
    for (int p = 0; p < P; p++) {
        reference all = reference_fit(x, images, P, D, p, NULL, 0, rule);
        for (int i = 0; i < count; i++)
            assert_true(relative_error((double)found[i * P + p],
                            reference_distance(&all, others + (i * P + p) * D)) < 2e-4);
        reference_free(&all);
    }
    free(scratch);
    free(found);
}

static void distances_follow_the_rule(void **state)
{
    (void)state;
    const int counts[] = {FEW, MANY};
    for (int c = 0; c < 2; c++) {
        float *x = make_features(counts[c] + 5);
        for (int r = 0; r < RULES; r++) {
            blmi_gauss gauss = fit(x, counts[c], &rules[r]);
            assert_int_equal(gauss.form, c == 0 ? BLMI_EIGENPAIRS : BLMI_CHOLESKY);
            check_distances(&gauss, x, counts[c], &rules[r], x + counts[c] * P * D, 5);
            blmi_gauss_free(&gauss);
        }
        free(x);
    }
}

// Where the header says exact, the results are exact; otherwise they are within six
// percent, with two positions and 20 or 60 images.
static void left_out_images_follow_it_too(void **state)
{
    (void)state;
    const int counts[] = {FEW, MANY};
    for (int c = 0; c < 2; c++) {
        float *x = make_features(counts[c]);
        for (int r = 0; r < RULES; r++) {
            blmi_gauss gauss = fit(x, counts[c], &rules[r]);
            const int exact = !rules[r].unit_variance && c == 0;
            const double worst = worst_left_out(&gauss, x, counts[c], &rules[r]);
            assert_true(worst < (exact ? 1e-6 : 0.06));
            blmi_gauss_free(&gauss);
        }
        free(x);
    }
}

// Features scaled to unit variance before need no rule for it: then leaving out is exact.
static void scales_are_those_of_all_images(void **state)
{
    (void)state;
    const blmi_gauss_rule unit = {.epsilon = 0.02, .shrinkage = 0.3, .unit_variance = 1},
                          plain = {.epsilon = 0.02, .shrinkage = 0.3};
    float *x = make_features(FEW);
    blmi_gauss scaled = fit(x, FEW, &unit);
    for (int i = 0; i < FEW; i++)
        for (int j = 0; j < P * D; j++)
            x[i * P * D + j] =
                (float)(((double)x[i * P * D + j] - (double)scaled.mean[j]) *
                        (double)scaled.scale[j % D]);
    assert_true(worst_left_out(&scaled, x, FEW, &plain) < 1e-4);
    blmi_gauss_free(&scaled);
    free(x);
}

static void groups_of_one_are_images(void **state)
{
    (void)state;
    float *x = make_features(FEW);
    int32_t group[FEW];
    float found[FEW * P];
    for (int i = 0; i < FEW; i++)
        group[i] = i;
    for (int r = 0; r < RULES; r++) {
        blmi_gauss gauss = fit(x, FEW, &rules[r]);
        assert_ok(
            blmi_gauss_leave_group_out(&gauss, group, NULL, THREADS, found, &err), err);
        for (int i = 0; i < FEW * P; i++)
            assert_true(relative_error((double)found[i], (double)gauss.loo[i]) < 1e-5);
        blmi_gauss_free(&gauss);
    }
    free(x);
}

static void groups_match_refitting_with_shrinkage(void **state)
{
    (void)state;
    const blmi_gauss_rule rule = {.epsilon = 0.01, .shrinkage = 0.4};
    float *x = make_features(FEW);
    int32_t group[FEW];
    float found[FEW * P];
    for (int i = 0; i < FEW; i++)
        group[i] = i / 3;
    blmi_gauss gauss = fit(x, FEW, &rule);
    assert_ok(blmi_gauss_leave_group_out(&gauss, group, NULL, THREADS, found, &err), err);
    for (int p = 0; p < P; p++)
        for (int i = 0; i < FEW; i++) {
            reference rest = reference_fit(x, FEW, P, D, p, group, group[i], &rule);
            assert_true(relative_error((double)found[i * P + p],
                            reference_distance(&rest, x + (i * P + p) * D)) < 1e-5);
            reference_free(&rest);
        }
    blmi_gauss_free(&gauss);
    free(x);
}

static void rules_out_of_range_are_refused(void **state)
{
    (void)state;
    const blmi_gauss_rule bad[] = {{.epsilon = 0.0, .shrinkage = 0.0},
        {.epsilon = NAN, .shrinkage = 0.0}, {.epsilon = 0.01, .shrinkage = 1.0},
        {.epsilon = 0.01, .shrinkage = -0.1}, {.epsilon = 0.01, .shrinkage = NAN}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        blmi_accumulator *a;
        assert_int_equal(
            blmi_accumulator_new(P, D, &bad[i], NULL, THREADS, &a, &err), BLM_EUSAGE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances_follow_the_rule),
        cmocka_unit_test(left_out_images_follow_it_too),
        cmocka_unit_test(scales_are_those_of_all_images),
        cmocka_unit_test(groups_of_one_are_images),
        cmocka_unit_test(groups_match_refitting_with_shrinkage),
        cmocka_unit_test(rules_out_of_range_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
