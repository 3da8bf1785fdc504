// seen.h: size and brightness of the images of a fit, to recognise images that differ.
#ifndef BLMI_MODEL_SEEN_H
#define BLMI_MODEL_SEEN_H

#include "blemish/blemish.h"

// The ranges of a set of images.  All zeros: no image.
typedef struct blmi_seen {
    int least_width, most_width, least_height, most_height; // pixels
    double least_aspect, most_aspect;                       // width / height
    double least_brightness, most_brightness; // mean of all samples, 0 to 255
    int grey, colour;                         // 1 if there was one
} blmi_seen;

// The ranges of one image.
blmi_seen blmi_seen_of(const blm_image *image);
// Widens the ranges by others.
void blmi_seen_add(blmi_seen *seen, const blmi_seen *more);
// How an image is outside the ranges: a sum of BLM_UNSEEN_...
unsigned blmi_seen_compare(const blmi_seen *seen, const blmi_seen *image);

#endif
