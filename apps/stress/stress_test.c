// Tests of the changed copies of images.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "apps/stress/corrupt.h"
#include "apps/stress/jpeg_loss.h"
#include "tests/check.h"

enum { WIDTH = 240, HEIGHT = 220, BYTES = WIDTH * HEIGHT * 3 };

static blm_error err;

static void paint(uint8_t *rgb, int grey)
{
    for (int i = 0; i < BYTES; i++) {
        const int x = i / 3 % WIDTH, y = i / 3 / WIDTH, c = grey ? 0 : i % 3;
        rgb[i] = (uint8_t)(90 + 50 * ((x / 9 + y / 7) % 2) + x / 6 + 12 * c);
    }
}

static blm_image image_of(uint8_t *rgb, int channels)
{
    return (blm_image){
        .width = WIDTH, .height = HEIGHT, .channels = channels, .bits = 8, .rgb = rgb};
}

// Root of the mean square difference.
static double distance(const uint8_t *a, const uint8_t *b)
{
    double sum = 0;
    for (int i = 0; i < BYTES; i++)
        sum += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
    return sqrt(sum / BYTES);
}

// All changes repeat, grow with their step, and keep grey images grey.
static void test_steps(void **state)
{
    (void)state;
    static uint8_t rgb[BYTES], before[BYTES];
    for (int channels = 1; channels <= 3; channels += 2) {
        paint(rgb, channels == 1);
        memcpy(before, rgb, BYTES);
        const blm_image image = image_of(rgb, channels);
        for (int k = 0; k < STRESS_KINDS; k++) {
            double last = 0;
            for (int step = 0; step < STRESS_STEPS; step++) {
                blm_image *one, *two;
                assert_ok(
                    stress_corrupt(&image, (stress_kind)k, step, 7, &one, &err), err);
                assert_ok(
                    stress_corrupt(&image, (stress_kind)k, step, 7, &two, &err), err);
                assert_memory_equal(one->rgb, two->rgb, BYTES);
                assert_memory_equal(rgb, before, BYTES);
                assert_int_equal(one->channels, channels);
                const double now = distance(one->rgb, rgb);
                // A pattern that repeats can come closer again when it moves.
                assert_true(now > (k == STRESS_SHIFT || k == STRESS_TURN ? 1 : last));
                last = now;
                for (int i = 0; channels == 1 && i < BYTES; i += 3)
                    assert_true(
                        one->rgb[i] == one->rgb[i + 1] && one->rgb[i] == one->rgb[i + 2]);
                blm_image_free(one);
                blm_image_free(two);
            }
        }
    }
}

static void mean_and_deviation(const uint8_t *rgb, double *mean, double *deviation)
{
    double sum = 0, squares = 0;
    for (int i = 0; i < BYTES; i++) {
        sum += rgb[i];
        squares += (double)rgb[i] * rgb[i];
    }
    *mean = sum / BYTES;
    *deviation = sqrt(squares / BYTES - *mean * *mean);
}

// Strengths are what their units say, and the seed decides the direction.
static void test_strengths(void **state)
{
    (void)state;
    static uint8_t rgb[BYTES];
    double mean, deviation, new_mean, new_deviation;
    paint(rgb, 0);
    const blm_image image = image_of(rgb, 3);
    mean_and_deviation(rgb, &mean, &deviation);
    for (uint64_t seed = 0; seed < 2; seed++) {
        const double factor = seed == 1 ? 1.12 : 0.88;
        blm_image *out;
        assert_ok(stress_corrupt(&image, STRESS_BRIGHTNESS, 2, seed, &out, &err), err);
        mean_and_deviation(out->rgb, &new_mean, &new_deviation);
        assert_true(fabs(new_mean / mean - factor) < 0.01);
        blm_image_free(out);
        assert_ok(stress_corrupt(&image, STRESS_CONTRAST, 2, seed, &out, &err), err);
        mean_and_deviation(out->rgb, &new_mean, &new_deviation);
        assert_true(fabs(new_mean - mean) < 0.5);
        assert_true(fabs(new_deviation / deviation - factor) < 0.02);
        blm_image_free(out);
        assert_ok(stress_corrupt(&image, STRESS_NOISE, 2, seed, &out, &err), err);
        assert_true(fabs(distance(out->rgb, rgb) - 8) < 0.2);
        blm_image_free(out);
    }
}

// A moved image has the pixels of the image, at a distance of 8 % of the width.
static void test_shift(void **state)
{
    (void)state;
    static uint8_t rgb[BYTES];
    for (int i = 0; i < BYTES; i++)
        rgb[i] = (uint8_t)(i % 3 == 0 ? i / 3 % WIDTH : i % 3 == 1 ? i / 3 / WIDTH : 0);
    const blm_image image = image_of(rgb, 3);
    for (uint64_t seed = 0; seed < 20; seed++) {
        blm_image *out;
        assert_ok(stress_corrupt(&image, STRESS_SHIFT, 4, seed, &out, &err), err);
        const uint8_t *middle = out->rgb + (HEIGHT / 2 * WIDTH + WIDTH / 2) * 3;
        const int dx = middle[0] - WIDTH / 2, dy = middle[1] - HEIGHT / 2;
        assert_true(fabs(hypot(dx, dy) - 0.08 * WIDTH) <= 0.75);
        blm_image_free(out);
    }
}

// A turned image, turned back, is the image again in its middle.
static void test_turn(void **state)
{
    (void)state;
    static uint8_t rgb[BYTES];
    for (int i = 0; i < BYTES; i++) // smooth, so that interpolation loses little
        rgb[i] =
            (uint8_t)(128 + 60 * sin(i / 3 % WIDTH * 0.2) * cos(i / 3 / WIDTH * 0.15));
    const blm_image image = image_of(rgb, 1);
    blm_image *there, *back;
    assert_ok(stress_corrupt(&image, STRESS_TURN, 3, 1, &there, &err), err);
    assert_ok(stress_corrupt(there, STRESS_TURN, 3, 2, &back, &err), err);
    for (int y = HEIGHT / 4; y < 3 * HEIGHT / 4; y++)
        for (int x = WIDTH / 4; x < 3 * WIDTH / 4; x++) {
            const int i = (y * WIDTH + x) * 3;
            assert_true(abs(back->rgb[i] - rgb[i]) <= 2);
        }
    assert_true(distance(there->rgb, rgb) > 10);
    blm_image_free(there);
    blm_image_free(back);
}

// Quality 100 changes grey pixels by rounding only; a flat image stays flat.
static void test_jpeg(void **state)
{
    (void)state;
    static uint8_t rgb[BYTES], before[BYTES];
    paint(rgb, 1);
    memcpy(before, rgb, BYTES);
    assert_ok(stress_jpeg_loss(rgb, WIDTH, HEIGHT, 1, 100, &err), err);
    for (int i = 0; i < BYTES; i++)
        assert_true(abs(rgb[i] - before[i]) <= 2);
    memset(rgb, 200, BYTES);
    assert_ok(stress_jpeg_loss(rgb, WIDTH, HEIGHT, 0, 10, &err), err);
    for (int i = 1; i < BYTES; i++)
        assert_int_equal(rgb[i], rgb[0]);
    assert_true(abs(rgb[0] - 200) <= 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_strengths),
        cmocka_unit_test(test_shift),
        cmocka_unit_test(test_turn),
        cmocka_unit_test(test_jpeg),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
