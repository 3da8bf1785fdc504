// Tests of cut.c: against loops, against the curves, and at limits.
#include "tests/check.h"

#include <float.h>
#include <math.h>

#include "blemish/eval.h"
#include "tests/random.h"

enum { IMAGES = 5, SIDE = 8, PIXELS = SIDE * SIDE, ALL = IMAGES * PIXELS };

// Images, each with one block of defective pixels, so one region.  The scores have few
// values, so that some equal a threshold.
typedef struct sample {
    float map[IMAGES][PIXELS];
    uint8_t mask[IMAGES][PIXELS];
    int area[IMAGES];
    double scores[ALL];
    uint8_t labels[ALL];
} sample;

static void draw_sample(sample *s, uint64_t *seed)
{
    for (int i = 0; i < IMAGES; i++) {
        const int rows = 1 + random_below(seed, SIDE), columns = random_below(seed, SIDE);
        s->area[i] = 0;
        for (int k = 0; k < PIXELS; k++) {
            const int inside = k / SIDE < rows && k % SIDE < columns;
            s->mask[i][k] = inside ? 255 : 0;
            s->area[i] += inside;
            s->map[i][k] = (float)(random_below(seed, 9) - 4) / 4;
            s->scores[i * PIXELS + k] = (double)s->map[i][k];
            s->labels[i * PIXELS + k] = inside ? 1 : 0;
        }
    }
}

static double overlap_by_hand(const sample *s, double threshold)
{
    double sum = 0;
    int regions = 0;
    for (int i = 0; i < IMAGES; i++) {
        int covered = 0;
        for (int k = 0; k < PIXELS; k++)
            covered += s->mask[i][k] && (double)s->map[i][k] >= threshold;
        sum += s->area[i] > 0 ? (double)covered / s->area[i] : 0;
        regions += s->area[i] > 0;
    }
    return regions > 0 ? sum / regions : (double)NAN;
}

static blm_cut count_by_hand(const sample *s, double threshold)
{
    blm_cut cut = {.threshold = threshold, .overlap = overlap_by_hand(s, threshold)};
    for (int k = 0; k < ALL; k++) {
        cut.hits += s->scores[k] >= threshold && s->labels[k];
        cut.false_alarms += s->scores[k] >= threshold && !s->labels[k];
    }
    return cut;
}

static void assert_cut(const blm_cut *found, const blm_cut *expected)
{
    assert_true(found->threshold == expected->threshold);
    assert_int_equal(found->hits, expected->hits);
    assert_int_equal(found->false_alarms, expected->false_alarms);
    if (isnan(expected->overlap))
        assert_true(isnan(found->overlap));
    else
        assert_true(fabs(found->overlap - expected->overlap) < 1e-12);
}

static blm_pixel_metrics *take_in(const sample *s)
{
    blm_pixel_metrics *metrics;
    blm_error err;
    assert_ok(blm_pixel_metrics_new(&metrics, &err), err);
    for (int i = 0; i < IMAGES; i++)
        assert_ok(blm_pixel_metrics_add(metrics, s->map[i],
                      s->area[i] > 0 ? s->mask[i] : NULL, SIDE, SIDE, 1, &err),
            err);
    return metrics;
}

// Thresholds at scores, between them (also closer than a float can resolve), and beyond
// all.
static void a_threshold_does_what_it_says(void **state)
{
    (void)state;
    uint64_t seed = 7;
    for (int round = 0; round < 100; round++) {
        static sample s;
        draw_sample(&s, &seed);
        blm_pixel_metrics *metrics = take_in(&s);
        const double at = (double)(random_below(&seed, 13) - 6) / 4;
        const double thresholds[] = {
            at, at + 0.1, at + 1e-12, at - 1e-12, DBL_MAX, -DBL_MAX};
        for (size_t i = 0; i < sizeof thresholds / sizeof *thresholds; i++) {
            blm_cut expected = count_by_hand(&s, thresholds[i]), found;
            blm_error err;
            assert_ok(
                blm_pixel_metrics_cut(metrics, NULL, thresholds[i], &found, &err), err);
            assert_cut(&found, &expected);
            assert_ok(
                blm_image_cut(s.scores, s.labels, ALL, thresholds[i], &found, &err), err);
            expected.overlap = NAN;
            assert_cut(&found, &expected);
        }
        blm_pixel_metrics_free(metrics);
    }
}

static void the_best_threshold_reaches_f1_max(void **state)
{
    (void)state;
    uint64_t seed = 8;
    static sample s;
    draw_sample(&s, &seed);
    blm_pixel_metrics *pixels = take_in(&s);
    blm_metrics m;
    blm_cut cut;
    blm_error err;
    assert_ok(blm_pixel_metrics_result(pixels, NULL, &m, &err), err);
    assert_ok(blm_pixel_metrics_cut(pixels, NULL, m.f1_threshold, &cut, &err), err);
    assert_true(fabs(blm_cut_f1(&cut, m.defective) - m.f1_max) < 1e-12);
    assert_true(isnan(blm_cut_f1(&cut, 0)));
    blm_pixel_metrics_free(pixels);
}

static void only_the_kind_that_is_asked_for_counts(void **state)
{
    (void)state;
    blm_pixel_metrics *metrics;
    blm_error err;
    blm_cut cut;
    const float map[4] = {1, 2, 3, 4};
    const uint8_t mask[4] = {0, 0, 1, 1};
    assert_ok(blm_pixel_metrics_new(&metrics, &err), err);
    assert_ok(blm_pixel_metrics_add(metrics, map, NULL, 2, 2, 0, &err), err);
    assert_ok(blm_pixel_metrics_add(metrics, map, mask, 2, 2, 1, &err), err);
    assert_ok(blm_pixel_metrics_add(metrics, map, mask, 2, 2, 2, &err), err);
    assert_ok(
        blm_pixel_metrics_cut(metrics, &(blm_pixel_options){.kind = 2}, 2.5, &cut, &err),
        err);
    assert_int_equal(cut.hits, 2);
    assert_int_equal(cut.false_alarms, 2);
    blm_pixel_metrics_free(metrics);
}

static void senseless_thresholds_are_refused(void **state)
{
    (void)state;
    const double scores[2] = {1, NAN};
    const uint8_t labels[2] = {0, 1};
    blm_cut cut;
    assert_int_equal(blm_image_cut(scores, labels, 1, NAN, &cut, NULL), BLM_EUSAGE);
    assert_int_equal(blm_image_cut(scores, labels, 2, 1, &cut, NULL), BLM_EINPUT);
    assert_int_equal(blm_image_cut(NULL, labels, 2, 1, &cut, NULL), BLM_EUSAGE);
    assert_int_equal(blm_pixel_metrics_cut(NULL, NULL, 1, &cut, NULL), BLM_EUSAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_threshold_does_what_it_says),
        cmocka_unit_test(the_best_threshold_reaches_f1_max),
        cmocka_unit_test(only_the_kind_that_is_asked_for_counts),
        cmocka_unit_test(senseless_thresholds_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
