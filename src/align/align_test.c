// Tests of align.c on made-up parts, whose movement is known.
#include "tests/check.h"

#include <math.h>
#include <stdio.h>

#include "src/align/align.h"
#include "src/base/clock.h"
#include "tests/random.h"

enum { SIDE = 256, PARTS = 24 };

static const double turn = 2 * 3.14159265358979323846;

static double uniform(uint64_t *state) // -1 to 1
{
    return 2 * random_unit(state) - 1;
}

static double ramp(double distance) // 1 inside an edge, 0 outside, two pixels wide
{
    return 0.5 - 0.5 * tanh(distance);
}

// A dull plate with a bore and a lug on grey: contrasts of a few grey levels.
static double part(double x, double y)
{
    const double plate = ramp(fmax(fabs(x) - 70, fabs(y) - 45));
    const double bore = ramp(hypot(x - 30, y + 8) - 14);
    const double lug = ramp(fmax(fabs(x + 40) - 9, fabs(y - 48) - 9));
    return 118 + 14 * fmax(plate, lug) - 10 * bore +
           1.5 * plate * sin(0.11 * x + 0.07 * y);
}

// What the camera sees of a part moved by t, in other light, with noise; defect: a dark
// patch over a tenth of the plate.
static void photograph(
    const blmi_transform *t, int defect, double gain, uint64_t *state, float *out)
{
    const double c = cos(t->angle) / t->scale, s = sin(t->angle) / t->scale;
    for (int row = 0; row < SIDE; row++)
        for (int column = 0; column < SIDE; column++) {
            const double x = column + 0.5 - SIDE / 2 - t->dx;
            const double y = row + 0.5 - SIDE / 2 - t->dy;
            const double u = c * x + s * y, v = -s * x + c * y;
            double grey = part(u, v);
            if (defect && hypot(u + 25, v + 10) < 20)
                grey -= 30;
            grey = gain * grey + 0.02 * column;
            double noise = -6;
            for (int i = 0; i < 12; i++)
                noise += random_unit(state);
            out[row * SIDE + column] = (float)(grey + 1.5 * noise);
        }
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void check_precision(blm_align mode, int defect)
{
    static float picture[SIDE * SIDE];
    double shifts[PARTS], angles[PARTS], scales[PARTS], lowest = 1, ms = 0;
    uint64_t state = 7;
    blmi_reference *reference;
    blmi_aligner *aligner;
    blm_error err;
    photograph(&(blmi_transform){.scale = 1}, 0, 1, &state, picture);
    assert_int_equal(
        blmi_reference_new(mode, picture, SIDE, SIDE, &reference, &err), BLM_OK);
    assert_int_equal(blmi_aligner_new(reference, &aligner, &err), BLM_OK);
    for (int i = 0; i < PARTS; i++) {
        blmi_transform t = {.scale = 1};
        t.dx = 25 * uniform(&state);
        t.dy = 25 * uniform(&state);
        if (mode != BLM_ALIGN_SHIFT)
            t.angle = turn / 2 * uniform(&state);
        if (mode == BLM_ALIGN_SIMILARITY)
            t.scale = exp(0.2 * uniform(&state));
        photograph(&t, defect, 1 + 0.2 * uniform(&state), &state, picture);
        blmi_alignment got;
        const double start = blmi_clock_ms();
        blmi_align(aligner, picture, &got);
        ms += blmi_clock_ms() - start;
        shifts[i] = hypot(got.transform.dx - t.dx, got.transform.dy - t.dy);
        angles[i] = fabs(remainder(got.transform.angle - t.angle, turn)) * 360 / turn;
        scales[i] = fabs(got.transform.scale / t.scale - 1);
        lowest = fmin(lowest, got.quality);
        if (angles[i] > 90) // a wrong half turn shows
            assert_true(got.rival > got.quality - 0.1);
    }
    qsort(shifts, PARTS, sizeof *shifts, by_value);
    qsort(angles, PARTS, sizeof *angles, by_value);
    qsort(scales, PARTS, sizeof *scales, by_value);
    printf("mode %d defect %d: %.3f px (worst %.2f), %.3f degrees (worst %.2f), scale "
           "%.4f (worst %.3f), quality >= %.2f, %.1f ms\n",
        (int)mode, defect, shifts[PARTS / 2], shifts[PARTS - 1], angles[PARTS / 2],
        angles[PARTS - 1], scales[PARTS / 2], scales[PARTS - 1], lowest, ms / PARTS);
    assert_true(shifts[PARTS / 2] <= 0.15);
    assert_true(angles[PARTS / 2] <= 0.2);
    assert_true(shifts[PARTS - 1] <= 1);
    assert_true(angles[PARTS - 1] <= 1);
    blmi_aligner_free(aligner);
    blmi_reference_free(reference);
}

static void moved_parts_are_found(void **state)
{
    (void)state;
    for (int mode = BLM_ALIGN_SHIFT; mode <= BLM_ALIGN_SIMILARITY; mode++)
        for (int defect = 0; defect <= 1; defect++)
            check_precision((blm_align)mode, defect);
}

// An image that equals the reference fits it best of all.
static void the_reference_fits_itself(void **state)
{
    (void)state;
    static float picture[SIDE * SIDE];
    uint64_t random = 3;
    blmi_reference *reference;
    blmi_aligner *aligner;
    blmi_alignment got;
    blm_error err;
    photograph(&(blmi_transform){.scale = 1}, 0, 1, &random, picture);
    for (int mode = BLM_ALIGN_SHIFT; mode <= BLM_ALIGN_SIMILARITY; mode++) {
        assert_int_equal(
            blmi_reference_new((blm_align)mode, picture, SIDE, SIDE, &reference, &err),
            BLM_OK);
        assert_int_equal(blmi_aligner_new(reference, &aligner, &err), BLM_OK);
        blmi_align(aligner, picture, &got);
        assert_true(got.quality > 0.999 && got.rival < 0.95);
        assert_true(hypot(got.transform.dx, got.transform.dy) < 0.01);
        assert_true(fabs(got.transform.angle) < 0.001);
        blmi_aligner_free(aligner);
        blmi_reference_free(reference);
    }
}

// A part that looks the same after half a turn is in doubt.
static void a_half_turn_that_fits_too_is_seen(void **state)
{
    (void)state;
    static float picture[SIDE * SIDE];
    uint64_t random = 5;
    blmi_reference *reference;
    blmi_aligner *aligner;
    blmi_alignment got;
    blm_error err;
    photograph(&(blmi_transform){.scale = 1}, 0, 1, &random, picture);
    for (int i = 0; i < SIDE * SIDE / 2; i++)
        picture[SIDE * SIDE - 1 - i] = picture[i];
    assert_int_equal(
        blmi_reference_new(BLM_ALIGN_RIGID, picture, SIDE, SIDE, &reference, &err),
        BLM_OK);
    assert_int_equal(blmi_aligner_new(reference, &aligner, &err), BLM_OK);
    blmi_align(aligner, picture, &got);
    assert_true(got.quality > 0.99 && got.quality - got.rival < 0.01);
    blmi_aligner_free(aligner);
    blmi_reference_free(reference);
}

static void a_blank_reference_is_refused(void **state)
{
    (void)state;
    static float picture[SIDE * SIDE];
    blmi_reference *reference;
    blm_error err;
    assert_int_equal(
        blmi_reference_new(BLM_ALIGN_RIGID, picture, SIDE, SIDE, &reference, &err),
        BLM_EINPUT);
    assert_int_equal(
        blmi_reference_new(BLM_ALIGN_RIGID, picture, 8, SIDE, &reference, &err),
        BLM_EINPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moved_parts_are_found),
        cmocka_unit_test(the_reference_fits_itself),
        cmocka_unit_test(a_half_turn_that_fits_too_is_seen),
        cmocka_unit_test(a_blank_reference_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
