// Images that are left out with their variations: against new fits, and against groups.
#include <string.h>

#include "src/base/alloc.h"
#include "src/detector/detector.h"
#include "src/gauss/reference.h"
#include "tests/check.h"

enum { THREADS = 2, WIDTH = 4, HEIGHT = 3, P = WIDTH * HEIGHT, D = 24, VARIATIONS = 2 };
enum { EACH = VARIATIONS + 1, MOST = 400 };

static const blmi_detector_shape shape = {.grid_width = WIDTH,
    .grid_height = HEIGHT,
    .features = D,
    .outputs = 2,
    .taken = {10, 14}};
static blm_error err;

typedef struct setting {
    const char *name;
    blmi_detector_rule rule;
    int images; // with variations
} setting;

// The Gaussian keeps samples of up to 24 images.
static const setting gaussians[] = {
    {"few", {.epsilon = 0.01}, 5 * EACH},
    {"few, tolerance", {.epsilon = 0.1, .tolerance = 1}, 5 * EACH},
    {"few, shrinkage", {.epsilon = 0.1, .shrinkage = 0.2}, 5 * EACH},
    {"many", {.epsilon = 0.1}, 20 * EACH},
    {"many, tolerance", {.epsilon = 0.1, .tolerance = 2}, 20 * EACH},
    {"many, and not all kept", {.epsilon = 0.1, .tolerance = 1}, 100 * EACH},
};
static const setting others[] = {
    {"few", {.epsilon = 0.01}, 4 * EACH},
    {"few, tolerance", {.epsilon = 0.1, .tolerance = 1}, 4 * EACH},
    {"few, half", {.epsilon = 0.3, .half = 1, .tolerance = 1}, 4 * EACH},
    {"memory", {.name = BLMI_DETECTOR_MEMORY, .reach = -1, .coreset = 1}, 9 * EACH},
    {"memory, reach", {.name = BLMI_DETECTOR_MEMORY, .reach = 1, .coreset = 1}, 9 * EACH},
    {"memory, coreset",
        {.name = BLMI_DETECTOR_MEMORY, .reach = -1, .coreset = 0.5, .seed = 5}, 9 * EACH},
    {"subspace", {.name = BLMI_DETECTOR_SUBSPACE, .explained = 0.9}, 9 * EACH},
};

// Images whose variations differ little from them.
static float *features(int images)
{
    float *x = malloc((size_t)(images * P * D) * sizeof *x);
    float *noise = malloc((size_t)(images * P * D) * sizeof *noise);
    reference_features(1, images, P, D, x);
    reference_features(7, images, P, D, noise);
    for (int i = 0; i < images; i++)
        for (int k = 0; k < P * D; k++)
            x[i * P * D + k] =
                x[(i - i % EACH) * P * D + k] + 0.2f * noise[i * P * D + k];
    free(noise);
    return x;
}

// Fits to the images but those from `skip` to skip + EACH.
static blmi_detector *fit(
    const blmi_detector_rule *rule, const float *x, int images, int skip)
{
    blmi_detector_fit *fit = NULL;
    blmi_detector *detector = NULL;
    assert_ok(blmi_detector_fit_new(rule, &shape, NULL, THREADS, &fit, &err), err);
    for (int i = 0; i < images; i += EACH)
        if (i != skip)
            assert_ok(blmi_detector_fit_add(fit, x + i * P * D, EACH, &err), err);
    assert_ok(blmi_detector_fit_finish(fit, &detector, &err), err);
    blmi_detector_fit_free(fit);
    return detector;
}

static void as_a_fit_without_them(void **state)
{
    (void)state;
    for (size_t s = 0; s < sizeof gaussians / sizeof *gaussians; s++) {
        blmi_detector_rule rule = gaussians[s].rule;
        const int images = gaussians[s].images;
        float *x = features(images), expected[P];
        rule.variations = VARIATIONS;
        blmi_detector *d = fit(&rule, x, images, -1);
        assert_int_equal(d->variations, VARIATIONS);
        assert_int_equal(d->left_out, images <= 256 ? images / EACH : 50);
        for (int m = 0; m < d->left_out; m += 3) {
            const int i = d->loo_index[m];
            assert_int_equal(i % EACH, 0);
            blmi_detector *rest = fit(&rule, x, images, i);
            void *scratch = blmi_alloc(1, blmi_detector_scratch(rest, 1, NULL));
            blmi_detector_distances(
                rest, x + i * P * D, 1, NULL, NULL, scratch, expected);
            for (int p = 0; p < P; p++)
                assert_true(relative_error(d->loo[m * P + p], expected[p]) < 2e-4);
            blmi_free(scratch);
            blmi_detector_free(rest);
        }
        blmi_detector_free(d);
        free(x);
    }
}

static void as_groups(void **state)
{
    (void)state;
    for (size_t s = 0; s < sizeof others / sizeof *others; s++) {
        blmi_detector_rule rule = others[s].rule;
        const int images = others[s].images, parts = images / EACH;
        int32_t group[MOST], pairs[MOST], all[MOST];
        float *x = features(images),
              *found = malloc((size_t)(images * P) * sizeof *found);
        float *again = malloc((size_t)(parts * P) * sizeof *again);
        blmi_detector *plain = fit(&rule, x, images, -1);
        rule.variations = VARIATIONS;
        blmi_detector *d = fit(&rule, x, images, -1);
        for (int i = 0; i < images; i++) {
            group[i] = i / EACH;
            pairs[i] = i / 2;
            all[i] = i / EACH / 2;
        }
        assert_int_equal(d->left_out, parts);
        assert_ok(blmi_detector_leave_out(plain, group, NULL, THREADS, found, &err), err);
        for (int k = 0; k < parts * P; k++)
            assert_true(
                relative_error(d->loo[k], found[k / P * EACH * P + k % P]) < 1e-6);
        assert_ok(blmi_detector_leave_out(plain, all, NULL, THREADS, found, &err), err);
        assert_ok(blmi_detector_leave_out(d, pairs, NULL, THREADS, again, &err), err);
        for (int k = 0; k < parts * P; k++)
            assert_true(relative_error(again[k], found[k / P * EACH * P + k % P]) < 1e-6);
        blmi_detector_free(plain);
        blmi_detector_free(d);
        free(again);
        free(found);
        free(x);
    }
}

static void another_epsilon(void **state)
{
    (void)state;
    blmi_detector_rule rule = gaussians[1].rule, other = rule;
    const int images = gaussians[1].images;
    float *x = features(images);
    rule.variations = other.variations = VARIATIONS;
    other.epsilon = 0.5;
    blmi_detector *first = fit(&rule, x, images, -1), *adapted = NULL;
    blmi_detector *fitted = fit(&other, x, images, -1);
    assert_ok(blmi_detector_adapt(first, &other, THREADS, &adapted, &err), err);
    for (int k = 0; k < fitted->left_out * P; k++)
        assert_true(relative_error(adapted->loo[k], fitted->loo[k]) < 1e-5);
    blmi_detector_free(adapted);
    blmi_detector_free(first);
    blmi_detector_free(fitted);
    free(x);
}

static void too_few(void **state)
{
    (void)state;
    blmi_detector_rule rule = gaussians[0].rule;
    blmi_detector_fit *fit = NULL;
    blmi_detector *detector = NULL;
    float *x = features(3 * EACH);
    rule.variations = VARIATIONS;
    for (int count = 2 * EACH; count < 3 * EACH; count++) {
        assert_ok(blmi_detector_fit_new(&rule, &shape, NULL, THREADS, &fit, &err), err);
        assert_ok(blmi_detector_fit_add(fit, x, count, &err), err);
        assert_int_equal(blmi_detector_fit_finish(fit, &detector, &err), BLM_EUSAGE);
        assert_non_null(strstr(err.text, "2 images, expected 3 or more"));
        blmi_detector_fit_free(fit);
    }
    free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_a_fit_without_them),
        cmocka_unit_test(as_groups),
        cmocka_unit_test(another_epsilon),
        cmocka_unit_test(too_few),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
