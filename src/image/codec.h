// codec.h: what the decoders of src/image share.
//
// A decoder gets a blmi_source and an image whose members are all zero.  It finds out the
// size, asks blmi_image_allocate for the pixels (which enforces the limits), fills them
// and sets channels and bits.  It owns neither: blm_image_decode frees the image when a
// decoder fails.  What is wrong with the bytes is BLM_EINPUT and reads "NAME: FORMAT:
// what".
#ifndef BLMI_IMAGE_CODEC_H
#define BLMI_IMAGE_CODEC_H

#include <stddef.h>
#include <stdint.h>

#include "blemish/image.h"

typedef struct blmi_source {
    const uint8_t *bytes; // (size)
    size_t size;
    const char *name;   // for error texts
    int64_t max_pixels; // above 0
    int bits;           // significant bits of 16-bit samples, 1 to 16
} blmi_source;

// *orientation: 1 to 8 as EXIF counts; 1 on entry, untouched where the file says nothing.
typedef blm_status blmi_decoder(
    const blmi_source *source, blm_image *image, int *orientation, blm_error *err);

blmi_decoder blmi_bmp_decode, blmi_jpeg_decode, blmi_png_decode, blmi_pnm_decode,
    blmi_tiff_decode, blmi_webp_decode;

// Checks the size against the limits, then sets width, height and rgb (not initialised).
blm_status blmi_image_allocate(blm_image *image, const blmi_source *source,
    const char *format, uint64_t width, uint64_t height, blm_error *err);

// The decoder for these bytes, told by the first of them.
blm_status blmi_sniff(const blmi_source *source, blmi_decoder **decoder, blm_error *err);

// The orientation, 1 to 8, that an EXIF block states (a TIFF structure, with or without
// "Exif\0\0" before it); 1 where it states none, or makes no sense.  Pillow's rules: the
// first of the values, of any type but bytes.
int blmi_exif_orientation(const uint8_t *block, size_t size);
// The same of a TIFF structure (not BigTIFF) with its directory at that offset; 0 if the
// value lies beyond the end of the block.
int blmi_directory_orientation(const uint8_t *block, size_t size, uint64_t directory);

// Turns and mirrors the pixels so that orientation 1 to 8 becomes 1.
blm_status blmi_orient(blm_image *image, int orientation, blm_error *err);

// Samples to pixels, all of them for `count` items.

// count 16-bit samples in the machine's byte order, at any alignment, to 8 bits:
// (v + 128) div 257, v scaled to 16 bits first.  out may be in.
void blmi_narrow(uint8_t *out, const void *in, size_t count, int bits);
// count pixels of `step` bytes each to RGB: channel c is byte order[c] of a pixel.
void blmi_spread(
    uint8_t *rgb, const uint8_t *in, size_t count, size_t step, const uint8_t order[3]);
// count pixels of four bytes (0 is no ink) to RGB, as Pillow does.
void blmi_cmyk_to_rgb(uint8_t *rgb, const uint8_t *cmyk, size_t count);

#endif
