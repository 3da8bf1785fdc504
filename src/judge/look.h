// look.h: measures an image: numbers that say whether it can be judged, independent of
// the network.
//
// They are computed from the part of the image that the recipe crops: from a reduced
// picture of about 256 x 256 pixels, and from samples of the rows, columns and patches of
// the image itself (doc/accuracy.md has the time).  A defect changes them little, since
// they are medians or of all rows; faults of the camera change all of the image.
#ifndef BLMI_JUDGE_LOOK_H
#define BLMI_JUDGE_LOOK_H

#include "blemish/blemish.h"

// The numbers.  Levels are grey levels, 0 to 255; logarithms are natural.
enum {
    // Focus: log of the energy of differences between neighbours in relation to that of
    // pixels 4 apart, by direction; log of the energy by itself, in relation to the
    // square of the middle level; in the image and in the reduced picture.
    BLMI_LOOK_FOCUS_X,
    BLMI_LOOK_FOCUS_Y,
    BLMI_LOOK_DETAIL,
    BLMI_LOOK_SMALL_FOCUS_X,
    BLMI_LOOK_SMALL_FOCUS_Y,
    BLMI_LOOK_SMALL_DETAIL,
    // Exposure: log of grey levels + 8 that a tenth, half and nine tenths of the pixels
    // are below; shares of pixels with a white or black sample.
    BLMI_LOOK_DARK,
    BLMI_LOOK_MIDDLE,
    BLMI_LOOK_BRIGHT,
    BLMI_LOOK_WHITE,
    BLMI_LOOK_BLACK,
    // Colour: medians of (red - green) and (blue - green), in levels; log of the mean
    // difference of the largest and the smallest sample of a pixel, + 4.
    BLMI_LOOK_RED,
    BLMI_LOOK_BLUE,
    BLMI_LOOK_CHROMA,
    // Rows: log of the mean step between neighbours, in relation to that between rows 2
    // apart; log of how much the step between two rows, at most, exceeds the steps beside
    // it; share of rows that hardly differ from the one above.
    BLMI_LOOK_COMB,
    BLMI_LOOK_TEAR,
    BLMI_LOOK_LOST,
    // Stripes: log of the second difference, + 1, of the means of rows, and of columns,
    // that are 1, 2, 4 and 8 apart: of the largest of the lower three quarters.
    BLMI_LOOK_ROWS,
    BLMI_LOOK_COLUMNS = BLMI_LOOK_ROWS + 4,
    BLMI_LOOK_NUMBERS = BLMI_LOOK_COLUMNS + 4,
};

typedef struct blmi_look {
    float at[BLMI_LOOK_NUMBERS]; // all finite
} blmi_look;

// Measures the pixels of an image in a rectangle inside it.  BLM_ENOMEM.
blm_status blmi_look_at(
    const blm_image *image, const blm_rect *crop, blmi_look *out, blm_error *err);

#endif
