// Tests of verdicts on images that cannot be judged.
#include "tests/check.h"

#include <string.h>

#include "src/score/verdict.h"

static const blmi_thresholds at = {.ng = 5, .review = 4};

static void reasons_win_over_scores(void **state)
{
    (void)state;
    for (int score = 3; score <= 6; score++) {
        const blm_verdict of_score = blm_verdict_of(score, at.ng, at.review);
        assert_int_equal(blmi_verdict_image(score, 0, false, at), of_score);
        assert_int_equal(blmi_verdict_image(score, BLM_REASON_TORN, true, at), of_score);
        assert_int_equal(blmi_verdict_image(score, BLM_REASON_TORN, false, at),
            BLM_VERDICT_CANNOT_JUDGE);
    }
    assert_string_equal(blm_verdict_name(BLM_VERDICT_CANNOT_JUDGE), "CANNOT JUDGE");
}

// Every reason has a text of its own; other numbers have none.
static void reasons_have_texts(void **state)
{
    unsigned last = BLM_REASON_COLOUR;
    (void)state;
    for (unsigned a = 1; a <= last; a *= 2) {
        assert_non_null(blm_reason_name(a));
        for (unsigned b = 1; b < a; b *= 2)
            assert_int_not_equal(strcmp(blm_reason_name(a), blm_reason_name(b)), 0);
    }
    assert_null(blm_reason_name(0));
    assert_null(blm_reason_name(3));
    assert_null(blm_reason_name(2 * last));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reasons_win_over_scores),
        cmocka_unit_test(reasons_have_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
