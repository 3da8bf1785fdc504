// Tests options and results of the benchmark, not its times.
#include "tests/check.h"

#include <math.h>
#include <string.h>

#include "apps/bench/benchmark.h"

static void contradictions_are_refused(void **state)
{
    (void)state;
    const bench_options bad[] = {
        {.model = "m", .weights = "s"},
        {.model = "m", .images = 10},
        {.model = "m", .width = 224},
        {.threads = -1},
        {.batch = 65},
        {.runs = 2},
        {.images = 2},
        {.width = 225},
        {.throughput = 1, .batch = 2},
    };
    bench_result result;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        blm_error err;
        assert_int_equal(bench_run(&bad[i], &result, &err), BLM_EUSAGE);
        assert_true(strlen(err.text) > 0);
    }
    const char text[] = "no image";
    const bench_options no_image = {
        .weights = "ti", .images = 3, .picture = text, .picture_size = sizeof text};
    assert_int_equal(bench_run(&no_image, &result, NULL), BLM_EINPUT);
}

static void assert_near(double a, double b)
{
    assert_true(fabs(a - b) <= 1e-5 * fabs(b));
}

static void check_time(const bench_time *time)
{
    assert_true(time->median > 0);
    assert_true(time->p10 <= time->median && time->median <= time->p90);
}

static void phases_stand_in_order(void **state)
{
    (void)state;
    static const char *const names[] = {
        "prepare", "layer0", "layer1", "layer2", "distances", "map"};
    const bench_options options = {
        .weights = "ti", .images = 4, .runs = 3, .threads = 1, .batch = 2};
    bench_result r;
    blm_error err;
    assert_ok(bench_run(&options, &r, &err), err);
    assert_string_equal(r.backbone, "ConTNet-Ti");
    assert_int_equal(r.phase_count, 6);
    double gflop = 0;
    for (size_t i = 0; i < r.phase_count; i++) {
        assert_string_equal(r.phases[i].name, names[i]);
        check_time(&r.phases[i].time);
        gflop += r.phases[i].gflop;
    }
    check_time(&r.network);
    assert_true(gflop == r.gflop);
    assert_true(r.output_rms > 0);
    assert_true(r.fit_ms > 0);
    if (r.floor_gflops > 0) // built with oneDNN
        assert_near(r.ratio_to_floor, r.network.median / r.floor_ms);
    assert_near(r.gflops, r.gflop / r.network.median * 1000);
}

static void throughput_has_the_same_output(void **state)
{
    (void)state;
    const bench_options one = {.weights = "ti", .images = 3, .runs = 3};
    bench_options many = one;
    bench_result a, b;
    blm_error err;
    many.throughput = 1;
    assert_ok(bench_run(&one, &a, &err), err);
    assert_ok(bench_run(&many, &b, &err), err);
    assert_int_equal(b.phase_count, 0);
    check_time(&b.network);
    assert_near(b.output_rms, a.output_rms);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contradictions_are_refused),
        cmocka_unit_test(phases_stand_in_order),
        cmocka_unit_test(throughput_has_the_same_output),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
