// verdict.h: applies thresholds to scores and to the values of an opened map.
//
// Verdict, mask and regions (marker.h) are all decided here, so that they agree.  An
// image that cannot be judged has another verdict, but the same mask and regions.  Pure
// functions.
#ifndef BLMI_SCORE_VERDICT_H
#define BLMI_SCORE_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "blemish/blemish.h"

// A value >= ng is NG, else a value >= review is REVIEW.
typedef struct blmi_thresholds {
    double ng;     // above 0
    double review; // above 0 and at most ng; 0: no REVIEW
} blmi_thresholds;

// The verdict on an image with a score and reasons (a sum of BLM_REASON_...).
blm_verdict blmi_verdict_image(
    double score, unsigned reasons, bool judge_anyway, blmi_thresholds at);

// The mask for a value of the map: NG, REVIEW, or 0 for OK.
enum { BLMI_MARK_NG = 255, BLMI_MARK_REVIEW = 128 };
uint8_t blmi_verdict_pixel(double value, blmi_thresholds at);

// A score on a scale that can be compared between models: 0 at the median of the good
// scores, 1 at the threshold, linear between and beyond.  If the threshold is not above
// that median: score / threshold.
double blmi_verdict_calibrate(double score, double good_median, blmi_thresholds at);

#endif
