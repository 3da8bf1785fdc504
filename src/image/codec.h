// codec.h: what the decoders of src/image share.
//
// A decoder gets a blmi_source and an image whose members are all zero.  It finds out the
// size, asks blmi_image_allocate for the pixels (which enforces the limits), fills them
// and sets channels and bits.  It owns neither: blm_image_decode frees the image when a
// decoder fails.  What is wrong with the bytes is BLM_EINPUT and reads "NAME: FORMAT:
// what".
#ifndef BLMI_IMAGE_CODEC_H
#define BLMI_IMAGE_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "blemish/image.h"
#include "src/image/picture.h"
#include "src/image/samples.h"

typedef struct blmi_source {
    const uint8_t *bytes; // (size)
    size_t size;
    const char *name;             // for error texts
    int64_t max_pixels;           // above 0
    int bits;                     // significant bits of 16-bit samples, 1 to 16
    double range_low, range_high; // both 0: none was given
    int page;                     // from 1; 0: the first, if all are there
} blmi_source;

// *orientation: 1 to 8 as EXIF counts; 1 on entry, untouched where the file says nothing.
typedef blm_status blmi_decoder(
    const blmi_source *source, blm_image *image, int *orientation, blm_error *err);

blmi_decoder blmi_bmp_decode, blmi_jpeg_decode, blmi_png_decode, blmi_pnm_decode,
    blmi_tiff_decode, blmi_webp_decode;

// Checks the size against the limits, then sets width, height and rgb (not initialised).
blm_status blmi_image_allocate(blm_image *image, const blmi_source *source,
    const char *format, uint64_t width, uint64_t height, blm_error *err);

// BLM_EUSAGE unless a range is finite and not empty, or 0, 0, and then given without
// bits.  The text begins with `where`.
blm_status blmi_check_range(
    const char *where, double low, double high, int bits, blm_error *err);

// The decoder for these bytes, told by the first of them.
blm_status blmi_sniff(const blmi_source *source, blmi_decoder **decoder, blm_error *err);
// Whether bytes (size) begin as a TIFF file does.
bool blmi_is_tiff(const uint8_t *bytes, size_t size);

// The length of a name without the "#N" that names a page, N from 1 to 9 digits; *page:
// N, 0 if there is none.
size_t blmi_page_suffix(const char *name, int *page);

// The offset of the directory of the source's page; BLM_EINPUT if it has no such page.
blm_status blmi_tiff_find_page(
    const blmi_source *source, uint64_t *offset, blm_error *err);
// The pages of an open TIFF file.
blm_status blmi_tiff_count_pages(const char *name, int file, int *count, blm_error *err);

// The orientation, 1 to 8, that an EXIF block states (a TIFF structure, with or without
// "Exif\0\0" before it); 1 where it states none, or makes no sense.  Pillow's rules: the
// first of the values, of any type but bytes.
int blmi_exif_orientation(const uint8_t *block, size_t size);
// The same of a TIFF structure (not BigTIFF) with its directory at that offset; 0 if the
// value lies beyond the end of the block.
int blmi_directory_orientation(const uint8_t *block, size_t size, uint64_t directory);

// Turns and mirrors the pixels so that orientation 1 to 8 becomes 1.
blm_status blmi_orient(blm_image *image, int orientation, blm_error *err);

// The scale of unsigned samples of `bits` bits in a file that says no more about them,
// at most 16, of which the source's bits are significant where that is all 16.
blmi_scale blmi_source_scale(const blmi_source *source, int bits);

// Pixels of 1 or 3 (or more: the first three) 16-bit samples to RGB: `count` of them.
void blmi_pixels_16(
    uint8_t *rgb, const void *samples, size_t channels, size_t count, blmi_scale *scale);
// count pixels of `step` bytes each to RGB: channel c is byte order[c] of a pixel.
void blmi_spread(
    uint8_t *rgb, const uint8_t *in, size_t count, size_t step, const uint8_t order[3]);
// A Bayer mosaic to RGB.  padded: (height + 2, width + 2), whose outermost pixels are
// written here; both sizes at least 2.  red_x, red_y: 0 or 1, the first red pixel.
void blmi_demosaic(
    uint8_t *rgb, uint8_t *padded, size_t width, size_t height, int red_x, int red_y);
// count pixels of four bytes (0 is no ink) to RGB, as Pillow does.
void blmi_cmyk_to_rgb(uint8_t *rgb, const uint8_t *cmyk, size_t count);

#endif
