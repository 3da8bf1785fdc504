// The threshold rule on scores with known answers.
#include "tests/check.h"

#include <math.h>

#include "src/fit/threshold.h"
#include "tests/random.h"

static double threshold_of(
    double *scores, size_t n, double rate, blm_threshold_method *method)
{
    blm_error err;
    double threshold = -1;
    assert_ok(
        blmi_threshold_at_rate(scores, NULL, n, rate, &threshold, method, &err), err);
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
            blmi_threshold_at_rate(scores, NULL, 3, rates[i], &threshold, &method, NULL),
            BLM_EUSAGE);
}

// Over many draws from one distribution the share of new scores at or above the
// threshold is at most the rate on average: that is what the order statistic promises.
static void the_promised_rate_holds_on_average(void **state)
{
    (void)state;
    uint64_t seed = 7;
    double alarms = 0;
    enum { DRAWS = 2000, IMAGES = 49 };
    for (int draw = 0; draw < DRAWS; draw++) {
        double scores[IMAGES + 1];
        for (int i = 0; i <= IMAGES; i++) {
            scores[i] = (double)(float)-log1p(-random_unit(&seed));
        }
        blm_threshold_method method;
        alarms += scores[IMAGES] >= threshold_of(scores, IMAGES, 0.1, &method);
    }
    assert_true(alarms / DRAWS > 0.07 && alarms / DRAWS < 0.12);
}

// Images of the same part have similar scores: the number of parts counts.
static void groups_count_as_one_each(void **state)
{
    (void)state;
    blm_error err;
    blm_threshold_method method;
    double threshold, scores[30];
    int32_t group[30];
    // Ten groups; group g has the scores g and, for g = 0, twenty more.
    for (int i = 0; i < 30; i++) {
        group[i] = i < 10 ? i : 0;
        scores[i] = i < 10 ? i : 0;
    }
    // (1 - 0.1) * 11 = 9.9 of the weight: the largest.  (1 - 0.5) * 11 = 5.5: that of
    // group 5.
    assert_ok(
        blmi_threshold_at_rate(scores, group, 30, 0.1, &threshold, &method, &err), err);
    assert_true(threshold == (double)nextafterf(9, 10));
    assert_int_equal(method, BLM_THRESHOLD_QUANTILE);
    assert_ok(
        blmi_threshold_at_rate(scores, group, 30, 0.5, &threshold, &method, &err), err);
    assert_true(threshold == (double)nextafterf(5, 6));
    // Thirty images would resolve a rate of 0.05; ten groups do not.
    assert_ok(
        blmi_threshold_at_rate(scores, NULL, 30, 0.05, &threshold, &method, &err), err);
    assert_int_equal(method, BLM_THRESHOLD_QUANTILE);
    assert_ok(
        blmi_threshold_at_rate(scores, group, 30, 0.05, &threshold, &method, &err), err);
    assert_int_equal(method, BLM_THRESHOLD_TAIL);
    // The upper quartile is 7; 8 and 9, a share of 0.2, exceed it by 1.5 on average.
    assert_true(fabs(threshold - (7 + 1.5 * log(0.2 / 0.05))) < 1e-12);
    int64_t groups;
    assert_ok(blmi_count_groups(group, 30, &groups, &err), err);
    assert_int_equal(groups, 10);
}

static void groups_of_one_are_no_groups(void **state)
{
    (void)state;
    enum { IMAGES = 37 };
    double scores[IMAGES], alone, grouped;
    int32_t group[IMAGES];
    blm_threshold_method method[2];
    blm_error err;
    for (int i = 0; i < IMAGES; i++) {
        scores[i] = (i * 17) % IMAGES;
        group[i] = 1000 - i;
    }
    for (double rate = 0.003; rate < 1; rate += 0.01) {
        alone = threshold_of(scores, IMAGES, rate, &method[0]);
        assert_ok(blmi_threshold_at_rate(
                      scores, group, IMAGES, rate, &grouped, &method[1], &err),
            err);
        assert_true(alone == grouped && method[0] == method[1]);
    }
}

// The next image comes from a group of its own.  Scores lie around a level of their
// group, and groups differ in size, so that counting images would promise too much.
static void the_promised_rate_holds_for_groups(void **state)
{
    (void)state;
    enum { DRAWS = 4000, GROUPS = 19, MAX = GROUPS * 9 };
    uint64_t seed = 11;
    double by_group = 0, by_image = 0;
    for (int draw = 0; draw < DRAWS; draw++) {
        double scores[MAX + 1], threshold;
        int32_t group[MAX];
        size_t n = 0;
        for (int g = 0; g <= GROUPS; g++) {
            const double level = random_unit(&seed) * 10;
            const int size = g == GROUPS ? 1 : level < 5 ? 9 : 1;
            for (int i = 0; i < size; i++, n++) {
                scores[n] = (double)(float)(level + random_unit(&seed));
                if (g < GROUPS)
                    group[n] = g;
            }
        }
        blm_threshold_method method;
        blm_error err;
        const double next = scores[--n];
        assert_ok(
            blmi_threshold_at_rate(scores, group, n, 0.1, &threshold, &method, &err),
            err);
        by_group += next >= threshold;
        by_image += next >= threshold_of(scores, n, 0.1, &method);
    }
    assert_true(by_group / DRAWS > 0.06 && by_group / DRAWS < 0.11);
    assert_true(by_image / DRAWS > 0.2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(enough_images_resolve_the_rate),
        cmocka_unit_test(few_images_get_a_tail_above_the_largest),
        cmocka_unit_test(rates_outside_the_unit_interval_are_refused),
        cmocka_unit_test(the_promised_rate_holds_on_average),
        cmocka_unit_test(groups_count_as_one_each),
        cmocka_unit_test(groups_of_one_are_no_groups),
        cmocka_unit_test(the_promised_rate_holds_for_groups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
