// Tests of buffer.c: images from camera buffers.
#include "tests/check.h"

#include <string.h>

#include "blemish/image.h"

static void assert_text(const blm_error *err, const char *part)
{
    if (strstr(err->text, part) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", err->text, part);
}

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

static void layouts_of_bytes_and_words_are_taken(void **state)
{
    (void)state;
    static const uint8_t grey[] = {1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4};
    static const uint8_t colour[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    static const uint16_t wide[] = {257, 2 * 257 + 128, 3 * 257 - 128, 4 * 257};
    assert_becomes(&(blm_buffer){.pixels = (uint8_t[]){1, 2, 3, 4}, 2, 2}, grey);
    assert_becomes(&(blm_buffer){wide, 2, 2, .layout = BLM_MONO16}, grey);
    assert_becomes(&(blm_buffer){colour, 2, 2, .layout = BLM_RGB8}, colour);
    static const uint8_t reversed[] = {3, 2, 1, 6, 5, 4, 9, 8, 7, 12, 11, 10};
    assert_becomes(&(blm_buffer){reversed, 2, 2, .layout = BLM_BGR8}, colour);
    static const uint8_t alpha[] = {1, 2, 3, 0, 4, 5, 6, 99, 7, 8, 9, 0, 10, 11, 12, 255};
    assert_becomes(&(blm_buffer){alpha, 2, 2, .layout = BLM_RGBA8}, colour);
    static const uint16_t twelve[] = {0, 4095, 2048, 60000};
    static const uint8_t scaled[] = {
        0, 0, 0, 255, 255, 255, 128, 128, 128, 255, 255, 255};
    assert_becomes(&(blm_buffer){twelve, 2, 2, .layout = BLM_MONO16, .bits = 12}, scaled);
}

static void rows_may_be_apart_or_upside_down(void **state)
{
    (void)state;
    static const uint8_t rows[] = {1, 2, 99, 3, 4, 99, 5, 6};
    static const uint8_t down[] = {1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5, 6, 6, 6};
    static const uint8_t up[] = {5, 5, 5, 6, 6, 6, 3, 3, 3, 4, 4, 4, 1, 1, 1, 2, 2, 2};
    assert_becomes(&(blm_buffer){rows, 2, 3, .stride = 3}, down);
    assert_becomes(&(blm_buffer){rows + 6, 2, 3, .stride = -3}, up);
    static const uint8_t odd[] = {
        99, 1, 1, 2, 2, 99, 3, 3, 4, 4}; // misaligned 16-bit rows
    static const uint8_t same[] = {1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4};
    assert_becomes(&(blm_buffer){odd + 1, 2, 2, .stride = 5, .layout = BLM_MONO16}, same);
}

static void senseless_buffers_are_refused(void **state)
{
    (void)state;
    static const uint8_t pixels[16];
    static const blm_buffer bad[] = {
        {NULL, 2, 2, .stride = 0},
        {pixels, 0, 2, .stride = 0},
        {pixels, 2, -2, .stride = 0},
        {pixels, INT32_MAX, 1, .layout = BLM_RGBA8},
        {pixels, 2, 2, .stride = 1},
        {pixels, 2, 2, .stride = -5, .layout = BLM_RGB8},
        {pixels, 2, 2, .layout = (blm_layout)19},
        {pixels, 2, 2, .layout = (blm_layout)58},
        {pixels, 2, 2, .layout = (blm_layout)-1},
        {pixels, 2, 2, .layout = BLM_MONO16, .bits = 17},
        {pixels, 2, 2, .layout = BLM_MONO16, .bits = 12, .range_high = 1},
        {pixels, 2, 2, .layout = BLM_MONO16, .range_low = 1},
        {pixels, 2, 2, .layout = BLM_MONO_FLOAT},
        {pixels, 2, 1, .layout = BLM_BAYER_RG8},
        {pixels, 1, 2, .layout = BLM_BAYER_BG12P},
        {pixels, 4, 2, .stride = 4, .layout = BLM_MONO10P},
        {pixels, 3, 2, .stride = 6, .layout = BLM_YUYV},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        blm_image *image = NULL;
        blm_error err;
        assert_int_equal(blm_image_from_buffer(&bad[i], &image, &err), BLM_EUSAGE);
        assert_text(&err, "image buffer: ");
        assert_null(image);
    }
}

// ---- packed samples ------------------------------------------------------------------

enum { PACKED = 8 }; // samples

// Packs four samples of 10 bits, or two of 12, as the standards define it.
static void pack(const uint16_t *v, int kind, int bits, uint8_t *out)
{
    const int low = bits - 8, mask = (1 << low) - 1;
    memset(out, 0, 16);
    for (int i = 0; i < PACKED; i++) {
        if (kind == 0) { // PFNC "p": a stream of bits, each sample's lowest bit first
            for (int b = 0; b < bits; b++)
                out[(i * bits + b) / 8] |=
                    (uint8_t)((v[i] >> b & 1) << (i * bits + b) % 8);
        } else if (kind == 1) { // GigE Vision "Packed"
            out[i / 2 * 3 + i % 2 * 2] = (uint8_t)(v[i] >> low);
            out[i / 2 * 3 + 1] |= (uint8_t)((v[i] & mask) << i % 2 * 4);
        } else { // MIPI
            const int group = bits == 10 ? 4 : 2;
            out[i / group * (group + 1) + i % group] = (uint8_t)(v[i] >> low);
            out[i / group * (group + 1) + group] |=
                (uint8_t)((v[i] & mask) << i % group * low);
        }
    }
}

static void packed_samples_are_unpacked(void **state)
{
    (void)state;
    static const uint16_t samples[PACKED] = {
        0, 1023, 0x2a9, 0x156, 0x301, 0x0fe, 0x3f, 0x3c0};
    for (int kind = 0; kind < 3; kind++)
        for (int bits = 10; bits <= 12; bits += 2)
            for (int width = 1; width <= PACKED; width++) {
                uint16_t v[PACKED];
                uint8_t bytes[16], rgb[3 * PACKED];
                for (int i = 0; i < PACKED; i++) {
                    v[i] = (uint16_t)(samples[i] << (bits - 10));
                    const int wide = v[i] * 65535 / ((1 << bits) - 1);
                    memset(rgb + 3 * i, (wide + 128) / 257, 3);
                }
                pack(v, kind, bits, bytes);
                const int layout = BLM_MONO10P + 2 * kind + (bits == 12);
                assert_becomes(
                    &(blm_buffer){bytes, width, 1, .layout = (blm_layout)layout}, rgb);
            }
    static const uint8_t two_rows[] = {0xff, 0x0f, 0, 0, 0xf0, 0xff}; // of a sample
    static const uint8_t light[] = {255, 255, 255, 0, 0, 0};
    assert_becomes(
        &(blm_buffer){two_rows, 1, 2, .stride = 3, .layout = BLM_MONO12P}, light);
}

// Examples of the standards, written by hand: Mono10p, Mono12Packed.
static void packed_bytes_are_those_of_the_standards(void **state)
{
    (void)state;
    static const uint8_t ten[] = {0xff, 0x03, 0xf0, 0x3f, 0x00}; // 1023, 0, 1023, 0
    static const uint8_t stripes[] = {255, 255, 255, 0, 0, 0, 255, 255, 255, 0, 0, 0};
    assert_becomes(&(blm_buffer){ten, 4, 1, .layout = BLM_MONO10P}, stripes);
    static const uint8_t twelve[] = {0xff, 0x0f, 0x00}; // 4095, 0
    assert_becomes(&(blm_buffer){twelve, 2, 1, .layout = BLM_MONO12_PACKED}, stripes);
}

// ---- colour --------------------------------------------------------------------------

static void wide_and_floating_point_samples_are_scaled(void **state)
{
    (void)state;
    static const uint16_t wide[] = {0, 512, 1023, 1023, 0, 512};
    static const uint8_t rgb[] = {0, 128, 255, 255, 0, 128};
    static const uint8_t bgr[] = {255, 128, 0, 128, 0, 255};
    assert_becomes(&(blm_buffer){wide, 2, 1, .layout = BLM_RGB16, .bits = 10}, rgb);
    assert_becomes(&(blm_buffer){wide, 2, 1, .layout = BLM_BGR16, .bits = 10}, bgr);
    static const float heights[] = {-1.5f, 0.5f, 2.5f, 9};
    static const uint8_t greys[] = {0, 0, 0, 128, 128, 128, 255, 255, 255, 255, 255, 255};
    assert_becomes(&(blm_buffer){heights, 4, 1, .layout = BLM_MONO_FLOAT,
                       .range_low = -1.5, .range_high = 2.5},
        greys);
}

static void orders_with_alpha_are_taken(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {1, 2, 3, 4};
    static const struct {
        blm_layout layout;
        uint8_t rgb[3];
    } cases[] = {{BLM_RGBA8, {1, 2, 3}}, {BLM_BGRA8, {3, 2, 1}}, {BLM_ARGB8, {2, 3, 4}},
        {BLM_ABGR8, {4, 3, 2}}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_becomes(
            &(blm_buffer){bytes, 1, 1, .layout = cases[i].layout}, cases[i].rgb);
}

static void yuv_becomes_rgb(void **state)
{
    (void)state;
    static const uint8_t limited[] = {
        16, 128, 235, 128, 81, 90, 81, 240, 41, 240, 0, 110};
    static const uint8_t rgb[] = {
        0, 0, 0, 255, 255, 255, 254, 0, 0, 254, 0, 0, 0, 0, 255};
    assert_becomes(&(blm_buffer){limited, 5, 1, .layout = BLM_YUYV}, rgb);
    static const uint8_t full[] = {128, 0, 128, 255, 85, 76, 255, 76};
    static const uint8_t full_rgb[] = {0, 0, 0, 255, 255, 255, 254, 0, 0, 254, 0, 0};
    assert_becomes(
        &(blm_buffer){full, 4, 1, .layout = BLM_UYVY, .full_range = 1}, full_rgb);
}

// ---- Bayer ---------------------------------------------------------------------------

static const int first_colours[4][2] = {
    // of the pixels at (0, 0) and (1, 0): 0 red, 1 green, 2 blue
    {0, 1}, {1, 0}, {1, 2}, {2, 1}};

// The colour of the sample at (x, y): the patterns repeat after two pixels.
static int colour_at(int pattern, int x, int y)
{
    if (y % 2 == 0)
        return first_colours[pattern][x % 2];
    const int above = first_colours[pattern][x % 2];
    const int beside = first_colours[pattern][1 - x % 2];
    return above == 1 ? 2 - beside : 1;
}

static void one_colour_comes_through_every_mosaic(void **state)
{
    (void)state;
    static const uint8_t colour[] = {200, 100, 50};
    for (int pattern = 0; pattern < 4; pattern++)
        for (int height = 2; height <= 5; height++)
            for (int width = 2; width <= 7; width++) {
                uint8_t mosaic[35], rgb[3 * 35];
                for (int i = 0; i < width * height; i++) {
                    mosaic[i] = colour[colour_at(pattern, i % width, i / width)];
                    memcpy(rgb + 3 * i, colour, 3);
                }
                assert_becomes(&(blm_buffer){mosaic, width, height,
                                   .layout = (blm_layout)(BLM_BAYER_RG8 + 10 * pattern)},
                    rgb);
            }
}

static void missing_colours_are_means_of_the_nearest(void **state)
{
    (void)state;
    static const uint8_t mosaic[] = {// RGGB
        10, 20, 30, 40,              //
        50, 60, 70, 80,              //
        90, 100, 110, 120,           //
        130, 140, 150, 160};
    blm_image *image;
    blm_error err;
    const blm_buffer buffer = {mosaic, 4, 4, .layout = BLM_BAYER_RG8};
    assert_ok(blm_image_from_buffer(&buffer, &image, &err), err);
    const uint8_t *const blue = image->rgb + 3 * (4 * 1 + 1); // a blue sample
    assert_int_equal(blue[0], (10 + 30 + 90 + 110 + 2) / 4);
    assert_int_equal(blue[1], (20 + 100 + 50 + 70 + 2) / 4);
    assert_int_equal(blue[2], 60);
    const uint8_t *const green = image->rgb + 3 * (4 * 2 + 1); // in a row with red
    assert_int_equal(green[0], (90 + 110 + 1) / 2);
    assert_int_equal(green[1], 100);
    assert_int_equal(green[2], (60 + 140 + 1) / 2);
    const uint8_t *const corner = image->rgb; // red; its neighbours are mirrored
    assert_int_equal(corner[0], 10);
    assert_int_equal(corner[1], (20 + 20 + 50 + 50 + 2) / 4);
    assert_int_equal(corner[2], 60);
    blm_image_free(image);
}

// A packed mosaic gives the same image as its unpacked samples.
static void packed_mosaics_equal_unpacked_ones(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++)
        for (int bits = 10; bits <= 12; bits += 2) {
            uint16_t v[2 * PACKED];
            uint8_t bytes[32];
            for (int i = 0; i < 2 * PACKED; i++)
                v[i] = (uint16_t)(i * 61 % 1024 << (bits - 10));
            pack(v, kind, bits, bytes);
            const ptrdiff_t stride = kind == 1 ? 12 : PACKED * bits / 8;
            uint8_t second[16];
            pack(v + PACKED, kind, bits, second);
            memcpy(bytes + stride, second, (size_t)stride);
            blm_image *a, *b;
            blm_error err;
            const blm_buffer plain = {
                v, PACKED, 2, .layout = BLM_BAYER_GB16, .bits = bits};
            const int layout = BLM_BAYER_GB10P + 2 * kind + (bits == 12);
            const blm_buffer packed = {bytes, PACKED, 2, .layout = (blm_layout)layout};
            assert_ok(blm_image_from_buffer(&plain, &a, &err), err);
            assert_ok(blm_image_from_buffer(&packed, &b, &err), err);
            assert_memory_equal(a->rgb, b->rgb, 3 * 2 * PACKED);
            assert_true(
                a->sample_max == b->sample_max && b->range_high == (1 << bits) - 1);
            assert_int_equal(b->bits, bits);
            blm_image_free(a);
            blm_image_free(b);
        }
}

// No byte after the last row is read (checked by a sanitizer).
static void buffers_of_just_their_size_suffice(void **state)
{
    (void)state;
    for (int layout = 0; layout < 60; layout++)
        for (int width = 2; width < 12; width++) {
            uint8_t many[200] = {0};
            blm_buffer buffer = {many, width, 2, .stride = 1, .range_high = 1,
                .layout = (blm_layout)layout};
            blm_image *image = NULL;
            while (buffer.stride < 100 &&
                   blm_image_from_buffer(&buffer, &image, NULL) != BLM_OK)
                buffer.stride++;
            blm_image_free(image);
            if (buffer.stride == 100)
                continue; // unknown layout
            uint8_t *const just = calloc((size_t)buffer.stride, 2);
            blm_error err;
            assert_non_null(just);
            buffer.pixels = just;
            assert_ok(blm_image_from_buffer(&buffer, &image, &err), err);
            blm_image_free(image);
            free(just);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layouts_of_bytes_and_words_are_taken),
        cmocka_unit_test(rows_may_be_apart_or_upside_down),
        cmocka_unit_test(senseless_buffers_are_refused),
        cmocka_unit_test(buffers_of_just_their_size_suffice),
        cmocka_unit_test(packed_samples_are_unpacked),
        cmocka_unit_test(packed_bytes_are_those_of_the_standards),
        cmocka_unit_test(wide_and_floating_point_samples_are_scaled),
        cmocka_unit_test(orders_with_alpha_are_taken),
        cmocka_unit_test(yuv_becomes_rgb),
        cmocka_unit_test(one_colour_comes_through_every_mosaic),
        cmocka_unit_test(missing_colours_are_means_of_the_nearest),
        cmocka_unit_test(packed_mosaics_equal_unpacked_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
