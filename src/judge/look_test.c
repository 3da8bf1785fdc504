// Tests that checks with limits of good images notice faults of a camera on made-up
// images, and accept good ones.  Other faults take distances: tests/cli/unjudged.sh.
#include <math.h>

#include "tests/check.h"

#include <stdlib.h>
#include <string.h>

#include "src/judge/image_check.h"
#include "tools/synth/faults.h"
#include "tools/synth/synth.h"

enum { SIDE = 224, FITTED = 40, OTHERS = 40, SPOILT = 10, BYTES = 3 * SIDE * SIDE };

static uint8_t rgb[BYTES], scratch[BYTES];
static blm_error err;

static blmi_look look_at(const uint8_t *pixels)
{
    const blm_image image = {
        .rgb = (uint8_t *)(uintptr_t)pixels, .width = SIDE, .height = SIDE};
    const blm_rect all = {0, 0, SIDE, SIDE};
    blmi_look look;
    assert_ok(blmi_look_at(&image, &all, &look, &err), err);
    for (int i = 0; i < BLMI_LOOK_NUMBERS; i++)
        assert_true(isfinite(look.at[i]));
    return look;
}

static void draw(const synth_category *category, int index)
{
    assert_int_equal(
        synth_picture(category, 3, index, SYNTH_GOOD, SIDE, SIDE, rgb, NULL), 0);
}

static void find_limits(const synth_category *category, blmi_limit *limits)
{
    static blmi_look good[FITTED];
    for (int i = 0; i < FITTED; i++) {
        draw(category, i);
        good[i] = look_at(rgb);
    }
    for (int i = 0; i < BLMI_CHECKS; i++) {
        const blmi_check *c = blmi_check_at(i);
        limits[i] = (blmi_limit){c->side * (double)INFINITY, NAN};
        if (c->number < BLMI_LOOK_NUMBERS)
            assert_ok(blmi_check_limit(c, &good[0].at[c->number], FITTED,
                          BLMI_LOOK_NUMBERS, 0.001, &limits[i], &err),
                err);
    }
}

// The reasons that an image with this fault may have; 0: it takes distances to see it
// (of torn images and of alternating rows, not all are noticed without them).
static unsigned reasons_for(synth_fault fault)
{
    switch (fault) {
    case SYNTH_BLUR:
    case SYNTH_MOTION:
        return BLM_REASON_OUT_OF_FOCUS;
    case SYNTH_DARK:
        return BLM_REASON_UNDEREXPOSED;
    case SYNTH_BRIGHT:
        return BLM_REASON_OVEREXPOSED;
    case SYNTH_LOST:
    case SYNTH_STRIPES:
        return BLM_REASON_TORN;
    case SYNTH_TORN:
    case SYNTH_ALTERNATE:
    case SYNTH_HAND:
    case SYNTH_CABLE:
    case SYNTH_DIRT:
    case SYNTH_FAULTS:
        break;
    }
    return 0;
}

static unsigned reasons_of(const blmi_limit *limits)
{
    double numbers[BLMI_CHECKS];
    const blmi_look look = look_at(rgb);
    return blmi_check_image(&(blmi_checked){.look = &look}, limits, BLMI_CHECKS, numbers);
}

static void count_category(
    const synth_category *category, int *good, int noticed[], int right[])
{
    blmi_limit limits[BLMI_CHECKS];
    find_limits(category, limits);
    for (int i = 0; i < OTHERS; i++) {
        draw(category, 1000 + i);
        *good += reasons_of(limits) != 0;
    }
    for (synth_fault f = 0; f < SYNTH_FAULTS; f++)
        for (int i = 0; i < SPOILT && reasons_for(f) != 0; i++) {
            draw(category, 2000 + 100 * (int)f + i);
            synth_spoil(f, (uint64_t)i, SIDE, SIDE, rgb, scratch);
            const unsigned reasons = reasons_of(limits);
            noticed[f] += reasons != 0;
            right[f] += (reasons & reasons_for(f)) != 0;
        }
}

static void faults_are_noticed(void **state)
{
    int categories = 0, good = 0, all = 0, seen = 0;
    int noticed[SYNTH_FAULTS] = {0}, right[SYNTH_FAULTS] = {0};
    (void)state;
    for (; synth_category_at((size_t)categories) != NULL; categories++)
        count_category(synth_category_at((size_t)categories), &good, noticed, right);
    print_message("%d of %d good images refused\n", good, categories * OTHERS);
    for (synth_fault f = 0; f < SYNTH_FAULTS; f++) {
        if (reasons_for(f) == 0)
            continue;
        print_message("%s: %d of %d noticed, %d with its reason\n", synth_fault_name(f),
            noticed[f], categories * SPOILT, right[f]);
        all += categories * SPOILT;
        seen += noticed[f];
    }
    assert_true(seen >= 0.95 * all);
    assert_true(good <= 2); // 0.56 expected at twice the rate of 0.001
}

// A limit is beyond the most extreme good image by the margin or more, on the side of
// the check.
static void limits_are_beyond_the_good(void **state)
{
    const float numbers[] = {3, 1, 2, 4, 5};
    (void)state;
    for (int i = 0; i < BLMI_ALL_CHECKS; i++) {
        const blmi_check *c = blmi_check_at(i);
        blmi_limit limit;
        assert_ok(blmi_check_limit(c, numbers, 5, 1, 0.001, &limit, &err), err);
        assert_true(limit.good == (c->side > 0 ? 5 : 1));
        if (c->number == BLMI_CHECK_LEAD)
            assert_true(limit.at == BLMI_CHECK_NO_LEAD);
        else
            assert_true(c->side * (limit.at - limit.good) >= c->margin);
        assert_non_null(blm_reason_name(c->reason));
        assert_ok(
            blmi_check_limit(c, numbers, BLMI_MIN_CHECKED - 1, 1, 0.001, &limit, &err),
            err);
        assert_true(isinf(limit.at) && isnan(limit.good));
    }
}

// A lower rate moves limits further away.
static void limits_follow_the_rate(void **state)
{
    float numbers[100];
    double last = 0;
    (void)state;
    for (int i = 0; i < 100; i++)
        numbers[i] = (float)i;
    for (double rate = 0.1; rate > 1e-5; rate /= 10) {
        blmi_limit limit;
        assert_ok(blmi_check_limit(blmi_check_at(BLMI_CHECKS - 1), numbers, 100, 1, rate,
                      &limit, &err),
            err);
        assert_true(limit.at > last);
        last = limit.at;
    }
}

// Images of one pixel or one row can be measured.
static void tiny_images_are_measured(void **state)
{
    static uint8_t pixels[3 * 64];
    static const int sizes[][2] = {{1, 1}, {1, 5}, {5, 1}, {64, 1}, {1, 64}, {8, 8}};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const blm_image image = {
            .rgb = pixels, .width = sizes[i][0], .height = sizes[i][1]};
        const blm_rect all = {0, 0, sizes[i][0], sizes[i][1]};
        blmi_look look;
        assert_ok(blmi_look_at(&image, &all, &look, &err), err);
        for (int k = 0; k < BLMI_LOOK_NUMBERS; k++)
            assert_true(isfinite(look.at[k]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(faults_are_noticed),
        cmocka_unit_test(limits_are_beyond_the_good),
        cmocka_unit_test(limits_follow_the_rate),
        cmocka_unit_test(tiny_images_are_measured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
