// holes.c: fills the holes of a mask.
#include <assert.h>
#include <stdbool.h>

#include "src/map/map.h"

enum { VISITED = 2 }; // a pixel outside the mask, in a part that has been looked at

typedef struct area {
    uint8_t *mask; // (height, width) 0, 1 or VISITED
    const uint8_t *include;
    int width, height;
    int32_t *queue; // (height, width) pixels of the current part
    int32_t count;
    bool open; // the part reaches the edge of the image or of the region of interest
} area;

static void visit(area *a, int x, int y)
{
    const int32_t at = y * a->width + x;
    if (x < 0 || y < 0 || x >= a->width || y >= a->height ||
        (a->include != NULL && a->include[at] == 0)) {
        a->open = true;
    } else if (a->mask[at] == 0) {
        a->mask[at] = VISITED;
        a->queue[a->count++] = at;
    }
}

// Visits all pixels of the part that contains (x, y).
static void visit_part(area *a, int x, int y)
{
    a->count = 0;
    a->open = false;
    visit(a, x, y);
    for (int32_t i = 0; i < a->count; i++) {
        const int column = a->queue[i] % a->width, row = a->queue[i] / a->width;
        visit(a, column - 1, row);
        visit(a, column + 1, row);
        visit(a, column, row - 1);
        visit(a, column, row + 1);
    }
}

void blmi_fill_holes(uint8_t *mask, int width, int height, int64_t most,
    const uint8_t *include, int32_t *queue)
{
    assert(width > 0 && height > 0);
    area a = {mask, include, width, height, queue, 0, false};
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            if (mask[(size_t)y * (size_t)width + (size_t)x] != 0)
                continue;
            visit_part(&a, x, y);
            for (int32_t i = 0; !a.open && a.count <= most && i < a.count; i++)
                mask[queue[i]] = 1;
        }
    for (size_t i = 0; i < (size_t)width * (size_t)height; i++)
        mask[i] = mask[i] == 1;
}
