// plane.h: grey and colour pictures of a part of an image, for its measurements.
#ifndef BLMI_JUDGE_PLANE_H
#define BLMI_JUDGE_PLANE_H

#include <stddef.h>
#include <stdint.h>

// Pixels of three samples, 0 to 255.
typedef struct blmi_plane {
    const uint8_t *rgb; // (height, width, 3)
    int width, height;
    size_t stride; // bytes from a row to the next
} blmi_plane;

// The grey level of a pixel, times 4: 0 to 1020.
static inline int blmi_grey4(const uint8_t *rgb)
{
    return rgb[0] + 2 * rgb[1] + rgb[2];
}

static inline const uint8_t *blmi_plane_at(const blmi_plane *p, int x, int y)
{
    return p->rgb + (size_t)y * p->stride + 3 * (size_t)x;
}

// focus.c: see BLMI_LOOK_FOCUS_X, both directions; log of the energy of differences.
void blmi_focus_of(const blmi_plane *plane, float *x, float *y, float *detail);

// lines.c: see BLMI_LOOK_TEAR, _LOST and _ROWS, _COLUMNS (4 numbers each).  scratch: as
// many floats as the larger side, twice.
typedef struct blmi_lines {
    float comb, tear, lost, rows[4], columns[4];
} blmi_lines;

void blmi_lines_of(const blmi_plane *plane, float *scratch, blmi_lines *out);

// Sorts numbers, the smallest first.
void blmi_numbers_sort(float *numbers, size_t n);
// An order statistic of n >= 1 sorted numbers: the one that `share` of them are below.
float blmi_at_share(const float *sorted, size_t n, double share);
// The same of numbers that are not sorted yet.  Sorts them.
float blmi_quantile(float *numbers, size_t n, double share);

#endif
