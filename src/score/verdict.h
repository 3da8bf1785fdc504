// verdict.h: what an opened map says at its thresholds: verdict, mask and regions.
//
// All of it is decided here, so that it cannot disagree: score >= threshold is NG, is a
// mask that has 255, is a region whose peak reaches the threshold.  Pure functions.
#ifndef BLMI_SCORE_VERDICT_H
#define BLMI_SCORE_VERDICT_H

#include "blemish/blemish.h"
#include "src/map/map.h"

// NG from `ng` on, REVIEW from `review` on.
typedef struct blmi_thresholds {
    double ng;     // above 0
    double review; // above 0 and at most ng; 0: no REVIEW
} blmi_thresholds;

// What the mask has for a value of the map: 255 NG, 128 REVIEW, 0 OK.
uint8_t blmi_verdict_pixel(double value, blmi_thresholds at);

// A score on the scale that is comparable between models: 0 at the median of the good
// scores, 1 at the threshold, linear between and beyond.  Where the threshold is not
// above that median, the plain ratio.
double blmi_verdict_calibrate(double score, double good_median, blmi_thresholds at);

// Components of at most this many describe any map: they are at least a pixel apart, so
// that no 2 x 2 block holds two of them.
size_t blmi_verdict_capacity(int width, int height);

// Marks the opened map (height, width), finite and not negative, in mask (height, width):
// 255 from ng on, 128 from review on only, else 0.  The connected parts of what is not 0
// are described in components (blmi_verdict_capacity); returns how many there are.  label
// (height, width) is scratch.
size_t blmi_verdict_mark(const float *map, int width, int height, blmi_thresholds at,
    int32_t *label, uint8_t *mask, blmi_component *components);

#endif
