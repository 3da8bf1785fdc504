// Tests of resize.c: against Pillow's results; crops; masks.
#include "tests/check.h"

#include <stdbool.h>
#include <string.h>

#include "src/image/resize.h"
#include "tests/crc32.h"
#include "tests/random.h"

// count random bytes, as tests/tools/make_resize_cases.py makes them.
static uint8_t *noise(uint64_t seed, size_t count)
{
    uint8_t *const bytes = malloc(count);
    assert_non_null(bytes);
    const bool extreme = seed % 3 == 0;
    for (size_t i = 0; i < count; i++) {
        const uint8_t byte = (uint8_t)(random_next(&seed) >> 56);
        bytes[i] = (uint8_t)(extreme ? (byte >> 7) * 255 : byte);
    }
    return bytes;
}

static void results_equal_pillow(void **state)
{
    (void)state;
    FILE *const file = fopen("tests/corpus/resize/cases.txt", "r");
    assert_non_null(file);
    int width, height, filter, out_width, out_height, cases = 0;
    unsigned seed, crc;
    while (fscanf(file, "%u %d %d %d %d %d %x", &seed, &width, &height, &filter,
               &out_width, &out_height, &crc) == 7) {
        uint8_t *const in = noise(seed, 3 * (size_t)width * (size_t)height);
        const size_t size = 3 * (size_t)out_width * (size_t)out_height;
        uint8_t *const out = malloc(size);
        assert_non_null(out);
        blm_error err;
        assert_ok(blmi_resize_rgb(in, width, height, 3 * width, (blmi_filter)filter, out,
                      out_width, out_height, &err),
            err);
        if (crc32_of(out, size) != crc)
            fail_msg("seed %u: %d x %d to %d x %d with filter %d differs from Pillow",
                seed, width, height, out_width, out_height, filter);
        free(in);
        free(out);
        cases++;
    }
    fclose(file);
    assert_int_equal(cases, 300);
}

static void a_crop_is_a_pointer_and_a_stride(void **state)
{
    (void)state;
    enum { WIDTH = 40, X = 7, Y = 5, W = 20, H = 17, OUT = 11 };
    uint8_t *const large = noise(7, 3 * WIDTH * 30);
    uint8_t dense[H * W * 3], from_crop[OUT * OUT * 3], from_copy[OUT * OUT * 3];
    const uint8_t *const corner = large + 3 * (Y * WIDTH + X);
    for (int y = 0; y < H; y++)
        memcpy(dense + 3 * W * y, corner + (ptrdiff_t)3 * WIDTH * y, 3 * W);
    for (int filter = BLMI_BILINEAR; filter <= BLMI_NEAREST; filter++) {
        for (int width = OUT; width <= W; width += W - OUT) { // W keeps the width
            const int height = OUT * OUT / width;
            const size_t size = 3 * (size_t)width * (size_t)height;
            blm_error err;
            assert_ok(blmi_resize_rgb(corner, W, H, 3 * WIDTH, (blmi_filter)filter,
                          from_crop, width, height, &err),
                err);
            assert_ok(blmi_resize_rgb(dense, W, H, 3 * W, (blmi_filter)filter, from_copy,
                          width, height, &err),
                err);
            assert_memory_equal(from_crop, from_copy, size);
        }
    }
    uint8_t same[H * W * 3];
    blm_error err;
    assert_ok(
        blmi_resize_rgb(corner, W, H, 3 * WIDTH, BLMI_BICUBIC, same, W, H, &err), err);
    assert_memory_equal(same, dense, sizeof dense);
    free(large);
}

static void masks_are_resized_like_a_channel(void **state)
{
    (void)state;
    enum { W = 31, H = 23, OUT_W = 50, OUT_H = 9 };
    uint8_t *const mask = noise(5, W * H);
    uint8_t rgb[3 * W * H], out[OUT_W * OUT_H], out_rgb[3 * OUT_W * OUT_H];
    for (size_t i = 0; i < W * H; i++)
        memset(rgb + 3 * i, mask[i], 3);
    blm_error err;
    blmi_resize_nearest(mask, W, H, out, OUT_W, OUT_H);
    assert_ok(
        blmi_resize_rgb(rgb, W, H, 3 * W, BLMI_NEAREST, out_rgb, OUT_W, OUT_H, &err),
        err);
    for (size_t i = 0; i < OUT_W * OUT_H; i++)
        assert_int_equal(out[i], out_rgb[3 * i + 1]);
    free(mask);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_equal_pillow),
        cmocka_unit_test(a_crop_is_a_pointer_and_a_stride),
        cmocka_unit_test(masks_are_resized_like_a_channel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
