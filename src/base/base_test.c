// Tests of src/base: errors, allocation, numbers, cursor, tensors.
#include "tests/check.h"

#include <math.h>
#include <string.h>

#include "src/base/alloc.h"
#include "src/base/cursor.h"
#include "src/base/error.h"
#include "src/base/number.h"
#include "src/base/tensor.h"

static void error_text_is_one_printable_line(void **state)
{
    (void)state;
    blm_error err;
    assert_int_equal(blmi_fail(&err, BLM_EINPUT, "a\nb%c: %d", 27, 3), BLM_EINPUT);
    assert_string_equal(err.text, "a\\x0ab\\x1b: 3");
    char flood[4000];
    memset(flood, '\n', sizeof flood - 1);
    flood[sizeof flood - 1] = '\0';
    blmi_fail(&err, BLM_EINPUT, "%s", flood);
    assert_true(strlen(err.text) < sizeof err.text);
    assert_int_equal(blmi_fail(NULL, BLM_EBUG, "no blm_error"), BLM_EBUG);
    assert_string_equal(blm_status_name(BLM_EINPUT), "bad input");
    assert_string_equal(blm_status_name((blm_status)77), "unknown status");
}

static void allocation_refuses_overflow(void **state)
{
    (void)state;
    assert_null(blmi_alloc(SIZE_MAX / 2, 3));
    assert_null(blmi_alloc(SIZE_MAX, 1));
    void *memory = blmi_alloc(0, 8);
    assert_non_null(memory);
    assert_int_equal((uintptr_t)memory % BLMI_ALIGNMENT, 0);
    blmi_free(memory);
    blmi_free(NULL);
}

static void numbers_fill_their_text(void **state)
{
    (void)state;
    static const char *const none[] = {
        "", " ", "1,5", "1.5x", "x", "nan", "inf", "1e999", "1 2", "0x"};
    double d = 7;
    int64_t n = 7;
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        assert_false(blmi_scan_double(none[i], &d));
        assert_false(blmi_scan_int64(none[i], &n));
    }
    assert_false(blmi_scan_int64("9223372036854775808", &n));
    assert_true(d == 7 && n == 7);
    assert_true(blmi_scan_double("-1.5e-3", &d) && d == -0.0015);
    assert_true(blmi_scan_int64("-9223372036854775808", &n) && n == INT64_MIN);
    char text[32];
    const double values[] = {0.1, 1 / 3.0, 5e-324, 1.7976931348623157e308, -0.0};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        blmi_print(text, sizeof text, "%.17g", values[i]);
        assert_true(blmi_scan_double(text, &d));
        assert_memory_equal(&d, &values[i], sizeof d);
    }
    assert_int_equal(blmi_print(text, 3, "%.1f", 12.5), 4);
    assert_string_equal(text, "12");
}

static void cursor_stops_at_the_end(void **state)
{
    (void)state;
    const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    blmi_cursor c = blmi_cursor_over(bytes, sizeof bytes);
    assert_int_equal(blmi_cursor_u16le(&c), 0x0201);
    assert_int_equal(blmi_cursor_u16be(&c), 0x0304);
    assert_int_equal(blmi_cursor_u32le(&c), 0x08070605);
    assert_false(c.overrun);
    assert_int_equal(blmi_cursor_u32be(&c), 0);
    assert_true(c.overrun);
    assert_int_equal(blmi_cursor_left(&c), 0);
    blmi_cursor_seek(&c, 0);
    assert_int_equal(blmi_cursor_u64le(&c), 0x0807060504030201);
    assert_true(c.overrun);
    assert_null(blmi_cursor_take(&c, SIZE_MAX));
}

static void half_precision_is_read_exactly(void **state)
{
    (void)state;
    for (uint32_t bits = 0; bits < 65536; bits++) {
        const uint16_t half = (uint16_t)bits;
        const int exponent = (int)(bits >> 10 & 31), fraction = (int)(bits & 1023);
        const double sign = bits & 0x8000 ? -1 : 1;
        float value;
        blmi_to_f32(&value, &half, BLMI_F16, 1);
        if (exponent == 31)
            assert_true(fraction != 0 ? isnan(value) : (double)value == sign * INFINITY);
        else if (exponent == 0)
            assert_true((double)value == sign * ldexp(fraction, -24));
        else
            assert_true((double)value == sign * ldexp(1024 + fraction, exponent - 25));
    }
}

static void tensors_are_found_by_name(void **state)
{
    (void)state;
    const blmi_tensor items[] = {{.name = "a"}, {.name = "a.b"}, {.name = "b"}};
    const blmi_tensors set = {items, 3};
    assert_ptr_equal(blmi_tensors_find(&set, "a.b"), &items[1]);
    assert_ptr_equal(blmi_tensors_find(&set, "b"), &items[2]);
    assert_null(blmi_tensors_find(&set, "aa"));
    assert_null(blmi_tensors_find(&(blmi_tensors){0}, "a"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(error_text_is_one_printable_line),
        cmocka_unit_test(allocation_refuses_overflow),
        cmocka_unit_test(numbers_fill_their_text),
        cmocka_unit_test(cursor_stops_at_the_end),
        cmocka_unit_test(half_precision_is_read_exactly),
        cmocka_unit_test(tensors_are_found_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
