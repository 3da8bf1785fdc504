// Tests of fits and distances, against whole covariances in double (reference.h).
#include <math.h>
#include <string.h>

#include "src/base/alloc.h"
#include "src/gauss/distance.h"
#include "src/gauss/reference.h"
#include "tests/check.h"

static int fit_threads = 2; // of fits, and of what is left out

// What tests score: images, ordinary and odd ones, that took no part in the fit.
enum { SCORED = 6 };

static blm_error err;

static float *new_features(int images, int positions, int features)
{
    float *x = malloc((size_t)(images * positions * features) * sizeof(*x));
    reference_features(1, images, positions, features, x);
    return x;
}

// Fits x (images, P, D), handed over in portions of `portion` images.
static blmi_gauss fit_in(const float *x, int images, int positions, int features,
    double epsilon, const uint8_t *use, int portion)
{
    blmi_gauss gauss = {0};
    blmi_accumulator *a;
    assert_ok(blmi_accumulator_new(positions, features,
                  &(blmi_gauss_rule){.epsilon = epsilon}, use, fit_threads, &a, &err),
        err);
    for (int i = 0; i < images; i += portion) {
        const int count = images - i < portion ? images - i : portion;
        assert_ok(
            blmi_accumulator_add(a, x + i * positions * features, count, &err), err);
    }
    assert_int_equal(blmi_accumulator_images(a), images);
    assert_ok(blmi_accumulator_finish(a, &gauss, &err), err);
    blmi_accumulator_free(a);
    return gauss;
}

static blmi_gauss fit(
    const float *x, int images, int positions, int features, double epsilon)
{
    return fit_in(x, images, positions, features, epsilon, NULL, images);
}

// out (images, P)
static void measure(const blmi_gauss_kernels *kernels, const blmi_gauss *gauss,
    const float *x, int images, const uint8_t *use, int threads, float *out)
{
    blmi_team *team;
    assert_ok(blmi_team_new(threads, &team, &err), err);
    void *scratch = blmi_alloc(1, blmi_gauss_scratch(gauss, images, team));
    assert_non_null(scratch);
    blmi_gauss_distances_by(kernels, gauss, x, images, use, team, scratch, out);
    blmi_team_free(team);
    blmi_free(scratch);
}

// Distances of the last SCORED images of x and leave-one-out distances of some of the
// first `images`, all at position p, against the reference.
static void check_position(
    const blmi_gauss *gauss, const float *x, int p, double tolerance)
{
    const int images = (int)gauss->images, positions = gauss->positions;
    const int features = gauss->features, step = positions * features;
    float *found = malloc((size_t)(SCORED * positions) * sizeof(*found));
    measure(blmi_gauss_kernels_best(), gauss, x + images * step, SCORED, NULL, 2, found);
    reference all = reference_fit(x, images, positions, features, p, NULL, 0,
        &(blmi_gauss_rule){.epsilon = gauss->epsilon});
    for (int i = 0; i < SCORED; i++) {
        const float *row = x + (images + i) * step + p * features;
        assert_true(relative_error((double)found[i * positions + p],
                        reference_distance(&all, row)) < tolerance);
    }
    reference_free(&all);
    int32_t *index = malloc((size_t)images * sizeof(*index));
    for (int i = 0; i < images; i++)
        index[i] = i;
    const int stride = gauss->left_out / 3;
    for (int m = 0; m < gauss->left_out; m += stride) {
        const int i = gauss->loo_index[m];
        reference rest = reference_fit(x, images, positions, features, p, index, i,
            &(blmi_gauss_rule){.epsilon = gauss->epsilon});
        const double expected = reference_distance(&rest, x + i * step + p * features);
        assert_true(
            relative_error((double)gauss->loo[m * positions + p], expected) < tolerance);
        reference_free(&rest);
    }
    free(index);
    free(found);
}

static void check_fit(
    int images, int features, double epsilon, blmi_gauss_form form, double tolerance)
{
    enum { P = 2 };
    float *x = new_features(images + SCORED, P, features);
    for (int i = 0; i < P * features; i++) // one of the scored images is defective
        x[images * P * features + i] += 0.5f * (float)(i % 7 - 3);
    blmi_gauss gauss = fit(x, images, P, features, epsilon);
    assert_int_equal(gauss.form, form);
    check_position(&gauss, x, P - 1, tolerance);
    blmi_gauss_free(&gauss);
    free(x);
}

static void test_few_images_are_exact(void **state)
{
    (void)state;
    const double epsilons[] = {1e-6, 1e-4, 1e-2, 1.0};
    for (int e = 0; e < 4; e++) {
        check_fit(3, 24, epsilons[e], BLMI_EIGENPAIRS, 5e-7);
        check_fit(12, 24, epsilons[e], BLMI_EIGENPAIRS, 5e-7);
        check_fit(100, 201, epsilons[e], BLMI_EIGENPAIRS, 5e-7);
    }
    check_fit(10, 768, 0.01, BLMI_EIGENPAIRS, 5e-7);
    check_fit(60, 768, 1e-6, BLMI_EIGENPAIRS, 5e-7);
}

// Triangles in float resolve a variance of 0.01 to 1e-5 beside variances of about 1, even
// where there are fewer images than features.
static void test_many_images_are_exact_to_float(void **state)
{
    (void)state;
    const int images[] = {13, 24, 25, 26, 64, 65, 200, 1000};
    for (int i = 0; i < 8; i++) {
        check_fit(images[i], 24, 0.01, BLMI_CHOLESKY, 1e-5);
        check_fit(images[i], 24, 1.0, BLMI_CHOLESKY, 1e-6);
    }
    check_fit(1000, 24, 1e-6, BLMI_CHOLESKY, 1e-5);
    check_fit(3, 1, 0.01, BLMI_CHOLESKY, 1e-5);
    check_fit(130, 201, 0.01, BLMI_CHOLESKY, 1e-5);
}

static void test_duplicates_lower_the_rank(void **state)
{
    (void)state;
    enum { N = 9, D = 40, COPIES = 3 };
    float *x = new_features(N + SCORED, 1, D);
    for (int i = 1; i <= COPIES; i++)
        memcpy(x + i * D, x, D * sizeof(*x));
    for (int i = 0; i < N + SCORED; i++) // and a feature that never changes
        x[i * D + 5] = 3.0f;
    blmi_gauss gauss = fit(x, N, 1, D, 1e-6);
    int rank = 0;
    while (rank < gauss.rank && gauss.variances[rank] > 0.0f)
        rank++;
    assert_int_equal(gauss.rank, N - 1);
    assert_int_equal(rank, N - 1 - COPIES);
    check_position(&gauss, x, 0, 5e-7);
    blmi_gauss_free(&gauss);
    free(x);
}

static void test_equal_images_leave_epsilon(void **state)
{
    (void)state;
    enum { N = 5, D = 12 };
    float x[(N + 1) * D], found[N + 1];
    for (int i = 0; i < N * D; i++)
        x[i] = (float)(i % D);
    for (int d = 0; d < D; d++)
        x[N * D + d] = (float)d + 0.5f;
    blmi_gauss gauss = fit(x, N, 1, D, 0.01);
    measure(blmi_gauss_kernels_best(), &gauss, x, N + 1, NULL, 2, found);
    for (int i = 0; i < N; i++) {
        assert_true(found[i] == 0.0f);
        assert_true(gauss.loo[i] == 0.0f);
    }
    assert_true(relative_error((double)found[N], 0.5 * sqrt(D) / 0.1) < 1e-6);
    blmi_gauss_free(&gauss);
}

static void test_axes_are_orthonormal(void **state)
{
    (void)state;
    enum { N = 30, D = 64, R = N - 1 };
    float *x = new_features(N, 1, D);
    blmi_gauss gauss = fit(x, N, 1, D, 0.01);
    for (int k = 0; k < R; k++)
        for (int l = 0; l <= k; l++) {
            double product = 0.0;
            for (int d = 0; d < D; d++)
                product += (double)gauss.axes[k * D + d] * (double)gauss.axes[l * D + d];
            assert_true(fabs(product - (k == l)) < 2e-7);
        }
    for (int i = 0; i < N; i++) // the samples come back
        for (int d = 0; d < D; d++) {
            double back = (double)gauss.mean[d];
            for (int k = 0; k < R; k++)
                back +=
                    (double)gauss.coordinates[i * R + k] * (double)gauss.axes[k * D + d];
            assert_true(fabs(back - (double)x[i * D + d]) < 1e-6);
        }
    blmi_gauss_free(&gauss);
    free(x);
}

static void assert_same_model(const blmi_gauss *a, const blmi_gauss *b)
{
    const size_t p = (size_t)a->positions, d = (size_t)a->features;
    const size_t r = (size_t)a->rank, m = (size_t)a->left_out;
    assert_int_equal(a->form, b->form);
    assert_int_equal(a->left_out, b->left_out);
    assert_memory_equal(a->mean, b->mean, p * d * sizeof(float));
    if (a->form == BLMI_EIGENPAIRS) {
        assert_memory_equal(a->axes, b->axes, p * r * d * sizeof(float));
        assert_memory_equal(a->variances, b->variances, p * r * sizeof(float));
        assert_memory_equal(a->coordinates, b->coordinates, p * m * r * sizeof(float));
    } else {
        assert_memory_equal(a->factor, b->factor, p * d * (d + 1) / 2 * sizeof(float));
    }
    assert_memory_equal(a->loo, b->loo, m * p * sizeof(float));
    assert_memory_equal(a->loo_index, b->loo_index, m * sizeof(int32_t));
}

static void test_portions_and_threads_change_no_byte(void **state)
{
    (void)state;
    const int images[] = {20, 300}, portions[] = {1, 7, 64, 299};
    for (int form = 0; form < 2; form++) {
        float *x = new_features(images[form], 3, 48);
        blmi_gauss whole = fit(x, images[form], 3, 48, 0.01);
        for (int i = 0; i < 4; i++) {
            fit_threads = 1 + i % 3;
            blmi_gauss other = fit_in(x, images[form], 3, 48, 0.01, NULL, portions[i]);
            assert_same_model(&whole, &other);
            blmi_gauss_free(&other);
        }
        fit_threads = 2;
        blmi_gauss_free(&whole);
        free(x);
    }
}

static void test_left_out_images_are_evenly_spaced(void **state)
{
    (void)state;
    const int images[] = {256, 257, 1000}, kept[] = {256, 129, 250};
    const int strides[] = {1, 2, 4};
    float *x = new_features(1000, 1, 8);
    for (int c = 0; c < 3; c++) {
        blmi_gauss gauss = fit_in(x, images[c], 1, 8, 0.01, NULL, 10);
        assert_int_equal(gauss.left_out, kept[c]);
        for (int m = 0; m < gauss.left_out; m++)
            assert_int_equal(gauss.loo_index[m], m * strides[c]);
        blmi_gauss_free(&gauss);
    }
    free(x);
}

static void test_company_and_threads_change_no_distance(void **state)
{
    (void)state;
    enum { P = 3, D = 45, MANY = 37 };
    const int images[] = {20, 60};
    float *x = new_features(60 + MANY, P, D), together[MANY * P], alone[P];
    const float *scored = x + 60 * P * D;
    for (int form = 0; form < 2; form++) {
        blmi_gauss gauss = fit(x, images[form], P, D, 0.01);
        const blmi_gauss_kernels *best = blmi_gauss_kernels_best();
        measure(best, &gauss, scored, MANY, NULL, 2, together);
        for (int i = 0; i < MANY; i++) {
            measure(best, &gauss, scored + i * P * D, 1, NULL, 1, alone);
            assert_memory_equal(alone, together + i * P, sizeof(alone));
        }
        blmi_gauss_free(&gauss);
    }
    free(x);
}

static void test_kernels_agree(void **state)
{
    (void)state;
    enum { P = 2, MANY = 20 };
    const blmi_gauss_kernels *fast = blmi_gauss_kernels_avx2();
    const int features[] = {1, 4, 31, 64, 77, 200};
    float plain[MANY * P], other[MANY * P];
    if (fast == NULL)
        skip();
    for (int c = 0; c < 12; c++) {
        const int d = features[c / 2], images = c % 2 == 0 ? (d + 1) / 2 : d + 2;
        if (images < 3)
            continue;
        float *x = new_features(images + MANY, P, d);
        blmi_gauss gauss = fit(x, images, P, d, 0.01);
        const float *scored = x + images * P * d;
        measure(blmi_gauss_kernels_plain(), &gauss, scored, MANY, NULL, 2, plain);
        measure(fast, &gauss, scored, MANY, NULL, 2, other);
        for (int i = 0; i < MANY * P; i++)
            assert_true(relative_error((double)other[i], (double)plain[i]) < 2e-6);
        blmi_gauss_free(&gauss);
        free(x);
    }
}

static void test_positions_that_do_not_count(void **state)
{
    (void)state;
    enum { P = 4, D = 20 };
    const uint8_t use[P] = {1, 0, 1, 0};
    const int images[] = {8, 90};
    for (int form = 0; form < 2; form++) {
        float *x = new_features(images[form], P, D), all[P], some[P];
        blmi_gauss whole = fit(x, images[form], P, D, 0.01);
        measure(blmi_gauss_kernels_best(), &whole, x, 1, use, 2, all);
        for (int i = 0; i < images[form]; i++)
            x[(i * P + 1) * D] = NAN; // not used
        blmi_gauss part = fit_in(x, images[form], P, D, 0.01, use, 5);
        measure(blmi_gauss_kernels_best(), &part, x, 1, use, 2, some);
        assert_memory_equal(all, some, sizeof(all));
        assert_true(some[0] > 0.0f && some[1] == 0.0f && some[3] == 0.0f);
        for (int m = 0; m < part.left_out; m++)
            for (int p = 0; p < P; p++)
                assert_true(
                    part.loo[m * P + p] == (use[p] ? whole.loo[m * P + p] : 0.0f));
        for (int d = 0; d < D; d++)
            assert_true(part.mean[3 * D + d] == 0.0f);
        blmi_gauss_free(&whole);
        blmi_gauss_free(&part);
        free(x);
    }
}

static void test_bad_features_are_refused(void **state)
{
    (void)state;
    enum { P = 2, D = 6 };
    const float bad[] = {NAN, INFINITY, -INFINITY, 2e15f};
    float *x = new_features(5, P, D);
    blmi_accumulator *a;
    assert_ok(blmi_accumulator_new(
                  P, D, &(blmi_gauss_rule){.epsilon = 0.01}, NULL, fit_threads, &a, &err),
        err);
    assert_ok(blmi_accumulator_add(a, x, 2, &err), err);
    for (int i = 0; i < 4; i++) {
        const float good = x[4 * P * D + D + 3];
        x[4 * P * D + D + 3] = bad[i];
        assert_int_equal(blmi_accumulator_add(a, x + 2 * P * D, 3, &err), BLM_EINPUT);
        assert_non_null(strstr(err.text, "image 4: feature 3 at position 1"));
        assert_int_equal(blmi_accumulator_images(a), 2);
        x[4 * P * D + D + 3] = good;
    }
    blmi_accumulator_free(a);
    free(x);
}

static void test_misuse_is_refused(void **state)
{
    (void)state;
    const double epsilons[] = {0.0, -1.0, NAN, INFINITY};
    blmi_accumulator *a = NULL;
    blmi_gauss gauss = {0};
    float *x = new_features(3, 1, 9);
    for (int i = 0; i < 4; i++)
        assert_int_equal(
            blmi_accumulator_new(1, 9, &(blmi_gauss_rule){.epsilon = epsilons[i]}, NULL,
                fit_threads, &a, &err),
            BLM_EUSAGE);
    assert_int_equal(blmi_accumulator_new(0, 9, &(blmi_gauss_rule){.epsilon = 1.0}, NULL,
                         fit_threads, &a, &err),
        BLM_EUSAGE);
    assert_int_equal(blmi_accumulator_new(1, 1 << 20, &(blmi_gauss_rule){.epsilon = 1.0},
                         NULL, fit_threads, &a, &err),
        BLM_EUSAGE);
    assert_ok(blmi_accumulator_new(
                  1, 9, &(blmi_gauss_rule){.epsilon = 1.0}, NULL, fit_threads, &a, &err),
        err);
    assert_ok(blmi_accumulator_add(a, x, 2, &err), err);
    assert_int_equal(blmi_accumulator_finish(a, &gauss, &err), BLM_EUSAGE);
    assert_ok(blmi_accumulator_add(a, x + 18, 1, &err), err);
    assert_ok(blmi_accumulator_finish(a, &gauss, &err), err);
    assert_int_equal(blmi_accumulator_add(a, x, 1, &err), BLM_EUSAGE);
    assert_int_equal(blmi_accumulator_finish(a, &gauss, &err), BLM_EUSAGE);
    blmi_accumulator_free(a);
    blmi_accumulator_free(NULL);
    blmi_gauss_free(&gauss);
    free(x);
}

// Features that are all one, and an epsilon that float cannot hold beside them.
static void test_lost_epsilon_is_reported(void **state)
{
    (void)state;
    enum { N = 40, D = 8 };
    float x[N * D];
    for (int i = 0; i < N * D; i++)
        x[i] = 100.0f * sinf((float)(i / D)) * (float)(1 + i % D);
    blmi_gauss gauss = {0};
    blmi_accumulator *a;
    assert_ok(blmi_accumulator_new(1, D, &(blmi_gauss_rule){.epsilon = 1e-12}, NULL,
                  fit_threads, &a, &err),
        err);
    assert_ok(blmi_accumulator_add(a, x, N, &err), err);
    assert_int_equal(blmi_accumulator_finish(a, &gauss, &err), BLM_EINPUT);
    assert_non_null(strstr(err.text, "larger epsilon"));
    blmi_accumulator_free(a);
}

static void test_cost_is_known_beforehand(void **state)
{
    (void)state;
    const blmi_gauss_bytes few =
        blmi_gauss_cost(240, 196, 768, &(blmi_gauss_rule){0}, fit_threads);
    const blmi_gauss_bytes many =
        blmi_gauss_cost(5000, 196, 768, &(blmi_gauss_rule){0}, fit_threads);
    const uint64_t axes = UINT64_C(196) * 239 * 768 * 4,
                   samples = UINT64_C(240) * 196 * 768 * 4;
    const uint64_t coordinates = UINT64_C(196) * 240 * 239 * 4;
    const uint64_t triangles = UINT64_C(196) * 768 * 769 / 2 * 4;
    assert_in_range(few.model, axes + coordinates, axes + coordinates + 2000000);
    assert_true(few.fit > few.model + samples);
    assert_in_range(many.model, triangles, triangles + 2000000);
    assert_true(many.fit > many.model + samples);
    assert_int_equal(
        blmi_gauss_cost(50000, 196, 768, &(blmi_gauss_rule){0}, fit_threads).fit,
        many.fit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_few_images_are_exact),
        cmocka_unit_test(test_many_images_are_exact_to_float),
        cmocka_unit_test(test_duplicates_lower_the_rank),
        cmocka_unit_test(test_equal_images_leave_epsilon),
        cmocka_unit_test(test_axes_are_orthonormal),
        cmocka_unit_test(test_portions_and_threads_change_no_byte),
        cmocka_unit_test(test_left_out_images_are_evenly_spaced),
        cmocka_unit_test(test_company_and_threads_change_no_distance),
        cmocka_unit_test(test_kernels_agree),
        cmocka_unit_test(test_positions_that_do_not_count),
        cmocka_unit_test(test_bad_features_are_refused),
        cmocka_unit_test(test_misuse_is_refused),
        cmocka_unit_test(test_lost_epsilon_is_reported),
        cmocka_unit_test(test_cost_is_known_beforehand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
