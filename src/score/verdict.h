// verdict.h: applies thresholds to an opened map: verdict, mask and regions.
//
// They are all decided here, so that they agree: if the score is >= the threshold, the
// verdict is NG, the mask has a 255, and a region has a peak >= the threshold.  An image
// that cannot be judged has another verdict, but the same mask and regions.  Pure
// functions.
#ifndef BLMI_SCORE_VERDICT_H
#define BLMI_SCORE_VERDICT_H

#include <stdbool.h>

#include "blemish/blemish.h"
#include "src/map/map.h"

// A value >= ng is NG, else a value >= review is REVIEW.
typedef struct blmi_thresholds {
    double ng;     // above 0
    double review; // above 0 and at most ng; 0: no REVIEW
} blmi_thresholds;

// The verdict on an image with a score and reasons (a sum of BLM_REASON_...).
blm_verdict blmi_verdict_image(
    double score, unsigned reasons, bool judge_anyway, blmi_thresholds at);

// The mask for a value of the map: 255 NG, 128 REVIEW, 0 OK.
uint8_t blmi_verdict_pixel(double value, blmi_thresholds at);

// A score on a scale that can be compared between models: 0 at the median of the good
// scores, 1 at the threshold, linear between and beyond.  If the threshold is not above
// that median: score / threshold.
double blmi_verdict_calibrate(double score, double good_median, blmi_thresholds at);

// The most components that a map can have: there is a pixel between any two, so that no
// 2 x 2 block contains two of them.
size_t blmi_verdict_capacity(int width, int height);

// map (height, width), opened, finite, not negative -> mask (height, width): 255 NG, 128
// REVIEW, 0 OK; components (blmi_verdict_capacity): the connected parts of the mask.
// Returns their number.  label (height, width) is scratch.
size_t blmi_verdict_mark(const float *map, int width, int height, blmi_thresholds at,
    int32_t *label, uint8_t *mask, blmi_component *components);

#endif
