// Tests of the metrics of images: golden cases, and every definition as plain loops over
// pairs and thresholds.
#include "tests/check.h"

#include <math.h>
#include <string.h>

#include <jansson.h>

#include "blemish/eval.h"
#include "tests/npy.h"
#include "tests/random.h"

enum { MOST = 1000 };

typedef struct sample {
    double scores[MOST];
    uint8_t labels[MOST];
    size_t count;
} sample;

static sample random_sample(uint64_t *seed, int most, double rise)
{
    sample s = {.count = (size_t)random_below(seed, most + 1)};
    const int levels = random_below(seed, 2) ? 5 : 100000;
    const int defects = random_below(seed, 11); // of 10; includes none and all
    for (size_t i = 0; i < s.count; i++) {
        s.labels[i] = random_below(seed, 10) < defects ? 255 : 0;
        s.scores[i] = (double)(random_below(seed, levels) - levels / 2) / 64;
        s.scores[i] += s.labels[i] ? rise : 0;
        if (s.scores[i] == 0 && random_below(seed, 2))
            s.scores[i] = -0.0;
    }
    return s;
}

// Both are undefined, or they differ only by rounding.
static void assert_close(double found, double expected)
{
    if (isnan(expected) ? !isnan(found) : !(fabs(found - expected) <= 1e-12))
        fail_msg("%.17g, expected %.17g", found, expected);
}

static blm_cut count_at(const sample *s, double threshold)
{
    blm_cut cut = {.threshold = threshold};
    for (size_t i = 0; i < s->count; i++) {
        cut.hits += s->scores[i] >= threshold && s->labels[i];
        cut.false_alarms += s->scores[i] >= threshold && !s->labels[i];
    }
    return cut;
}

// The definitions, in quadratic time.
static blm_metrics slow_metrics(const sample *s)
{
    const blm_cut all = count_at(s, -INFINITY);
    blm_metrics m = {.good = all.false_alarms, .defective = all.hits};
    double wins = 0;
    for (size_t i = 0; i < s->count; i++)
        for (size_t j = 0; j < s->count; j++)
            if (s->labels[i] && !s->labels[j])
                wins += s->scores[i] > s->scores[j]    ? 1
                        : s->scores[i] == s->scores[j] ? 0.5
                                                       : 0;
    m.auroc = wins / ((double)m.good * (double)m.defective);
    m.f1_threshold = NAN;
    // Each defective one adds the precision at its own score: ties share one threshold.
    for (size_t i = 0; i < s->count; i++) {
        const blm_cut cut = count_at(s, s->scores[i]);
        const double called = (double)(cut.hits + cut.false_alarms);
        const double f1 = 2 * (double)cut.hits / (called + (double)m.defective);
        if (s->labels[i])
            m.average_precision += (double)cut.hits / called / (double)m.defective;
        if (m.defective &&
            (f1 > m.f1_max || (f1 == m.f1_max && s->scores[i] > m.f1_threshold))) {
            m.f1_max = f1;
            m.f1_threshold = s->scores[i];
        }
    }
    if (m.defective == 0)
        m.average_precision = m.f1_max = NAN;
    return m;
}

static void check_metrics(const sample *s, const blm_metrics *expected)
{
    blm_metrics found;
    blm_error err;
    assert_ok(blm_image_metrics(s->scores, s->labels, s->count, &found, &err), err);
    assert_int_equal(found.good, expected->good);
    assert_int_equal(found.defective, expected->defective);
    assert_int_equal(found.regions, 0);
    assert_close(found.auroc, expected->auroc);
    assert_close(found.average_precision, expected->average_precision);
    assert_close(found.f1_max, expected->f1_max);
    assert_true(isnan(expected->f1_threshold)
                    ? isnan(found.f1_threshold)
                    : found.f1_threshold == expected->f1_threshold);
    assert_true(isnan(found.au_pro[0]) && isnan(found.au_pro[1]));
}

static sample read_sample(const char *name)
{
    char file[100];
    snprintf(file, sizeof file, "metrics/detection_%s.tsv", name);
    FILE *const in = fopen(golden_path(file), "r");
    assert_non_null(in);
    sample s = {0};
    char line[200], *end;
    while (fgets(line, sizeof line, in)) {
        assert_true(s.count < MOST);
        s.scores[s.count] = strtod(line, &end);
        assert_true(*end == '\t');
        s.labels[s.count++] = (uint8_t)atoi(end + 1);
    }
    fclose(in);
    return s;
}

static double number_or_nan(const json_t *object, const char *name)
{
    const json_t *const value = json_object_get(object, name);
    assert_non_null(value);
    return json_is_null(value) ? (double)NAN : json_number_value(value);
}

static void golden_cases_are_met(void **state)
{
    (void)state;
    json_t *const root = json_load_file(golden_path("metrics/expected.json"), 0, NULL);
    json_t *const cases = json_object_get(root, "detection");
    assert_int_equal(json_object_size(cases), 13);
    const char *name;
    json_t *expected;
    json_object_foreach(cases, name, expected)
    {
        const sample s = read_sample(name);
        blm_error err;
        if (json_is_string(expected)) {
            blm_metrics none;
            assert_int_equal(
                blm_image_metrics(s.scores, s.labels, s.count, &none, &err), BLM_EINPUT);
            assert_non_null(strstr(err.text, "nan, expected a finite number"));
            continue;
        }
        blm_metrics m = slow_metrics(&s);
        m.auroc = number_or_nan(expected, "auroc");
        m.average_precision = number_or_nan(expected, "average_precision");
        m.f1_max = number_or_nan(expected, "f1_max");
        m.f1_threshold = number_or_nan(expected, "f1_max_threshold");
        check_metrics(&s, &m);
    }
    json_decref(root);
}

static void metrics_equal_their_definitions(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (int round = 0; round < 1000; round++) {
        const sample s = random_sample(&seed, 60, 0.05);
        const blm_metrics expected = slow_metrics(&s);
        check_metrics(&s, &expected);
    }
}

static void a_curve_has_every_distinct_score(void **state)
{
    (void)state;
    uint64_t seed = 2;
    for (int round = 0; round < 300; round++) {
        const sample s = random_sample(&seed, 60, 0.05);
        blm_cut cuts[MOST + 1];
        size_t count;
        blm_error err;
        assert_ok(blm_image_curve(s.scores, s.labels, s.count, cuts,
                      s.count + 1 < 2 ? 2 : s.count + 1, &count, &err),
            err);
        assert_true(isinf(cuts[0].threshold));
        for (size_t i = 0; i < count; i++) {
            const blm_cut expected = count_at(&s, cuts[i].threshold);
            assert_int_equal(cuts[i].hits, expected.hits);
            assert_int_equal(cuts[i].false_alarms, expected.false_alarms);
            assert_true(isnan(cuts[i].overlap));
            assert_true(i == 0 || cuts[i].threshold < cuts[i - 1].threshold);
        }
        for (size_t i = 0; i < s.count; i++) {
            size_t k = 0;
            while (k < count && cuts[k].threshold != s.scores[i])
                k++;
            assert_true(k < count);
        }
    }
}

static void thinned_curves_stay_close(void **state)
{
    (void)state;
    uint64_t seed = 3;
    for (size_t capacity = 2; capacity < 300; capacity += capacity / 2) {
        sample s = random_sample(&seed, MOST, 300);
        s.count = MOST; // the others are good, with score 0
        blm_cut cuts[300];
        size_t count;
        blm_error err;
        assert_ok(
            blm_image_curve(s.scores, s.labels, s.count, cuts, capacity, &count, &err),
            err);
        assert_true(count >= 2 && count <= capacity);
        const blm_cut all = count_at(&s, -INFINITY);
        assert_int_equal(cuts[0].hits + cuts[0].false_alarms, 0);
        assert_int_equal(cuts[count - 1].hits, all.hits);
        assert_int_equal(cuts[count - 1].false_alarms, all.false_alarms);
        // Both rates rise by 1 in total: equal steps of their share would be ideal.
        for (size_t i = 0; i < MOST; i++) {
            const blm_cut cut = count_at(&s, s.scores[i]);
            double nearest = INFINITY;
            for (size_t k = 0; k < count; k++)
                nearest = fmin(nearest,
                    fmax(fabs((double)(cut.hits - cuts[k].hits) / (double)all.hits),
                        fabs((double)(cut.false_alarms - cuts[k].false_alarms) /
                             (double)all.false_alarms)));
            assert_true(all.hits == 0 || all.false_alarms == 0 ||
                        nearest <= 16 / (double)capacity);
        }
    }
}

// The variance of the AUROC after DeLong, DeLong and Clarke-Pearson, Biometrics 44, 1988:
// another way to the width of the interval.
static double delong_deviation(const sample *s)
{
    const blm_metrics m = slow_metrics(s);
    double variance = 0;
    for (size_t i = 0; i < s->count; i++) {
        double wins = 0;
        for (size_t j = 0; j < s->count; j++)
            if (!s->labels[i] != !s->labels[j])
                wins += s->scores[i] > s->scores[j]    ? 1
                        : s->scores[i] == s->scores[j] ? 0.5
                                                       : 0;
        const double same = (double)(s->labels[i] ? m.defective : m.good);
        const double other = (double)(s->labels[i] ? m.good : m.defective);
        const double part = s->labels[i] ? wins / other : 1 - wins / other;
        variance += (part - m.auroc) * (part - m.auroc) / (same * (same - 1));
    }
    return sqrt(variance);
}

static void intervals_are_as_wide_as_theory_says(void **state)
{
    (void)state;
    uint64_t seed = 4;
    sample s = {.count = 600};
    for (size_t i = 0; i < s.count; i++) {
        s.labels[i] = i % 3 == 0;
        s.scores[i] = random_unit(&seed) + random_unit(&seed) + 0.4 * s.labels[i];
    }
    const blm_metrics m = slow_metrics(&s);
    const blm_bootstrap options = {.draws = 4000, .seed = 9};
    blm_intervals found;
    blm_error err;
    assert_ok(
        blm_image_intervals(s.scores, s.labels, s.count, &options, &found, &err), err);
    const double width = 2 * 1.959964 * delong_deviation(&s);
    assert_true(fabs((found.auroc.high - found.auroc.low) / width - 1) < 0.06);
    assert_true(found.auroc.low < m.auroc && m.auroc < found.auroc.high);
    assert_true(fabs((found.auroc.low + found.auroc.high) / 2 - m.auroc) < width / 20);
    assert_true(found.average_precision.low < m.average_precision &&
                m.average_precision < found.average_precision.high);
    assert_true(found.f1_max.low < m.f1_max && m.f1_max < found.f1_max.high);
    assert_true(isnan(found.au_pro[0].low) && isnan(found.au_pro[1].high));

    const blm_bootstrap narrow = {.draws = 4000, .seed = 9, .level = 0.5};
    blm_intervals inner, again;
    assert_ok(
        blm_image_intervals(s.scores, s.labels, s.count, &narrow, &inner, &err), err);
    assert_true(found.auroc.low < inner.auroc.low);
    assert_true(inner.auroc.high < found.auroc.high);
    assert_ok(
        blm_image_intervals(s.scores, s.labels, s.count, &options, &again, &err), err);
    assert_memory_equal(&again.auroc, &found.auroc, sizeof found.auroc);
    const blm_bootstrap reseeded = {.draws = 4000, .seed = 10};
    assert_ok(
        blm_image_intervals(s.scores, s.labels, s.count, &reseeded, &again, &err), err);
    assert_true(again.auroc.low != found.auroc.low);
}

static void degenerate_intervals_are_defined(void **state)
{
    (void)state;
    const double scores[] = {3, 2, 1, 0};
    blm_intervals i;
    blm_error err;
    // One defective image: a third of the draws do not have it, and are repeated.
    assert_ok(
        blm_image_intervals(scores, (uint8_t[]){1, 0, 0, 0}, 4, NULL, &i, &err), err);
    assert_true(i.auroc.low == 1 && i.auroc.high == 1 && i.f1_max.low == 1);
    assert_ok(
        blm_image_intervals(scores, (uint8_t[]){0, 0, 0, 0}, 4, NULL, &i, &err), err);
    assert_true(isnan(i.auroc.low) && isnan(i.average_precision.high));
    assert_ok(
        blm_image_intervals(scores, (uint8_t[]){1, 1, 1, 1}, 4, NULL, &i, &err), err);
    assert_true(isnan(i.auroc.low) && i.average_precision.low == 1);
    assert_ok(blm_image_intervals(NULL, NULL, 0, NULL, &i, &err), err);
    assert_true(isnan(i.auroc.low) && isnan(i.f1_max.low));
}

static void senseless_arguments_are_refused(void **state)
{
    (void)state;
    const double scores[] = {1, 2, INFINITY};
    const uint8_t labels[] = {0, 1, 1};
    blm_metrics m;
    blm_intervals i;
    blm_cut cuts[4];
    size_t count;
    blm_error err;
    assert_int_equal(blm_image_metrics(scores, labels, 3, &m, &err), BLM_EINPUT);
    assert_string_equal(err.text, "score 2 is inf, expected a finite number");
    assert_int_equal(
        blm_image_curve(scores, labels, 3, cuts, 4, &count, NULL), BLM_EINPUT);
    assert_int_equal(
        blm_image_curve(scores, labels, 2, cuts, 1, &count, &err), BLM_EUSAGE);
    assert_int_equal(blm_image_intervals(scores, labels, 3, NULL, &i, &err), BLM_EINPUT);
    const blm_bootstrap wrong[] = {
        {.draws = -1}, {.draws = 1000001}, {.level = 1}, {.level = -0.1}, {.level = NAN}};
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++)
        assert_int_equal(
            blm_image_intervals(scores, labels, 2, &wrong[k], &i, &err), BLM_EUSAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_cases_are_met),
        cmocka_unit_test(metrics_equal_their_definitions),
        cmocka_unit_test(a_curve_has_every_distinct_score),
        cmocka_unit_test(thinned_curves_stay_close),
        cmocka_unit_test(intervals_are_as_wide_as_theory_says),
        cmocka_unit_test(degenerate_intervals_are_defined),
        cmocka_unit_test(senseless_arguments_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
