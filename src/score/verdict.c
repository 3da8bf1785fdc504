#include "src/score/verdict.h"

#include <stddef.h>

blm_verdict blm_verdict_of(double score, double threshold, double review_threshold)
{
    if (score >= threshold)
        return BLM_VERDICT_NG;
    return review_threshold != 0 && score >= review_threshold ? BLM_VERDICT_REVIEW
                                                              : BLM_VERDICT_OK;
}

const char *blm_verdict_name(blm_verdict verdict)
{
    static const char *const names[] = {[BLM_VERDICT_OK] = "OK",
        [BLM_VERDICT_NG] = "NG",
        [BLM_VERDICT_REVIEW] = "REVIEW",
        [BLM_VERDICT_CANNOT_JUDGE] = "CANNOT JUDGE"};
    return (unsigned)verdict < sizeof names / sizeof *names ? names[verdict] : "?";
}

const char *blm_reason_name(unsigned reason)
{
    static const struct {
        unsigned reason;
        const char *name;
    } reasons[] = {{BLM_REASON_NOT_ALIGNED, "not aligned"},
        {BLM_REASON_OUT_OF_FOCUS, "out of focus"},
        {BLM_REASON_OVEREXPOSED, "overexposed"},
        {BLM_REASON_UNDEREXPOSED, "underexposed"}, {BLM_REASON_OBSTRUCTED, "obstructed"},
        {BLM_REASON_FROZEN, "frozen"}, {BLM_REASON_TORN, "torn or striped"},
        {BLM_REASON_WRONG_PART, "wrong part"}, {BLM_REASON_SIZE, "size never seen"},
        {BLM_REASON_COLOUR, "colour never seen"}};
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].reason == reason)
            return reasons[i].name;
    return NULL;
}

blm_verdict blmi_verdict_image(
    double score, unsigned reasons, bool judge_anyway, blmi_thresholds at)
{
    return reasons != 0 && !judge_anyway ? BLM_VERDICT_CANNOT_JUDGE
                                         : blm_verdict_of(score, at.ng, at.review);
}

uint8_t blmi_verdict_pixel(double value, blmi_thresholds at)
{
    static const uint8_t marks[] = {[BLM_VERDICT_OK] = 0,
        [BLM_VERDICT_NG] = BLMI_MARK_NG,
        [BLM_VERDICT_REVIEW] = BLMI_MARK_REVIEW};
    return marks[blm_verdict_of(value, at.ng, at.review)];
}

double blmi_verdict_calibrate(double score, double good_median, blmi_thresholds at)
{
    const double zero = good_median < at.ng ? good_median : 0;
    return (score - zero) / (at.ng - zero);
}
