#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "blemish/render.h"
#include "tests/check.h"
#include "tests/npy.h"
#include "tests/random.h"

static const blm_colour red = {255, 0, 0};

// An image of one colour.
static blm_image *plain(int width, int height, uint8_t level)
{
    blm_error err;
    blm_image *image;
    uint8_t *rgb = malloc((size_t)(3 * width * height));
    assert_non_null(rgb);
    memset(rgb, level, (size_t)(3 * width * height));
    const blm_buffer buffer = {
        .pixels = rgb, .width = width, .height = height, .layout = BLM_RGB8};
    assert_ok(blm_image_from_buffer(&buffer, &image, &err), err);
    free(rgb);
    return image;
}

static int pixel_is(const blm_image *image, int x, int y, int r, int g, int b)
{
    const uint8_t *rgb = image->rgb + 3 * (y * image->width + x);
    return rgb[0] == r && rgb[1] == g && rgb[2] == b;
}

// ---- colours --------------------------------------------------------------------------

static double linear(uint8_t level)
{
    const double v = level / 255.0;
    return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

// OKLab of an sRGB colour.
static void oklab(blm_colour c, double lab[3])
{
    const double r = linear(c.r), g = linear(c.g), b = linear(c.b);
    const double l = cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
    const double m = cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
    const double s = cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
    lab[0] = 0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s;
    lab[1] = 1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s;
    lab[2] = 0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s;
}

static void test_ramp_is_even(void **state)
{
    (void)state;
    enum { STEPS = 32 };
    double before[3], now[3], smallest = 1, largest = 0;
    oklab(blm_heat_colour(0), before);
    for (int i = 1; i <= STEPS; i++) {
        oklab(blm_heat_colour(2.0 * i / STEPS), now);
        assert_true(now[0] > before[0]);
        const double step = sqrt(pow(now[0] - before[0], 2) + pow(now[1] - before[1], 2) +
                                 pow(now[2] - before[2], 2));
        smallest = fmin(smallest, step);
        largest = fmax(largest, step);
        memcpy(before, now, sizeof before);
    }
    assert_true(largest < 1.25 * smallest);
}

static void test_ramp_ends(void **state)
{
    (void)state;
    const double below[] = {-1e-9, -INFINITY, NAN}, above[] = {2, 2.1, 1e300, INFINITY};
    for (size_t i = 0; i < 3; i++) {
        const blm_colour c = blm_heat_colour(below[i]);
        assert_int_equal(c.r + c.g + c.b, 0);
    }
    for (size_t i = 0; i < 4; i++) {
        const blm_colour c = blm_heat_colour(above[i]);
        assert_true(c.r == 248 && c.g == 239 && c.b == 148);
    }
}

static void test_opacity(void **state)
{
    (void)state;
    assert_true(blm_heat_opacity(NAN) == 0 && blm_heat_opacity(-INFINITY) == 0);
    assert_true(blm_heat_opacity(0.5) == 0 && blm_heat_opacity(1) == 0.125);
    assert_true(blm_heat_opacity(2) == 0.6 && blm_heat_opacity(INFINITY) == 0.6);
    for (int i = 0; i < 3000; i++) {
        const double step = blm_heat_opacity((i + 1) * 1e-3) - blm_heat_opacity(i * 1e-3);
        assert_true(step >= 0 && step < 1e-3);
        assert_true(i < 500 || i >= 1999 || step > 0);
    }
}

static void test_heat_on_a_picture(void **state)
{
    (void)state;
    blm_error err;
    blm_image *image = plain(3, 2, 100);
    // Threshold 4: ratios nothing, nothing, 0.5, 2, 3, 1.
    const float map[] = {-INFINITY, NAN, 2, 8, 12, 4};
    assert_ok(blm_image_draw_heat(image, map, 4, &err), err);
    for (int x = 0; x < 3; x++)
        assert_true(pixel_is(image, x, 0, 100, 100, 100));
    // 100 + 0.6 * (248 - 100) = 188.8 etc.; the ramp's end is 248, 239, 148.
    assert_true(pixel_is(image, 0, 1, 189, 183, 129));
    assert_true(pixel_is(image, 1, 1, 189, 183, 129));
    // The ramp's middle is 188, 61, 96: an eighth of that.
    assert_true(pixel_is(image, 2, 1, 111, 95, 100));

    uint8_t rgba[24];
    assert_ok(blm_heat_rgba(map, 3, 2, 4, rgba, &err), err);
    const uint8_t expected[24] = {0, 0, 0, 0, 0, 0, 0, 0, 92, 22, 102, 0, 248, 239, 148,
        153, 248, 239, 148, 153, 188, 61, 96, 32};
    assert_memory_equal(rgba, expected, sizeof expected);

    const double bad[] = {0, -1, NAN, INFINITY};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(blm_image_draw_heat(image, map, bad[i], &err), BLM_EUSAGE);
        assert_int_equal(blm_heat_rgba(map, 3, 2, bad[i], rgba, &err), BLM_EUSAGE);
    }
    assert_int_equal(blm_heat_rgba(map, 0, 2, 4, rgba, &err), BLM_EUSAGE);
    blm_image_free(image);
}

// ---- lines and tiles ------------------------------------------------------------------

// Whether any mask pixel is within `reach` of x, y, by trying all.
static bool is_near(const uint8_t *mask, int width, int height, int x, int y, int reach)
{
    for (int j = y - reach; j <= y + reach; j++)
        for (int i = x - reach; i <= x + reach; i++)
            if (i >= 0 && j >= 0 && i < width && j < height && mask[j * width + i])
                return true;
    return false;
}

static void test_contour_surrounds_the_mask(void **state)
{
    (void)state;
    enum { WIDTH = 23, HEIGHT = 17 };
    uint64_t random = 1;
    blm_error err;
    for (int round = 0; round < 60; round++) {
        uint8_t mask[WIDTH * HEIGHT];
        for (int i = 0; i < WIDTH * HEIGHT; i++)
            mask[i] = random_below(&random, 60) < 1 + round % 3 ? 255 : 0;
        const int reach = 1 + round % 5 + (round == 59 ? 59 : 0);
        blm_image *image = plain(WIDTH, HEIGHT, 7);
        assert_ok(blm_image_draw_contour(image, mask, reach, red, &err), err);
        for (int y = 0; y < HEIGHT; y++)
            for (int x = 0; x < WIDTH; x++) {
                const int drawn =
                    !mask[y * WIDTH + x] && is_near(mask, WIDTH, HEIGHT, x, y, reach);
                assert_true(drawn ? pixel_is(image, x, y, 255, 0, 0)
                                  : pixel_is(image, x, y, 7, 7, 7));
            }
        assert_int_equal(blm_image_draw_contour(image, mask, 0, red, &err), BLM_EUSAGE);
        assert_int_equal(blm_image_draw_contour(image, mask, 65, red, &err), BLM_EUSAGE);
        blm_image_free(image);
    }
}

static void test_box(void **state)
{
    (void)state;
    blm_error err;
    blm_image *image = plain(8, 6, 0);
    assert_ok(blm_image_draw_box(image, 2, 2, 5, 4, 1, red, &err), err);
    static const char *const expected[] = {
        "........", ".#####..", ".#...#..", ".#...#..", ".#####..", "........"};
    for (int y = 0; y < 6; y++)
        for (int x = 0; x < 8; x++)
            assert_int_equal(pixel_is(image, x, y, 255, 0, 0), expected[y][x] == '#');
    blm_image *untouched = plain(8, 6, 0), *far = plain(8, 6, 0);
    assert_ok(
        blm_image_draw_box(far, INT_MIN, INT_MIN, INT_MAX, INT_MAX, 64, red, &err), err);
    assert_ok(blm_image_draw_box(far, INT_MAX - 1, 0, INT_MAX, 6, 64, red, &err), err);
    assert_memory_equal(far->rgb, untouched->rgb, 8 * 6 * 3);
    assert_int_equal(blm_image_draw_box(far, 3, 1, 3, 2, 1, red, &err), BLM_EUSAGE);
    blm_image_free(image);
    blm_image_free(untouched);
    blm_image_free(far);
}

static void test_tiles(void **state)
{
    (void)state;
    blm_error err;
    blm_image *tiles[] = {plain(2, 3, 10), plain(4, 1, 20), plain(1, 1, 30)};
    const blm_image *const shown[] = {tiles[0], tiles[1], tiles[2]};
    blm_image *sheet;
    assert_ok(blm_image_tile(shown, 3, 2, 1, red, &sheet, &err), err);
    static const char *const expected[] = {".........", ".11......", ".11.2222.",
        ".11......", ".........", ".3.......",
        "........."}; // columns of 2 and 4, rows of 3 and 1 pixels
    assert_true(sheet->width == 9 && sheet->height == 7);
    for (int y = 0; y < 7; y++)
        for (int x = 0; x < 9; x++) {
            const int level = 10 * (expected[y][x] - '0');
            assert_true(expected[y][x] == '.'
                            ? pixel_is(sheet, x, y, 255, 0, 0)
                            : pixel_is(sheet, x, y, level, level, level));
        }
    blm_image_free(sheet);
    assert_ok(blm_image_tile(shown, 1, 100, 0, red, &sheet, &err), err);
    assert_true(sheet->width == 2 && sheet->height == 3);
    blm_image_free(sheet);
    assert_int_equal(blm_image_tile(shown, 0, 1, 0, red, &sheet, &err), BLM_EUSAGE);
    assert_int_equal(blm_image_tile(shown, 3, 0, 0, red, &sheet, &err), BLM_EUSAGE);
    assert_int_equal(blm_image_tile(shown, 3, 1, -1, red, &sheet, &err), BLM_EUSAGE);
    assert_int_equal(
        blm_image_tile(shown, 3, 1, 16000000, red, &sheet, &err), BLM_EUSAGE);
    for (int i = 0; i < 3; i++)
        blm_image_free(tiles[i]);
}

// ---- files ----------------------------------------------------------------------------

static blm_image *decoded(const blm_bytes *file)
{
    blm_error err;
    blm_image *image;
    assert_ok(blm_image_decode(file->data, file->size, "test", NULL, &image, &err), err);
    return image;
}

static void test_png_round_trip(void **state)
{
    (void)state;
    enum { WIDTH = 5, HEIGHT = 3 };
    static const blm_layout layouts[] = {BLM_MONO8, BLM_MONO16, BLM_RGB8, BLM_RGBA8};
    static const int sizes[] = {1, 2, 3, 4}, types[] = {0, 0, 2, 6};
    uint64_t random = 2;
    uint8_t pixels[4 * WIDTH * HEIGHT + 1];
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)random_below(&random, 256);
    for (int i = 0; i < 8; i++) { // each top down, then bottom up
        const int row = WIDTH * sizes[i % 4];
        const blm_buffer picture = {.width = WIDTH,
            .height = HEIGHT,
            .layout = layouts[i % 4],
            .stride = i < 4 ? 0 : -row,
            .pixels = pixels + (i < 4 ? 0 : (HEIGHT - 1) * row)};
        blm_bytes file;
        blm_error err;
        assert_ok(blm_png_encode(&picture, &file, &err), err);
        assert_memory_equal(
            file.data, "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\5\0\0\0\3", 24);
        assert_int_equal(file.data[24], layouts[i % 4] == BLM_MONO16 ? 16 : 8);
        assert_int_equal(file.data[25], types[i % 4]);
        blm_image *expected, *found = decoded(&file);
        assert_ok(blm_image_from_buffer(&picture, &expected, &err), err);
        assert_true(found->width == WIDTH && found->height == HEIGHT);
        assert_memory_equal(found->rgb, expected->rgb, 3 * WIDTH * HEIGHT);
        blm_image_free(found);
        blm_image_free(expected);
        blm_bytes_free(&file);
        assert_null(file.data);
    }
}

static void test_png_refusals(void **state)
{
    (void)state;
    const uint8_t pixels[12] = {0};
    const blm_buffer bad[] = {
        {.pixels = pixels, .width = 2, .height = 2, .layout = BLM_BGR8},
        {.pixels = pixels, .width = 2, .height = 2, .layout = (blm_layout)99},
        {.pixels = pixels, .width = 0, .height = 2, .layout = BLM_MONO8},
        {.pixels = pixels, .width = 2, .height = -1, .layout = BLM_MONO8},
        {.pixels = pixels, .width = 2, .height = 2, .layout = BLM_RGB8, .stride = 5},
        {.pixels = pixels, .width = 2, .height = 2, .layout = BLM_RGB8, .stride = -5},
        {.pixels = NULL, .width = 2, .height = 2, .layout = BLM_RGB8},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        blm_bytes file = {0};
        blm_error err = {""};
        assert_int_equal(blm_png_encode(&bad[i], &file, &err), BLM_EUSAGE);
        assert_true(strncmp(err.text, "PNG: ", 5) == 0 && file.data == NULL);
    }
}

static const float values[] = {0, 1, -1, 2.5f, 5, 7, -INFINITY, NAN, 0.00001f, 0.0001f};

// The 16-bit formats with full value 5: the stored values, compared with an 8-bit image.
static void test_map_16_bits(void **state)
{
    (void)state;
    static const uint16_t stored[] = {0, 13107, 0, 32768, 65535, 65535, 0, 0, 0, 1};
    static const blm_map_format formats[] = {BLM_MAP_TIFF16, BLM_MAP_PNG16};
    for (int i = 0; i < 2; i++) {
        blm_bytes file;
        blm_error err;
        assert_ok(blm_map_encode(values, 5, 2, formats[i], 5, &file, &err), err);
        for (size_t k = 0; i == 0 && k < 10; k++) // the strip is at the end of the TIFF
            assert_int_equal(file.data[file.size - 20 + 2 * k] |
                                 file.data[file.size - 19 + 2 * k] << 8,
                stored[k]);
        blm_image *image = decoded(&file);
        assert_true(image->width == 5 && image->height == 2 && image->bits == 16);
        for (size_t k = 0; k < 10; k++)
            assert_int_equal(image->rgb[3 * k], (stored[k] + 128) / 257);
        blm_image_free(image);
        blm_bytes_free(&file);
        assert_int_equal(
            blm_map_encode(values, 5, 2, formats[i], 0, &file, &err), BLM_EUSAGE);
        assert_int_equal(
            blm_map_encode(values, 5, 2, formats[i], NAN, &file, &err), BLM_EUSAGE);
    }
}

static void test_map_tiff32(void **state)
{
    (void)state;
    static const uint8_t expected[] = {'I', 'I', 42, 0, 8, 0, 0, 0, 11, 0, // 11 tags
        0, 1, 4, 0, 1, 0, 0, 0, 5, 0, 0, 0,                                // width
        1, 1, 4, 0, 1, 0, 0, 0, 2, 0, 0, 0,                                // height
        2, 1, 3, 0, 1, 0, 0, 0, 32, 0, 0, 0};                              // bits
    blm_bytes file;
    blm_error err;
    assert_ok(blm_map_encode(values, 5, 2, BLM_MAP_TIFF32, 0, &file, &err), err);
    assert_memory_equal(file.data, expected, sizeof expected);
    assert_int_equal(file.size, 148 + sizeof values);
    assert_memory_equal(file.data + 148, values, sizeof values);
    blm_bytes_free(&file);
    assert_int_equal(
        blm_map_encode(values, 0, 2, BLM_MAP_TIFF32, 0, &file, &err), BLM_EUSAGE);
    assert_int_equal(
        blm_map_encode(values, 1 << 15, 1 << 15, BLM_MAP_TIFF32, 0, &file, &err),
        BLM_EUSAGE); // 4 GiB
    assert_int_equal(
        blm_map_encode(values, 5, 2, (blm_map_format)9, 1, &file, &err), BLM_EUSAGE);
}

static void test_map_npy(void **state)
{
    (void)state;
    char folder[] = "/tmp/blemish-render-XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/map.npy", folder);
    blm_bytes file;
    blm_error err;
    assert_ok(blm_map_encode(values, 5, 2, BLM_MAP_NPY, 0, &file, &err), err);
    assert_int_equal(file.size % 64, sizeof values % 64);
    assert_ok(blm_bytes_write(&file, path, &err), err);
    blm_bytes_free(&file);
    npy array = npy_load(path, "f4");
    assert_true(npy_is(&array, 2, (size_t[]){2, 5}));
    assert_memory_equal(array.f4, values, sizeof values);
    npy_free(&array);
    unlink(path);
    rmdir(folder);
}

static void test_failing_writes(void **state)
{
    (void)state;
    uint8_t byte = 1;
    const blm_bytes file = {&byte, 1};
    static const char *const paths[] = {"/dev/full", "/nowhere/at/all.png", "/tmp"};
    for (size_t i = 0; i < 3; i++) {
        blm_error err = {""};
        assert_int_equal(blm_bytes_write(&file, paths[i], &err), BLM_ESYSTEM);
        assert_non_null(strstr(err.text, paths[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ramp_is_even),
        cmocka_unit_test(test_ramp_ends),
        cmocka_unit_test(test_opacity),
        cmocka_unit_test(test_heat_on_a_picture),
        cmocka_unit_test(test_contour_surrounds_the_mask),
        cmocka_unit_test(test_box),
        cmocka_unit_test(test_tiles),
        cmocka_unit_test(test_png_round_trip),
        cmocka_unit_test(test_png_refusals),
        cmocka_unit_test(test_map_16_bits),
        cmocka_unit_test(test_map_tiff32),
        cmocka_unit_test(test_map_npy),
        cmocka_unit_test(test_failing_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
