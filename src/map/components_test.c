// Tests of components.c and region.c, against plain loops that follow the contract.
#include "tests/check.h"

#include <math.h>
#include <stdbool.h>

#include "src/map/map.h"
#include "tests/random.h"

enum { MOST = 20 * 20 };

// Labels by spreading the smallest neighbouring label until nothing changes.
static int spread_labels(const uint8_t *mask, int width, int height, int32_t *label)
{
    for (int i = 0; i < width * height; i++)
        label[i] = mask[i] ? i + 1 : 0;
    for (bool changed = true; changed;) {
        changed = false;
        for (int i = 0; i < width * height; i++)
            for (int j = 0; j < width * height; j++)
                if (label[i] != 0 && label[j] != 0 && label[j] < label[i] &&
                    abs(i % width - j % width) <= 1 && abs(i / width - j / width) <= 1) {
                    label[i] = label[j];
                    changed = true;
                }
    }
    int count = 0;
    for (int i = 0; i < width * height; i++) // in the order of first pixels
        if (label[i] == i + 1) {
            count++;
            for (int j = width * height; j-- > i;)
                if (label[j] == i + 1)
                    label[j] = -count;
        }
    for (int i = 0; i < width * height; i++)
        label[i] = -label[i];
    return count;
}

static void check_component(const float *map, int width, int height, const int32_t *label,
    int32_t which, const blmi_component *c)
{
    blmi_component e = {.left = width, .top = height, .peak = -INFINITY};
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            const int at = y * width + x;
            if (label[at] != which)
                continue;
            e.area++;
            e.left = x < e.left ? x : e.left;
            e.right = x + 1 > e.right ? x + 1 : e.right;
            e.top = y < e.top ? y : e.top;
            e.bottom = y + 1;
            e.centroid_x += x + 0.5;
            e.centroid_y += y + 0.5;
            if (map[at] > e.peak) {
                e.peak = map[at];
                e.peak_x = x;
                e.peak_y = y;
            }
        }
    assert_int_equal(c->area, e.area);
    assert_true(c->left == e.left && c->right == e.right);
    assert_true(c->top == e.top && c->bottom == e.bottom);
    assert_true(c->peak == e.peak && c->peak_x == e.peak_x && c->peak_y == e.peak_y);
    assert_true(fabs(c->centroid_x - e.centroid_x / (double)e.area) < 1e-12);
    assert_true(fabs(c->centroid_y - e.centroid_y / (double)e.area) < 1e-12);
}

static void components_keep_their_contract(void **state)
{
    (void)state;
    uint64_t seed = 5;
    for (int round = 0; round < 1000; round++) {
        const int width = 1 + random_below(&seed, 20);
        const int height = 1 + random_below(&seed, 20);
        const float threshold = (float)random_below(&seed, 8);
        float map[MOST];
        uint8_t mask[MOST];
        int32_t found[MOST], same[MOST], expected[MOST];
        blmi_component parts[MOST];
        for (int i = 0; i < width * height; i++) {
            map[i] = random_below(&seed, 20) ? (float)random_below(&seed, 8) : -INFINITY;
            mask[i] = map[i] >= threshold ? (uint8_t)(1 + random_below(&seed, 255)) : 0;
        }
        const int count = spread_labels(mask, width, height, expected);
        const size_t bytes = sizeof(int32_t) * (size_t)(width * height);
        const size_t capacity = (size_t)random_below(&seed, count + 2);
        parts[capacity].area = -7;
        assert_int_equal(
            blmi_components(map, width, height, threshold, found, parts, capacity),
            count);
        assert_memory_equal(found, expected, bytes);
        for (int i = 0; i < count && (size_t)i < capacity; i++)
            check_component(map, width, height, expected, i + 1, &parts[i]);
        assert_int_equal(parts[capacity].area, -7); // nothing is written beyond capacity
        assert_int_equal(blmi_components_of_mask(mask, width, height, same), count);
        assert_memory_equal(same, expected, bytes);
    }
}

static void positions_are_those_whose_cell_touches_the_region(void **state)
{
    (void)state;
    uint64_t seed = 6;
    for (int round = 0; round < 500; round++) {
        const int width = 1 + random_below(&seed, 20);
        const int height = 1 + random_below(&seed, 20);
        const int gw = 1 + random_below(&seed, 8), gh = 1 + random_below(&seed, 8);
        uint8_t include[MOST], use[64], expected[64] = {0};
        size_t count = 0;
        for (int i = 0; i < width * height; i++)
            include[i] = random_below(&seed, 12) == 0;
        for (int i = 0; i < width * height; i++)
            for (int g = 0; g < gw * gh && include[i]; g++) {
                const int x = i % width, y = i / width, gx = g % gw, gy = g / gw;
                if (x * gw < (gx + 1) * width && (x + 1) * gw > gx * width &&
                    y * gh < (gy + 1) * height && (y + 1) * gh > gy * height)
                    expected[g] = 1;
            }
        for (int g = 0; g < gw * gh; g++)
            count += expected[g];
        assert_int_equal(
            blmi_region_positions(include, width, height, gw, gh, use), count);
        assert_memory_equal(use, expected, (size_t)(gw * gh));
    }
}

static void the_nearest_used_position_is_found(void **state)
{
    (void)state;
    const uint8_t use[] = {1, 0, 0, 1, 0, 0, 0, 0};
    int32_t nearest[8];
    blmi_region_nearest(use, 4, 2, nearest);
    assert_memory_equal(nearest, ((int32_t[]){0, 0, 3, 3, 0, 0, 3, 3}), sizeof nearest);
    const uint8_t middle[] = {0, 1, 0, 1, 0};
    blmi_region_nearest(middle, 5, 1, nearest);
    assert_memory_equal(nearest, ((int32_t[]){1, 1, 1, 3, 3}), 5 * sizeof *nearest);
    blmi_region_nearest((uint8_t[]){0, 0}, 1, 2, nearest);
    assert_true(nearest[0] == -1 && nearest[1] == -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(components_keep_their_contract),
        cmocka_unit_test(positions_are_those_whose_cell_touches_the_region),
        cmocka_unit_test(the_nearest_used_position_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
