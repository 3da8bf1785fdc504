// closing.c: morphological closing of a mask by a disc: Serra, "Image Analysis and
// Mathematical Morphology", Academic Press, 1982.
#include <assert.h>
#include <math.h>
#include <string.h>

#include "src/map/map.h"

// For each pixel the rows up or down to the nearest pixel of its column in the set, at
// most `most`: down (height, width).
static void measure_columns(
    const uint8_t *set, int width, int height, int32_t most, int32_t *down)
{
    const size_t row = (size_t)width;
    for (size_t x = 0; x < row; x++) {
        int32_t rows = most;
        for (size_t y = 0; y < (size_t)height; y++) {
            rows = set[y * row + x] != 0 ? 0 : rows < most ? rows + 1 : most;
            down[y * row + x] = rows;
        }
        rows = most;
        for (size_t y = (size_t)height; y-- > 0;) {
            rows = down[y * row + x] == 0 ? 0 : rows < most ? rows + 1 : most;
            if (rows < down[y * row + x])
                down[y * row + x] = rows;
        }
    }
}

// Pixels at most `radius` from a pixel of the set: out (height, width), another array.
static void spread(
    const uint8_t *set, int width, int height, double radius, int32_t *down, uint8_t *out)
{
    int32_t reach[BLMI_MOST_RADIUS + 1]; // rows that the disc has in each column
    const int r = (int)radius;
    for (int dx = 0; dx <= r; dx++)
        reach[dx] = (int32_t)sqrt(radius * radius - dx * dx);
    measure_columns(set, width, height, r + 1, down);
    for (int y = 0; y < height; y++, down += width, out += width)
        for (int x = 0; x < width; x++) {
            const int first = x - r > 0 ? x - r : 0;
            const int last = x + r < width ? x + r : width - 1;
            int at = first;
            while (at <= last && down[at] > reach[at < x ? x - at : at - x])
                at++;
            out[x] = at <= last;
        }
}

// Leaves of mask only the connected parts that contain a pixel of seeds.  found (height,
// width) is scratch.
static void keep_seeded(uint8_t *mask, const uint8_t *seeds, int width, int height,
    int32_t *label, uint8_t *found)
{
    const size_t pixels = (size_t)width * (size_t)height;
    const size_t parts = blmi_components_of_mask(mask, width, height, label);
    memset(found, 0, parts);
    for (size_t i = 0; i < pixels; i++)
        if (seeds[i] != 0)
            found[label[i] - 1] = 1;
    for (size_t i = 0; i < pixels; i++)
        mask[i] = label[i] != 0 && found[label[i] - 1] != 0;
}

size_t blmi_closing_scratch(int width, int height)
{
    return 2 * (size_t)width * (size_t)height;
}

void blmi_closing(uint8_t *mask, int width, int height, double radius,
    const uint8_t *include, int32_t *label, uint8_t *scratch)
{
    assert(radius >= 0 && radius <= BLMI_MOST_RADIUS);
    const size_t pixels = (size_t)width * (size_t)height;
    uint8_t *const near = scratch, *const far = scratch + pixels;
    spread(mask, width, height, radius, label, near);
    for (size_t i = 0; i < pixels; i++)
        far[i] = near[i] == 0 && (include == NULL || include[i] != 0);
    spread(far, width, height, radius, label, near);
    uint8_t *const closed = far;
    for (size_t i = 0; i < pixels; i++)
        closed[i] = near[i] == 0 && (include == NULL || include[i] != 0);
    keep_seeded(closed, mask, width, height, label, near);
    memcpy(mask, closed, pixels);
}
