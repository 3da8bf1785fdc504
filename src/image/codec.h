// codec.h: what the decoders of src/image share.
//
// A decoder gets a blmi_source and an image whose members are all zero.  It finds the
// size, allocates the pixels by blmi_image_allocate (which enforces the limits), fills
// them and sets channels and bits.  It owns neither: blm_image_decode frees the image if
// a decoder fails.  Errors in the bytes are BLM_EINPUT, with the text "NAME: FORMAT:
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
    double range_low, range_high; // both 0: not given
    int page;                     // from 1; 0: the first, if no page is missing
} blmi_source;

// *orientation: EXIF orientation, 1 to 8; 1 on entry, unchanged if the file has none.
typedef blm_status blmi_decoder(
    const blmi_source *source, blm_image *image, int *orientation, blm_error *err);

blmi_decoder blmi_bmp_decode, blmi_jpeg_decode, blmi_png_decode, blmi_pnm_decode,
    blmi_tiff_decode, blmi_webp_decode;

// Checks the size against the limits, then sets width, height and rgb (not initialised).
blm_status blmi_image_allocate(blm_image *image, const blmi_source *source,
    const char *format, uint64_t width, uint64_t height, blm_error *err);

// BLM_EUSAGE if a range is not finite or is empty, or if both a range and bits are given.
// 0, 0 is no range.  The text begins with `where`.
blm_status blmi_check_range(
    const char *where, double low, double high, int bits, blm_error *err);

// Chooses the decoder by the first bytes.
blm_status blmi_sniff(const blmi_source *source, blmi_decoder **decoder, blm_error *err);
// Whether bytes (size) begin like a TIFF file.
bool blmi_is_tiff(const uint8_t *bytes, size_t size);

// The length of a name without the suffix "#N" for a page, N of 1 to 9 digits.  *page: N,
// or 0 if there is no suffix.
size_t blmi_page_suffix(const char *name, int *page);

// The offset of the directory of the source's page.  BLM_EINPUT if there is no such page.
blm_status blmi_tiff_find_page(
    const blmi_source *source, uint64_t *offset, blm_error *err);
// The number of pages of an open TIFF file.
blm_status blmi_tiff_count_pages(const char *name, int file, int *count, blm_error *err);

// The orientation, 1 to 8, in an EXIF block (a TIFF structure, with or without "Exif\0\0"
// before it); 1 if it has none, or an invalid one.  As Pillow does: the first of the
// values, of any type except bytes.
int blmi_exif_orientation(const uint8_t *block, size_t size);
// The same for a TIFF structure (not BigTIFF) with its directory at that offset.  0 if
// the value is beyond the end of the block.
int blmi_directory_orientation(const uint8_t *block, size_t size, uint64_t directory);

// Rotates and mirrors the pixels so that the orientation becomes 1.
blm_status blmi_orient(blm_image *image, int orientation, blm_error *err);

// The scale of unsigned samples of `bits` bits (at most 16) in a file that gives no
// range.  The source's significant bits apply if `bits` is 16.
blmi_scale blmi_source_scale(const blmi_source *source, int bits);

// Converts `count` pixels to RGB, from 1 or 3 (or more: the first three) 16-bit samples.
void blmi_pixels_16(
    uint8_t *rgb, const void *samples, size_t channels, size_t count, blmi_scale *scale);
// Converts count pixels of `step` bytes to RGB: channel c is byte order[c] of a pixel.
void blmi_spread(
    uint8_t *rgb, const uint8_t *in, size_t count, size_t step, const uint8_t order[3]);
// Converts a Bayer mosaic to RGB.  padded: (height + 2, width + 2); this function writes
// its outermost pixels.  Both sizes are 2 or more.  red_x, red_y: 0 or 1, the first red
// pixel.
void blmi_demosaic(
    uint8_t *rgb, uint8_t *padded, size_t width, size_t height, int red_x, int red_y);
// Converts count pixels of CMYK (0 is no ink) to RGB, as Pillow does.
void blmi_cmyk_to_rgb(uint8_t *rgb, const uint8_t *cmyk, size_t count);

#endif
