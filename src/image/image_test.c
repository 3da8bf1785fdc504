// Tests of the public interface of images: options, limits, buffers, names.
#include "tests/check.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "blemish/image.h"

// "P5" of 2 x 1 with 16-bit samples.
static const char wide_samples[] = "P5 2 1 65535\n\x03\xff\x80\x00";
enum { WIDE_SIZE = sizeof wide_samples - 1 };

static blm_status decode(const void *bytes, size_t size,
    const blm_decode_options *options, blm_image **image, blm_error *err)
{
    return blm_image_decode(bytes, size, "name", options, image, err);
}

static void assert_text(const blm_error *err, const char *part)
{
    if (strstr(err->text, part) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", err->text, part);
}

// Whether the file can be decoded: its codec may not be built in.
static bool is_built_in(const char *path)
{
    static const char *const endings[][2] = {
        {"JPEG", ".jpg"}, {"TIFF", ".tif"}, {"WebP", ".webp"}};
    int built_in = 1;
    const char *name;
    for (int i = 0; (name = blm_image_format(i, &built_in)) != NULL; i++)
        for (size_t k = 0; k < sizeof endings / sizeof *endings; k++)
            if (!built_in && strcmp(name, endings[k][0]) == 0 &&
                strstr(path, endings[k][1]) != NULL)
                return false;
    return true;
}

static void samples_of_16_bits_are_scaled(void **state)
{
    (void)state;
    blm_image *image;
    blm_error err;
    assert_ok(decode(wide_samples, WIDE_SIZE, NULL, &image, &err), err);
    assert_int_equal(image->channels, 1);
    assert_int_equal(image->bits, 16);
    assert_memory_equal(image->rgb, ((uint8_t[]){4, 4, 4, 128, 128, 128}), 6);
    blm_image_free(image);

    const blm_decode_options ten = {.bits = 10}; // 1023 and above are white
    assert_ok(decode(wide_samples, WIDE_SIZE, &ten, &image, &err), err);
    assert_memory_equal(image->rgb, ((uint8_t[]){255, 255, 255, 255, 255, 255}), 6);
    blm_image_free(image);

    static const char own_range[] = "P5 1 1 1023\n\x02\x00"; // from the file: 512 of 1023
    assert_ok(decode(own_range, sizeof own_range - 1, &ten, &image, &err), err);
    assert_int_equal(image->rgb[0], 128);
    blm_image_free(image);
}

static void a_range_decides_what_is_black_and_white(void **state)
{
    (void)state;
    blm_image *image;
    blm_error err;
    const blm_decode_options range = {.range_low = 1023, .range_high = 32768 + 31745};
    assert_ok(decode(wide_samples, WIDE_SIZE, &range, &image, &err), err);
    assert_memory_equal(image->rgb, ((uint8_t[]){0, 0, 0, 128, 128, 128}), 6);
    blm_image_free(image);
    static const char own_range[] = "P5 1 1 1023\n\x02\x00";
    const blm_decode_options narrow = {.range_low = 500, .range_high = 524};
    assert_ok(decode(own_range, sizeof own_range - 1, &narrow, &image, &err), err);
    assert_int_equal(image->rgb[0], 128);
    blm_image_free(image);
    static const char eight[] = "P5 1 1 255\n\x07"; // a range has no effect
    assert_ok(decode(eight, sizeof eight - 1, &narrow, &image, &err), err);
    assert_int_equal(image->rgb[0], 7);
    blm_image_free(image);
}

static void assert_samples(const blm_image *image, const double expected[4])
{
    const double found[] = {
        image->range_low, image->range_high, image->sample_min, image->sample_max};
    for (int i = 0; i < 4; i++)
        if (found[i] != expected[i])
            fail_msg("number %d is %g, expected %g", i, found[i], expected[i]);
}

static void the_samples_that_were_found_are_said(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        blm_decode_options options;
        double expected[4]; // range, least, most
    } cases[] = {
        {"png_0_16.png", {.bits = 0}, {0, 65535, 1456, 65535}},
        {"png_2_16.png", {.range_low = 5, .range_high = 9000}, {5, 9000, 0, 65535}},
        {"tiff_grey16_tiles.tif", {.bits = 0}, {0, 65535, 3722, 65535}},
        {"pnm_65535.ppm", {.bits = 0}, {0, 65535, 0, 65535}},
        {"pnm_1000.pgm", {.bits = 12}, {0, 1000, 22, 1000}},
        {"png_0_08.png", {.bits = 0}, {0, 255, 0, 255}},
        {"jpeg_grey.jpg", {.bits = 0}, {0, 255, 0, 255}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char path[128];
        blm_image *image;
        blm_error err;
        snprintf(path, sizeof path, "tests/corpus/image/%s", cases[i].name);
        if (!is_built_in(path))
            continue;
        assert_ok(blm_image_read(path, &cases[i].options, &image, &err), err);
        assert_samples(image, cases[i].expected);
        blm_image_free(image);
    }
}

static void options_are_checked(void **state)
{
    (void)state;
    static const blm_decode_options bad[] = {
        {.bits = 17},
        {.bits = -1},
        {.max_pixels = -1},
        {.max_bytes = -1},
        {.page = -1},
        {.range_low = 1, .range_high = 1},
        {.range_low = 2, .range_high = 1},
        {.range_low = -INFINITY, .range_high = 1},
        {.range_low = 0, .range_high = NAN},
        {.range_low = 0, .range_high = 1, .bits = 12},
    };
    blm_image *image = NULL;
    blm_error err;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(
            decode(wide_samples, WIDE_SIZE, &bad[i], &image, &err), BLM_EUSAGE);
    assert_null(image);
}

static void limits_hold_in_every_format(void **state)
{
    (void)state;
    static const char *const names[] = {"png_2_08.png", "jpeg_q92_s0.jpg", "bmp_24.bmp",
        "tiff_grey08_tiles.tif", "webp_lossy.webp", "pnm_255.ppm"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[128];
        blm_image *image = NULL;
        blm_error err;
        snprintf(path, sizeof path, "tests/corpus/image/%s", names[i]);
        if (!is_built_in(path))
            continue;
        const blm_decode_options one_less = {.max_pixels = 21 * 18 - 1};
        assert_int_equal(blm_image_read(path, &one_less, &image, &err), BLM_EINPUT);
        assert_text(&err, path);
        assert_text(&err, "expected at most");
        const blm_decode_options few_bytes = {.max_bytes = 99};
        assert_int_equal(blm_image_read(path, &few_bytes, &image, &err), BLM_EINPUT);
        assert_text(&err, "99");
        assert_null(image);
        const blm_decode_options enough = {.max_pixels = 32 * 32};
        assert_ok(blm_image_read(path, &enough, &image, &err), err);
        blm_image_free(image);
    }
    blm_image *image = NULL;
    blm_error err;
    const blm_decode_options short_of = {.max_bytes = WIDE_SIZE - 1};
    assert_int_equal(
        decode(wide_samples, WIDE_SIZE, &short_of, &image, &err), BLM_EINPUT);
}

static void orientation_can_be_kept(void **state)
{
    (void)state;
    const blm_decode_options stored = {.keep_orientation = 1};
    blm_image *kept, *turned;
    blm_error err;
    const char path[] = "tests/corpus/image/turned_6.png";
    assert_ok(blm_image_read(path, &stored, &kept, &err), err);
    assert_ok(blm_image_read(path, NULL, &turned, &err), err);
    assert_int_equal(kept->width, turned->height);
    // A quarter turn to the right: the first pixel goes to the end of the first row.
    assert_memory_equal(kept->rgb, turned->rgb + 3 * ((size_t)turned->width - 1), 3);
    blm_image_free(kept);
    blm_image_free(turned);
}

static void pages_are_counted(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int count;
    } cases[] = {{"tiff_pages.tif", 3}, {"tiff_wide_pages.tif", 3},
        {"tiff_stored.tif", 1}, {"tiff_all_small.tif", 1}, {"tiff_pages.tif#2", 1},
        {"tiff_one_page.tif#2", 2}, {"png_0_16.png", 1}, {"bad_empty.png", 1}};
    char path[128];
    int count;
    blm_error err;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(path, sizeof path, "tests/corpus/image/%s", cases[i].name);
        assert_ok(blm_image_page_count(path, &count, &err), err);
        assert_int_equal(count, cases[i].count);
    }
    const char circle[] = "tests/corpus/image/bad_circle.tif";
    assert_int_equal(blm_image_page_count(circle, &count, &err), BLM_EINPUT);
    assert_text(&err, "bad_circle.tif: TIFF: its directories form a loop");
    assert_int_equal(blm_image_page_count("/nowhere", &count, &err), BLM_EINPUT);
    assert_text(&err, "/nowhere: ");
}

static void pages_are_named_or_chosen(void **state)
{
    (void)state;
    const char path[] = "tests/corpus/image/tiff_pages.tif";
    const blm_decode_options second = {.page = 2};
    if (!is_built_in(path))
        skip();
    blm_image *chosen, *named, *none = NULL;
    blm_error err;
    assert_ok(blm_image_read(path, &second, &chosen, &err), err);
    assert_ok(
        blm_image_read("tests/corpus/image/tiff_pages.tif#2", NULL, &named, &err), err);
    assert_memory_equal(chosen->rgb, named->rgb, 21 * 18 * 3);
    blm_image_free(chosen);
    blm_image_free(named);
    const char beyond[] = "tests/corpus/image/tiff_pages.tif#4";
    assert_int_equal(blm_image_read(beyond, NULL, &none, &err), BLM_EINPUT);
    assert_text(&err, "tiff_pages.tif#4: TIFF: no page 4, the file has 3");
    const char png[] = "tests/corpus/image/png_0_16.png#2";
    assert_int_equal(blm_image_read(png, NULL, &none, &err), BLM_EINPUT);
    assert_text(&err, "png_0_16.png#2: no page 2, the file holds one image");
    // If a page is lost, the file is refused, but not the pages before it.
    const char lost[] = "tests/corpus/image/bad_lost_page.tif";
    assert_int_equal(blm_image_read(lost, NULL, &none, &err), BLM_EINPUT);
    assert_text(&err, "bad_lost_page.tif: TIFF: truncated, or a directory is beyond");
    assert_null(none);
    assert_ok(
        blm_image_read("tests/corpus/image/bad_lost_page.tif#1", NULL, &named, &err),
        err);
    blm_image_free(named);
}

static void floating_point_needs_a_range(void **state)
{
    (void)state;
    blm_image *none = NULL;
    blm_error err;
    const char path[] = "tests/corpus/image/tiff_heights.tif";
    if (!is_built_in(path))
        skip();
    assert_int_equal(blm_image_read(path, NULL, &none, &err), BLM_EINPUT);
    assert_text(&err, "32-bit floating-point samples");
    assert_text(&err, "--range LOW,HIGH");
    assert_null(none);
}

// Every format is listed.  A format that is not built in is refused by name.
static void formats_are_listed(void **state)
{
    (void)state;
    static const struct {
        const char *name, *path;
    } formats[] = {{"PNG", "png_0_08.png"}, {"JPEG", "jpeg_grey.jpg"},
        {"TIFF", "tiff_stored.tif"}, {"WebP", "webp_lossy.webp"}, {"BMP", "bmp_24.bmp"},
        {"PNM", "pnm_5.pgm"}};
    int built_in = 0;
    for (int i = 0; i < 6; i++) {
        char path[128];
        blm_image *image = NULL;
        blm_error err;
        assert_string_equal(blm_image_format(i, &built_in), formats[i].name);
        snprintf(path, sizeof path, "tests/corpus/image/%s", formats[i].path);
        assert_int_equal(built_in, is_built_in(path));
        assert_int_equal(
            blm_image_read(path, NULL, &image, &err), built_in ? BLM_OK : BLM_EINPUT);
        if (!built_in) {
            assert_text(&err, formats[i].name);
            assert_text(&err, "which this build of blemish cannot decode");
        }
        blm_image_free(image);
    }
    assert_null(blm_image_format(6, NULL));
    assert_null(blm_image_format(-1, NULL));
}

static void unknown_content_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *text;
    } cases[] = {{"", "nothing (0 bytes)"}, {"hello\n", "text that begins with \"hello"},
        {"<html><body>", "an HTML page"}, {"GIF89a", "a GIF image"},
        {"\x01\x02\xff", "bytes that begin with 01 02 ff"}, {"%PDF-1.7", "a PDF file"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        blm_image *image = NULL;
        blm_error err;
        assert_int_equal(
            decode(cases[i].bytes, strlen(cases[i].bytes), NULL, &image, &err),
            BLM_EINPUT);
        assert_text(&err, cases[i].text);
        assert_text(&err, "expected an image");
    }
    blm_image *image;
    blm_error err;
    assert_int_equal(blm_image_read("/nowhere", NULL, &image, &err), BLM_EINPUT);
    assert_int_equal(blm_image_read("tests", NULL, &image, &err), BLM_EINPUT);
    assert_int_equal(blm_image_read("tests", NULL, &image, NULL), BLM_EINPUT);
}

static void names_are_told_by_their_ending(void **state)
{
    (void)state;
    static const char *const yes[] = {"a.png", "b/c.JPG", "x.jpeg", "x.tif", "x.TIFF",
        "x.bmp", "x.WebP", "x.pnm", "x.pbm", "x.pgm", "x.y.ppm", "x.jfif", "x.JPE",
        "x.jpg_large", "x.dib", "x.tif#2", "x.TIFF#12", ".png"};
    static const char *const no[] = {"", "png", "a.png/b", "a.png.txt", "a.pngx", "a.gif",
        "a.tif#0", "a.tif#2b", "a.tif#", "a#2.txt"};
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        assert_int_equal(blm_image_is_name(yes[i]), 1);
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        assert_int_equal(blm_image_is_name(no[i]), 0);
    blm_image_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_of_16_bits_are_scaled),
        cmocka_unit_test(a_range_decides_what_is_black_and_white),
        cmocka_unit_test(the_samples_that_were_found_are_said),
        cmocka_unit_test(options_are_checked),
        cmocka_unit_test(limits_hold_in_every_format),
        cmocka_unit_test(orientation_can_be_kept),
        cmocka_unit_test(pages_are_counted),
        cmocka_unit_test(pages_are_named_or_chosen),
        cmocka_unit_test(floating_point_needs_a_range),
        cmocka_unit_test(formats_are_listed),
        cmocka_unit_test(unknown_content_is_named),
        cmocka_unit_test(names_are_told_by_their_ending),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
