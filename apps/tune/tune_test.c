// Tests of made defects and of the ranking by them.
#include <math.h>
#include <string.h>

#include "apps/tune/made.h"
#include "apps/tune/rank.h"
#include "tests/check.h"

enum { WIDTH = 160, HEIGHT = 120, BYTES = WIDTH * HEIGHT * 3 };

static blm_error err;

static void paint(uint8_t *rgb, int step)
{
    for (int i = 0; i < BYTES; i++) {
        const int x = i / 3 % WIDTH, y = i / 3 / WIDTH;
        rgb[i] = (uint8_t)(120 + 40 * ((x / step + y / step) % 2) + x / 4);
    }
}

static blm_image image_of(uint8_t *rgb, int channels)
{
    return (blm_image){
        .width = WIDTH, .height = HEIGHT, .channels = channels, .rgb = rgb};
}

// Each kind changes a small part, always in the same way.
static void test_made(void **state)
{
    (void)state;
    static uint8_t good_rgb[BYTES], other_rgb[BYTES], before[BYTES];
    const blm_image good = image_of(good_rgb, 1), other = image_of(other_rgb, 1);
    paint(good_rgb, 7);
    paint(other_rgb, 11);
    memcpy(before, good_rgb, BYTES);
    for (int kind = 0; kind < MADE_KINDS; kind++)
        for (uint64_t seed = 0; seed < 60; seed++) {
            blm_image *first, *again;
            double area;
            int changed = 0;
            assert_ok(
                made_defect(&good, &other, (made_kind)kind, seed, &first, &area, &err),
                err);
            assert_ok(
                made_defect(&good, &other, (made_kind)kind, seed, &again, NULL, &err),
                err);
            assert_memory_equal(first->rgb, again->rgb, BYTES);
            assert_memory_equal(good_rgb, before, BYTES);
            for (int i = 0; i < BYTES; i += 3) {
                changed += first->rgb[i] != good_rgb[i];
                assert_int_equal(first->rgb[i], first->rgb[i + 1]); // grey stays grey
                assert_int_equal(first->rgb[i], first->rgb[i + 2]);
            }
            assert_true(changed > 0 && changed < WIDTH * HEIGHT / 6);
            assert_true(area > 1e-4 && area < 0.1);
            blm_image_free(first);
            blm_image_free(again);
        }
}

// Other seeds make other defects; an image without any detail is no failure.
static void test_seeds(void **state)
{
    (void)state;
    static uint8_t rgb[BYTES];
    const blm_image flat = image_of(rgb, 3);
    for (int kind = 0; kind < MADE_KINDS; kind++) {
        blm_image *one, *two;
        paint(rgb, 5);
        assert_ok(made_defect(&flat, &flat, (made_kind)kind, 1, &one, NULL, &err), err);
        assert_ok(made_defect(&flat, &flat, (made_kind)kind, 2, &two, NULL, &err), err);
        assert_memory_not_equal(one->rgb, two->rgb, BYTES);
        blm_image_free(one);
        blm_image_free(two);
        memset(rgb, 90, BYTES);
        assert_ok(made_defect(&flat, &flat, (made_kind)kind, 1, &one, NULL, &err), err);
        blm_image_free(one);
    }
}

static void test_measure(void **state)
{
    (void)state;
    const double good[] = {1, 2, 3, 4}, bad[] = {3.5, 5};
    rank_measure found;
    assert_ok(rank_scores(good, 4, bad, 2, 4, &found, &err), err);
    assert_true(fabs(found.auroc - 7.0 / 8) < 1e-12);
    assert_true(fabs(found.found - 0.5) < 1e-12);
    assert_true(fabs(found.alarms - 0.25) < 1e-12);
}

static void test_correlation(void **state)
{
    (void)state;
    const double a[] = {1, 2, 3, 4}, b[] = {10, 20, 30, 31}, c[] = {4, 3, 2, 1};
    const double d[] = {5, 5, 5, 5}, e[] = {1, 2, 2, 3};
    assert_true(fabs(rank_correlation(a, b, 4) - 1) < 1e-12);
    assert_true(fabs(rank_correlation(a, c, 4) + 1) < 1e-12);
    assert_true(isnan(rank_correlation(a, d, 4)));
    assert_true(isnan(rank_correlation(a, b, 1)));
    // scipy.stats.spearmanr([1, 2, 3, 4], [1, 2, 2, 3])
    assert_true(fabs(rank_correlation(a, e, 4) - 0.9486832980505138) < 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_made),
        cmocka_unit_test(test_seeds),
        cmocka_unit_test(test_measure),
        cmocka_unit_test(test_correlation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
