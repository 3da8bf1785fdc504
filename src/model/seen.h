// seen.h: what images were like, so that others can be told apart from them.
#ifndef BLMI_MODEL_SEEN_H
#define BLMI_MODEL_SEEN_H

#include "blemish/blemish.h"

// The ranges of the images that were taken in.
typedef struct blmi_seen {
    int least_width, most_width, least_height, most_height; // pixels
    double least_aspect, most_aspect;                       // width / height
    double least_brightness, most_brightness; // mean of all samples, 0 to 255
    int grey, colour;                         // 1 if there was one
} blmi_seen;

// What one image is like: ranges of one.
blmi_seen blmi_seen_of(const blm_image *image);
// Widens the ranges by another's.  An all-zero one is empty.
void blmi_seen_add(blmi_seen *seen, const blmi_seen *more);
// How an image lies outside: a sum of BLM_UNSEEN_...
unsigned blmi_seen_compare(const blmi_seen *seen, const blmi_seen *image);

#endif
