#include <assert.h>
#include <math.h>

#include "src/map/map.h"

// While components are being found, a label is 1 + the index of a pixel of the same
// component that is earlier in row order, or of the pixel itself.  The labels form a
// tree, whose root is the component's first pixel.

static int32_t find_root(int32_t *label, int32_t at)
{
    while (label[at] != at + 1) {
        label[at] = label[label[at] - 1];
        at = label[at] - 1;
    }
    return at;
}

static void join(int32_t *label, int32_t a, int32_t b)
{
    const int32_t root_a = find_root(label, a), root_b = find_root(label, b);
    if (root_a < root_b)
        label[root_b] = root_a + 1;
    else
        label[root_a] = root_b + 1;
}

// Joins a pixel with its neighbours that are earlier in row order.
static void join_neighbours(int32_t *label, int width, int x, int32_t at)
{
    if (x > 0 && label[at - 1] != 0)
        join(label, at, at - 1);
    if (at < width)
        return;
    const int32_t above = at - width;
    if (label[above] != 0) { // its left and right neighbours are joined already
        join(label, at, above);
        return;
    }
    if (x > 0 && label[above - 1] != 0)
        join(label, at, above - 1);
    if (x + 1 < width && label[above + 1] != 0)
        join(label, at, above + 1);
}

// label (height, width): in: 0 for background, anything else for a component; out: 0 and
// 1..
static size_t label_components(int32_t *label, int width, int height)
{
    int32_t at = 0;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++, at++)
            if (label[at] != 0) {
                label[at] = at + 1;
                join_neighbours(label, width, x, at);
            }
    int32_t count = 0;
    for (int32_t i = 0; i < at; i++)
        if (label[i] == i + 1)
            label[i] = ++count;
        else if (label[i] != 0)
            label[i] = label[label[i] - 1]; // final, since it is before i
    return (size_t)count;
}

static void take_pixel(blmi_component *c, int x, int y, float value)
{
    if (c->area == 0)
        *c = (blmi_component){x, y, x + 1, y + 1, 0, value, x, y, 0, 0};
    if (x < c->left)
        c->left = x;
    if (x >= c->right)
        c->right = x + 1;
    c->bottom = y + 1;
    if (value > c->peak) {
        c->peak = value;
        c->peak_x = x;
        c->peak_y = y;
    }
    c->area++;
    c->centroid_x += x + 0.5;
    c->centroid_y += y + 0.5;
}

void blmi_components_describe(const float *map, int width, int height,
    const int32_t *label, blmi_component *components, size_t count)
{
    for (size_t i = 0; i < count; i++)
        components[i].area = 0;
    size_t at = 0;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++, at++)
            if (label[at] != 0 && (size_t)label[at] <= count)
                take_pixel(&components[label[at] - 1], x, y, map[at]);
    for (size_t i = 0; i < count; i++) {
        components[i].centroid_x /= (double)components[i].area;
        components[i].centroid_y /= (double)components[i].area;
    }
}

size_t blmi_components(const float *map, int width, int height, float threshold,
    int32_t *label, blmi_component *components, size_t capacity)
{
    assert(isfinite(threshold));
    const size_t pixels = (size_t)width * (size_t)height;
    for (size_t i = 0; i < pixels; i++)
        label[i] = map[i] >= threshold;
    const size_t count = label_components(label, width, height);
    blmi_components_describe(
        map, width, height, label, components, count < capacity ? count : capacity);
    return count;
}

size_t blmi_components_of_mask(const uint8_t *mask, int width, int height, int32_t *label)
{
    const size_t pixels = (size_t)width * (size_t)height;
    for (size_t i = 0; i < pixels; i++)
        label[i] = mask[i] != 0;
    return label_components(label, width, height);
}
