// The threshold rule on scores whose answer is known.
#include "tests/check.h"

#include <math.h>

#include "src/detect/threshold.h"

static double threshold_of(
    double *scores, size_t n, double rate, blm_threshold_method *method)
{
    blm_error err;
    double threshold = -1;
    assert_ok(blmi_threshold_at_rate(scores, n, rate, &threshold, method, &err), err);
    return threshold;
}

static void enough_images_resolve_the_rate(void **state)
{
    (void)state;
    double scores[199];
    blm_threshold_method method;
    for (int i = 0; i < 199; i++)
        scores[i] = (i * 71) % 199; // 0 .. 198, shuffled
    // k = ceil(0.99 * 200) = 198: the next float above the 198th smallest, which is 197
    assert_true(
        threshold_of(scores, 199, 0.01, &method) == (double)nextafterf(197, 1e9f));
    assert_int_equal(method, BLM_THRESHOLD_QUANTILE);
    assert_true(threshold_of(scores, 199, 0.5, &method) == (double)nextafterf(99, 1e9f));
    // 99 images are the fewest for one in a hundred, 98 are not enough
    assert_true(threshold_of(scores, 99, 0.01, &method) == (double)nextafterf(198, 1e9f));
    assert_int_equal(method, BLM_THRESHOLD_QUANTILE);
    threshold_of(scores, 98, 0.01, &method);
    assert_int_equal(method, BLM_THRESHOLD_TAIL);
}

static void few_images_get_a_tail_above_the_largest(void **state)
{
    (void)state;
    double scores[] = {4, 1, 3, 2, 5, 6, 7, 8};
    blm_threshold_method method;
    // upper quartile 6 (the 6th of 8), share 2/8 above it with mean excess 1.5
    const double expected = 6 + 1.5 * log(0.25 / 0.01);
    assert_true(fabs(threshold_of(scores, 8, 0.01, &method) - expected) < 1e-12);
    assert_int_equal(method, BLM_THRESHOLD_TAIL);
    double equal[] = {2, 2, 2};
    assert_true(threshold_of(equal, 3, 0.01, &method) == (double)nextafterf(2, 3));
    double outlier[] = {1, 1, 1, 1, 1, 1, 1, 90};
    assert_true(threshold_of(outlier, 8, 0.01, &method) > 90);
}

static void rates_outside_the_unit_interval_are_refused(void **state)
{
    (void)state;
    const double scores[] = {1, 2, 3}, rates[] = {0, 1, -0.5, 2, NAN};
    double threshold;
    blm_threshold_method method;
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++)
        assert_int_equal(
            blmi_threshold_at_rate(scores, 3, rates[i], &threshold, &method, NULL),
            BLM_EUSAGE);
}

// Over many draws from one distribution the share of new scores at or above the threshold is at most the rate
// on average: that is what the order statistic promises.
static void the_promised_rate_holds_on_average(void **state)
{
    (void)state;
    uint64_t seed = 7;
    double alarms = 0;
    enum { DRAWS = 2000, IMAGES = 49 };
    for (int draw = 0; draw < DRAWS; draw++) {
        double scores[IMAGES + 1];
        for (int i = 0; i <= IMAGES; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            scores[i] = (double)(float)-log1p(-(double)(seed >> 11) * 0x1p-53);
        }
        blm_threshold_method method;
        alarms += scores[IMAGES] >= threshold_of(scores, IMAGES, 0.1, &method);
    }
    assert_true(alarms / DRAWS > 0.07 && alarms / DRAWS < 0.12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(enough_images_resolve_the_rate),
        cmocka_unit_test(few_images_get_a_tail_above_the_largest),
        cmocka_unit_test(rates_outside_the_unit_interval_are_refused),
        cmocka_unit_test(the_promised_rate_holds_on_average),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
