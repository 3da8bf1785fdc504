// Tests that verdict, score, mask and regions always agree, for random distances, areas,
// regions of interest, thresholds and additions to masks, with the code that scores
// images: mapper, marker and verdict.
#include "tests/check.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "src/base/alloc.h"
#include "src/feature/recipe.h"
#include "src/score/mapper.h"
#include "src/score/marker.h"
#include "tests/random.h"

enum { CASES = 4000, MAX_CELLS = 9, STRIDE = 8, MOST = MAX_CELLS * STRIDE };

// A case and its result.
typedef struct sample {
    int number; // of the case, which is its seed
    int width, height, positions;
    blmi_recipe recipe;
    int has_region;
    uint8_t include[MOST * MOST]; // (height, width)
    uint8_t use[MAX_CELLS * MAX_CELLS];
    float distances[MAX_CELLS * MAX_CELLS]; // (positions)
    blmi_thresholds at;
    float map[MOST * MOST];
    double score;
    blm_verdict verdict;
    uint8_t mask[MOST * MOST];
    int32_t label[MOST * MOST];    // components of the mask
    const blmi_component *regions; // (region_count)
    size_t region_count;
} sample;

#define assert_case(s, truth)                                                            \
    do {                                                                                 \
        if (!(truth))                                                                    \
            fail_msg("case %d: not so: %s", (s)->number, #truth);                        \
    } while (0)

// ---- making cases

// Ellipses and holes, which give parts of all sizes.
static void draw_region(sample *s, uint64_t *seed)
{
    const int blobs = 1 + random_below(seed, 4);
    memset(s->include, 0, sizeof s->include);
    for (int b = 0; b <= blobs; b++) {
        const double x0 = random_unit(seed) * s->width,
                     y0 = random_unit(seed) * s->height;
        const double rx = 1 + random_unit(seed) * s->width / 2,
                     ry = 1 + random_unit(seed) * s->height / 2;
        for (int y = 0; y < s->height; y++)
            for (int x = 0; x < s->width; x++) {
                const double dx = (x + 0.5 - x0) / rx, dy = (y + 0.5 - y0) / ry;
                if (dx * dx + dy * dy < 1)
                    s->include[y * s->width + x] = b < blobs;
            }
    }
}

// Plain, sparse, tied, huge and denormal distances, and zeros.
static float draw_distance(int style, uint64_t *seed)
{
    const double unit = random_unit(seed);
    switch (style) {
    case 0:
        return (float)(20 + 10 * unit);
    case 1:
        return unit < 0.9 ? 1 : 100;
    case 2:
        return (float)random_below(seed, 3);
    case 3:
        return (float)(unit * 1e38);
    case 4:
        return (float)(unit * 100) * FLT_TRUE_MIN;
    case 5:
        return random_below(seed, 2) != 0 ? 0.0f : -0.0f;
    default:
        return (float)exp(20 * unit - 10);
    }
}

static void draw_case(sample *s, int number)
{
    uint64_t seed = (uint64_t)number;
    const int columns = 1 + random_below(&seed, MAX_CELLS);
    const int rows = 1 + random_below(&seed, MAX_CELLS);
    const int style = random_below(&seed, 7);
    *s = (sample){.number = number,
        .width = columns * STRIDE,
        .height = rows * STRIDE,
        .positions = columns * rows};
    const int64_t areas[] = {
        1, 1 + random_below(&seed, 30), 1 + random_below(&seed, s->width * s->height)};
    s->recipe.fields = (blm_recipe){.width = s->width,
        .height = s->height,
        .sigma = 0.3 + 5 * random_unit(&seed),
        .min_area = areas[random_below(&seed, 3)]};
    s->has_region = random_below(&seed, 2);
    if (s->has_region)
        draw_region(s, &seed);
    blmi_region_positions(s->include, s->width, s->height, columns, rows, s->use);
    for (int p = 0; p < s->positions; p++)
        s->distances[p] = draw_distance(style, &seed);
}

// Mostly thresholds that a value of the map equals or just misses.
static void draw_thresholds(sample *s, uint64_t *seed)
{
    const size_t pixels = (size_t)s->width * (size_t)s->height;
    double drawn[2];
    for (int i = 0; i < 2; i++) {
        const float value = random_below(seed, 3) == 0
                                ? (float)s->score
                                : s->map[random_next(seed) % pixels];
        const double near[] = {(double)value, (double)nextafterf(value, INFINITY),
            (double)nextafterf(value, 0), nextafter((double)value, INFINITY),
            nextafter((double)value, 0), (double)value * random_unit(seed) * 2, 1e300,
            DBL_TRUE_MIN};
        drawn[i] = near[random_below(seed, 8)];
        if (!(drawn[i] > 0))
            drawn[i] = (double)FLT_TRUE_MIN;
    }
    s->at.ng = fmax(drawn[0], drawn[1]);
    s->at.review = random_below(seed, 2) != 0 ? fmin(drawn[0], drawn[1]) : 0;
}

// Half of the cases have none.
static void draw_additions(sample *s, uint64_t *seed)
{
    blm_recipe *r = &s->recipe.fields;
    const int which = random_below(seed, 16);
    r->hysteresis = which & 1 ? 0.01 + 0.99 * random_unit(seed) : 1;
    r->closing = which & 2 ? 12 * random_unit(seed) : 0;
    r->fill_holes = which & 4 ? random_below(seed, 400) : 0;
    if (which & 8)
        r->hysteresis = 1, r->closing = 0, r->fill_holes = 0;
}

static int has_additions(const sample *s)
{
    const blm_recipe *r = &s->recipe.fields;
    return r->hysteresis < 1 || r->closing > 0 || r->fill_holes > 0;
}

static blmi_mapper *new_mapper(sample *s)
{
    blmi_mapper *mapper = NULL;
    blm_error err;
    const blm_status status = blmi_mapper_new(&s->recipe, s->width / STRIDE,
        s->height / STRIDE, s->has_region ? s->include : NULL, &mapper, &err);
    assert_case(s, status == BLM_OK || (status == BLM_EUSAGE && s->has_region));
    return mapper;
}

static blmi_marker *new_marker(const sample *s)
{
    blmi_marker *marker = NULL;
    blm_error err;
    assert_ok(
        blmi_marker_new(&s->recipe, s->has_region ? s->include : NULL, &marker, &err),
        err);
    return marker;
}

static void judge(sample *s, blmi_marker *marker)
{
    s->verdict = blm_verdict_of(s->score, s->at.ng, s->at.review);
    s->region_count = blmi_marker_run(marker, s->map, s->at, s->mask, &s->regions);
    assert_case(s, blmi_components_of_mask(s->mask, s->width, s->height, s->label) ==
                       s->region_count);
}

// ---- checks

static size_t count_value(const sample *s, uint8_t value)
{
    size_t count = 0;
    for (int i = 0; i < s->width * s->height; i++)
        count += s->mask[i] == value;
    return count;
}

static void verdict_score_mask_and_regions_agree(const sample *s)
{
    const double lower = s->at.review != 0 ? s->at.review : s->at.ng;
    double peak = 0, highest = 0;
    int64_t area = 0;
    for (size_t i = 0; i < s->region_count; i++) {
        const blmi_component *c = &s->regions[i];
        assert_case(s, (double)c->peak >= lower);
        assert_case(s, c->area >= s->recipe.fields.min_area);
        assert_case(s, s->map[c->peak_y * s->width + c->peak_x] == c->peak);
        peak = fmax(peak, (double)c->peak);
        area += c->area;
    }
    for (int i = 0; i < s->width * s->height; i++) {
        const double value = (double)s->map[i];
        const int inside = !s->has_region || s->include[i] != 0;
        highest = fmax(highest, value);
        assert_case(s, value >= 0 && (inside || value == 0));
        const int marked = value >= s->at.ng ? 255 : value >= lower ? 128 : 0;
        assert_case(s, has_additions(s) ? s->mask[i] >= marked : s->mask[i] == marked);
        assert_case(s, s->mask[i] == 0 || s->mask[i] == 128 || s->mask[i] == 255);
        assert_case(s, s->mask[i] == 0 || inside);
        assert_case(s, s->mask[i] == 0 || s->label[i] > 0);
        // What is NG belongs to a region that reached the threshold of NG.
        assert_case(
            s, s->mask[i] != 255 || (double)s->regions[s->label[i] - 1].peak >= s->at.ng);
    }
    const size_t ng = count_value(s, 255), review = count_value(s, 128);
    assert_case(s, highest == s->score);
    assert_case(s, (s->verdict == BLM_VERDICT_NG) == (s->score >= s->at.ng));
    assert_case(s, (s->verdict == BLM_VERDICT_NG) == (ng > 0));
    assert_case(
        s, (s->verdict == BLM_VERDICT_NG) == (s->region_count > 0 && peak >= s->at.ng));
    assert_case(s, (s->verdict == BLM_VERDICT_OK) == (s->region_count == 0));
    assert_case(s, s->region_count == 0 || peak == s->score);
    assert_case(s, ng == 0 || (int64_t)ng >= s->recipe.fields.min_area);
    assert_case(s, (int64_t)(ng + review) == area);
}

// Whether the mask has more than the pixels that reach a threshold.
static int is_grown(const sample *s)
{
    const double lower = s->at.review != 0 ? s->at.review : s->at.ng;
    for (int i = 0; i < s->width * s->height; i++)
        if (s->mask[i] != 0 && (double)s->map[i] < lower)
            return 1;
    return 0;
}

static void calibrated_is_monotone(const sample *s, uint64_t *seed)
{
    const double median = random_below(seed, 4) == 0 ? s->at.ng * (1 + random_unit(seed))
                                                     : s->at.ng * random_unit(seed);
    assert_case(s, blmi_verdict_calibrate(s->at.ng, median, s->at) == 1);
    const double mine = blmi_verdict_calibrate(s->score, median, s->at);
    assert_case(s, !isnan(mine));
    assert_case(s, s->verdict != BLM_VERDICT_NG || mine >= 1);
    assert_case(s, s->verdict == BLM_VERDICT_NG || mine <= 1);
    for (int i = 0; i < s->width * s->height; i++)
        assert_case(s, blmi_verdict_calibrate((double)s->map[i], median, s->at) <= mine);
}

// A position that the region does not touch may have any distance.
static void outside_changes_nothing(sample *s, blmi_mapper *mapper, uint64_t *seed)
{
    static float again[MOST * MOST];
    for (int p = 0; p < s->positions; p++)
        if (s->use[p] == 0)
            s->distances[p] = draw_distance(random_below(seed, 7), seed);
    const float score = blmi_mapper_run(mapper, s->distances, again);
    assert_case(s, (double)score == s->score);
    assert_case(
        s, memcmp(again, s->map, sizeof(float) * (size_t)(s->width * s->height)) == 0);
}

static void nothing_disagrees(void **state)
{
    (void)state;
    static sample s;
    int verdicts[3] = {0}, without_room = 0, grown = 0;
    for (int number = 0; number < CASES; number++) {
        uint64_t seed = ~(uint64_t)number;
        draw_case(&s, number);
        blmi_mapper *mapper = new_mapper(&s);
        without_room += mapper == NULL;
        if (mapper == NULL)
            continue;
        s.score = (double)blmi_mapper_run(mapper, s.distances, s.map);
        draw_additions(&s, &seed);
        blmi_marker *marker = new_marker(&s);
        for (int i = 0; i < 4; i++) {
            draw_thresholds(&s, &seed);
            judge(&s, marker);
            verdict_score_mask_and_regions_agree(&s);
            calibrated_is_monotone(&s, &seed);
            verdicts[s.verdict]++;
            grown += is_grown(&s);
        }
        blmi_marker_free(marker);
        if (s.has_region)
            outside_changes_nothing(&s, mapper, &seed);
        blmi_mapper_free(mapper);
    }
    // All outcomes occurred, and often.
    for (int v = 0; v < 3; v++)
        assert_true(verdicts[v] > CASES / 4);
    assert_true(without_room > CASES / 50 && without_room < CASES / 2);
    assert_true(grown > CASES / 4);
}

// ---- equality, to the last bit

// additions: 0 or 1.
static void check_equality(int additions)
{
    const float values[] = {FLT_TRUE_MIN, FLT_MIN, 0.1f, 1, 16777216, 1e30f, FLT_MAX};
    static sample s;
    s.width = s.height = 2;
    s.recipe.fields = (blm_recipe){
        .width = 2, .height = 2, .hysteresis = additions ? 0.5 : 1, .closing = additions};
    blmi_marker *marker = new_marker(&s);
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        const double value = (double)values[i];
        const struct {
            double threshold;
            int ng;
        } cases[] = {{value, 1}, {nextafter(value, 0), 1},
            {nextafter(value, INFINITY), 0}, {(double)nextafterf(values[i], 0), 1}};
        for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
            const blmi_thresholds at = {.ng = cases[k].threshold};
            uint8_t mask[4];
            const blmi_component *regions;
            const float map[4] = {-0.0f, values[i], 0, 0};
            if (!(at.ng > 0))
                continue;
            assert_int_equal(
                blm_verdict_of(value, at.ng, at.review) == BLM_VERDICT_NG, cases[k].ng);
            const size_t count = blmi_marker_run(marker, map, at, mask, &regions);
            assert_int_equal(count, cases[k].ng);
            assert_int_equal(mask[1], cases[k].ng ? 255 : 0);
            assert_int_equal(mask[0] | mask[2] | mask[3], 0);
        }
    }
    blmi_marker_free(marker);
}

static void a_score_equal_to_the_threshold_is_ng(void **state)
{
    (void)state;
    check_equality(0);
    check_equality(1);
}

static void a_region_has_room_or_is_refused(void **state)
{
    (void)state;
    enum { SIDE = 32 };
    uint8_t include[SIDE * SIDE] = {0};
    for (int i = 0; i < 5; i++)
        include[i] = include[20 * SIDE + i] = include[21 * SIDE + i] = 1; // 5 and 10
    const float distances[16] = {9, 9, 9, 9, 0};
    float map[SIDE * SIDE];
    for (int area = 1; area <= 11; area++) {
        const blmi_recipe recipe = {
            .fields = {.width = SIDE, .height = SIDE, .sigma = 1, .min_area = area}};
        blmi_mapper *mapper;
        blm_error err;
        if (area > 10) {
            assert_int_equal(blmi_mapper_new(&recipe, SIDE / STRIDE, SIDE / STRIDE,
                                 include, &mapper, &err),
                BLM_EUSAGE);
            assert_non_null(strstr(err.text, "no part of it has room"));
            continue;
        }
        assert_ok(blmi_mapper_new(
                      &recipe, SIDE / STRIDE, SIDE / STRIDE, include, &mapper, &err),
            err);
        const float score = blmi_mapper_run(mapper, distances, map);
        assert_true(area <= 5 ? score > 8 : score < 1); // the upper part is the high one
        assert_true(area <= 5 ? map[0] > 8 : map[0] == 0);
        blmi_mapper_free(mapper);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_disagrees),
        cmocka_unit_test(a_score_equal_to_the_threshold_is_ng),
        cmocka_unit_test(a_region_has_room_or_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
