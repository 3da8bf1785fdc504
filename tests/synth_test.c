// synth_test.c: tests the images of tools/synth.
#include <string.h>

#include "tests/check.h"
#include "tests/crc32.h"
#include "tools/synth/noise.h"
#include "tools/synth/synth.h"

enum { SIDE = 96, PIXELS = SIDE * SIDE };

// The images must never change, since golden scores depend on their pixels.
static void test_pixels_are_fixed(void **state)
{
    (void)state;
    static const struct {
        const char *category;
        synth_kind kind;
        uint32_t rgb, mask;
    } cases[] = {
        {"metal", SYNTH_DENT, 0x6b8e41d1, 0xa6b9671d},
        {"fabric", SYNTH_CONTAMINATION, 0xfd610d44, 0x196e31ce},
        {"stone", SYNTH_CRACK, 0x3db465d9, 0xbeafaa12},
        {"wood", SYNTH_STAIN, 0xc2f22d43, 0x68fba7eb},
        {"flange", SYNTH_SCRATCH, 0xe097da7d, 0x035e265a},
        {"connector", SYNTH_MISSING, 0x20499128, 0xc9afd9a5},
        {"label", SYNTH_GOOD, 0x08532b19, 0x67e6c984},
        {"casting", SYNTH_DENT, 0x8c0ccc31, 0x9fb165c0},
    };
    static uint8_t rgb[3 * 64 * 48], mask[64 * 48];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const synth_category *category = synth_category_at(i);
        assert_string_equal(synth_category_name(category), cases[i].category);
        assert_int_equal(
            synth_picture(category, 7, 3, cases[i].kind, 64, 48, rgb, mask), 0);
        const uint32_t found_rgb = crc32_of(rgb, sizeof rgb);
        const uint32_t found_mask = crc32_of(mask, sizeof mask);
        if (found_rgb != cases[i].rgb || found_mask != cases[i].mask)
            fail_msg("%s, %s: CRC-32 0x%08x, 0x%08x", cases[i].category,
                synth_kind_name(cases[i].kind), found_rgb, found_mask);
    }
    assert_null(synth_category_at(sizeof cases / sizeof *cases));
}

// Whether there is a mask pixel within two pixels of number i.
static int is_near_mask(const uint8_t *mask, int i)
{
    const int x = i % SIDE, y = i / SIDE;
    for (int v = y - 2; v <= y + 2; v++)
        for (int u = x - 2; u <= x + 2; u++)
            if (u >= 0 && v >= 0 && u < SIDE && v < SIDE && mask[v * SIDE + u])
                return 1;
    return 0;
}

// A defect is visible, is where the mask is, and is the only difference from the good
// image.
static void check_defect(const synth_category *category, int index, synth_kind kind)
{
    static uint8_t good[3 * PIXELS], bad[3 * PIXELS], mask[PIXELS];
    int inside = 0, differing = 0;
    assert_int_equal(
        synth_picture(category, 1, index, SYNTH_GOOD, SIDE, SIDE, good, mask), 0);
    for (int i = 0; i < PIXELS; i++)
        assert_int_equal(mask[i], 0);
    assert_int_equal(synth_picture(category, 1, index, kind, SIDE, SIDE, bad, mask), 0);
    for (int i = 0; i < PIXELS; i++) {
        const int differs = memcmp(good + 3 * i, bad + 3 * i, 3) != 0;
        assert_true(mask[i] == 0 || mask[i] == 255);
        inside += mask[i] != 0;
        differing += differs && mask[i] != 0;
        if (differs && !is_near_mask(mask, i))
            fail_msg("%s %d, %s: pixel %d, %d differs", synth_category_name(category),
                index, synth_kind_name(kind), i % SIDE, i / SIDE);
    }
    if (inside < 4 || inside > PIXELS / 8 || 4 * differing < 3 * inside)
        fail_msg("%s %d, %s: mask of %d pixels, %d differ", synth_category_name(category),
            index, synth_kind_name(kind), inside, differing);
}

static void test_defects(void **state)
{
    (void)state;
    for (size_t i = 0; synth_category_at(i) != NULL; i++)
        for (synth_kind kind = SYNTH_GOOD + 1; kind < SYNTH_KINDS; kind++)
            for (int index = 0;
                 index < 12 && synth_category_has(synth_category_at(i), kind); index++)
                check_defect(synth_category_at(i), index, kind);
}

static void test_grey_is_grey(void **state)
{
    (void)state;
    static uint8_t rgb[3 * PIXELS];
    for (size_t i = 0; synth_category_at(i) != NULL; i++) {
        const synth_category *category = synth_category_at(i);
        for (synth_kind kind = SYNTH_GOOD; kind < SYNTH_KINDS; kind++) {
            if (!synth_category_has(category, kind))
                continue;
            assert_int_equal(
                synth_picture(category, 2, 0, kind, SIDE, SIDE, rgb, NULL), 0);
            int grey = 1;
            for (int k = 0; k < PIXELS; k++)
                grey &= rgb[3 * k] == rgb[3 * k + 1] && rgb[3 * k] == rgb[3 * k + 2];
            assert_int_equal(grey, synth_category_is_grey(category));
        }
    }
}

static void test_pictures_differ(void **state)
{
    (void)state;
    static uint8_t a[3 * PIXELS], b[3 * PIXELS];
    const synth_category *stone = synth_category_at(2);
    assert_int_equal(synth_picture(stone, 1, 0, SYNTH_GOOD, SIDE, SIDE, a, NULL), 0);
    assert_int_equal(synth_picture(stone, 1, 1, SYNTH_GOOD, SIDE, SIDE, b, NULL), 0);
    assert_memory_not_equal(a, b, sizeof a);
    assert_int_equal(synth_picture(stone, 2, 0, SYNTH_GOOD, SIDE, SIDE, b, NULL), 0);
    assert_memory_not_equal(a, b, sizeof a);
}

static void test_sine(void **state)
{
    (void)state;
    static const double known[][2] = {
        {0, 0}, {0.25, 1}, {0.5, 0}, {-0.25, -1}, {1.0 / 12, 0.5}, {7.125, 0.70710678}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const double gap = synth_sine(known[i][0]) - known[i][1];
        assert_true(gap < 1e-4 && gap > -1e-4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pixels_are_fixed),
        cmocka_unit_test(test_defects),
        cmocka_unit_test(test_grey_is_grey),
        cmocka_unit_test(test_pictures_differ),
        cmocka_unit_test(test_sine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
