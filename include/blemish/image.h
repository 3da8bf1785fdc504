// image.h: pictures from files, memory and cameras, as 8-bit RGB.
//
// Formats: PNG, JPEG, TIFF, BMP, WebP, PNM (P1 to P6).  Whatever the file holds becomes
// three channels of 8 bits: grey is replicated, palettes are expanded, alpha is ignored
// (not composited), 16-bit values v become (v + 128) div 257, the orientation that the
// file states (EXIF, or TIFF's tag) is applied.  Colour profiles are not.  Of a TIFF with
// many pages the first counts; an animated WebP is refused.  8-bit pixels equal those of
// Pillow 9.4's convert("RGB").  Functions are safe to call from any number of threads.
#ifndef BLEMISH_IMAGE_H
#define BLEMISH_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "blemish/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct blm_image {
    int width, height; // pixels, after the orientation was applied; both at least 1
    int channels;      // what the source held, alpha aside: 1 grey, 3 colour
    int bits;          // of a sample in the source: 8 or 16
    uint8_t *rgb;      // (height, width, 3), rows without padding
} blm_image;

// How to decode.  Zero means the default, NULL for the struct means all defaults.
typedef struct blm_decode_options {
    int64_t max_pixels; // refuse larger images before allocating; 0: 100 million.  No
                        // side may exceed 2^24 in any case
    int64_t max_bytes;  // refuse larger files; 0: 512 MiB
    int bits; // significant bits of 16-bit samples, 1 to 16 (a camera's 10, 12, ...): v
              // is first scaled to v * 65535 div (2^bits - 1), clamped to 65535; 0: 16.
              // Not for PNM with a maximum below 65535, which says its range itself
    int keep_orientation; // 1: leave the pixels as stored
} blm_decode_options;

// Reads a file, or decodes `size` bytes in memory (`name` stands in error texts).  On
// success *out belongs to the caller: blm_image_free.  BLM_EINPUT: unreadable, damaged,
// truncated, not an image of these formats, too large; the text begins with the name.  An
// image that its decoder calls truncated or damaged is refused, never half shown.
// BLM_EUSAGE: options below 0, more than 16 bits.
BLM_API blm_status blm_image_read(
    const char *path, const blm_decode_options *options, blm_image **out, blm_error *err);
BLM_API blm_status blm_image_decode(const void *bytes, size_t size, const char *name,
    const blm_decode_options *options, blm_image **out, blm_error *err);

typedef enum blm_layout {
    BLM_MONO8,  // one byte a pixel
    BLM_MONO16, // two bytes a pixel, in the machine's byte order
    BLM_RGB8,
    BLM_BGR8,
    BLM_RGBA8, // alpha ignored
} blm_layout;

// A picture in memory that belongs to somebody else: a camera's buffer.
typedef struct blm_buffer {
    const void *pixels;
    int width, height; // pixels
    ptrdiff_t stride; // bytes from a row to the next; 0: no padding; negative: bottom up,
                      // pixels is the top row
    blm_layout layout;
    int bits; // MONO16: significant bits; 0: 16
} blm_buffer;

// Copies a buffer into an image.  BLM_EUSAGE: sizes or layout make no sense.
BLM_API blm_status blm_image_from_buffer(
    const blm_buffer *buffer, blm_image **out, blm_error *err);

// A copy of width x height pixels, antialiased and bilinear, equal to Pillow's resize to
// the byte.  BLM_EUSAGE: a side is not 1 to 2^24.
BLM_API blm_status blm_image_resize(
    const blm_image *image, int width, int height, blm_image **out, blm_error *err);

BLM_API void blm_image_free(blm_image *image); // NULL allowed

// 1 if the name ends like an image that blm_image_read knows (.png .jpg .jpeg .tif .tiff
// .bmp .webp .pnm .pbm .pgm .ppm, any case), else 0.  For listing folders; files are told
// by their content.
BLM_API int blm_image_is_name(const char *name);

#ifdef __cplusplus
}
#endif
#endif
