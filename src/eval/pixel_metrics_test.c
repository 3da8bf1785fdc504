// Tests of the metrics of pixels: golden cases, and every definition as plain loops over
// pixels, thresholds and flooded regions.
#include "tests/check.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include <jansson.h>

#include "blemish/eval.h"
#include "tests/npy.h"
#include "tests/random.h"

enum { IMAGES = 6, SIDE = 10, PIXELS = SIDE * SIDE, MOST = IMAGES * PIXELS };

typedef struct picture {
    int width, height, kind;
    float map[PIXELS];
    uint8_t mask[PIXELS];
} picture;

typedef struct album {
    int count;
    picture pictures[IMAGES];
} album;

static album random_album(uint64_t *seed)
{
    album a = {.count = 1 + random_below(seed, IMAGES)};
    const int levels = random_below(seed, 2) ? 6 : 100000;
    const int share = 1 + random_below(seed, 40), all = random_below(seed, 40);
    for (int i = 0; i < a.count; i++) {
        picture *const p = &a.pictures[i];
        p->width = 1 + random_below(seed, SIDE);
        p->height = 1 + random_below(seed, SIDE);
        p->kind = random_below(seed, 4);
        for (int k = 0; k < p->width * p->height; k++) {
            p->mask[k] = p->kind > 0 && random_below(seed, 40) < share ? 255 : 0;
            if (all == 0)
                p->mask[k] = 1;
            p->map[k] = (float)(random_below(seed, levels) - levels / 3) / 32;
            p->map[k] += p->mask[k] ? 0.0625f : 0;
            if (p->map[k] == 0 && random_below(seed, 2))
                p->map[k] = -0.0f;
        }
    }
    return a;
}

static blm_pixel_metrics *take_in(const album *a)
{
    blm_pixel_metrics *metrics;
    blm_error err;
    assert_ok(blm_pixel_metrics_new(&metrics, &err), err);
    for (int i = 0; i < a->count; i++) {
        const picture *const p = &a->pictures[i];
        bool any = false;
        for (int k = 0; k < p->width * p->height; k++)
            any |= p->mask[k] != 0;
        assert_ok(blm_pixel_metrics_add(metrics, p->map, any ? p->mask : NULL, p->width,
                      p->height, p->kind, &err),
            err);
    }
    return metrics;
}

// ---- the definitions as plain loops ---------------------------------------------------

typedef struct pixel {
    double score;
    int region; // 0: good
} pixel;

typedef struct truth {
    pixel pixels[MOST];
    int count, regions;
    int area[MOST + 1]; // of region 1..
} truth;

static void flood(const picture *p, int *region, int x, int y, int number)
{
    if (x < 0 || y < 0 || x >= p->width || y >= p->height)
        return;
    const int at = y * p->width + x;
    if (!p->mask[at] || region[at])
        return;
    region[at] = number;
    for (int dy = -1; dy <= 1; dy++)
        for (int dx = -1; dx <= 1; dx++)
            flood(p, region, x + dx, y + dy, number);
}

static truth list_pixels(const album *a, int kind)
{
    truth t = {0};
    for (int i = 0; i < a->count; i++) {
        const picture *const p = &a->pictures[i];
        if (kind && p->kind && p->kind != kind)
            continue;
        int region[PIXELS] = {0};
        for (int k = 0; k < p->width * p->height; k++) {
            if (p->mask[k] && !region[k])
                flood(p, region, k % p->width, k / p->width, ++t.regions);
            t.area[region[k]]++;
            t.pixels[t.count++] = (pixel){(double)p->map[k], region[k]};
        }
    }
    return t;
}

static blm_cut count_at(const truth *t, double threshold)
{
    blm_cut cut = {.threshold = threshold};
    for (int i = 0; i < t->count; i++) {
        const pixel p = t->pixels[i];
        if (p.score < threshold)
            continue;
        cut.hits += p.region > 0;
        cut.false_alarms += p.region == 0;
        cut.overlap += p.region ? 1.0 / t->area[p.region] / t->regions : 0;
    }
    if (t->regions == 0)
        cut.overlap = NAN;
    return cut;
}

// The highest score below a threshold; -INFINITY if there is none.
static double next_score(const truth *t, double threshold)
{
    double next = -INFINITY;
    for (int i = 0; i < t->count; i++)
        if (t->pixels[i].score < threshold && t->pixels[i].score > next)
            next = t->pixels[i].score;
    return next;
}

static double slow_au_pro(const truth *t, double limit)
{
    const double good = t->area[0];
    if (t->regions == 0 || good == 0)
        return NAN;
    double area = 0, x0 = 0, y0 = 0;
    for (double at = next_score(t, INFINITY); isfinite(at); at = next_score(t, at)) {
        const blm_cut cut = count_at(t, at);
        const double x1 = (double)cut.false_alarms / good, y1 = cut.overlap;
        const double end = fmin(x1, limit);
        if (end > x0)
            area += (end - x0) * (y0 + (y1 - y0) * (end - x0) / (x1 - x0) / 2);
        x0 = x1;
        y0 = y1;
    }
    return area / limit;
}

static blm_metrics slow_metrics(const album *a, int kind, double limit0, double limit1)
{
    const truth t = list_pixels(a, kind);
    static double scores[MOST];
    static uint8_t labels[MOST];
    for (int i = 0; i < t.count; i++) {
        scores[i] = t.pixels[i].score;
        labels[i] = t.pixels[i].region > 0;
    }
    blm_metrics m; // those of images have their own test
    blm_error err;
    assert_ok(blm_image_metrics(scores, labels, (size_t)t.count, &m, &err), err);
    m.regions = t.regions;
    m.au_pro[0] = slow_au_pro(&t, limit0);
    m.au_pro[1] = slow_au_pro(&t, limit1);
    return m;
}

static void assert_close(double found, double expected)
{
    if (isnan(expected) ? !isnan(found) : !(fabs(found - expected) <= 1e-12))
        fail_msg("%.17g, expected %.17g", found, expected);
}

static void check_metrics(const blm_metrics *found, const blm_metrics *expected)
{
    assert_int_equal(found->good, expected->good);
    assert_int_equal(found->defective, expected->defective);
    assert_int_equal(found->regions, expected->regions);
    assert_close(found->auroc, expected->auroc);
    assert_close(found->average_precision, expected->average_precision);
    assert_close(found->f1_max, expected->f1_max);
    assert_close(found->f1_threshold, expected->f1_threshold);
    assert_close(found->au_pro[0], expected->au_pro[0]);
    assert_close(found->au_pro[1], expected->au_pro[1]);
}

static void metrics_equal_their_definitions(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (int round = 0; round < 150; round++) {
        const album a = random_album(&seed);
        blm_pixel_metrics *const metrics = take_in(&a);
        for (int kind = 0; kind < 4; kind++) {
            const double limit = 0.01 + 0.99 * random_unit(&seed);
            const blm_pixel_options options = {.kind = kind, .limits = {limit, 1}};
            const blm_metrics expected = slow_metrics(&a, kind, limit, 1);
            blm_metrics found;
            blm_error err;
            assert_ok(blm_pixel_metrics_result(metrics, &options, &found, &err), err);
            check_metrics(&found, &expected);
        }
        blm_pixel_metrics_free(metrics);
    }
}

// ---- curve ----------------------------------------------------------------------------

// A complete curve is right at its thresholds, and its corners give all of the area.
static void curves_tell_the_truth(void **state)
{
    (void)state;
    uint64_t seed = 2;
    for (int round = 0; round < 200; round++) {
        const album a = random_album(&seed);
        const truth t = list_pixels(&a, 0);
        static blm_cut cuts[2 * MOST + 2];
        blm_pixel_metrics *const metrics = take_in(&a);
        size_t count;
        blm_metrics m;
        blm_error err;
        assert_ok(
            blm_pixel_metrics_curve(metrics, NULL, cuts, 2 * MOST + 2, &count, &err),
            err);
        assert_ok(blm_pixel_metrics_result(metrics, NULL, &m, &err), err);
        double twice_area = 0;
        for (size_t i = 0; i < count; i++) {
            const blm_cut expected = count_at(&t, cuts[i].threshold);
            assert_int_equal(cuts[i].hits, expected.hits);
            assert_int_equal(cuts[i].false_alarms, expected.false_alarms);
            assert_close(cuts[i].overlap, expected.overlap);
            if (i > 0) {
                assert_true(cuts[i].threshold < cuts[i - 1].threshold);
                twice_area += (double)((cuts[i].hits + cuts[i - 1].hits) *
                                       (cuts[i].false_alarms - cuts[i - 1].false_alarms));
            }
        }
        assert_true(isinf(cuts[0].threshold));
        assert_int_equal(cuts[count - 1].hits + cuts[count - 1].false_alarms, t.count);
        if (!isnan(m.auroc))
            assert_close(
                twice_area / (2 * (double)m.good * (double)m.defective), m.auroc);
        blm_pixel_metrics_free(metrics);
    }
}

// ---- golden ---------------------------------------------------------------------------

static double number_or_nan(const json_t *object, const char *name)
{
    const json_t *const value = json_object_get(object, name);
    assert_non_null(value);
    return json_is_null(value) ? (double)NAN : json_number_value(value);
}

static npy golden_array(const char *name, const char *what, const char *type)
{
    char file[100];
    snprintf(file, sizeof file, "metrics/segmentation_%s.%s.npy", name, what);
    return npy_load(golden_path(file), type);
}

// Adds the images of a golden case, until one is refused.
static blm_status add_case(blm_pixel_metrics *metrics, const char *name, blm_error *err)
{
    npy maps = golden_array(name, "maps", "f4");
    npy masks = golden_array(name, "masks", "u1");
    assert_true(maps.rank == 3 && npy_is(&masks, 3, maps.shape));
    const size_t pixels = maps.shape[1] * maps.shape[2];
    blm_status status = BLM_OK;
    for (size_t i = 0; i < maps.shape[0] && status == BLM_OK; i++)
        status = blm_pixel_metrics_add(metrics, maps.f4 + i * pixels,
            masks.u1 + i * pixels, (int)maps.shape[2], (int)maps.shape[1], 1, err);
    npy_free(&maps);
    npy_free(&masks);
    return status;
}

// The curve of the case that can be computed by hand: all its points are on ours.
static void check_golden_curve(const blm_pixel_metrics *metrics, const json_t *curve)
{
    blm_cut cuts[100];
    size_t count, k = 0;
    blm_metrics m;
    blm_error err;
    assert_ok(blm_pixel_metrics_curve(metrics, NULL, cuts, 100, &count, &err), err);
    assert_ok(blm_pixel_metrics_result(metrics, NULL, &m, &err), err);
    const json_t *const rates = json_array_get(curve, 0),
                        *overlaps = json_array_get(curve, 1);
    for (size_t i = 0; i < json_array_size(rates); i++) {
        const double rate = json_number_value(json_array_get(rates, i));
        const double overlap = json_number_value(json_array_get(overlaps, i));
        while (
            k + 1 < count && (double)cuts[k].false_alarms / (double)m.good < rate - 1e-12)
            k++;
        while (k + 1 < count && cuts[k].overlap < overlap - 1e-12)
            k++;
        assert_close(cuts[k].overlap, overlap); // constant up to the next false alarm
        assert_true((double)cuts[k].false_alarms / (double)m.good >= rate - 1e-12);
    }
}

static void golden_cases_are_met(void **state)
{
    (void)state;
    json_t *const root = json_load_file(golden_path("metrics/expected.json"), 0, NULL);
    json_t *const cases = json_object_get(root, "segmentation");
    assert_int_equal(json_object_size(cases), 8);
    const char *name;
    json_t *expected;
    json_object_foreach(cases, name, expected)
    {
        blm_pixel_metrics *metrics;
        blm_metrics m;
        blm_error err;
        assert_ok(blm_pixel_metrics_new(&metrics, &err), err);
        if (json_is_string(expected)) {
            assert_int_equal(add_case(metrics, name, &err), BLM_EINPUT);
            assert_non_null(strstr(err.text, "nan, expected a finite number"));
        } else {
            assert_ok(add_case(metrics, name, &err), err);
            assert_ok(blm_pixel_metrics_result(metrics, NULL, &m, &err), err);
            assert_int_equal(
                m.regions, json_integer_value(json_object_get(expected, "regions")));
            assert_close(m.auroc, number_or_nan(expected, "pixel_auroc"));
            assert_close(m.au_pro[0], number_or_nan(expected, "au_pro_0.3"));
            assert_close(m.au_pro[1], number_or_nan(expected, "au_pro_0.05"));
            if (json_object_get(expected, "curve"))
                check_golden_curve(metrics, json_object_get(expected, "curve"));
        }
        blm_pixel_metrics_free(metrics);
    }
    json_decref(root);
}

// ---- sizes ----------------------------------------------------------------------------

static void one_pixel_and_none(void **state)
{
    (void)state;
    blm_pixel_metrics *metrics;
    blm_metrics m;
    blm_intervals intervals;
    blm_cut cuts[2];
    size_t count;
    blm_error err;
    assert_ok(blm_pixel_metrics_new(&metrics, &err), err);
    assert_ok(blm_pixel_metrics_result(metrics, NULL, &m, &err), err);
    assert_true(m.good == 0 && m.defective == 0 && isnan(m.auroc) && isnan(m.f1_max));
    assert_ok(blm_pixel_metrics_curve(metrics, NULL, cuts, 2, &count, &err), err);
    assert_int_equal(count, 1);
    assert_ok(blm_pixel_metrics_intervals(metrics, NULL, NULL, &intervals, &err), err);
    assert_true(isnan(intervals.auroc.low) && isnan(intervals.au_pro[1].high));

    const float lowest = -FLT_MAX, highest = FLT_MAX;
    assert_ok(blm_pixel_metrics_add(metrics, &lowest, NULL, 1, 1, 0, &err), err);
    assert_ok(blm_pixel_metrics_result(metrics, NULL, &m, &err), err);
    assert_true(m.good == 1 && isnan(m.auroc) && isnan(m.average_precision));
    assert_ok(blm_pixel_metrics_curve(metrics, NULL, cuts, 2, &count, &err), err);
    assert_true(count == 2 && cuts[1].threshold == (double)lowest);
    assert_ok(
        blm_pixel_metrics_add(metrics, &highest, (uint8_t[]){1}, 1, 1, 1, &err), err);
    assert_ok(blm_pixel_metrics_result(metrics, NULL, &m, &err), err);
    assert_true(m.auroc == 1 && m.f1_threshold == (double)highest && m.au_pro[1] == 1);
    blm_pixel_metrics_free(metrics);
    blm_pixel_metrics_free(NULL);
}

// A million pixels have the same metrics as a million images, for the metrics that images
// have too.
static void a_million_pixels_equal_a_million_images(void **state)
{
    (void)state;
    enum { COUNT = 4, WIDTH = 512, HEIGHT = 512, SIZE = WIDTH * HEIGHT };
    float *const map = malloc(SIZE * sizeof *map);
    uint8_t *const labels = malloc(COUNT * SIZE);
    double *const scores = malloc(COUNT * SIZE * sizeof *scores);
    blm_pixel_metrics *metrics;
    blm_metrics found, expected;
    blm_error err;
    uint64_t seed = 5;
    assert_ok(blm_pixel_metrics_new(&metrics, &err), err);
    for (size_t i = 0; i < COUNT; i++) {
        uint8_t *const mask = labels + i * SIZE;
        for (int k = 0; k < SIZE; k++) {
            mask[k] = i > 0 && k / WIDTH > 400 && k % WIDTH < 100 * (int)i;
            map[k] = (float)(random_unit(&seed) + (mask[k] ? 0.3 : 0));
            scores[i * SIZE + (size_t)k] = (double)map[k];
        }
        assert_ok(
            blm_pixel_metrics_add(metrics, map, mask, WIDTH, HEIGHT, (int)i, &err), err);
    }
    assert_ok(blm_pixel_metrics_result(metrics, NULL, &found, &err), err);
    assert_ok(blm_image_metrics(scores, labels, COUNT * SIZE, &expected, &err), err);
    assert_int_equal(found.regions, 3);
    memcpy(expected.au_pro, found.au_pro, sizeof found.au_pro);
    expected.regions = 3;
    check_metrics(&found, &expected);
    free(scores);
    free(labels);
    free(map);
    blm_pixel_metrics_free(metrics);
}

// ---- intervals ------------------------------------------------------------------------

static void assert_near(const blm_interval *a, const blm_interval *b, double tolerance)
{
    assert_true(fabs(a->low - b->low) <= tolerance);
    assert_true(fabs(a->high - b->high) <= tolerance);
}

// Images of one pixel are like images: if the order is the same, so are the draws.  Up to
// 2047 distinct scores the curve is complete, and the intervals are equal except for
// rounding; beyond that, thinning may change them a little.
static void intervals_of_single_pixels_are_those_of_images(void **state)
{
    (void)state;
    const struct {
        int count;
        double tolerance;
    } cases[] = {{300, 1e-12}, {900, 1e-12}, {3000, 1e-3}};
    for (size_t c = 0; c < 3; c++) {
        const int count = cases[c].count;
        double *const scores = malloc((size_t)count * sizeof *scores);
        uint8_t *const labels = malloc((size_t)count);
        blm_pixel_metrics *metrics;
        blm_intervals images, pixels;
        blm_error err;
        uint64_t seed = 6;
        assert_ok(blm_pixel_metrics_new(&metrics, &err), err);
        for (int i = 0; i < count; i++) { // falling, as a ranking is
            const float score = (float)(count - i);
            scores[i] = (double)score;
            labels[i] = random_below(&seed, count) > i / 2 + count / 4;
            assert_ok(
                blm_pixel_metrics_add(metrics, &score, &labels[i], 1, 1, 1, &err), err);
        }
        const blm_bootstrap options = {.draws = 100, .seed = 3};
        const blm_pixel_options whole = {.limits = {1}};
        assert_ok(
            blm_image_intervals(scores, labels, (size_t)count, &options, &images, &err),
            err);
        assert_ok(
            blm_pixel_metrics_intervals(metrics, &whole, &options, &pixels, &err), err);
        assert_near(&pixels.auroc, &images.auroc, cases[c].tolerance);
        assert_near(
            &pixels.average_precision, &images.average_precision, cases[c].tolerance);
        assert_near(&pixels.f1_max, &images.f1_max, cases[c].tolerance);
        // With regions of one pixel the PRO curve is the ROC curve.
        assert_near(&pixels.au_pro[0], &pixels.auroc, 1e-12);
        assert_true(pixels.au_pro[1].low < pixels.au_pro[1].high);
        blm_pixel_metrics_free(metrics);
        free(labels);
        free(scores);
    }
}

// Every draw of equal images has the metrics of one image.  So the interval is one point:
// exactly if the curve is complete, closely if it is thinned.
static void check_equal_images(int side, double tolerance)
{
    const size_t pixels = (size_t)side * (size_t)side;
    float *const map = malloc(pixels * sizeof *map);
    uint8_t *const mask = malloc(pixels);
    blm_pixel_metrics *metrics;
    blm_metrics m;
    blm_intervals found;
    blm_error err;
    uint64_t seed = 7;
    for (size_t k = 0; k < pixels; k++) {
        mask[k] = random_below(&seed, 12) == 0;
        map[k] = (float)(random_unit(&seed) + random_unit(&seed) + 0.5 * mask[k]);
    }
    assert_ok(blm_pixel_metrics_new(&metrics, &err), err);
    for (int i = 0; i < 5; i++)
        assert_ok(blm_pixel_metrics_add(metrics, map, mask, side, side, 1, &err), err);
    assert_ok(blm_pixel_metrics_result(metrics, NULL, &m, &err), err);
    assert_ok(blm_pixel_metrics_intervals(metrics, NULL, NULL, &found, &err), err);
    const double points[] = {
        m.auroc, m.average_precision, m.f1_max, m.au_pro[0], m.au_pro[1]};
    const blm_interval intervals[] = {found.auroc, found.average_precision, found.f1_max,
        found.au_pro[0], found.au_pro[1]};
    for (int i = 0; i < 5; i++)
        assert_near(&intervals[i], &(blm_interval){points[i], points[i]}, tolerance);
    blm_pixel_metrics_free(metrics);
    free(mask);
    free(map);
}

static void equal_images_have_an_interval_of_no_width(void **state)
{
    (void)state;
    check_equal_images(10, 1e-12);
    check_equal_images(20, 1e-12);
    check_equal_images(300, 1e-3);
}

// ---- refusals -------------------------------------------------------------------------

static void refused_maps_change_nothing(void **state)
{
    (void)state;
    uint64_t seed = 8;
    const album a = random_album(&seed);
    blm_pixel_metrics *const metrics = take_in(&a);
    blm_metrics before, after;
    blm_error err;
    assert_ok(blm_pixel_metrics_result(metrics, NULL, &before, &err), err);
    float map[6] = {1, 2, 3, 4, NAN, 6};
    char text[200];
    assert_int_equal(
        blm_pixel_metrics_add(metrics, map, NULL, 3, 2, 0, &err), BLM_EINPUT);
    snprintf(text, sizeof text,
        "map of image %d: column 1 of row 1 is nan, expected a finite number", a.count);
    assert_string_equal(err.text, text);
    map[4] = -INFINITY;
    assert_int_equal(
        blm_pixel_metrics_add(metrics, map, NULL, 3, 2, 0, NULL), BLM_EINPUT);
    assert_int_equal(
        blm_pixel_metrics_add(metrics, map, NULL, 0, 2, 0, &err), BLM_EUSAGE);
    assert_int_equal(
        blm_pixel_metrics_add(metrics, map, NULL, 1, -1, 0, &err), BLM_EUSAGE);
    assert_int_equal(
        blm_pixel_metrics_add(metrics, map, NULL, 1 << 20, 1 << 20, 0, &err), BLM_EUSAGE);
    assert_int_equal(
        blm_pixel_metrics_add(metrics, map, NULL, 2, 2, -1, &err), BLM_EUSAGE);
    assert_ok(blm_pixel_metrics_result(metrics, NULL, &after, &err), err);
    check_metrics(&after, &before);
    blm_pixel_metrics_free(metrics);
}

static void senseless_options_are_refused(void **state)
{
    (void)state;
    blm_pixel_metrics *metrics;
    blm_metrics m;
    blm_intervals intervals;
    blm_cut cuts[2];
    size_t count;
    blm_error err;
    assert_ok(blm_pixel_metrics_new(&metrics, &err), err);
    const blm_pixel_options wrong[] = {
        {.kind = -1}, {.limits = {-0.1, 0}}, {.limits = {0, 1.5}}, {.limits = {0, NAN}}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(
            blm_pixel_metrics_result(metrics, &wrong[i], &m, &err), BLM_EUSAGE);
        assert_int_equal(
            blm_pixel_metrics_curve(metrics, &wrong[i], cuts, 2, &count, &err),
            BLM_EUSAGE);
        assert_int_equal(
            blm_pixel_metrics_intervals(metrics, &wrong[i], NULL, &intervals, &err),
            BLM_EUSAGE);
    }
    assert_int_equal(
        blm_pixel_metrics_curve(metrics, NULL, cuts, 1, &count, &err), BLM_EUSAGE);
    assert_int_equal(blm_pixel_metrics_intervals(
                         metrics, NULL, &(blm_bootstrap){.draws = -5}, &intervals, &err),
        BLM_EUSAGE);
    blm_pixel_metrics_free(metrics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(metrics_equal_their_definitions),
        cmocka_unit_test(curves_tell_the_truth),
        cmocka_unit_test(golden_cases_are_met),
        cmocka_unit_test(one_pixel_and_none),
        cmocka_unit_test(a_million_pixels_equal_a_million_images),
        cmocka_unit_test(intervals_of_single_pixels_are_those_of_images),
        cmocka_unit_test(equal_images_have_an_interval_of_no_width),
        cmocka_unit_test(refused_maps_change_nothing),
        cmocka_unit_test(senseless_options_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
