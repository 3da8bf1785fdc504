// augment.h: makes variations of good images, so that a fit learns more of what good
// parts look like.
#ifndef BLMI_FEATURE_AUGMENT_H
#define BLMI_FEATURE_AUGMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "blemish/blemish.h"

enum { BLMI_MAX_VARIATIONS = 15 };

// What may vary; each is drawn from a uniform distribution.
typedef struct blmi_augment {
    int variations;               // of each image; 0: none, and all else is meaningless
    double light_low, light_high; // factor of all values; both 1: unchanged
    double shift;                 // at most this share of width and height, to all sides
    double turn;                  // at most this many degrees, to both sides
    bool flip;                    // half of the variations are mirrored, left and right
} blmi_augment;

// Reads a text such as "light:0.8-1.2,shift:1%,turn:2,flip,variations:3"; "": no
// variations.  BLM_EUSAGE: the text is wrong; the error begins with `augment "text"`.
blm_status blmi_augment_parse(const char *text, blmi_augment *out, blm_error *err);
// Writes the text that reads back as the same, always in the same order.
void blmi_augment_print(const blmi_augment *augment, char text[BLM_FIELD_TEXT]);

// Makes variation `number` of an image.  It depends only on these arguments: equal images
// have equal variations.  The caller releases *out with blm_image_free.  BLM_ENOMEM.
blm_status blmi_augment_image(const blmi_augment *augment, int64_t seed, int number,
    const blm_image *image, blm_image **out, blm_error *err);

#endif
