// image.h: reads images from files, memory and camera buffers, as 8-bit RGB.
//
// Formats: PNG, JPEG, TIFF, BMP, WebP, PNM (P1 to P6).  Every image becomes three
// channels of 8 bits: grey is replicated, palettes are expanded, alpha is ignored (not
// composited), a 16-bit value v becomes (v + 128) div 257, the orientation stored in the
// file (EXIF or the TIFF tag) is applied, colour profiles are ignored.  8-bit pixels
// equal those of Pillow 9.4's convert("RGB").  Functions can be called from any number of
// threads.
//
// Each page of a TIFF is an image: "name#2" is the second page of the file "name", "name"
// the first.  Pages marked as reduced copies or transparency masks do not count.  "name"
// is refused if a later page is damaged.  Animations (WebP, PNG) and PNM files with
// several images are refused.  Only the first image of a JPEG file is read.
#ifndef BLEMISH_IMAGE_H
#define BLEMISH_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "blemish/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct blm_image {
    int width, height; // pixels, after the orientation was applied; 1 or more
    int channels;      // of the source without alpha: 1 grey, 3 colour
    int bits;          // of a sample of the source: 8 (or fewer), or 9 to 64
    uint8_t *rgb;      // (height, width, 3), rows without padding
    // For samples of more than 8 bits, in values of the source, without alpha: the values
    // that became 0 and 255, the smallest and the largest value found.  A largest value
    // far below range_high suggests, for example, 12-bit samples in a 16-bit file.  For
    // other samples: 0, 255, 0, 255.
    double range_low, range_high, sample_min, sample_max;
} blm_image;

// Options of decoding.  Zero means the default, NULL all defaults.
typedef struct blm_decode_options {
    int64_t max_pixels; // larger images are refused before allocation; 0: 100 million.
                        // No side may exceed 2^24 in any case
    int64_t max_bytes;  // larger files are refused; 0: 512 MiB
    // Significant bits of 16-bit samples, 1 to 16: v is scaled to v * 65535 div (2^bits -
    // 1), at most 65535; 0: 16.  Ignored for files that define the range of their
    // samples: PNM with a maximum below 65535, TIFF with 9 to 15 bits.
    int bits;
    int keep_orientation; // 1: the pixels stay as stored
    int page;             // 1 is the first; 0: the page in the name, else the first
    // For signed samples and samples of more than 8 bits: range_low and below become
    // black, range_high and above white; both 0: the range that the bits give.  Required
    // for floating-point and 32-bit samples; NaN becomes black.  Not with bits below 16.
    double range_low, range_high;
} blm_decode_options;

// Reads a file, or decodes `size` bytes in memory.  path: may end with a page ("#2"); a
// file of exactly that name comes first.  name: for error texts.  The caller releases
// *out with blm_image_free.  Truncated and damaged images are refused, unless the damage
// loses no pixel (padding or a missing end in a JPEG).  BLM_EINPUT: cannot be read,
// damaged, truncated, another format, too large, no such page, a range is required; the
// text begins with the name.  BLM_EUSAGE: an option below 0, more than 16 bits, a range
// that is empty or not finite.
BLM_SIZED blm_status blm_image_read(
    const char *path, const blm_decode_options *options, blm_image **out, blm_error *err);
BLM_SIZED blm_status blm_image_decode(const void *bytes, size_t size, const char *name,
    const blm_decode_options *options, blm_image **out, blm_error *err);

// The number of pages of a file; 1 for a path that names a page, and for other formats
// than TIFF, which are not read further.  Reads no pixels.  BLM_EINPUT: the file cannot
// be read, or the pages of a TIFF are damaged.
BLM_API blm_status blm_image_page_count(const char *path, int *count, blm_error *err);

// Pixel layouts of cameras, with their names in GenICam (PFNC, GigE Vision) and V4L2.
// Samples of two bytes have the byte order of the machine (GenICam and V4L2: little
// endian); blm_buffer.bits is the number of their significant bits.
//
//     layout               bytes                            GenICam             V4L2
//     BLM_MONO8            1 a pixel                        Mono8               GREY
//     BLM_MONO16           2 a pixel                        Mono10 12 14 16     Y10 Y16
//     BLM_MONO10P          4 in 5, lowest bits first        Mono10p
//     BLM_MONO12P          2 in 3, lowest bits first        Mono12p
//     BLM_MONO10_PACKED    2 in 3, low bits in the middle   Mono10Packed
//     BLM_MONO12_PACKED    2 in 3, low bits in the middle   Mono12Packed
//     BLM_MONO10_MIPI      4 in 5, low bits in the last                         Y10P
//     BLM_MONO12_MIPI      2 in 3, low bits in the last                         Y12P
//     BLM_MONO_FLOAT       4 a pixel; needs a range         Coord3D_C32f
//     BLM_RGB8  BLM_BGR8   3 a pixel                        RGB8 BGR8           RGB3 BGR3
//     BLM_RGBA8 BLM_BGRA8  4 a pixel, alpha last            RGBa8 BGRa8         AB24 AR24
//     BLM_ARGB8 BLM_ABGR8  4 a pixel, alpha first                               BA24 RA24
//     BLM_RGB16 BLM_BGR16  6 a pixel                        RGB10 12 16, BGR ..
//     BLM_YUYV             4 for 2 pixels: Y U Y V          YUV422_8            YUYV
//     BLM_UYVY             4 for 2 pixels: U Y V Y          YUV422_8_UYVY       UYVY
//     BLM_BAYER_RG8        as BLM_MONO8                     BayerRG8            RGGB
//     BLM_BAYER_RG16       as BLM_MONO16                    BayerRG10 12 16     RG10 RG16
//     BLM_BAYER_RG10P ...  as the other BLM_MONO ones       BayerRG10p ...      pRAA ...
//
// RG, GR, GB and BG are the colours of the first two pixels of the first row.  Missing
// colours are interpolated (bilinear).
typedef enum blm_layout {
    BLM_MONO8 = 0,
    BLM_MONO16 = 1,
    BLM_RGB8 = 2,
    BLM_BGR8 = 3,
    BLM_RGBA8 = 4, // alpha is ignored in all layouts
    BLM_BGRA8 = 5,
    BLM_ARGB8 = 6,
    BLM_ABGR8 = 7,
    BLM_RGB16 = 8,
    BLM_BGR16 = 9,
    BLM_MONO_FLOAT = 10,
    BLM_YUYV = 11,
    BLM_UYVY = 12,
    BLM_MONO10P = 13,
    BLM_MONO12P = 14,
    BLM_MONO10_PACKED = 15,
    BLM_MONO12_PACKED = 16,
    BLM_MONO10_MIPI = 17,
    BLM_MONO12_MIPI = 18,
    BLM_BAYER_RG8 = 20,
    BLM_BAYER_RG16 = 21,
    BLM_BAYER_RG10P = 22,
    BLM_BAYER_RG12P = 23,
    BLM_BAYER_RG10_PACKED = 24,
    BLM_BAYER_RG12_PACKED = 25,
    BLM_BAYER_RG10_MIPI = 26,
    BLM_BAYER_RG12_MIPI = 27,
    BLM_BAYER_GR8 = 30,
    BLM_BAYER_GR16 = 31,
    BLM_BAYER_GR10P = 32,
    BLM_BAYER_GR12P = 33,
    BLM_BAYER_GR10_PACKED = 34,
    BLM_BAYER_GR12_PACKED = 35,
    BLM_BAYER_GR10_MIPI = 36,
    BLM_BAYER_GR12_MIPI = 37,
    BLM_BAYER_GB8 = 40,
    BLM_BAYER_GB16 = 41,
    BLM_BAYER_GB10P = 42,
    BLM_BAYER_GB12P = 43,
    BLM_BAYER_GB10_PACKED = 44,
    BLM_BAYER_GB12_PACKED = 45,
    BLM_BAYER_GB10_MIPI = 46,
    BLM_BAYER_GB12_MIPI = 47,
    BLM_BAYER_BG8 = 50,
    BLM_BAYER_BG16 = 51,
    BLM_BAYER_BG10P = 52,
    BLM_BAYER_BG12P = 53,
    BLM_BAYER_BG10_PACKED = 54,
    BLM_BAYER_BG12_PACKED = 55,
    BLM_BAYER_BG10_MIPI = 56,
    BLM_BAYER_BG12_MIPI = 57,
} blm_layout;

// Pixels in memory of the caller, such as a camera's buffer.
typedef struct blm_buffer {
    const void *pixels;
    int width, height; // pixels; at least 2 x 2 for Bayer layouts
    // Bytes from a row to the next; 0: rows without padding; negative: bottom up, with
    // pixels at the top row.
    ptrdiff_t stride;
    blm_layout layout;
    int bits; // significant bits in layouts with two bytes a sample; 0: 16
    // YUYV and UYVY (BT.601): 1: Y from 0 to 255 (GenICam's YUV, JPEG); 0: Y from 16 to
    // 235, U and V from 16 to 240 (V4L2).
    int full_range;
    double range_low, range_high; // layouts of more than 8 bits: as in blm_decode_options
} blm_buffer;

// Converts a buffer into an image, which the caller releases with blm_image_free.
// BLM_EUSAGE: size, stride, layout, bits or range are out of range.
BLM_SIZED blm_status blm_image_from_buffer(
    const blm_buffer *buffer, blm_image **out, blm_error *err);

BLM_API void blm_image_free(blm_image *image); // NULL allowed

// Makes a copy of width x height pixels, antialiased and bilinear; equal to Pillow's
// resize in every byte.  BLM_EUSAGE: a side is not 1 to 2^24.
BLM_API blm_status blm_image_resize(
    const blm_image *image, int width, int height, blm_image **out, blm_error *err);

// 1 if the name has the ending of an image (.png, .jpg, .tif, ...; in any case; a page
// "#2" may follow), else 0.  For listing folders; blm_image_read looks at the content.
BLM_API int blm_image_is_name(const char *name);

// Name of format `index`, from 0; NULL after the last one.  *built_in: 1 if this build of
// the library can decode it, else 0.  Static text.
BLM_API const char *blm_image_format(int index, int *built_in);

// ---- bodies of the functions marked BLM_SIZED -----------------------------------------

BLM_API blm_status blm_image_read_sized(const char *path,
    const blm_decode_options *options, size_t options_size, blm_image **out,
    blm_error *err);
BLM_SIZED blm_status blm_image_read(
    const char *path, const blm_decode_options *options, blm_image **out, blm_error *err)
{
    return blm_image_read_sized(path, options, sizeof(blm_decode_options), out, err);
}

BLM_API blm_status blm_image_decode_sized(const void *bytes, size_t size,
    const char *name, const blm_decode_options *options, size_t options_size,
    blm_image **out, blm_error *err);
BLM_SIZED blm_status blm_image_decode(const void *bytes, size_t size, const char *name,
    const blm_decode_options *options, blm_image **out, blm_error *err)
{
    return blm_image_decode_sized(
        bytes, size, name, options, sizeof(blm_decode_options), out, err);
}

BLM_API blm_status blm_image_from_buffer_sized(
    const blm_buffer *buffer, size_t buffer_size, blm_image **out, blm_error *err);
BLM_SIZED blm_status blm_image_from_buffer(
    const blm_buffer *buffer, blm_image **out, blm_error *err)
{
    return blm_image_from_buffer_sized(buffer, sizeof(blm_buffer), out, err);
}

#ifdef __cplusplus
}
#endif
#endif
