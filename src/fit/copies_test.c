// Finds copies among synthetic parts that are similar but different: copies with noise,
// brightness, a shift or another size are found, other parts are not.
#include "src/fit/copies.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/feature/recipe.h"
#include "src/image/resize.h"
#include "tests/check.h"
#include "tests/random.h"

enum { SIDE = 200, PARTS = 12 };

static blm_error err;

// Grey level of a part at (x, y), both 0 to 1: a common pattern and blobs of its own.
static double level(uint64_t part, double x, double y)
{
    double value = 120 + 60 * (fmod(8 * x, 1) < 0.2) + 40 * (fmod(5 * y, 1) < 0.1);
    uint64_t seed = 100 + part;
    for (int i = 0; i < 25; i++) {
        const double u = random_unit(&seed), v = random_unit(&seed);
        const double size = 0.02 + 0.03 * random_unit(&seed);
        const double square = ((x - u) * (x - u) + (y - v) * (y - v)) / (size * size);
        value -= 30 * exp(-square);
    }
    return value;
}

typedef struct change {
    const char *name;
    int width, height;
    double noise, light, shift; // noise: uniform, + and -; shift: share of the side
} change;

static blmi_thumb *make(uint64_t part, const change *c, uint64_t seed)
{
    const blmi_recipe recipe = {.fields.width = 224}; // no crop
    static uint8_t drawn[SIDE * SIDE * 3], resized[500 * 500 * 3];
    blmi_thumb *thumb = blmi_alloc(1, sizeof *thumb);
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            const double value =
                level(part, (x + 0.5) / SIDE + c->shift, (y + 0.5) / SIDE - c->shift);
            const double noise = c->noise * (2 * random_unit(&seed) - 1);
            memset(drawn + 3 * (y * SIDE + x),
                (int)fmin(fmax(value * c->light + noise, 0), 255), 3);
        }
    assert_ok(blmi_resize_rgb(drawn, SIDE, SIDE, SIDE * 3, BLMI_BILINEAR, resized,
                  c->width, c->height, &err),
        err);
    const blm_image image = {
        .width = c->width, .height = c->height, .channels = 1, .bits = 8, .rgb = resized};
    assert_ok(blmi_thumb_of(&recipe, &image, thumb, &err), err);
    return thumb;
}

static const change plain = {"plain", SIDE, SIDE, 3, 1, 0};

// The parts, then copies of the first three.
static void find_with(const change *c, int copies, int32_t *first, int threads)
{
    blmi_thumb *thumbs[PARTS + 3];
    for (int i = 0; i < PARTS; i++)
        thumbs[i] = make((uint64_t)i, &plain, (uint64_t)i);
    for (int i = 0; i < copies; i++)
        thumbs[PARTS + i] = make((uint64_t)i, c, 50 + (uint64_t)i);
    assert_ok(blmi_copies_find((const blmi_thumb *const *)(void *)thumbs,
                  PARTS + (size_t)copies, threads, first, &err),
        err);
    for (int i = 0; i < PARTS + copies; i++)
        blmi_free(thumbs[i]);
}

static void other_parts_are_no_copies(void **state)
{
    (void)state;
    int32_t first[PARTS];
    find_with(&plain, 0, first, 1);
    for (int i = 0; i < PARTS; i++)
        assert_int_equal(first[i], i);
}

static void copies_are_found(void **state)
{
    (void)state;
    static const change changes[] = {{"equal", SIDE, SIDE, 3, 1, 0},
        {"noise", SIDE, SIDE, 8.7, 1, 0}, {"light", SIDE, SIDE, 3, 1.03, 0},
        {"shift", SIDE, SIDE, 3, 1, 0.01}, {"size", 150, 131, 3, 1, 0},
        {"large", 420, 333, 3, 1, 0}};
    for (size_t k = 0; k < sizeof changes / sizeof *changes; k++)
        for (int threads = 1; threads <= 2; threads++) {
            int32_t first[PARTS + 3];
            find_with(&changes[k], 3, first, threads);
            for (int i = 0; i < PARTS + 3; i++)
                if (first[i] != (i < PARTS ? i : i - PARTS))
                    fail_msg("%s: image %d is as %d", changes[k].name, i, first[i]);
        }
}

static void other_light_makes_no_copy(void **state)
{
    (void)state;
    const change dark = {"dark", SIDE, SIDE, 3, 0.7, 0};
    int32_t first[PARTS + 3];
    find_with(&dark, 3, first, 1);
    for (int i = 0; i < PARTS + 3; i++)
        assert_int_equal(first[i], i);
}

// One image; images without details.
static void equal_images_are_copies(void **state)
{
    (void)state;
    const change flat = {"flat", SIDE, SIDE, 0, 0, 0};
    for (int k = 0; k < 2; k++) {
        blmi_thumb *thumb = make(1, k == 0 ? &plain : &flat, 1);
        const blmi_thumb *thumbs[4] = {thumb, thumb, thumb, thumb};
        int32_t first[4];
        assert_ok(blmi_copies_find(thumbs, 4, 1, first, &err), err);
        for (int i = 0; i < 4; i++)
            assert_int_equal(first[i], k == 0 ? 0 : i);
        blmi_free(thumb);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_parts_are_no_copies),
        cmocka_unit_test(copies_are_found),
        cmocka_unit_test(other_light_makes_no_copy),
        cmocka_unit_test(equal_images_are_copies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
