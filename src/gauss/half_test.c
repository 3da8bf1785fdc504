// Tests of factors in half precision, against floats and against fits to the others.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "src/base/alloc.h"
#include "src/base/tensor.h"
#include "src/gauss/distance.h"
#include "src/gauss/half.h"
#include "src/gauss/reference.h"
#include "tests/check.h"
#include "tests/random.h"

static int fit_threads = 2; // of fits, and of what is left out

enum { P = 2, D = 200, FEW = 40, MANY = 300, SCORED = 30 };

static blm_error err;

static float *new_features(int images)
{
    float *x = malloc((size_t)(images * P * D) * sizeof *x);
    reference_features(5, images, P, D, x);
    return x;
}

// Features that vary by about 1 in three directions, and else by a little noise.
static float *new_flat_features(int images, double noise)
{
    uint64_t state = 1;
    float *x = new_features(images + 3); // the last three images are the directions
    for (int i = 0; i < images; i++)
        for (int j = 0; j < P * D; j++) {
            double sum = noise * (random_unit(&state) - 0.5) * sqrt(12.0);
            for (int k = 0; k < 3; k++)
                sum += sin(i * (1.0 + 0.7 * k)) * (double)x[(images + k) * P * D + j];
            x[i * P * D + j] = (float)sum;
        }
    return x;
}

static blm_status try_fit(
    const float *x, int images, double epsilon, int half, blmi_gauss *out)
{
    blmi_accumulator *a;
    const blmi_gauss_rule rule = {.epsilon = epsilon, .half = half};
    assert_ok(blmi_accumulator_new(P, D, &rule, NULL, fit_threads, &a, &err), err);
    assert_ok(blmi_accumulator_add(a, x, images, &err), err);
    const blm_status status = blmi_accumulator_finish(a, out, &err);
    blmi_accumulator_free(a);
    return status;
}

static blmi_gauss fit(const float *x, int images, double epsilon, int half)
{
    blmi_gauss gauss = {0};
    assert_ok(try_fit(x, images, epsilon, half, &gauss), err);
    return gauss;
}

// out (images, P)
static void measure(const blmi_gauss_kernels *kernels, const blmi_gauss *gauss,
    const float *x, int images, int threads, float *out)
{
    blmi_team *team;
    assert_ok(blmi_team_new(threads, &team, &err), err);
    void *scratch = blmi_alloc(1, blmi_gauss_scratch(gauss, images, team));
    assert_non_null(scratch);
    blmi_gauss_distances_by(kernels, gauss, x, images, NULL, team, scratch, out);
    blmi_team_free(team);
    blmi_free(scratch);
}

// The sets that this machine can run.
static size_t all_kernels(const blmi_gauss_kernels *out[3])
{
    size_t count = 0;
    out[count++] = blmi_gauss_kernels_plain();
    if (blmi_gauss_kernels_avx2() != NULL)
        out[count++] = blmi_gauss_kernels_avx2();
    if (blmi_gauss_kernels_avx512() != NULL)
        out[count++] = blmi_gauss_kernels_avx512();
    return count;
}

static double value_of(uint16_t half)
{
    float value;
    blmi_to_f32(&value, &half, BLMI_F16, 1);
    return (double)value;
}

static void test_halves_are_the_nearest_ones(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits < 0x3c00; bits++) { // 0 up to, but not, 1
        const double low = value_of((uint16_t)bits);
        const double high = value_of((uint16_t)(bits + 1)), middle = (low + high) / 2;
        const unsigned even = bits + (bits & 1);
        assert_int_equal(blmi_half_of(low), bits);
        assert_int_equal(blmi_half_of(-low), bits | 0x8000);
        assert_int_equal(blmi_half_of(middle), even);
        assert_int_equal(blmi_half_of(nextafter(middle, 0.0)), bits);
        assert_int_equal(blmi_half_of(-nextafter(middle, 1.0)), (bits + 1) | 0x8000);
    }
    assert_int_equal(blmi_half_of(1.0), 0x3c00);
}

static void test_rows_are_scaled(void **state)
{
    (void)state;
    const double l[9] = {3e14, 0, 0, -1e15, 2e-9, 0, 1e-12, -3e-12, 5};
    double rounded[9];
    uint16_t halves[3];
    float scale[3], diagonal[3];
    memcpy(rounded, l, sizeof l);
    blmi_round_triangle_to_half(rounded, 3, halves, scale, diagonal);
    for (int i = 0; i < 3; i++)
        for (int j = 0; j <= i; j++)
            assert_true(relative_error(rounded[3 * i + j], l[3 * i + j]) < 0x1p-11);
    assert_true(value_of(halves[0]) * (double)scale[1] == rounded[3]);
    assert_true(value_of(halves[2]) * (double)scale[2] == rounded[7]);
    assert_true(fabs(value_of(halves[0])) <= 1 && fabs(value_of(halves[2])) <= 1);
    assert_true((double)diagonal[1] == rounded[4]);
}

static void test_widening_is_exact(void **state)
{
    (void)state;
    enum { MOST = 150 };
    const blmi_gauss_kernels *sets[3];
    const size_t count = all_kernels(sets);
    uint16_t halves[MOST];
    float wide[MOST];
    for (int shift = 0; shift < 16; shift++) { // every exponent, subnormal ones too
        for (unsigned i = 0; i < MOST; i++)
            halves[i] =
                (uint16_t)((i * 40503u & 0x83ff) | ((i + (unsigned)shift) % 16u << 10));
        for (size_t k = 0; k < count; k++)
            for (int n = 0; n <= MOST; n++) {
                memset(wide, 0xff, sizeof wide);
                sets[k]->widen(halves, wide, n);
                for (int i = 0; i < MOST; i++)
                    assert_true(
                        i < n ? (double)wide[i] == value_of(halves[i]) : isnan(wide[i]));
            }
    }
}

// The largest difference that halves make to distances, and its bound.
static void check_error(int images, double epsilon, double most)
{
    const blmi_gauss_kernels *sets[3];
    const size_t count = all_kernels(sets);
    float exact[SCORED * P], found[SCORED * P];
    float *x = new_features(images + SCORED), *scored = x + images * P * D;
    for (int i = 0; i < SCORED * P * D / 2; i++) // half of them are defective
        scored[i] += 0.3f * (float)(i % 7 - 3);
    blmi_gauss whole = fit(x, images, epsilon, 0), half = fit(x, images, epsilon, 1);
    assert_int_equal(half.half, 1);
    measure(blmi_gauss_kernels_best(), &whole, scored, SCORED, 1, exact);
    for (size_t k = 0; k < count; k++) {
        double worst = 0.0;
        measure(sets[k], &half, scored, SCORED, 1, found);
        for (int i = 0; i < SCORED * P; i++)
            worst = fmax(worst, relative_error((double)found[i], (double)exact[i]));
        printf("%d images, epsilon %g, %s: halves move distances by up to %.1e\n", images,
            epsilon, sets[k]->name, worst);
        assert_true(worst > 0.0 && worst < most);
    }
    blmi_gauss_free(&whole);
    blmi_gauss_free(&half);
    free(x);
}

static void test_distances_are_close_to_those_of_floats(void **state)
{
    (void)state;
    check_error(FEW, 0.1, 3e-4);
    check_error(FEW, 0.01, 3e-4);
    check_error(FEW, 0.001, 3e-4);
    check_error(MANY, 0.1, 5e-4);
    check_error(MANY, 0.01, 5e-4);
}

static void test_company_and_threads_change_nothing(void **state)
{
    (void)state;
    const int images[] = {FEW, MANY};
    float *x = new_features(MANY), together[SCORED * P], alone[P];
    for (int form = 0; form < 2; form++) {
        blmi_gauss gauss = fit(x, images[form], 0.01, 1);
        fit_threads = 1;
        blmi_gauss other = fit(x, images[form], 0.01, 1);
        fit_threads = 2;
        assert_memory_equal(
            gauss.loo, other.loo, (size_t)(gauss.left_out * P) * sizeof(float));
        if (gauss.form == BLMI_EIGENPAIRS)
            assert_memory_equal(gauss.half_axes, other.half_axes, 2 * P * (FEW - 1) * D);
        else
            assert_memory_equal(gauss.half_factor, other.half_factor, P * D * (D - 1));
        measure(blmi_gauss_kernels_best(), &gauss, x, SCORED, 2, together);
        for (int i = 0; i < SCORED; i++) {
            measure(blmi_gauss_kernels_best(), &other, x + i * P * D, 1, 1, alone);
            assert_memory_equal(alone, together + i * P, sizeof alone);
        }
        blmi_gauss_free(&gauss);
        blmi_gauss_free(&other);
    }
    free(x);
}

// Of all images at position 0, by Gaussians of the others in halves: the mean square.
static double mean_left_out(const float *x, int images, double epsilon)
{
    double sum = 0.0;
    float *rest = malloc((size_t)((images - 1) * P * D) * sizeof *rest), found[P];
    const size_t image = P * D * sizeof *rest;
    for (int i = 0; i < images; i++) {
        memcpy(rest, x, (size_t)i * image);
        memcpy(rest + i * P * D, x + (i + 1) * P * D, (size_t)(images - 1 - i) * image);
        blmi_gauss others = fit(rest, images - 1, epsilon, 1);
        measure(blmi_gauss_kernels_best(), &others, x + i * P * D, 1, 1, found);
        sum += (double)found[0] * (double)found[0];
        blmi_gauss_free(&others);
    }
    free(rest);
    return sum / images;
}

// Leave-one-out distances grow as those of later images do: with an epsilon so small that
// it can be seen, they are closer to fits to the others in halves than exact ones are.
static void test_left_out_distances_are_those_of_halves(void **state)
{
    (void)state;
    const double epsilon = 3e-5;
    float *x = new_flat_features(FEW, sqrt(epsilon));
    blmi_gauss whole = fit(x, FEW, epsilon, 0), half = fit(x, FEW, epsilon, 1);
    double exact = 0.0, found = 0.0;
    for (int i = 0; i < FEW; i++) {
        exact += pow((double)whole.loo[i * P], 2.0) / FEW;
        found += pow((double)half.loo[i * P], 2.0) / FEW;
    }
    const double expected = mean_left_out(x, FEW, epsilon);
    printf("mean squared distance, left out: by floats %.6g, by halves %.6g, by fits "
           "to the others in halves %.6g\n",
        exact, found, expected);
    assert_true(fabs(found - expected) < 0.5 * fabs(exact - expected));
    blmi_gauss_free(&whole);
    blmi_gauss_free(&half);
    free(x);
}

static void test_groups_of_one_give_the_same(void **state)
{
    (void)state;
    int32_t each[FEW];
    float out[FEW * P];
    float *x = new_features(FEW);
    blmi_gauss gauss = fit(x, FEW, 0.01, 1);
    for (int i = 0; i < FEW; i++)
        each[i] = i;
    assert_ok(
        blmi_gauss_leave_group_out(&gauss, each, NULL, fit_threads, out, &err), err);
    for (int i = 0; i < FEW * P; i++)
        assert_true(relative_error((double)out[i], (double)gauss.loo[i]) < 1e-6);
    blmi_gauss_free(&gauss);
    free(x);
}

static void test_equal_images_leave_epsilon(void **state)
{
    (void)state;
    enum { N = 5 };
    float x[(N + 1) * P * D], found[P];
    for (int i = 0; i < (N + 1) * P * D; i++)
        x[i] = 0.1f * (float)(i % (P * D)) + (i < N * P * D ? 0.0f : 0.5f);
    blmi_gauss gauss = fit(x, N, 0.01, 1);
    measure(blmi_gauss_kernels_best(), &gauss, x + N * P * D, 1, 1, found);
    assert_true(gauss.loo[0] == 0.0f && gauss.rounding[0] == 0.0f);
    assert_true(relative_error((double)found[0], 0.5 * sqrt(D) / 0.1) < 1e-5);
    blmi_gauss_free(&gauss);
}

static void test_lost_epsilon_is_reported(void **state)
{
    (void)state;
    const int images[] = {FEW, MANY};
    const double epsilons[] = {2e-6, 2e-5}; // that floats resolve
    float *x = new_flat_features(MANY, sqrt(2e-6));
    for (int form = 0; form < 2; form++) {
        blmi_gauss gauss = {0};
        assert_ok(try_fit(x, images[form], epsilons[form], 0, &gauss), err);
        blmi_gauss_free(&gauss);
        assert_int_equal(try_fit(x, images[form], epsilons[form], 1, &gauss), BLM_EINPUT);
        assert_non_null(strstr(err.text, "half precision changes"));
        assert_non_null(strstr(err.text, "expected a larger epsilon than"));
    }
    free(x);
}

static void test_positions_that_do_not_count_are_zero(void **state)
{
    (void)state;
    const uint8_t use[P] = {1, 0};
    const blmi_gauss_rule rule = {.epsilon = 0.01, .half = 1};
    const int images[] = {FEW, MANY};
    float *x = new_features(MANY);
    for (int form = 0; form < 2; form++) {
        blmi_gauss gauss;
        blmi_accumulator *a;
        assert_ok(blmi_accumulator_new(P, D, &rule, use, fit_threads, &a, &err), err);
        assert_ok(blmi_accumulator_add(a, x, images[form], &err), err);
        assert_ok(blmi_accumulator_finish(a, &gauss, &err), err);
        blmi_accumulator_free(a);
        if (gauss.form == BLMI_EIGENPAIRS) {
            assert_int_equal(gauss.half_axes[(FEW - 1) * D], 0);
            assert_true(gauss.rounding[1] == 0.0f && gauss.rounding[0] != 0.0f);
        } else {
            assert_int_equal(gauss.half_factor[D * (D - 1) / 2], 0);
            assert_true(gauss.diagonal[D] == 0.0f && gauss.diagonal[0] > 0.0f);
        }
        assert_true(gauss.loo[1] == 0.0f && gauss.loo[0] > 0.0f);
        blmi_gauss_free(&gauss);
    }
    free(x);
}

static void test_halves_take_half_the_memory(void **state)
{
    (void)state;
    const uint64_t axes = UINT64_C(196) * 239 * 768,
                   triangles = UINT64_C(196) * 768 * 384;
    const blmi_gauss_bytes few =
        blmi_gauss_cost(240, 196, 768, &(blmi_gauss_rule){.half = 1}, fit_threads);
    const blmi_gauss_bytes many =
        blmi_gauss_cost(5000, 196, 768, &(blmi_gauss_rule){.half = 1}, fit_threads);
    const uint64_t saved_few =
        blmi_gauss_cost(240, 196, 768, &(blmi_gauss_rule){.half = 0}, fit_threads).model -
        few.model;
    const uint64_t saved_many =
        blmi_gauss_cost(5000, 196, 768, &(blmi_gauss_rule){.half = 0}, fit_threads)
            .model -
        many.model;
    assert_in_range(saved_few, 2 * axes - 500000, 2 * axes);
    assert_in_range(saved_many, 2 * triangles - 1000000, 2 * triangles);
    assert_true(many.fit > 3 * many.model); // floats first, then halves beside them
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_halves_are_the_nearest_ones),
        cmocka_unit_test(test_rows_are_scaled),
        cmocka_unit_test(test_widening_is_exact),
        cmocka_unit_test(test_distances_are_close_to_those_of_floats),
        cmocka_unit_test(test_company_and_threads_change_nothing),
        cmocka_unit_test(test_left_out_distances_are_those_of_halves),
        cmocka_unit_test(test_groups_of_one_give_the_same),
        cmocka_unit_test(test_equal_images_leave_epsilon),
        cmocka_unit_test(test_lost_epsilon_is_reported),
        cmocka_unit_test(test_positions_that_do_not_count_are_zero),
        cmocka_unit_test(test_halves_take_half_the_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
