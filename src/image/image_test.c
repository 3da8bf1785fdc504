// Tests of the public interface: options, limits, buffers, names.
#include "tests/check.h"

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

    const blm_decode_options ten = {.bits = 10}; // 1023 is white, what lies above clamped
    assert_ok(decode(wide_samples, WIDE_SIZE, &ten, &image, &err), err);
    assert_memory_equal(image->rgb, ((uint8_t[]){255, 255, 255, 255, 255, 255}), 6);
    blm_image_free(image);

    static const char own_range[] =
        "P5 1 1 1023\n\x02\x00"; // the file says it: 512 of 1023
    assert_ok(decode(own_range, sizeof own_range - 1, &ten, &image, &err), err);
    assert_int_equal(image->rgb[0], 128);
    blm_image_free(image);
}

static void options_are_checked(void **state)
{
    (void)state;
    static const blm_decode_options bad[] = {
        {.bits = 17}, {.bits = -1}, {.max_pixels = -1}, {.max_bytes = -1}};
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
        const blm_decode_options one_less = {.max_pixels = 21 * 18 - 1};
        assert_int_equal(blm_image_read(path, &one_less, &image, &err), BLM_EINPUT);
        assert_text(&err, path);
        assert_text(&err, "limit");
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
    // A quarter to the right: the first pixel goes to the end of the first row.
    assert_memory_equal(kept->rgb, turned->rgb + 3 * ((size_t)turned->width - 1), 3);
    blm_image_free(kept);
    blm_image_free(turned);
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

// ---- buffers -------------------------------------------------------------------------

static void assert_becomes(const blm_buffer *buffer, const uint8_t *rgb)
{
    blm_image *image;
    blm_error err;
    assert_ok(blm_image_from_buffer(buffer, &image, &err), err);
    assert_int_equal(image->width, buffer->width);
    assert_int_equal(image->height, buffer->height);
    assert_memory_equal(
        image->rgb, rgb, (size_t)buffer->width * (size_t)buffer->height * 3);
    blm_image_free(image);
}

static void every_layout_is_taken(void **state)
{
    (void)state;
    static const uint8_t grey[] = {1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4};
    static const uint8_t colour[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    static const uint16_t wide[] = {257, 2 * 257 + 128, 3 * 257 - 128, 4 * 257};
    assert_becomes(&(blm_buffer){.pixels = (uint8_t[]){1, 2, 3, 4}, 2, 2}, grey);
    assert_becomes(&(blm_buffer){wide, 2, 2, 0, BLM_MONO16, 0}, grey);
    assert_becomes(&(blm_buffer){colour, 2, 2, 0, BLM_RGB8, 0}, colour);
    static const uint8_t reversed[] = {3, 2, 1, 6, 5, 4, 9, 8, 7, 12, 11, 10};
    assert_becomes(&(blm_buffer){reversed, 2, 2, 0, BLM_BGR8, 0}, colour);
    static const uint8_t alpha[] = {1, 2, 3, 0, 4, 5, 6, 99, 7, 8, 9, 0, 10, 11, 12, 255};
    assert_becomes(&(blm_buffer){alpha, 2, 2, 0, BLM_RGBA8, 0}, colour);
    static const uint16_t twelve[] = {0, 4095, 2048, 60000};
    static const uint8_t scaled[] = {
        0, 0, 0, 255, 255, 255, 128, 128, 128, 255, 255, 255};
    assert_becomes(&(blm_buffer){twelve, 2, 2, 0, BLM_MONO16, 12}, scaled);
}

static void rows_may_be_apart_or_upside_down(void **state)
{
    (void)state;
    static const uint8_t rows[] = {1, 2, 99, 3, 4, 99, 5, 6};
    static const uint8_t down[] = {1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5, 6, 6, 6};
    static const uint8_t up[] = {5, 5, 5, 6, 6, 6, 3, 3, 3, 4, 4, 4, 1, 1, 1, 2, 2, 2};
    assert_becomes(&(blm_buffer){rows, 2, 3, 3, BLM_MONO8, 0}, down);
    assert_becomes(&(blm_buffer){rows + 6, 2, 3, -3, BLM_MONO8, 0}, up);
    static const uint8_t odd[] = {
        99, 1, 1, 2, 2, 99, 3, 3, 4, 4}; // misaligned 16-bit rows
    static const uint8_t same[] = {1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4};
    assert_becomes(&(blm_buffer){odd + 1, 2, 2, 5, BLM_MONO16, 0}, same);
}

static void senseless_buffers_are_refused(void **state)
{
    (void)state;
    static const uint8_t pixels[16];
    static const blm_buffer bad[] = {
        {NULL, 2, 2, 0, BLM_MONO8, 0},
        {pixels, 0, 2, 0, BLM_MONO8, 0},
        {pixels, 2, -2, 0, BLM_MONO8, 0},
        {pixels, INT32_MAX, 1, 0, BLM_RGBA8, 0},
        {pixels, 2, 2, 1, BLM_MONO8, 0},
        {pixels, 2, 2, -5, BLM_RGB8, 0},
        {pixels, 2, 2, 0, (blm_layout)9, 0},
        {pixels, 2, 2, 0, BLM_MONO16, 17},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        blm_image *image = NULL;
        blm_error err;
        assert_int_equal(blm_image_from_buffer(&bad[i], &image, &err), BLM_EUSAGE);
        assert_text(&err, "image buffer: ");
        assert_null(image);
    }
}

static void names_are_told_by_their_ending(void **state)
{
    (void)state;
    static const char *const yes[] = {"a.png", "b/c.JPG", "x.jpeg", "x.tif", "x.TIFF",
        "x.bmp", "x.WebP", "x.pnm", "x.pbm", "x.pgm", "x.y.ppm"};
    static const char *const no[] = {
        "", "png", "a.png/b", "a.png.txt", "a.pngx", "a.gif"};
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
        cmocka_unit_test(options_are_checked),
        cmocka_unit_test(limits_hold_in_every_format),
        cmocka_unit_test(orientation_can_be_kept),
        cmocka_unit_test(unknown_content_is_named),
        cmocka_unit_test(every_layout_is_taken),
        cmocka_unit_test(rows_may_be_apart_or_upside_down),
        cmocka_unit_test(senseless_buffers_are_refused),
        cmocka_unit_test(names_are_told_by_their_ending),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
