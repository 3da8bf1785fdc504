// Tests of the tolerance, against whole covariances in double and against new fits.
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "src/base/alloc.h"
#include "src/base/window.h"
#include "src/gauss/distance.h"
#include "src/gauss/reference.h"
#include "tests/check.h"

static int fit_threads = 2; // of fits and of leaving out

enum { WIDTH = 6, HEIGHT = 4, P = WIDTH * HEIGHT, D = 30, SCORED = 3, MOST = 70 };
enum { REPEATED = 13, EDGE = 2 }; // of features_in_cells

static blm_error err;

// Two positions not in use, one of them in the middle.
static const uint8_t holes[P] = {
    1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0};

static blmi_gauss fit(
    const float *x, int images, const blmi_gauss_rule *rule, const uint8_t *use)
{
    blmi_gauss gauss = {0};
    blmi_accumulator *a;
    assert_ok(blmi_accumulator_new(P, D, rule, use, fit_threads, &a, &err), err);
    assert_ok(blmi_accumulator_add(a, x, images, &err), err);
    assert_ok(blmi_accumulator_finish(a, &gauss, &err), err);
    blmi_accumulator_free(a);
    return gauss;
}

static float *features(uint64_t seed, int images)
{
    float *x = malloc((size_t)(images * P * D) * sizeof *x);
    reference_features(seed, images, P, D, x);
    return x;
}

// The same, with the first features repeated in cells.
static float *features_in_cells(uint64_t seed, int images)
{
    float *x = features(seed, images);
    for (int i = 0; i < images * P; i++) {
        const int p = i % P, row = p / WIDTH / EDGE * EDGE;
        const int corner = i - p + row * WIDTH + p % WIDTH / EDGE * EDGE;
        memcpy(x + i * D, x + corner * D, REPEATED * sizeof *x);
    }
    return x;
}

static bool counts(const uint8_t *use, int p)
{
    return use == NULL || use[p] != 0;
}

// Gaussians of all positions of the images outside a group.
static void fit_reference(const float *x, int images, const int32_t *group, int32_t out,
    const blmi_gauss_rule *rule, reference all[P])
{
    for (int p = 0; p < P; p++)
        all[p] = reference_fit(x, images, P, D, p, group, out, rule);
}

static void free_reference(reference all[P])
{
    for (int p = 0; p < P; p++)
        reference_free(&all[p]);
}

// The least distance of x (P, D) at position p.
static double least_of(
    const reference all[P], const float *x, const uint8_t *use, int p, int tolerance)
{
    const blmi_window window = {WIDTH, HEIGHT, tolerance};
    double least = INFINITY;
    if (!counts(use, p))
        return 0.0;
    for (int place = 0; place < blmi_window_places(tolerance); place++) {
        const int q = blmi_window_cell(&window, p, place);
        if (q >= 0 && counts(use, q))
            least = fmin(least, reference_distance(&all[q], x + p * D));
    }
    return least;
}

static void measure(const blmi_gauss_kernels *kernels, const blmi_gauss *gauss,
    const float *x, int images, const uint8_t *use, int threads, float *out)
{
    blmi_team *team = NULL;
    assert_ok(blmi_team_new(threads, &team, &err), err);
    void *scratch = blmi_alloc(1, blmi_gauss_scratch(gauss, images, team));
    if (kernels == NULL)
        blmi_gauss_distances(gauss, x, images, use, team, scratch, out);
    else
        blmi_gauss_distances_by(kernels, gauss, x, images, use, team, scratch, out);
    blmi_team_free(team);
    blmi_free(scratch);
}

static void check_close(double found, double expected, double tolerance)
{
    if (expected == 0.0)
        assert_true(found == 0.0);
    else if (!(relative_error(found, expected) < tolerance))
        fail_msg("%.9g, expected %.9g, off by %.2g", found, expected,
            relative_error(found, expected));
}

// Of new images, and leave-one-out distances of those of the fit (M).
static void check(const float *x, int images, const blmi_gauss_rule *rule,
    const uint8_t *use, double tolerance, double left_out_tolerance)
{
    float *scored =
        rule->repeated > 0 ? features_in_cells(77, SCORED) : features(77, SCORED);
    float found[SCORED * P];
    int32_t each[MOST];
    reference all[P];
    blmi_gauss gauss = fit(x, images, rule, use);
    memcpy(scored, x, P * D * sizeof *scored); // an image of the fit
    measure(NULL, &gauss, scored, SCORED, use, 2, found);
    fit_reference(x, images, NULL, 0, rule, all);
    for (int i = 0; i < SCORED * P; i++)
        check_close(found[i],
            least_of(all, scored + i / P * P * D, use, i % P, rule->tolerance),
            tolerance);
    free_reference(all);
    for (int i = 0; i < images; i++)
        each[i] = i;
    for (int m = 0; m < gauss.left_out; m += 1 + gauss.left_out / 6) {
        const int i = gauss.loo_index[m];
        fit_reference(x, images, each, i, rule, all);
        for (int p = 0; p < P; p++)
            check_close(gauss.loo[m * P + p],
                least_of(all, x + i * P * D, use, p, rule->tolerance),
                left_out_tolerance);
        free_reference(all);
    }
    blmi_gauss_free(&gauss);
    free(scored);
}

static void distances_are_the_least_around(void **state)
{
    (void)state;
    float *x = features(1, MOST);
    for (int reach = 1; reach <= 2; reach++)
        for (int k = 0; k < 3; k++) {
            const blmi_gauss_rule rule = {.epsilon = k == 0 ? 0.01 : 0.5,
                .shrinkage = k == 2 ? 0.2 : 0.0,
                .tolerance = reach,
                .grid_width = WIDTH};
            check(x, 12, &rule, NULL, 2e-5, 2e-5); // few
            check(x, 12, &rule, holes, 2e-5, 2e-5);
            if (k == 2) // whose traces are those of all images
                continue;
            check(x, MOST, &rule, NULL, 2e-5, 2e-5); // many
            check(x, MOST, &rule, holes, 2e-5, 2e-5);
        }
    free(x);
}

static void repeated_features_change_nothing(void **state)
{
    (void)state;
    float *x = features_in_cells(1, MOST);
    for (int reach = 1; reach <= 4; reach++)
        for (int k = 0; k < 4; k++) {
            const blmi_gauss_rule rule = {.epsilon = k == 0 ? 0.01 : 0.5,
                .shrinkage = k == 2 ? 0.2 : 0.0,
                .tolerance = reach,
                .grid_width = WIDTH,
                .repeated = REPEATED,
                .edge = EDGE,
                .half = k == 3};
            const double tolerance = k == 3 ? 2e-3 : 2e-5;
            check(x, 12, &rule, holes, tolerance, tolerance); // few
            if (k != 2) // whose traces are those of all images
                check(x, MOST, &rule, holes, tolerance, tolerance); // many
        }
    free(x);
}

// The difference, which is used if it is exact enough, would be noise here.
static void a_small_epsilon_loses_nothing(void **state)
{
    (void)state;
    float *x = features_in_cells(1, 12);
    for (int k = 0; k < 6; k++) {
        const blmi_gauss_rule rule = {.epsilon = pow(10.0, -4 - 2 * (k % 3)),
            .tolerance = 1,
            .grid_width = WIDTH,
            .repeated = k < 3 ? 0 : REPEATED,
            .edge = EDGE};
        check(x, 12, &rule, NULL, 1e-4, 1e-4);
    }
    free(x);
}

// Equal images lower the rank.
static void duplicates_do_not_matter(void **state)
{
    (void)state;
    float *x = features(5, 12);
    memcpy(x + 3 * P * D, x, P * D * sizeof *x);
    memcpy(x + 4 * P * D, x, P * D * sizeof *x);
    const blmi_gauss_rule rule = {.epsilon = 0.02, .tolerance = 1, .grid_width = WIDTH};
    check(x, 12, &rule, NULL, 2e-5, 2e-5);
    for (int i = 0; i < 12; i++) // a position where all images are equal
        memcpy(x + (i * P + 6) * D, x + 6 * D, D * sizeof *x);
    check(x, 12, &rule, NULL, 2e-5, 2e-5);
    free(x);
}

static void groups_match_refitting(void **state)
{
    (void)state;
    enum { N = 12 };
    float *x = features(3, N), found[N * P];
    int32_t group[N];
    for (int k = 0; k < 3; k++) {
        const blmi_gauss_rule rule = {.epsilon = 0.02,
            .shrinkage = k == 2 ? 0.3 : 0.0,
            .tolerance = 1 + k % 2,
            .grid_width = WIDTH};
        const uint8_t *use = k == 1 ? holes : NULL;
        blmi_gauss gauss = fit(x, N, &rule, use);
        for (int i = 0; i < N; i++)
            group[i] = k == 0 ? i / 3 : i * i % 5;
        assert_ok(
            blmi_gauss_leave_group_out(&gauss, group, use, fit_threads, found, &err),
            err);
        for (int i = 0; i < N; i++) {
            reference all[P];
            fit_reference(x, N, group, group[i], &rule, all);
            for (int p = 0; p < P; p++)
                check_close(found[i * P + p],
                    least_of(all, x + i * P * D, use, p, rule.tolerance), 2e-5);
            free_reference(all);
        }
        // One by one, it is what the fit has found.
        assert_ok(
            blmi_gauss_leave_group_out(&gauss, NULL, NULL, fit_threads, found, &err),
            err);
        for (int i = 0; i < N * P; i++)
            check_close(found[i], gauss.loo[i], 1e-5);
        blmi_gauss_free(&gauss);
    }
    free(x);
}

// Halves: what is scored is near the floats, and leaving out is near fitting again.
static void halves_are_near(void **state)
{
    (void)state;
    float *x = features(1, MOST);
    const blmi_gauss_rule rule = {
        .epsilon = 0.1, .tolerance = 1, .grid_width = WIDTH, .half = 1};
    check(x, 12, &rule, NULL, 2e-3, 2e-3);
    check(x, MOST, &rule, holes, 2e-3, 2e-3);
    float found[12 * P];
    blmi_gauss gauss = fit(x, 12, &rule, NULL);
    assert_ok(
        blmi_gauss_leave_group_out(&gauss, NULL, NULL, fit_threads, found, &err), err);
    for (int i = 0; i < 12 * P; i++)
        check_close(found[i], gauss.loo[i], 2e-3);
    blmi_gauss_free(&gauss);
    free(x);
}

// Distances must not depend on other images, threads or instruction sets.
static void distances_depend_on_their_image_alone(void **state)
{
    (void)state;
    enum { N = 9 };
    const blmi_gauss_kernels *sets[] = {blmi_gauss_kernels_avx2(),
        blmi_gauss_kernels_avx512(), blmi_gauss_kernels_plain()};
    float *x = features_in_cells(1, MOST), *scored = features_in_cells(9, N);
    float plain[N * P], together[N * P], alone[P];
    for (int k = 0; k < 8; k++) {
        const blmi_gauss_rule rule = {.epsilon = 0.1,
            .tolerance = 1 + k / 4,
            .grid_width = WIDTH,
            .repeated = k < 4 ? 0 : REPEATED,
            .edge = EDGE,
            .half = k % 2};
        blmi_gauss gauss = fit(x, k % 4 < 2 ? 12 : MOST, &rule, holes);
        measure(sets[2], &gauss, scored, N, holes, 1, plain);
        for (int s = 0; s < 3; s++) {
            if (sets[s] == NULL)
                continue;
            measure(sets[s], &gauss, scored, N, holes, 1, together);
            for (int i = 0; i < N * P; i++)
                check_close(together[i], plain[i], 1e-5);
            for (int i = 0; i < N; i++) {
                measure(sets[s], &gauss, scored + i * P * D, 1, holes, 3, alone);
                assert_memory_equal(alone, together + i * P, sizeof alone);
            }
        }
        blmi_gauss_free(&gauss);
    }
    free(x);
    free(scored);
}

static void models_do_not_depend_on_threads(void **state)
{
    (void)state;
    float *x = features(1, MOST);
    for (int k = 0; k < 4; k++) {
        const int images = k < 2 ? 12 : MOST;
        const blmi_gauss_rule rule = {
            .epsilon = 0.1, .tolerance = 1, .grid_width = WIDTH, .half = k % 2};
        fit_threads = 1;
        blmi_gauss one = fit(x, images, &rule, holes);
        fit_threads = 3;
        blmi_gauss three = fit(x, images, &rule, holes);
        assert_memory_equal(
            one.loo, three.loo, (size_t)(one.left_out * P) * sizeof *one.loo);
        blmi_gauss_free(&one);
        blmi_gauss_free(&three);
    }
    fit_threads = 2;
    free(x);
}

static void what_is_not_a_number_stays_so(void **state)
{
    (void)state;
    float *x = features(1, MOST), *scored = features(2, 1), found[P];
    scored[8 * D + 3] = NAN;
    for (int k = 0; k < 2; k++) {
        const blmi_gauss_rule rule = {
            .epsilon = 0.1, .tolerance = 1, .grid_width = WIDTH};
        blmi_gauss gauss = fit(x, k == 0 ? 12 : MOST, &rule, NULL);
        measure(NULL, &gauss, scored, 1, NULL, 1, found);
        for (int p = 0; p < P; p++)
            assert_int_equal(isfinite(found[p]) != 0, p != 8);
        blmi_gauss_free(&gauss);
    }
    free(x);
    free(scored);
}

static void rules_out_of_range_are_refused(void **state)
{
    (void)state;
    const blmi_gauss_rule bad[] = {{.epsilon = 1, .tolerance = -1, .grid_width = WIDTH},
        {.epsilon = 1, .tolerance = BLMI_MAX_TOLERANCE + 1, .grid_width = WIDTH},
        {.epsilon = 1, .tolerance = 1, .grid_width = 0},
        {.epsilon = 1, .tolerance = 1, .grid_width = 5},
        {.epsilon = 1, .grid_width = WIDTH, .repeated = -1, .edge = 2},
        {.epsilon = 1, .grid_width = WIDTH, .repeated = D, .edge = 2},
        {.epsilon = 1, .grid_width = WIDTH, .repeated = 5, .edge = 0},
        {.epsilon = 1, .grid_width = WIDTH, .repeated = 5, .edge = 3}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        blmi_accumulator *a;
        assert_int_equal(
            blmi_accumulator_new(P, D, &bad[i], NULL, fit_threads, &a, &err), BLM_EUSAGE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances_are_the_least_around),
        cmocka_unit_test(repeated_features_change_nothing),
        cmocka_unit_test(a_small_epsilon_loses_nothing),
        cmocka_unit_test(duplicates_do_not_matter),
        cmocka_unit_test(groups_match_refitting),
        cmocka_unit_test(halves_are_near),
        cmocka_unit_test(distances_depend_on_their_image_alone),
        cmocka_unit_test(models_do_not_depend_on_threads),
        cmocka_unit_test(what_is_not_a_number_stays_so),
        cmocka_unit_test(rules_out_of_range_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
