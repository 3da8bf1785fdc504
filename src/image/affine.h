// affine.h: moves, turns and mirrors an image, and changes its brightness.
#ifndef BLMI_IMAGE_AFFINE_H
#define BLMI_IMAGE_AFFINE_H

#include <stdbool.h>
#include <stdint.h>

typedef struct blmi_affine {
    double shift_x, shift_y; // to the right and down, in pixels
    double turn;             // counterclockwise about the centre, in degrees
    bool mirror;             // left and right are exchanged, before all else
    double light;            // factor of all values, above 0
} blmi_affine;

// in, out (height, width, 3), which do not overlap.  Cubic interpolation (Catmull & Rom),
// rounded and limited to 8 bits; what comes into view is the image mirrored at its
// border.  Without a shift and a turn pixels are copied, not interpolated.
void blmi_affine_rgb(
    const uint8_t *in, int width, int height, const blmi_affine *change, uint8_t *out);

#endif
