// Leaving groups of images out, against fitting again without them.
#include <math.h>
#include <string.h>

#include "src/gauss/gauss.h"
#include "src/gauss/reference.h"
#include "tests/check.h"

enum { THREADS = 2 };

enum { P = 2 };

static blm_error err;

static blmi_gauss fit(const float *x, int images, int features, double epsilon)
{
    blmi_gauss gauss = {0};
    blmi_accumulator *a;
    assert_ok(blmi_accumulator_new(P, features, &(blmi_gauss_rule){.epsilon = epsilon},
                  NULL, THREADS, &a, &err),
        err);
    assert_ok(blmi_accumulator_add(a, x, images, &err), err);
    assert_ok(blmi_accumulator_finish(a, &gauss, &err), err);
    blmi_accumulator_free(a);
    return gauss;
}

static void check_groups(const float *x, int images, int features, double epsilon,
    const int32_t *group, double tolerance)
{
    blmi_gauss gauss = fit(x, images, features, epsilon);
    float *found = malloc((size_t)(images * P) * sizeof(*found));
    assert_ok(blmi_gauss_leave_group_out(&gauss, group, NULL, THREADS, found, &err), err);
    for (int p = 0; p < P; p++)
        for (int i = 0; i < images; i++) {
            reference rest = reference_fit(x, images, P, features, p, group, group[i],
                &(blmi_gauss_rule){.epsilon = epsilon});
            const double expected = reference_distance(&rest, x + (i * P + p) * features);
            assert_true(relative_error((double)found[i * P + p], expected) < tolerance);
            reference_free(&rest);
        }
    blmi_gauss_free(&gauss);
    free(found);
}

static void test_groups_match_refitting(void **state)
{
    (void)state;
    enum { N = 20, D = 60 };
    const double epsilons[] = {1e-6, 1e-4, 1e-2, 1.0, 100.0};
    float *x = malloc(N * P * D * sizeof(*x));
    int32_t pairs[N], mixed[N], halves[N], most[N];
    reference_features(3, N, P, D, x);
    for (int i = 0; i < N; i++) {
        pairs[i] = i / 2 - 4;
        mixed[i] = (i * i % 5 - 2) * 1000000000;
        halves[i] = i % 2;
        most[i] = i < 2;
    }
    for (int e = 0; e < 5; e++) {
        check_groups(x, N, D, epsilons[e], pairs, 1e-6);
        check_groups(x, N, D, epsilons[e], mixed, 1e-6);
        check_groups(x, N, D, epsilons[e], halves, 1e-6);
    }
    check_groups(x, N, D, 0.01, most, 1e-6);
    free(x);
}

static void test_duplicates_inside_and_across_groups(void **state)
{
    (void)state;
    enum { N = 12, D = 40 };
    const double epsilons[] = {1e-6, 1e-2, 1.0};
    int32_t group[N];
    float *x = malloc(N * P * D * sizeof(*x));
    reference_features(4, N, P, D, x);
    for (int i = 0; i < N; i++)
        group[i] = i / 3;
    memcpy(x + 1 * P * D, x, P * D * sizeof(*x));             // in its own group
    memcpy(x + 7 * P * D, x + 4 * P * D, P * D * sizeof(*x)); // in another
    for (int e = 0; e < 3; e++)
        check_groups(x, N, D, epsilons[e], group, 1e-5);
    free(x);
}

static void test_groups_of_one_are_leave_one_out(void **state)
{
    (void)state;
    enum { N = 15, D = 33 };
    float *x = malloc(N * P * D * sizeof(*x)), found[N * P];
    int32_t group[N];
    reference_features(5, N, P, D, x);
    for (int i = 0; i < N; i++)
        group[i] = 100 - i;
    blmi_gauss gauss = fit(x, N, D, 1e-5);
    assert_ok(blmi_gauss_leave_group_out(&gauss, group, NULL, THREADS, found, &err), err);
    for (int i = 0; i < N * P; i++)
        assert_true(relative_error((double)found[i], (double)gauss.loo[i]) < 1e-6);
    blmi_gauss_free(&gauss);
    free(x);
}

static void test_equal_images_are_at_no_distance(void **state)
{
    (void)state;
    enum { N = 6, D = 20 };
    float x[N * P * D], found[N * P];
    const int32_t group[N] = {0, 0, 1, 1, 2, 2};
    for (int i = 0; i < N * P * D; i++)
        x[i] = 1.5f;
    blmi_gauss gauss = fit(x, N, D, 0.01);
    assert_ok(blmi_gauss_leave_group_out(&gauss, group, NULL, THREADS, found, &err), err);
    for (int i = 0; i < N * P; i++)
        assert_true(found[i] == 0.0f);
    blmi_gauss_free(&gauss);
}

static void test_too_large_groups_are_refused(void **state)
{
    (void)state;
    enum { N = 5, D = 20 };
    float x[21 * P * D], found[N * P];
    const int32_t group[N] = {7, 7, 7, 7, 1};
    reference_features(6, 21, P, D, x);
    blmi_gauss gauss = fit(x, N, D, 0.01);
    assert_int_equal(
        blmi_gauss_leave_group_out(&gauss, group, NULL, THREADS, found, &err),
        BLM_EUSAGE);
    assert_non_null(strstr(err.text, "a group of 4 out of 5 images"));
    blmi_gauss_free(&gauss);
    gauss = fit(x, 21, D, 0.01);
    assert_int_equal(gauss.form, BLMI_CHOLESKY);
    assert_int_equal(
        blmi_gauss_leave_group_out(&gauss, group, NULL, THREADS, found, &err),
        BLM_EUSAGE);
    blmi_gauss_free(&gauss);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_groups_match_refitting),
        cmocka_unit_test(test_duplicates_inside_and_across_groups),
        cmocka_unit_test(test_groups_of_one_are_leave_one_out),
        cmocka_unit_test(test_equal_images_are_at_no_distance),
        cmocka_unit_test(test_too_large_groups_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
