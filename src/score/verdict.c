#include "src/score/verdict.h"

#include <float.h>
#include <math.h>
#include <string.h>

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
    static const uint8_t marks[] = {
        [BLM_VERDICT_OK] = 0, [BLM_VERDICT_NG] = 255, [BLM_VERDICT_REVIEW] = 128};
    return marks[blm_verdict_of(value, at.ng, at.review)];
}

double blmi_verdict_calibrate(double score, double good_median, blmi_thresholds at)
{
    const double zero = good_median < at.ng ? good_median : 0;
    return (score - zero) / (at.ng - zero);
}

size_t blmi_verdict_capacity(int width, int height)
{
    return (size_t)((width + 1) / 2) * (size_t)((height + 1) / 2);
}

// The smallest float that is not below the threshold, which is at most FLT_MAX.  Floats
// compare with it as with the threshold.
static float as_float(double threshold)
{
    const float rounded = (float)threshold;
    return (double)rounded < threshold ? nextafterf(rounded, INFINITY) : rounded;
}

size_t blmi_verdict_mark(const float *map, int width, int height, blmi_thresholds at,
    int32_t *label, uint8_t *mask, blmi_component *components)
{
    const size_t pixels = (size_t)width * (size_t)height;
    const double lower = at.review != 0 ? at.review : at.ng;
    if (lower > (double)FLT_MAX) { // no float reaches it
        memset(mask, 0, pixels);
        return 0;
    }
    const size_t count = blmi_components(map, width, height, as_float(lower), label,
        components, blmi_verdict_capacity(width, height));
    for (size_t i = 0; i < pixels; i++)
        mask[i] = blmi_verdict_pixel((double)map[i], at);
    return count;
}
