// Finds the number of significant bits of images.
#include "src/fit/levels.h"

#include <stdlib.h>

#include "tests/check.h"
#include "tests/random.h"

enum { SIDE = 40 };

static blm_error err;

// Values evenly spread from low to high.
static blm_levels levels_of(int low, int high, blm_layout layout, int bits)
{
    uint16_t deep[SIDE * SIDE];
    uint8_t flat[SIDE * SIDE];
    blm_image *image;
    blmi_levels one, sum = {.most = 0};
    for (int i = 0; i < SIDE * SIDE; i++) {
        deep[i] = (uint16_t)(low + i * (high - low) / (SIDE * SIDE - 1));
        flat[i] = (uint8_t)deep[i];
    }
    const blm_buffer buffer = {.pixels = layout == BLM_MONO16 ? (const void *)deep : flat,
        .width = SIDE,
        .height = SIDE,
        .layout = layout,
        .bits = bits};
    assert_ok(blm_image_from_buffer(&buffer, &image, &err), err);
    for (int i = 0; i < 3; i++) {
        blmi_levels_of(image, &one);
        blmi_levels_add(&sum, &one);
    }
    blm_image_free(image);
    return blmi_levels_result(&sum);
}

static void bits_in_use_are_found(void **state)
{
    (void)state;
    for (int bits = 9; bits <= 14; bits++)
        assert_int_equal(levels_of(0, (1 << bits) - 1, BLM_MONO16, 0).bits, bits);
    for (int bits = 9; bits <= 14; bits++) // decoded with these bits: nothing to report
        assert_int_equal(levels_of(0, (1 << bits) - 1, BLM_MONO16, bits).bits, 0);
    assert_int_equal(levels_of(0, 40000, BLM_MONO16, 0).bits, 0);
    assert_int_equal(levels_of(0, 20, BLM_MONO8, 0).bits, 0);
}

// One larger sample is enough to need more bits.
static void no_sample_is_overlooked(void **state)
{
    (void)state;
    enum { WIDE = 300 };
    static uint16_t samples[WIDE * WIDE];
    blm_image *image;
    blmi_levels found;
    samples[12345] = 4096;
    const blm_buffer buffer = {
        .pixels = samples, .width = WIDE, .height = WIDE, .layout = BLM_MONO16};
    assert_ok(blm_image_from_buffer(&buffer, &image, &err), err);
    blmi_levels_of(image, &found);
    assert_int_equal(blmi_levels_result(&found).bits, 13);
    blm_image_free(image);
}

static void levels_leave_out_a_thousandth(void **state)
{
    (void)state;
    const blm_levels all = levels_of(0, 255, BLM_MONO8, 0);
    const blm_levels few = levels_of(90, 110, BLM_MONO8, 0);
    assert_true(all.low <= 1);
    assert_true(all.high >= 254);
    assert_int_equal(few.low, 90);
    assert_true(few.high >= 109 && few.high <= 110);
    const blm_levels one = levels_of(7, 7, BLM_MONO8, 0);
    assert_int_equal(one.low, 7);
    assert_int_equal(one.high, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bits_in_use_are_found),
        cmocka_unit_test(no_sample_is_overlooked),
        cmocka_unit_test(levels_leave_out_a_thousandth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
