// Tests of the functions that grow a mask (hysteresis.c, closing.c, holes.c): against
// plain loops that follow the contract, and of their properties.
#include "tests/check.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "src/map/map.h"
#include "tests/random.h"

enum { SIDE = 14, MOST = SIDE * SIDE, ROUNDS = 500 };

typedef struct area {
    int width, height;
    bool has_region;
    uint8_t include[MOST];
    double radius;
    int64_t most;
} area;

static const uint8_t *region(const area *a)
{
    return a->has_region ? a->include : NULL;
}

static bool inside(const area *a, int x, int y)
{
    return x >= 0 && y >= 0 && x < a->width && y < a->height &&
           (!a->has_region || a->include[y * a->width + x] != 0);
}

static area draw_area(uint64_t *seed)
{
    area a = {.width = 1 + random_below(seed, SIDE),
        .height = 1 + random_below(seed, SIDE),
        .has_region = random_below(seed, 3) == 0,
        .radius =
            random_below(seed, 3) == 0 ? random_below(seed, 20) : 4 * random_unit(seed),
        .most = random_below(seed, 3) == 0 ? MOST : random_below(seed, 12)};
    for (int i = 0; i < MOST; i++)
        a.include[i] = random_below(seed, 8) != 0;
    return a;
}

// Few or many pixels, inside the region of interest.
static void draw_mask(const area *a, uint64_t *seed, uint8_t *mask)
{
    const int share = 1 + random_below(seed, 12);
    for (int y = 0; y < a->height; y++)
        for (int x = 0; x < a->width; x++)
            mask[y * a->width + x] = inside(a, x, y) && random_below(seed, 12) < share;
}

// ---- plain versions

// Adds to `part` the pixels of `of` that are connected with it, over sides or also over
// corners.
static void spread_part(const area *a, const uint8_t *of, bool corners, uint8_t *part)
{
    for (bool changed = true; changed;) {
        changed = false;
        for (int i = 0; i < a->width * a->height; i++)
            for (int j = 0; part[i] && j < a->width * a->height; j++) {
                const int dx = abs(i % a->width - j % a->width);
                const int dy = abs(i / a->width - j / a->width);
                if (of[j] && !part[j] && dx <= 1 && dy <= 1 && (corners || dx + dy < 2))
                    part[j] = changed = true;
            }
    }
}

static void plain_hysteresis(
    const area *a, const float *map, float low, double high, uint8_t *out)
{
    uint8_t of[MOST];
    for (int i = 0; i < a->width * a->height; i++) {
        of[i] = map[i] >= low;
        out[i] = of[i] && (double)map[i] >= high;
    }
    spread_part(a, of, true, out);
}

static bool within(double radius, int dx, int dy)
{
    return dx * dx + dy * dy <= radius * radius;
}

// Whether a disc around (x, y) has no pixel of the mask.
static bool is_free(const area *a, const uint8_t *mask, int x, int y)
{
    for (int v = 0; v < a->height; v++)
        for (int u = 0; u < a->width; u++)
            if (mask[v * a->width + u] && within(a->radius, u - x, v - y))
                return false;
    return true;
}

static void plain_closing(const area *a, const uint8_t *mask, uint8_t *out)
{
    uint8_t closed[MOST];
    for (int y = 0; y < a->height; y++)
        for (int x = 0; x < a->width; x++)
            closed[y * a->width + x] = inside(a, x, y);
    for (int y = 0; y < a->height; y++)
        for (int x = 0; x < a->width; x++) {
            if (!inside(a, x, y) || !is_free(a, mask, x, y))
                continue;
            for (int v = 0; v < a->height; v++)
                for (int u = 0; u < a->width; u++)
                    if (within(a->radius, u - x, v - y))
                        closed[v * a->width + u] = 0;
        }
    memcpy(out, mask, (size_t)(a->width * a->height));
    spread_part(a, closed, true, out);
}

static void plain_fill(const area *a, const uint8_t *mask, uint8_t *out)
{
    uint8_t of[MOST], part[MOST];
    const int pixels = a->width * a->height;
    for (int i = 0; i < pixels; i++)
        of[i] = !mask[i] && inside(a, i % a->width, i / a->width);
    memcpy(out, mask, (size_t)pixels);
    for (int i = 0; i < pixels; i++) {
        if (!of[i])
            continue;
        int count = 0;
        bool open = false;
        memset(part, 0, sizeof part);
        part[i] = 1;
        spread_part(a, of, false, part);
        for (int k = 0; k < pixels; k++) {
            const int x = k % a->width, y = k / a->width;
            count += part[k];
            open = open || (part[k] && !(inside(a, x - 1, y) && inside(a, x + 1, y) &&
                                           inside(a, x, y - 1) && inside(a, x, y + 1)));
        }
        out[i] = !open && count <= a->most;
    }
}

// ---- both on masks

typedef void grow(const area *a, const uint8_t *mask, uint8_t *out);

static void close_mask(const area *a, const uint8_t *mask, uint8_t *out)
{
    int32_t label[MOST];
    uint8_t scratch[2 * MOST];
    assert_int_equal(blmi_closing_scratch(a->width, a->height), 2 * a->width * a->height);
    memcpy(out, mask, (size_t)(a->width * a->height));
    blmi_closing(out, a->width, a->height, a->radius, region(a), label, scratch);
}

static void fill_mask(const area *a, const uint8_t *mask, uint8_t *out)
{
    int32_t queue[MOST];
    memcpy(out, mask, (size_t)(a->width * a->height));
    blmi_fill_holes(out, a->width, a->height, a->most, region(a), queue);
}

static void assert_inside(const area *a, const uint8_t *smaller, const uint8_t *larger)
{
    for (int i = 0; i < a->width * a->height; i++)
        assert_true(smaller[i] <= larger[i] && larger[i] <= 1);
}

// Every connected part of grown has a pixel of mask.
static void assert_connected(const area *a, const uint8_t *mask, const uint8_t *grown)
{
    uint8_t reached[MOST];
    memcpy(reached, mask, (size_t)(a->width * a->height));
    spread_part(a, grown, true, reached);
    assert_memory_equal(reached, grown, (size_t)(a->width * a->height));
}

// How often the function added something.
static int check_grow(grow *run, grow *plain)
{
    uint64_t seed = 11;
    int changed = 0;
    for (int round = 0; round < ROUNDS; round++) {
        const area a = draw_area(&seed);
        const size_t pixels = (size_t)(a.width * a.height);
        uint8_t mask[MOST], more[MOST], out[MOST], expected[MOST], again[MOST];
        draw_mask(&a, &seed, mask);
        run(&a, mask, out);
        plain(&a, mask, expected);
        assert_memory_equal(out, expected, pixels);
        assert_inside(&a, mask, out);
        for (int y = 0; y < a.height; y++)
            for (int x = 0; x < a.width; x++)
                assert_true(!out[y * a.width + x] || inside(&a, x, y));
        assert_connected(&a, mask, out);
        run(&a, out, again);
        assert_memory_equal(again, out, pixels);
        draw_mask(&a, &seed, more);
        for (size_t i = 0; i < pixels; i++)
            more[i] |= mask[i];
        run(&a, more, again);
        assert_inside(&a, out, again);
        changed += memcmp(mask, out, pixels) != 0;
    }
    return changed;
}

static void a_closing_is_one(void **state)
{
    (void)state;
    assert_true(check_grow(close_mask, plain_closing) > ROUNDS / 4);
}

static void holes_are_filled(void **state)
{
    (void)state;
    assert_true(check_grow(fill_mask, plain_fill) > ROUNDS / 8);
}

// ---- hysteresis

static void hysteresis_keeps_what_reached_the_upper_level(void **state)
{
    (void)state;
    uint64_t seed = 12;
    int grown = 0, dropped = 0;
    for (int round = 0; round < ROUNDS; round++) {
        area a = draw_area(&seed);
        float map[MOST];
        int32_t label[MOST];
        blmi_component components[MOST];
        uint8_t out[MOST], expected[MOST], lower[MOST];
        const int pixels = a.width * a.height;
        for (int i = 0; i < pixels; i++)
            map[i] = (float)random_below(&seed, 8);
        const float low = (float)(1 + random_below(&seed, 6));
        const double high = (double)low + random_below(&seed, 3);
        blmi_hysteresis(map, a.width, a.height, low, high, label, components, out);
        plain_hysteresis(&a, map, low, high, expected);
        assert_memory_equal(out, expected, (size_t)pixels);
        for (int i = 0; i < pixels; i++) {
            assert_true(out[i] || (double)map[i] < high);
            grown += out[i] && (double)map[i] < high;
            dropped += !out[i] && map[i] >= low;
        }
        // Lower levels, larger masks.
        blmi_hysteresis(
            map, a.width, a.height, low - 0.5f, high - 1, label, components, lower);
        assert_inside(&a, out, lower);
    }
    assert_true(grown > ROUNDS && dropped > ROUNDS);
}

// ---- examples

static void examples(void **state)
{
    (void)state;
    const area a = {.width = 8, .height = 3, .radius = 1.5, .most = 2};
    // A gap of two columns is closed; a hole of two pixels is filled.
    const uint8_t gap[24] = {
        0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0};
    const uint8_t closed[24] = {
        0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0};
    const uint8_t ring[24] = {
        0, 1, 1, 1, 1, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0};
    const uint8_t disc[24] = {
        0, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0};
    uint8_t out[24];
    close_mask(&a, gap, out);
    assert_memory_equal(out, closed, sizeof out);
    fill_mask(&a, ring, out);
    assert_memory_equal(out, disc, sizeof out);
    const area less = {.width = 8, .height = 3, .radius = 0.9, .most = 1};
    close_mask(&less, gap, out);
    assert_memory_equal(out, gap, sizeof out);
    fill_mask(&less, ring, out);
    assert_memory_equal(out, ring, sizeof out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_closing_is_one),
        cmocka_unit_test(holes_are_filled),
        cmocka_unit_test(hysteresis_keeps_what_reached_the_upper_level),
        cmocka_unit_test(examples),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
