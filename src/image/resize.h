// resize.h: resizes images as Pillow does, with antialiasing, equal to the byte.
#ifndef BLMI_IMAGE_RESIZE_H
#define BLMI_IMAGE_RESIZE_H

#include <stddef.h>
#include <stdint.h>

#include "blemish/status.h"

typedef enum blmi_filter { BLMI_BILINEAR, BLMI_BICUBIC, BLMI_NEAREST } blmi_filter;

// Resizes in (height, width, 3), with rows `stride` bytes apart (so a crop is a pointer
// into a larger image), to out (out_height, out_width, 3) without padding.  BILINEAR and
// BICUBIC: rows first, rounded to 8 bits, then columns.  All sizes are 1 or more.  The
// only failure is BLM_ENOMEM.
blm_status blmi_resize_rgb(const uint8_t *in, int width, int height, ptrdiff_t stride,
    blmi_filter filter, uint8_t *out, int out_width, int out_height, blm_error *err);

// Resizes one channel by Pillow's NEAREST, for masks.  in (height, width), out
// (out_height, out_width), dense.
void blmi_resize_nearest(const uint8_t *in, int width, int height, uint8_t *out,
    int out_width, int out_height);

#endif
