// judgement.h: verdicts on images, and reasons why an image cannot be judged.
#ifndef BLEMISH_JUDGEMENT_H
#define BLEMISH_JUDGEMENT_H

#include "blemish/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum blm_verdict {
    BLM_VERDICT_OK = 0,
    BLM_VERDICT_NG = 1,
    BLM_VERDICT_REVIEW = 2, // between the two thresholds: a person should look
    // The image is not one that the model can judge; blm_result.reasons says why.
    BLM_VERDICT_CANNOT_JUDGE = 3,
} blm_verdict;

// NG if score >= threshold, else REVIEW if score >= review_threshold (0: no REVIEW), else
// OK.  Images, regions and pixels of masks are all decided by this function, but an image
// with reasons (BLM_REASON_...) is CANNOT JUDGE, and a recipe may add pixels to regions.
BLM_API blm_verdict blm_verdict_of(
    double score, double threshold, double review_threshold);
// "OK", "NG", "REVIEW", "CANNOT JUDGE"; static text.
BLM_API const char *blm_verdict_name(blm_verdict verdict);

// Why an image cannot be judged: bits of blm_result.reasons.
enum {
    BLM_REASON_NOT_ALIGNED = 1, // it does not fit the reference image anywhere
    BLM_REASON_OUT_OF_FOCUS = 2,
    BLM_REASON_OVEREXPOSED = 4,
    BLM_REASON_UNDEREXPOSED = 8,
    BLM_REASON_OBSTRUCTED = 16, // a large part of it is hidden
    BLM_REASON_FROZEN = 32,     // it equals the image before it; set by programs
    BLM_REASON_TORN = 64,       // its rows or columns do not belong together
    BLM_REASON_WRONG_PART = 128,
    BLM_REASON_SIZE = 256,   // width, height or their ratio, see BLM_UNSEEN_SIZE, _ASPECT
    BLM_REASON_COLOUR = 512, // more or less colourful than the good images
};
// The text of a reason, such as "out of focus"; static.  NULL if `reason` is not one of
// these bits.
BLM_API const char *blm_reason_name(unsigned reason);

#ifdef __cplusplus
}
#endif

#endif
