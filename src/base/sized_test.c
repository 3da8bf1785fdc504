// Tests of sized.c: structs of programs that are older, or newer, than the library.
#include "tests/check.h"

#include <string.h>

#include "src/base/sized.h"

typedef struct older {
    int first;
} older;

typedef struct ours {
    int first, second;
} ours;

typedef struct newer {
    int first, second, third;
} newer;

static blm_error err;

static void what_an_older_program_does_not_know_keeps_its_default(void **state)
{
    (void)state;
    const older given = {1};
    ours own = {7, 8};
    assert_ok(blmi_sized_take(&given, sizeof given, &own, sizeof own, "ours", &err), err);
    assert_true(own.first == 1 && own.second == 8);
    assert_ok(blmi_sized_take(NULL, sizeof given, &own, sizeof own, "ours", &err), err);
    assert_true(own.first == 1 && own.second == 8);
}

static void what_the_library_does_not_know_must_not_be_set(void **state)
{
    (void)state;
    newer given = {1, 2, 0};
    ours own = {7, 8};
    assert_ok(blmi_sized_take(&given, sizeof given, &own, sizeof own, "ours", &err), err);
    assert_true(own.first == 1 && own.second == 2);
    given.third = 1;
    assert_int_equal(
        blmi_sized_take(&given, sizeof given, &own, sizeof own, "ours", &err),
        BLM_EUSAGE);
    assert_non_null(strstr(err.text, "ours: byte 8 is set"));
}

static void as_much_is_given_as_the_program_knows(void **state)
{
    (void)state;
    const ours own = {1, 2};
    int small[2] = {7, 7}, large[3] = {7, 7, 7};
    blmi_sized_give(&own, sizeof own, small, sizeof(older));
    assert_true(small[0] == 1 && small[1] == 7);
    blmi_sized_give(&own, sizeof own, large, sizeof large);
    assert_true(large[0] == 1 && large[1] == 2 && large[2] == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_an_older_program_does_not_know_keeps_its_default),
        cmocka_unit_test(what_the_library_does_not_know_must_not_be_set),
        cmocka_unit_test(as_much_is_given_as_the_program_knows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
