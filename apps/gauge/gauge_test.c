// Tests of the split of a spread.
#include <math.h>

#include "apps/gauge/gauge.h"
#include "tests/check.h"

enum { MOST = 4000 };
static gauge_sums sums[MOST];

static void assert_near(double a, double b, double by)
{
    if (!(fabs(a - b) <= by))
        fail_msg("%.12g, expected %.12g", a, b);
}

// By hand: three parts of two values.  Mean squares 0.5 within and 18 between, so that
// the variances are 0.5 and (18 - 0.5) / 2.
static void test_equal(void **state)
{
    (void)state;
    const double values[] = {1, 2, 4, 5, 7, 8};
    const int32_t part[] = {0, 0, 3, 3, 1, 1};
    gauge_spread s;
    gauge_measure(values, part, 6, sums, MOST, &s);
    assert_int_equal(s.parts, 3);
    assert_int_equal(s.repeated, 3);
    assert_near(s.mean, 4.5, 1e-12);
    assert_near(s.within, sqrt(0.5), 1e-12);
    assert_near(s.between, sqrt((18 - 0.5) / 2), 1e-12);
    assert_near(s.share, 0.5 / (0.5 + 8.75), 1e-12);
}

// By hand: parts of 3, 1 and 2 values: within 10 / 3; each = (6 - 14 / 6) / 2.
static void test_unequal(void **state)
{
    (void)state;
    const double values[] = {0, 2, 4, 10, 5, 7};
    const int32_t part[] = {0, 0, 0, 1, 2, 2};
    const double mean = 28.0 / 6;
    const double within = (4 + 0 + 4 + 1 + 1) / 3.0;
    const double outside =
        3 * pow(2 - mean, 2) + pow(10 - mean, 2) + 2 * pow(6 - mean, 2);
    const double each = (6 - 14.0 / 6) / 2;
    gauge_spread s;
    gauge_measure(values, part, 6, sums, MOST, &s);
    assert_int_equal(s.repeated, 2);
    assert_near(s.within * s.within, within, 1e-12);
    assert_near(s.between * s.between, (outside / 2 - within) / each, 1e-12);
}

// Random parts and repetitions of known spread are found again.
static void test_known(void **state)
{
    (void)state;
    enum { PARTS = MOST, EACH = 3, COUNT = PARTS * EACH };
    static double values[COUNT];
    static int32_t part[COUNT];
    uint64_t seed = 1;
    double level = 0;
    for (int i = 0; i < COUNT; i++) {
        double u[2];
        for (int k = 0; k < 2; k++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            u[k] = ((double)(seed >> 33) / 2147483648.0 - 0.5) * sqrt(12);
        }
        if (i % EACH == 0)
            level = 2 * u[0];
        values[i] = 10 + level + 0.5 * u[1];
        part[i] = i / EACH;
    }
    gauge_spread s;
    gauge_measure(values, part, COUNT, sums, MOST, &s);
    assert_near(s.within, 0.5, 0.01);
    assert_near(s.between, 2, 0.05);
}

static void test_undefined(void **state)
{
    (void)state;
    const double values[] = {1, 2, 3}, same[] = {1, 1, 1};
    const int32_t all[] = {0, 1, 2}, one[] = {0, 0, 0};
    gauge_spread s;
    gauge_measure(values, all, 3, sums, MOST, &s);
    assert_true(isnan(s.within) && isnan(s.between) && isnan(s.share));
    gauge_measure(values, one, 3, sums, MOST, &s);
    assert_near(s.within, 1, 1e-12);
    assert_true(isnan(s.between) && isnan(s.share));
    const int32_t two[] = {0, 0, 1};
    gauge_measure(same, two, 3, sums, MOST, &s);
    assert_true(s.within == 0 && s.between == 0 && isnan(s.share));
    gauge_measure(NULL, NULL, 0, sums, MOST, &s);
    assert_int_equal(s.parts, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal),
        cmocka_unit_test(test_unequal),
        cmocka_unit_test(test_known),
        cmocka_unit_test(test_undefined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
