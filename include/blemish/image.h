// image.h: pictures from files, memory and cameras, as 8-bit RGB.
//
// Formats: PNG, JPEG, TIFF, BMP, WebP, PNM (P1 to P6).  Whatever the file holds becomes
// three channels of 8 bits: grey is replicated, palettes are expanded, alpha is ignored
// (not composited), 16-bit values v become (v + 128) div 257, the orientation that the
// file states (EXIF, or TIFF's tag) is applied.  Colour profiles are not.  8-bit pixels
// equal those of Pillow 9.4's convert("RGB").  Functions are safe to call from any number
// of threads.
//
// Every page of a TIFF is an image of its own: "name#2" is the second page of the file
// "name", and "name" the first.  Pages that say that they are a smaller copy of another,
// or its transparency, do not count.  "name" is refused where a later page is lost.
// Animations (WebP, PNG) and PNM files that hold several images are refused.  A JPEG
// file's further pictures (previews) are not looked at.
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
    int bits;          // of a sample in the source: 8 (or fewer), or 9 to 64
    uint8_t *rgb;      // (height, width, 3), rows without padding
    // Of samples with more than 8 bits, in the source's own values, alpha aside: what
    // became 0 and 255, and the smallest and largest that were found.  A largest value
    // far below range_high is the sign of, say, 12-bit samples in 16-bit files.  Of other
    // samples, which are not looked at: 0, 255, 0, 255.
    double range_low, range_high, sample_min, sample_max;
} blm_image;

// How to decode.  Zero means the default, NULL for the struct means all defaults.
typedef struct blm_decode_options {
    int64_t max_pixels; // refuse larger images before allocating; 0: 100 million.  No
                        // side may exceed 2^24 in any case
    int64_t max_bytes;  // refuse larger files; 0: 512 MiB
    int bits; // significant bits of 16-bit samples, 1 to 16 (a camera's 10, 12, ...): v
              // is first scaled to v * 65535 div (2^bits - 1), clamped to 65535; 0: 16.
              // Not for files that say the range of their samples themselves: PNM with a
              // maximum below 65535, TIFF with 9 to 15 bits
    int keep_orientation; // 1: leave the pixels as stored
    int page;             // from 1; 0: what the name says, else the first
    // Samples of more than 8 bits, and signed ones: what is at most range_low becomes
    // black, at least range_high white.  Both 0: the range of the samples' bits.
    // Floating-point and 32-bit samples need a range.  NaN becomes black.  Not together
    // with other than 16 bits.
    double range_low, range_high;
} blm_decode_options;

// Reads a file, or decodes `size` bytes in memory (`name` stands in error texts; "#2" in
// it means nothing).  A path that names an existing file is that file, whatever it ends
// with.  On success *out belongs to the caller: blm_image_free.  BLM_EINPUT: unreadable,
// damaged, truncated, not an image of these formats, too large, no such page, a range is
// needed; the text begins with the name.  An image that its decoder calls truncated or
// damaged is refused, never half shown; damage that loses no pixel (a JPEG's padding, or
// missing end) is accepted.  BLM_EUSAGE: options below 0, more than 16 bits, a range that
// is empty or not finite.
BLM_SIZED blm_status blm_image_read(
    const char *path, const blm_decode_options *options, blm_image **out, blm_error *err);
BLM_SIZED blm_status blm_image_decode(const void *bytes, size_t size, const char *name,
    const blm_decode_options *options, blm_image **out, blm_error *err);

// How many pages a file has: 1 for all but TIFF, without a look at the rest of it, and
// for a path that names a page.  Reads no pixels.  BLM_EINPUT: the file cannot be read,
// or the pages of a TIFF are damaged.
BLM_API blm_status blm_image_page_count(const char *path, int *count, blm_error *err);

// How cameras lay out pixels, with the names that GenICam (PFNC, GigE Vision) and V4L2
// have for them.  Samples of two bytes are in the machine's byte order (GenICam and V4L2:
// little); `bits` of blm_buffer says how many bits of them count.
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
// BayerRG has red at the top left and green right of it; GR, GB and BG likewise name the
// first two pixels of the first row.  Missing colours are interpolated (bilinear).
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

// A picture in memory that belongs to somebody else: a camera's buffer.
typedef struct blm_buffer {
    const void *pixels;
    int width, height; // pixels; at least 2 x 2 for Bayer layouts
    ptrdiff_t stride;  // bytes from a row to the next; 0: no padding, a row begins on the
                       // byte where the one before ends; negative: bottom up, pixels is
                       // the top row
    blm_layout layout;
    int bits;       // layouts with two bytes a sample: significant bits; 0: 16
    int full_range; // YUYV, UYVY: 1: Y from 0 to 255 (GenICam's YUV, JPEG), 0: Y from 16
                    // to 235, U and V from 16 to 240 (V4L2).  BT.601 in both cases
    double range_low, range_high; // layouts of more than 8 bits: as in blm_decode_options
} blm_buffer;

// Copies a buffer into an image.  BLM_EUSAGE: sizes, layout, bits or range make no sense.
BLM_SIZED blm_status blm_image_from_buffer(
    const blm_buffer *buffer, blm_image **out, blm_error *err);

BLM_API void blm_image_free(blm_image *image); // NULL allowed

// A copy of width x height pixels, antialiased and bilinear, equal to Pillow's resize to
// the byte.  BLM_EUSAGE: a side is not 1 to 2^24.
BLM_API blm_status blm_image_resize(
    const blm_image *image, int width, int height, blm_image **out, blm_error *err);

// 1 if the name ends like an image that blm_image_read knows (.png, .jpg, .tif, ...; any
// case; "#2" behind it allowed), else 0.  For listing folders; how a file is decoded is
// decided by its content.
BLM_API int blm_image_is_name(const char *name);

// The name of format `index` (from 0 on) and whether this build decodes it: codecs can be
// left out when the library is built.  NULL behind the last.
BLM_API const char *blm_image_format(int index, int *built_in);

// ---- the functions marked BLM_SIZED ---------------------------------------------------

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
