// Tests of counts.c: against a loop, against the cut of a map, and at limits.
#include "tests/check.h"

#include <math.h>

#include "blemish/eval.h"
#include "tests/random.h"

enum { IMAGES = 6, SIDE = 9, PIXELS = SIDE * SIDE };

static double f1_of(const blm_counts *counts, size_t count, blm_interval *range)
{
    double f1;
    blm_error err;
    assert_ok(blm_counts_f1(counts, count, NULL, &f1, range, &err), err);
    return f1;
}

static void only_marked_pixels_count(void **state)
{
    (void)state;
    const uint8_t mask[6] = {255, 128, 0, 255, 128, 0}, truth[6] = {1, 255, 128, 0, 0, 0};
    blm_counts counts;
    blm_error err;
    assert_ok(blm_count_mask(mask, truth, 3, 2, &counts, &err), err);
    assert_int_equal(counts.hits, 1);
    assert_int_equal(counts.false_alarms, 1);
    assert_int_equal(counts.defective, 3);
    assert_ok(blm_count_mask(mask, NULL, 3, 2, &counts, &err), err);
    assert_int_equal(counts.hits, 0);
    assert_int_equal(counts.false_alarms, 2);
    assert_int_equal(counts.defective, 0);
}

// A mask that is the map at a threshold gives the F1 of the map at that threshold.
static void a_mask_counts_as_its_map(void **state)
{
    (void)state;
    uint64_t seed = 5;
    for (int round = 0; round < 50; round++) {
        const double threshold = (double)(random_below(&seed, 9) - 4) / 4;
        blm_counts counts[IMAGES];
        blm_pixel_metrics *metrics;
        blm_error err;
        blm_cut cut;
        int64_t defective = 0;
        assert_ok(blm_pixel_metrics_new(&metrics, &err), err);
        for (int i = 0; i < IMAGES; i++) {
            float map[PIXELS];
            uint8_t mask[PIXELS], truth[PIXELS];
            for (int k = 0; k < PIXELS; k++) {
                map[k] = (float)(random_below(&seed, 9) - 4) / 4;
                mask[k] = (double)map[k] >= threshold ? 255 : 0;
                truth[k] = random_below(&seed, 3) == 0;
                defective += truth[k];
            }
            assert_ok(
                blm_pixel_metrics_add(metrics, map, truth, SIDE, SIDE, 1, &err), err);
            assert_ok(blm_count_mask(mask, truth, SIDE, SIDE, &counts[i], &err), err);
        }
        assert_ok(blm_pixel_metrics_cut(metrics, NULL, threshold, &cut, &err), err);
        assert_true(f1_of(counts, IMAGES, NULL) == blm_cut_f1(&cut, defective));
        blm_pixel_metrics_free(metrics);
    }
}

// Equal images: every draw has the same F1.  Two kinds of images: the interval is that of
// a share, which is near 0.5 and not wider than a binomial one.
static void an_interval_is_that_of_the_images(void **state)
{
    (void)state;
    blm_counts counts[400];
    blm_interval range;
    for (int i = 0; i < 400; i++)
        counts[i] = (blm_counts){.hits = 3, .false_alarms = 1, .defective = 4};
    assert_true(f1_of(counts, 400, &range) == 0.75);
    assert_true(range.low == 0.75 && range.high == 0.75);
    for (int i = 0; i < 400; i++)
        counts[i] =
            (blm_counts){.hits = i % 2, .false_alarms = 1 - i % 2, .defective = 1};
    assert_true(f1_of(counts, 400, &range) == 0.5);
    const double reach = 1.96 * 0.5 / sqrt(400);
    assert_true(fabs(range.low - (0.5 - reach)) < 0.01);
    assert_true(fabs(range.high - (0.5 + reach)) < 0.01);
}

static void nothing_defective_has_no_f1(void **state)
{
    (void)state;
    const blm_counts good = {.false_alarms = 3};
    const uint8_t mask[1] = {255};
    blm_counts counts;
    blm_interval range;
    double f1;
    assert_true(isnan(f1_of(&good, 1, &range)));
    assert_true(isnan(range.low) && isnan(range.high));
    assert_true(isnan(f1_of(NULL, 0, &range)));
    assert_int_equal(blm_counts_f1(NULL, 1, NULL, &f1, NULL, NULL), BLM_EUSAGE);
    assert_int_equal(blm_count_mask(mask, NULL, 0, 1, &counts, NULL), BLM_EUSAGE);
    assert_int_equal(blm_count_mask(NULL, NULL, 1, 1, &counts, NULL), BLM_EUSAGE);
    const blm_counts one = {.hits = 1, .defective = 1};
    assert_int_equal(
        blm_counts_f1(&one, 1, &(blm_bootstrap){.draws = -1}, &f1, &range, NULL),
        BLM_EUSAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_marked_pixels_count),
        cmocka_unit_test(a_mask_counts_as_its_map),
        cmocka_unit_test(an_interval_is_that_of_the_images),
        cmocka_unit_test(nothing_defective_has_no_f1),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
