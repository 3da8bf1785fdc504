// sample.h: samples an image through an affine map of its points.
#ifndef BLMI_IMAGE_SAMPLE_H
#define BLMI_IMAGE_SAMPLE_H

#include <stdint.h>

// Point (x, y) of the result lies at (xx x + xy y + x0, yx x + yy y + y0) of the image;
// in pixels, 0 being the left or upper edge of the first one.
typedef struct blmi_sampling {
    double xx, xy, x0, yx, yy, y0;
} blmi_sampling;

// in (height, width, 3) -> out (out_height, out_width, 3).  Cubic interpolation (Catmull
// & Rom), rounded and limited to 8 bits; outside is the image mirrored at its border,
// which is outside the first and the last pixel.  scratch (height, width, 4).
void blmi_sample_rgb(const uint8_t *in, int width, int height,
    const blmi_sampling *sampling, float *scratch, uint8_t *out, int out_width,
    int out_height);

#endif
