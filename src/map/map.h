// map.h: makes the map from distances on the grid, and score, mask and regions from the
// map.
//
// Maps are float (height, width), row-major; grids are (grid_height, grid_width).  Values
// are never NaN.  A map has fewer than 2^30 pixels.  Neighbours are the eight around a
// pixel.  All functions are pure and may be called from any thread; those without a
// status cannot fail.
#ifndef BLMI_MAP_MAP_H
#define BLMI_MAP_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "blemish/status.h"

// ---- resample.c: bilinear resizing and Gaussian filter --------------------------------

typedef struct blmi_resampler blmi_resampler; // immutable

// Grids to maps: bilinear interpolation with half-pixel centres (align_corners = false),
// then a Gaussian filter of `sigma` pixels (radius int(4 sigma + 0.5), edge pixels
// repeated, scipy's "reflect"); sigma 0: no filter.  Both are linear and separable, so
// each axis is one matrix, computed in double.  BLM_EUSAGE: a grid's side outside
// 1..2048, a map's outside 1..16384, or sigma outside 0..1000.
blm_status blmi_resampler_new(int grid_width, int grid_height, int width, int height,
    double sigma, blmi_resampler **out, blm_error *err);
void blmi_resampler_free(blmi_resampler *resampler);            // NULL allowed
size_t blmi_resampler_scratch(const blmi_resampler *resampler); // bytes
// grid (grid_height, grid_width) and map (height, width) of finite values; scratch is
// aligned for floats.
void blmi_resampler_run(
    const blmi_resampler *resampler, const float *grid, void *scratch, float *map);

// ---- opening.c: grey-scale area opening -----------------------------------------------

// The area opening of map by `area` pixels (1 or more): every pixel becomes the highest
// level t at which it lies in a connected set of at least `area` pixels >= t.  Pixels
// with include[i] == 0 (include may be NULL) are left out: they connect nothing and
// become -INFINITY.  A connected part of the included pixels with fewer than `area`
// pixels becomes its lowest value.  map and out may be the same.  If a larger part
// exists, opened >= t is the union of the components of map >= t that have `area` pixels
// or more, for every t.
size_t blmi_opening_scratch(int width, int height); // bytes
// scratch is aligned for uint64_t.
void blmi_opening(const float *map, int width, int height, int64_t area,
    const uint8_t *include, void *scratch, float *out);

// ---- components.c: connected components -----------------------------------------------

typedef struct blmi_component {
    int left, top, right, bottom;  // box in map pixels, right and bottom exclusive
    int64_t area;                  // pixels
    float peak;                    // highest value
    int peak_x, peak_y;            // the first pixel in row order that has it
    double centroid_x, centroid_y; // mean of the pixel centres (x + 0.5, y + 0.5)
} blmi_component;

// Labels the components of map >= threshold (finite).  label (height, width) becomes 0
// for background and 1.. in the order of each component's first pixel.  Returns the
// number of components; the first `capacity` of them are described.
size_t blmi_components(const float *map, int width, int height, float threshold,
    int32_t *label, blmi_component *components, size_t capacity);

// The same labels, for the non-zero pixels of a mask (height, width).
size_t blmi_components_of_mask(
    const uint8_t *mask, int width, int height, int32_t *label);

// Describes the components of labels, which count from 1: components (count).
void blmi_components_describe(const float *map, int width, int height,
    const int32_t *label, blmi_component *components, size_t count);

// ---- growing a mask -------------------------------------------------------------------

// Masks are (height, width) of 0 and 1.  The functions only add pixels, and only to
// connected parts that the mask has.  More pixels in give no fewer pixels out, and a
// second run adds nothing.  With a region of interest include (height, width; NULL: all
// pixels) the mask is inside it and stays there.  label and queue (height, width) are
// scratch.

// hysteresis.c.  out: the components of map >= low that contain a value >= high.  low:
// finite.  components: as many as a map of this size can have.
void blmi_hysteresis(const float *map, int width, int height, float low, double high,
    int32_t *label, blmi_component *components, uint8_t *out);

// closing.c.  Closes a mask by a disc: of the region of interest, all pixels stay out
// that lie in a disc without a pixel of the mask (centres at most `radius` pixels apart;
// 0 to BLMI_MOST_RADIUS).  Parts that are not connected with a pixel of the mask stay out
// too.  scratch: blmi_closing_scratch bytes.
enum { BLMI_MOST_RADIUS = 64 };
size_t blmi_closing_scratch(int width, int height);
void blmi_closing(uint8_t *mask, int width, int height, double radius,
    const uint8_t *include, int32_t *label, uint8_t *scratch);

// holes.c.  Fills holes of at most `most` pixels.  A hole is a part outside the mask,
// connected over the four sides of its pixels, that reaches neither the edge of the image
// nor that of the region of interest.
void blmi_fill_holes(uint8_t *mask, int width, int height, int64_t most,
    const uint8_t *include, int32_t *queue);

// ---- region.c: region of interest -----------------------------------------------------

// Grid positions to use: those whose cell touches a pixel of the region include (height,
// width).  The cell of column g is g * width / grid_width to (g + 1) * width /
// grid_width; rows likewise.  use (grid_height, grid_width) becomes 0 or 1.  Returns how
// many are 1.
size_t blmi_region_positions(const uint8_t *include, int width, int height,
    int grid_width, int grid_height, uint8_t *use);
// Sets to 0 the connected parts of include (height, width; 0 or 1) with fewer than `area`
// pixels.  *kept: the pixels that are left.  BLM_ENOMEM.
blm_status blmi_region_keep_large(
    uint8_t *include, int width, int height, int64_t area, size_t *kept, blm_error *err);
// nearest (grid_height, grid_width): for each position the index of the nearest used one
// (itself if used; Euclidean distance, ties to the lower index); -1 if none is used.
void blmi_region_nearest(
    const uint8_t *use, int grid_width, int grid_height, int32_t *nearest);

#endif
