// Tests of opening.c and sort.h, against flood filling level by level.
#include "tests/check.h"

#include <math.h>
#include <stdbool.h>

#include "src/base/clock.h"
#include "src/map/map.h"
#include "src/map/sort.h"
#include "tests/random.h"

enum { MOST = 12 * 12 };

// A map with few or many distinct values, of both signs and both zeros.
static void random_map(uint64_t *seed, float *map, int pixels)
{
    const int levels = 1 + random_below(seed, random_below(seed, 2) ? 5 : 100);
    for (int i = 0; i < pixels; i++) {
        map[i] = (float)(random_below(seed, levels) - levels / 3) / 4;
        if (map[i] == 0 && random_below(seed, 2))
            map[i] = -0.0f;
    }
}

// Visits the connected pixels of map >= level around `at` and marks them with `mark`.
// Returns how many there are.
static int flood(const float *map, const uint8_t *include, int width, int height, int at,
    float level, int *marks, int mark)
{
    if (marks[at] == mark || !(map[at] >= level) || (include && !include[at]))
        return 0;
    marks[at] = mark;
    int count = 1;
    for (int dy = -1; dy <= 1; dy++)
        for (int dx = -1; dx <= 1; dx++) {
            const int x = at % width + dx, y = at / width + dy;
            if (x >= 0 && x < width && y >= 0 && y < height)
                count +=
                    flood(map, include, width, height, y * width + x, level, marks, mark);
        }
    return count;
}

// out: the result by the definition.  Returns whether every part has `area` pixels.
static bool open_by_flooding(
    const float *map, const uint8_t *include, int width, int height, int area, float *out)
{
    int marks[MOST] = {0}, mark = 0;
    bool all_large = true;
    for (int i = 0; i < width * height; i++) {
        out[i] = -INFINITY;
        if (include && !include[i])
            continue;
        for (int j = 0; j < width * height; j++) // every level that occurs
            if (map[j] <= map[i] && map[j] > out[i] &&
                flood(map, include, width, height, i, map[j], marks, ++mark) >= area)
                out[i] = map[j];
        if (out[i] > -INFINITY)
            continue;
        all_large = false;
        flood(map, include, width, height, i, -INFINITY, marks, ++mark);
        out[i] = map[i];
        for (int j = 0; j < width * height; j++)
            if (marks[j] == mark && map[j] < out[i])
                out[i] = map[j];
    }
    return all_large;
}

// opened >= level is the union of the large components of map >= level.  So the score
// says whether there is one.
static void check_threshold(
    const float *map, const float *opened, int width, int height, int area, float level)
{
    int32_t label[MOST];
    blmi_component parts[MOST];
    const size_t count = blmi_components(map, width, height, level, label, parts, MOST);
    bool any_large = false;
    for (size_t i = 0; i < count; i++)
        any_large |= parts[i].area >= area;
    float score = -INFINITY;
    for (int i = 0; i < width * height; i++) {
        const bool large = label[i] != 0 && parts[label[i] - 1].area >= area;
        assert_int_equal(opened[i] >= level, large);
        score = fmaxf(score, opened[i]);
    }
    assert_int_equal(score >= level, any_large);
}

static void opening_keeps_its_contract(void **state)
{
    (void)state;
    uint64_t seed = 2;
    for (int round = 0; round < 4000; round++) {
        const int width = 1 + random_below(&seed, 12);
        const int height = 1 + random_below(&seed, 12);
        const int area = 1 + random_below(&seed, 1 + width * height / 2);
        const int pixels = width * height;
        float map[MOST], found[MOST], expected[MOST];
        uint8_t some[MOST], *include = random_below(&seed, 2) ? some : NULL;
        uint64_t scratch[2 * MOST];
        assert_true(blmi_opening_scratch(width, height) <= sizeof scratch);
        random_map(&seed, map, pixels);
        for (int i = 0; i < pixels; i++)
            some[i] = random_below(&seed, 4) != 0;
        const bool large = open_by_flooding(map, include, width, height, area, expected);
        blmi_opening(map, width, height, area, include, scratch, found);
        for (int i = 0; i < pixels; i++)
            assert_true(found[i] == expected[i]);
        for (int i = 0; i < pixels && !include && large; i++)
            check_threshold(map, found, width, height, area, map[i]);
        blmi_opening(map, width, height, area, include, scratch, map);
        assert_memory_equal(map, found, (size_t)pixels * sizeof *map);
    }
}

static void a_part_that_is_too_small_becomes_its_lowest_value(void **state)
{
    (void)state;
    const float map[] = {5, 3, 9, 4, 8};
    const uint8_t include[] = {1, 1, 0, 1, 1};
    float out[5];
    uint64_t scratch[10];
    blmi_opening(map, 5, 1, 3, include, scratch, out);
    assert_memory_equal(out, ((float[]){3, 3, -INFINITY, 4, 4}), sizeof out);
    blmi_opening(map, 5, 1, INT64_MAX, NULL, scratch, out);
    assert_memory_equal(out, ((float[]){3, 3, 3, 3, 3}), sizeof out);
}

static void sorting_is_stable_and_by_value(void **state)
{
    (void)state;
    const float values[] = {-INFINITY, -3e38f, -1, -1e-45f, -0.0f, 1e-45f, 2, INFINITY};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        assert_true(blmi_key_float(blmi_float_key(values[i])) == values[i]);
        if (i > 0)
            assert_true(blmi_float_key(values[i - 1]) < blmi_float_key(values[i]));
    }
    assert_int_equal(blmi_float_key(-0.0f), blmi_float_key(0.0f));
    uint64_t seed = 3;
    for (int round = 0; round < 300; round++) {
        uint64_t items[200], spare[200];
        const size_t count = (size_t)random_below(&seed, 201);
        const int shift = random_below(&seed, 32); // few or many distinct keys
        for (size_t i = 0; i < count; i++)
            items[i] = (random_next(&seed) >> 32 >> shift) << 32 | i;
        blmi_sort(items, spare, count);
        for (size_t i = 1; i < count; i++) // with the index below the key: a stable sort
            assert_true(items[i - 1] < items[i]);
    }
}

// Near-linear time: a million pixels of the worst kinds take far less than the seconds of
// a quadratic method.
static void large_maps_are_quick(void **state)
{
    (void)state;
    enum { SIDE = 1000, KINDS = 3 };
    float *const map = malloc(sizeof(float) * SIDE * SIDE);
    void *const scratch = malloc(blmi_opening_scratch(SIDE, SIDE));
    uint64_t seed = 4;
    const double start = blmi_clock_ms();
    for (int kind = 0; kind < KINDS; kind++) {
        for (int i = 0; i < SIDE * SIDE; i++)
            map[i] = kind == 0   ? (float)i
                     : kind == 1 ? (float)-i
                                 : (float)random_unit(&seed);
        blmi_opening(map, SIDE, SIDE, SIDE * SIDE / 2, NULL, scratch, map);
        for (int i = 0; i < SIDE * SIDE && kind == 1; i++)
            assert_true(map[i] == -fmaxf((float)i, SIDE * SIDE / 2 - 1));
    }
    assert_true(blmi_clock_ms() - start < 20e3);
    free(scratch);
    free(map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opening_keeps_its_contract),
        cmocka_unit_test(a_part_that_is_too_small_becomes_its_lowest_value),
        cmocka_unit_test(sorting_is_stable_and_by_value),
        cmocka_unit_test(large_maps_are_quick),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
