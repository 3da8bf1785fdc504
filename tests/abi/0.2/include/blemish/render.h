// render.h: results as pictures and files.
//
// Pictures are blm_images, drawn on in place (copy one with blm_image_from_buffer); maps
// are float (height, width), row-major, at the size of the picture that they belong to.
// Colours and opacities depend on value / threshold alone, never on the map's own range,
// so that two pictures can be compared and a good part looks good.  Functions are pure:
// any thread.  BLM_EUSAGE: sizes or numbers make no sense.
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

// A file's content.  On success it belongs to the caller: blm_bytes_free.
typedef struct blm_bytes {
    uint8_t *data; // (size)
    size_t size;
} blm_bytes;

BLM_API void blm_bytes_free(blm_bytes *bytes); // NULL allowed; leaves it empty
// Writes a file, complete or not at all.
BLM_API blm_status blm_bytes_write(
    const blm_bytes *bytes, const char *path, blm_error *err);

// PNG of MONO8, MONO16, RGB8 or RGBA8 (BGR8 is BLM_EUSAGE); of a MONO16 buffer all 16
// bits count.
BLM_SIZED blm_status blm_png_encode(
    const blm_buffer *picture, blm_bytes *out, blm_error *err);

typedef enum blm_map_format {
    BLM_MAP_TIFF32, // TIFF, one 32-bit float a pixel: the values themselves
    BLM_MAP_TIFF16, // TIFF, 16 bits a pixel
    BLM_MAP_PNG16,  // PNG, 16 bits a pixel
    BLM_MAP_NPY, // NumPy's .npy 1.0, '<f4', shape (height, width): the values themselves
} blm_map_format;

// A map as a file.  The 16-bit formats store value / full, cut to 0..1, as 0..65535,
// rounded to nearest, 0 for NaN; full (above 0, 2 * threshold is a good one) is not used
// by the others.
BLM_API blm_status blm_map_encode(const float *map, int width, int height,
    blm_map_format format, double full, blm_bytes *out, blm_error *err);

// ---- colours --------------------------------------------------------------------------

typedef struct blm_colour {
    uint8_t r, g, b; // sRGB
} blm_colour;

// The colour of a map value, ratio being value / threshold: from dark blue at 0 through
// magenta at 1 to pale yellow at 2 and above; black below 0 and for NaN.  Lightness rises
// evenly, so it reads the same with any colour vision, and in grey.
BLM_API blm_colour blm_heat_colour(double ratio);
// How much of that colour covers the picture: 0 up to half the threshold (and for NaN),
// from there (ratio - 0.5)^2 / 2, so a bare eighth at the threshold, from there straight
// up to 0.6 at twice the threshold, which is the most: a defect stays in sight.
BLM_API double blm_heat_opacity(double ratio);

// ---- drawing --------------------------------------------------------------------------

// Lays the heat of map over the picture.  Pixels of opacity 0 keep their bytes.
BLM_API blm_status blm_image_draw_heat(
    blm_image *image, const float *map, double threshold, blm_error *err);
// The heat alone: out (height, width, 4) RGBA, to be laid over the picture by others.
BLM_API blm_status blm_heat_rgba(const float *map, int width, int height,
    double threshold, uint8_t *out, blm_error *err);

// Surrounds the mask (height, width; not 0: inside) with a line of `thickness` pixels, 1
// to 64, which lies outside of it and so covers nothing of what it shows.
BLM_API blm_status blm_image_draw_contour(blm_image *image, const uint8_t *mask,
    int thickness, blm_colour colour, blm_error *err);

// Surrounds a box, right and bottom exclusive, in the same way.  What lies outside of the
// picture is not drawn.
BLM_API blm_status blm_image_draw_box(blm_image *image, int left, int top, int right,
    int bottom, int thickness, blm_colour colour, blm_error *err);

// Puts pictures side by side, `columns` a row, `gap` pixels apart and from the border;
// columns are as wide and rows as high as the largest picture in them, and pictures
// stand in the middle.
BLM_API blm_status blm_image_tile(const blm_image *const *images, size_t count,
    int columns, int gap, blm_colour background, blm_image **out, blm_error *err);

// ---- plots ----------------------------------------------------------------------------

// A curve of a plot, drawn from point to point.
typedef struct blm_curve {
    const char *name;    // in the legend, UTF-8; NULL: not there
    const double *x, *y; // (count) each
    size_t count;
} blm_curve;

typedef struct blm_axis {
    const char *label; // UTF-8; NULL: none
    double low, high;  // range shown, low < high
} blm_axis;

// Lines as an SVG file: ROC, precision and recall, PRO.  Colours by the curves' order.
// Curves are cut at the edge of the plot; points that are not finite interrupt a curve.
BLM_API blm_status blm_plot_curves(const char *title, const blm_axis *x,
    const blm_axis *y, const blm_curve *curves, size_t count, blm_bytes *out,
    blm_error *err);

// A set of scores of a histogram.
typedef struct blm_sample_set {
    const char *name;     // in the legend, UTF-8; NULL: not there
    const double *values; // (count)
    size_t count;
} blm_sample_set;

// Histograms over one axis as an SVG file, with dashed vertical lines at `marks`
// (thresholds).  The range spans all finite values and marks; values that are not finite
// are left out.
BLM_API blm_status blm_plot_histogram(const char *title, const char *label,
    const blm_sample_set *sets, size_t count, const double *marks, size_t mark_count,
    blm_bytes *out, blm_error *err);

// ---- the functions marked BLM_SIZED ---------------------------------------------------

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
