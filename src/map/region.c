#include <assert.h>
#include <string.h>

#include "src/base/alloc.h"
#include "src/map/map.h"

typedef struct span {
    int first, end; // pixels, end exclusive
} span;

// The pixels that a cell touches, also in part.
static span cell_pixels(int cell, int cells, int pixels)
{
    const int64_t from = (int64_t)cell * pixels, to = from + pixels;
    return (span){(int)(from / cells), (int)((to + cells - 1) / cells)};
}

static uint8_t touches(const uint8_t *include, int width, span columns, span rows)
{
    for (int y = rows.first; y < rows.end; y++)
        for (int x = columns.first; x < columns.end; x++)
            if (include[(size_t)y * (size_t)width + (size_t)x] != 0)
                return 1;
    return 0;
}

size_t blmi_region_positions(const uint8_t *include, int width, int height,
    int grid_width, int grid_height, uint8_t *use)
{
    assert(width > 0 && height > 0 && grid_width > 0 && grid_height > 0);
    size_t count = 0;
    for (int row = 0; row < grid_height; row++)
        for (int column = 0; column < grid_width; column++) {
            *use = touches(include, width, cell_pixels(column, grid_width, width),
                cell_pixels(row, grid_height, height));
            count += *use++;
        }
    return count;
}

// The used position nearest to (x, y).  Tries all positions, since it runs once per
// model.
static int32_t nearest_used(const uint8_t *use, int width, int height, int x, int y)
{
    int32_t best = -1;
    int64_t best_square = INT64_MAX;
    for (int v = 0; v < height; v++)
        for (int u = 0; u < width; u++) {
            const int64_t dx = u - x, dy = v - y, square = dx * dx + dy * dy;
            if (use[v * width + u] != 0 && square < best_square) {
                best = v * width + u;
                best_square = square;
            }
        }
    return best;
}

void blmi_region_nearest(
    const uint8_t *use, int grid_width, int grid_height, int32_t *nearest)
{
    for (int y = 0; y < grid_height; y++)
        for (int x = 0; x < grid_width; x++) {
            const int at = y * grid_width + x;
            nearest[at] =
                use[at] != 0 ? at : nearest_used(use, grid_width, grid_height, x, y);
        }
}

// label (height, width) and sizes (pixels + 1) are scratch.
static size_t keep_large(
    uint8_t *include, int width, int height, int64_t area, int32_t *label, int64_t *sizes)
{
    const size_t pixels = (size_t)width * (size_t)height;
    const size_t parts = blmi_components_of_mask(include, width, height, label);
    size_t kept = 0;
    memset(sizes, 0, (parts + 1) * sizeof *sizes);
    for (size_t i = 0; i < pixels; i++)
        sizes[label[i]]++;
    for (size_t i = 0; i < pixels; i++) {
        include[i] = label[i] != 0 && sizes[label[i]] >= area;
        kept += include[i];
    }
    return kept;
}

blm_status blmi_region_keep_large(
    uint8_t *include, int width, int height, int64_t area, size_t *kept, blm_error *err)
{
    const size_t pixels = (size_t)width * (size_t)height;
    blm_status status = BLM_OK;
    int32_t *label = blmi_alloc(pixels, sizeof *label);
    int64_t *sizes = blmi_alloc(pixels + 1, sizeof *sizes);
    if (label != NULL && sizes != NULL)
        *kept = keep_large(include, width, height, area, label, sizes);
    else
        status = blmi_no_memory(err, "the region of interest", pixels, sizeof *sizes);
    blmi_free(label);
    blmi_free(sizes);
    return status;
}
