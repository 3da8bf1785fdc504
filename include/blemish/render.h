// render.h: draws results into images and writes them as files.
//
// Images are drawn on in place (copy one with blm_image_from_buffer).  Maps are float
// (height, width), row-major, of the size of their image.  Colour and opacity depend only
// on value / threshold, not on the range of the map, so that images can be compared.
// Functions have no state: any thread may call them.  BLM_EUSAGE: an argument is out of
// range.
#ifndef BLEMISH_RENDER_H
#define BLEMISH_RENDER_H

#include <stddef.h>
#include <stdint.h>

#include "blemish/image.h"
#include "blemish/status.h"

#ifdef __cplusplus
extern "C" {
#endif

// ---- files in memory ------------------------------------------------------------------

// Content of a file.  The caller releases it with blm_bytes_free.
typedef struct blm_bytes {
    uint8_t *data; // (size)
    size_t size;
} blm_bytes;

BLM_API void blm_bytes_free(blm_bytes *bytes); // leaves it empty; NULL allowed
// Writes a file, complete or not at all.  BLM_ESYSTEM: it cannot be written.
BLM_API blm_status blm_bytes_write(
    const blm_bytes *bytes, const char *path, blm_error *err);

// Encodes BLM_MONO8, BLM_MONO16 (all 16 bits), BLM_RGB8 or BLM_RGBA8 as PNG.  BLM_EUSAGE:
// another layout.
BLM_SIZED blm_status blm_png_encode(
    const blm_buffer *picture, blm_bytes *out, blm_error *err);

typedef enum blm_map_format {
    BLM_MAP_TIFF32, // TIFF, 32-bit float, unscaled
    BLM_MAP_TIFF16, // TIFF, 16 bits
    BLM_MAP_PNG16,  // PNG, 16 bits
    BLM_MAP_NPY,    // NumPy .npy 1.0, '<f4', shape (height, width), unscaled
} blm_map_format;

// Encodes a map as a file.  The 16-bit formats store value / full, clamped to 0..1, as
// 0..65535, rounded to nearest; NaN is 0.  full: above 0, for example 2 * threshold;
// ignored by the other formats.
BLM_API blm_status blm_map_encode(const float *map, int width, int height,
    blm_map_format format, double full, blm_bytes *out, blm_error *err);

// ---- colours --------------------------------------------------------------------------

typedef struct blm_colour {
    uint8_t r, g, b; // sRGB
} blm_colour;

// The colour of a map value; ratio = value / threshold.  From dark blue at 0 through
// magenta at 1 to pale yellow at 2 and above; black below 0 and for NaN.  Lightness rises
// evenly, so that it can be read with any colour vision and in grey.
BLM_API blm_colour blm_heat_colour(double ratio);
// The opacity of that colour: 0 up to ratio 0.5 and for NaN; (ratio - 0.5)^2 / 2 up to
// 1, where it is 0.125; then linear to 0.6 at 2 and above, so that defects stay visible.
BLM_API double blm_heat_opacity(double ratio);

// ---- drawing --------------------------------------------------------------------------

// Draws a map over an image of the same size.  Pixels of opacity 0 are unchanged.
BLM_API blm_status blm_image_draw_heat(
    blm_image *image, const float *map, double threshold, blm_error *err);
// The same as a layer to be drawn over the image: out (height, width, 4) RGBA.
BLM_API blm_status blm_heat_rgba(const float *map, int width, int height,
    double threshold, uint8_t *out, blm_error *err);

// Draws a line around the mask (height, width; 0: outside), `thickness` pixels, 1 to 64.
// The line lies outside the mask and covers nothing of it.
BLM_API blm_status blm_image_draw_contour(blm_image *image, const uint8_t *mask,
    int thickness, blm_colour colour, blm_error *err);

// Draws a line around a box in the same way; right and bottom are exclusive.  Parts
// outside the image are not drawn.
BLM_API blm_status blm_image_draw_box(blm_image *image, int left, int top, int right,
    int bottom, int thickness, blm_colour colour, blm_error *err);

// Arranges images in a grid with `columns` columns, `gap` pixels between them and at the
// border.  Columns and rows have the size of their largest image; images are centred.
// The caller releases *out with blm_image_free.
BLM_API blm_status blm_image_tile(const blm_image *const *images, size_t count,
    int columns, int gap, blm_colour background, blm_image **out, blm_error *err);

// ---- plots ----------------------------------------------------------------------------

// A curve of a plot, drawn from point to point.
typedef struct blm_curve {
    const char *name;    // in the legend, UTF-8; NULL: not in the legend
    const double *x, *y; // (count) each
    size_t count;
} blm_curve;

typedef struct blm_axis {
    const char *label; // UTF-8; NULL: none
    double low, high;  // range shown, low < high
} blm_axis;

// Plots curves as an SVG file.  Their order decides their colours.  Curves are clipped at
// the edge of the plot; a point that is not finite interrupts a curve.
BLM_API blm_status blm_plot_curves(const char *title, const blm_axis *x,
    const blm_axis *y, const blm_curve *curves, size_t count, blm_bytes *out,
    blm_error *err);

// One of the sets of values of a histogram.
typedef struct blm_sample_set {
    const char *name;     // in the legend, UTF-8; NULL: not in the legend
    const double *values; // (count)
    size_t count;
} blm_sample_set;

// Plots histograms over one axis as an SVG file, with dashed vertical lines at `marks`
// (thresholds).  sets (count); marks (mark_count).  The axis spans all finite values and
// marks; values that are not finite are left out.
BLM_API blm_status blm_plot_histogram(const char *title, const char *label,
    const blm_sample_set *sets, size_t count, const double *marks, size_t mark_count,
    blm_bytes *out, blm_error *err);

// ---- bodies of the functions marked BLM_SIZED -----------------------------------------

BLM_API blm_status blm_png_encode_sized(
    const blm_buffer *picture, size_t buffer_size, blm_bytes *out, blm_error *err);
BLM_SIZED blm_status blm_png_encode(
    const blm_buffer *picture, blm_bytes *out, blm_error *err)
{
    return blm_png_encode_sized(picture, sizeof(blm_buffer), out, err);
}

#ifdef __cplusplus
}
#endif
#endif
