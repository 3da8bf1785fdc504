// Area opening by union-find, after Meijster and Wilkinson, "A comparison of algorithms
// for connected set openings and closings", IEEE PAMI 24(4), 2002.
#include <assert.h>
#include <math.h>

#include "src/map/map.h"
#include "src/map/sort.h"

// The sets of connected pixels at or above the current level, as trees.  The root of a
// set is its lowest pixel.  A set of `enough` pixels is settled: its level is final and
// it does not grow.
typedef struct forest {
    int32_t *parent; // (height, width) towards the root, which is its own parent; ABSENT
    int32_t *size;   // (height, width) pixels of the set, valid for roots
    int32_t enough;
    int width, height;
} forest;

enum { ABSENT = -1 };

static int32_t find_root(int32_t *parent, int32_t at)
{
    while (parent[at] != at) {
        parent[at] = parent[parent[at]];
        at = parent[at];
    }
    return at;
}

// Puts the set of `other` under the pixel `at`, the lowest so far.  A settled set keeps
// its tree and only adds its size, since `at` is then connected to enough pixels.
static void join(forest *f, int32_t at, int32_t other)
{
    const int32_t root = find_root(f->parent, other);
    if (root == at)
        return;
    if (f->size[root] >= f->enough) {
        f->size[at] = f->enough;
    } else {
        f->parent[root] = at;
        f->size[at] += f->size[root];
    }
}

static void join_neighbours(forest *f, int32_t at)
{
    const int x = at % f->width, y = at / f->width;
    const int left = x > 0 ? -1 : 0, right = x + 1 < f->width ? 1 : 0;
    const int up = y > 0 ? -1 : 0, down = y + 1 < f->height ? 1 : 0;
    for (int dy = up; dy <= down; dy++)
        for (int dx = left; dx <= right; dx++) {
            const int32_t other = at + dy * f->width + dx;
            if (f->parent[other] != ABSENT)
                join(f, at, other);
        }
}

// Initialises out with the opening by one pixel, and lists the included pixels in items,
// as key and index.  Returns how many.
static size_t list_pixels(
    const float *map, size_t pixels, const uint8_t *include, float *out, uint64_t *items)
{
    size_t count = 0;
    for (size_t i = 0; i < pixels; i++) {
        assert(!isnan(map[i]));
        if (include == NULL || include[i] != 0) {
            items[count++] = (uint64_t)blmi_float_key(map[i]) << 32 | i;
            out[i] = map[i];
        } else {
            out[i] = -INFINITY;
        }
    }
    return count;
}

size_t blmi_opening_scratch(int width, int height)
{
    return 2 * sizeof(uint64_t) * (size_t)width * (size_t)height;
}

void blmi_opening(const float *map, int width, int height, int64_t area,
    const uint8_t *include, void *scratch, float *out)
{
    assert(width > 0 && height > 0 && area > 0);
    const size_t pixels = (size_t)width * (size_t)height;
    uint64_t *const items = scratch, *const spare = items + pixels;
    const size_t count = list_pixels(map, pixels, include, out, items);
    if (area == 1)
        return;
    blmi_sort(items, spare, count);
    // After sorting, the spare half holds the two arrays of the forest.
    forest f = {.parent = (int32_t *)spare,
        .size = (int32_t *)spare + pixels,
        .enough = (int32_t)(area <= (int64_t)pixels ? area : (int64_t)pixels + 1),
        .width = width,
        .height = height};
    for (size_t i = 0; i < pixels; i++)
        f.parent[i] = ABSENT;
    for (size_t i = count; i-- > 0;) {
        const int32_t at = (int32_t)(uint32_t)items[i];
        f.parent[at] = at;
        f.size[at] = 1;
        join_neighbours(&f, at);
    }
    // In rising order, so that a parent, which is never higher than its children, is
    // before them.
    for (size_t i = 0; i < count; i++) {
        const int32_t at = (int32_t)(uint32_t)items[i];
        out[at] = out[f.parent[at]];
    }
}
