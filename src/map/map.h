// map.h: from distances on the grid to the anomaly map, and from the map to score, mask
// and regions.
//
// Maps are float (height, width), row-major; grids (grid_height, grid_width).  All
// functions are pure: any thread.
#ifndef BLMI_MAP_MAP_H
#define BLMI_MAP_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "blemish/status.h"

// ---- resample.c: bilinear upsampling and Gaussian filter, each axis one matrix --------

typedef struct blmi_resampler blmi_resampler; // immutable

// From grids to maps: bilinear with half-pixel centres (align_corners = false), then the
// Gaussian filter of `sigma` pixels (radius int(4 sigma + 0.5), edge pixels duplicated,
// scipy's "reflect"); sigma 0: none.
blm_status blmi_resampler_new(int grid_width, int grid_height, int width, int height,
    double sigma, blmi_resampler **out, blm_error *err);
void blmi_resampler_free(blmi_resampler *resampler);
size_t blmi_resampler_scratch(const blmi_resampler *resampler); // bytes
void blmi_resampler_run(
    const blmi_resampler *resampler, const float *grid, void *scratch, float *map);

// ---- opening.c: grey-scale area opening -----------------------------------------------

// The area opening of map by `area` pixels, 8-connected: every pixel takes the highest
// level t at which it lies in a connected set of at least `area` pixels >= t.  Pixels
// with include[i] == 0 (include may be NULL) do not exist: they connect nothing and come
// out as -INFINITY. If no component has `area` pixels at all, the pixel keeps the lowest
// value of its component.  in and out may be the same.
size_t blmi_opening_scratch(int width, int height);
void blmi_opening(const float *map, int width, int height, int64_t area,
    const uint8_t *include, void *scratch, float *out);

// ---- components.c: what stands out ----------------------------------------------------

typedef struct blmi_component {
    int left, top, right, bottom;  // box in map pixels, right and bottom exclusive
    int64_t area;                  // pixels
    float peak;                    // highest value
    int peak_x, peak_y;            // the first pixel in row order that has it
    double centroid_x, centroid_y; // mean of the pixel centres (x + 0.5, y + 0.5)
} blmi_component;

// Labels the 8-connected components of map >= threshold (a mask: threshold 0.5 on 0/1
// values).  label (height, width) gets 0 for background and 1.. in the order of each
// component's first pixel.  Returns the count; at most `capacity` components are
// described.
size_t blmi_components(const float *map, int width, int height, float threshold,
    int32_t *label, blmi_component *components, size_t capacity);

// ---- region.c: region of interest -----------------------------------------------------

// Grid positions that count: those whose cell touches the region include (height, width).
// out (grid_height, grid_width) 0/1; returns how many.
size_t blmi_region_positions(const uint8_t *include, int width, int height,
    int grid_width, int grid_height, uint8_t *use);
// nearest[i]: the index of the used position nearest to position i (itself if used;
// Euclidean, ties to the lower index).
void blmi_region_nearest(
    const uint8_t *use, int grid_width, int grid_height, int32_t *nearest);

#endif
