// Draws heat, contours, boxes and tiles on images.
#include <math.h>
#include <string.h>

#include "blemish/render.h"
#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/image/picture.h"

enum { MAX_THICKNESS = 64 };

static blm_status check_threshold(double threshold, blm_error *err)
{
    if (!(threshold > 0) || !isfinite(threshold))
        return blmi_fail(
            err, BLM_EUSAGE, "threshold %g, expected a finite number above 0", threshold);
    return BLM_OK;
}

static blm_status check_thickness(int thickness, blm_error *err)
{
    if (thickness < 1 || thickness > MAX_THICKNESS)
        return blmi_fail(err, BLM_EUSAGE, "line of %d pixels, expected 1 to %d",
            thickness, MAX_THICKNESS);
    return BLM_OK;
}

// ---- heat -----------------------------------------------------------------------------

static uint8_t blend(uint8_t under, uint8_t over, double opacity)
{
    return (uint8_t)(under + (over - under) * opacity + 0.5);
}

blm_status blm_image_draw_heat(
    blm_image *image, const float *map, double threshold, blm_error *err)
{
    BLMI_NEED(map, err);
    BLMI_TRY(blmi_picture_check(image, err));
    BLMI_TRY(check_threshold(threshold, err));
    const size_t count = (size_t)image->width * (size_t)image->height;
    uint8_t *rgb = image->rgb;
    for (size_t i = 0; i < count; i++, rgb += 3) {
        const double ratio = map[i] / threshold, opacity = blm_heat_opacity(ratio);
        if (opacity == 0)
            continue;
        const blm_colour colour = blm_heat_colour(ratio);
        rgb[0] = blend(rgb[0], colour.r, opacity);
        rgb[1] = blend(rgb[1], colour.g, opacity);
        rgb[2] = blend(rgb[2], colour.b, opacity);
    }
    return BLM_OK;
}

blm_status blm_heat_rgba(const float *map, int width, int height, double threshold,
    uint8_t *out, blm_error *err)
{
    BLMI_NEED(map, err);
    BLMI_NEED(out, err);
    const blm_image extent = {.width = width, .height = height, .rgb = out};
    BLMI_TRY(blmi_picture_check(&extent, err));
    BLMI_TRY(check_threshold(threshold, err));
    const size_t count = (size_t)width * (size_t)height;
    for (size_t i = 0; i < count; i++, out += 4) {
        const double ratio = map[i] / threshold;
        const blm_colour colour = blm_heat_colour(ratio);
        out[0] = colour.r;
        out[1] = colour.g;
        out[2] = colour.b;
        out[3] = (uint8_t)(blm_heat_opacity(ratio) * 255 + 0.5);
    }
    return BLM_OK;
}

// ---- lines ----------------------------------------------------------------------------

static void set_pixel(uint8_t *rgb, blm_colour colour)
{
    rgb[0] = colour.r;
    rgb[1] = colour.g;
    rgb[2] = colour.b;
}

// out[i] (count): whether any of in[i - reach .. i + reach] is set.
static void spread(const uint8_t *in, int count, int reach, uint8_t *out)
{
    int until = -1; // the last place within reach of a set one
    for (int i = 0; i < count + reach; i++) {
        if (i < count && in[i])
            until = i + reach;
        if (i >= reach)
            out[i - reach] = until >= i - reach;
    }
}

blm_status blm_image_draw_contour(blm_image *image, const uint8_t *mask, int thickness,
    blm_colour colour, blm_error *err)
{
    BLMI_NEED(mask, err);
    BLMI_TRY(blmi_picture_check(image, err));
    BLMI_TRY(check_thickness(thickness, err));
    const int width = image->width, height = image->height;
    int *const until = blmi_alloc((size_t)width, sizeof *until + 1); // (width)
    if (until == NULL)
        return blmi_no_memory(err, "a contour", (size_t)width, sizeof *until + 1);
    uint8_t *const near =
        (uint8_t *)(until + width); // (width) of the last row that was read
    for (int x = 0; x < width; x++)
        until[x] = -1;
    // As in spread(), rows are read `thickness` ahead of the row that is drawn.
    for (int ahead = 0; ahead < height + thickness; ahead++) {
        if (ahead < height) {
            spread(mask + (size_t)ahead * (size_t)width, width, thickness, near);
            for (int x = 0; x < width; x++)
                if (near[x])
                    until[x] = ahead + thickness;
        }
        const int y = ahead - thickness;
        if (y < 0)
            continue;
        const size_t row = (size_t)y * (size_t)width;
        for (int x = 0; x < width; x++)
            if (until[x] >= y && !mask[row + (size_t)x])
                set_pixel(image->rgb + 3 * (row + (size_t)x), colour);
    }
    blmi_free(until);
    return BLM_OK;
}

// Fills the part of a rectangle inside the image.  The integers are wide, since callers'
// boxes may be anywhere.
static void fill(blm_image *image, int64_t left, int64_t top, int64_t right,
    int64_t bottom, blm_colour colour)
{
    left = left < 0 ? 0 : left;
    top = top < 0 ? 0 : top;
    right = right > image->width ? image->width : right;
    bottom = bottom > image->height ? image->height : bottom;
    for (int64_t y = top; y < bottom; y++)
        for (int64_t x = left; x < right; x++)
            set_pixel(image->rgb + 3 * (y * image->width + x), colour);
}

blm_status blm_image_draw_box(blm_image *image, int left, int top, int right, int bottom,
    int thickness, blm_colour colour, blm_error *err)
{
    BLMI_TRY(blmi_picture_check(image, err));
    BLMI_TRY(check_thickness(thickness, err));
    if (left >= right || top >= bottom)
        return blmi_fail(err, BLM_EUSAGE,
            "box from %d, %d to %d, %d: expected 1 x 1 pixels or more", left, top, right,
            bottom);
    const int64_t n = thickness, l = left, t = top, r = right, b = bottom;
    fill(image, l - n, t - n, r + n, t, colour);
    fill(image, l - n, b, r + n, b + n, colour);
    fill(image, l - n, t, l, b, colour);
    fill(image, r, t, r + n, b, colour);
    return BLM_OK;
}

// ---- tiles ----------------------------------------------------------------------------

// The layout of tiles: the widths of the columns and the heights of the rows.
typedef struct grid {
    int columns, rows, gap;
    int *widths, *heights; // (columns), (rows); one block, widths owns it
    int64_t width, height; // of the whole image
} grid;

static void measure(grid *g, const blm_image *const *images, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int *const w = &g->widths[i % (size_t)g->columns];
        int *const h = &g->heights[i / (size_t)g->columns];
        *w = images[i]->width > *w ? images[i]->width : *w;
        *h = images[i]->height > *h ? images[i]->height : *h;
    }
    g->width = g->height = g->gap;
    for (int i = 0; i < g->columns; i++)
        g->width += g->widths[i] + g->gap;
    for (int i = 0; i < g->rows; i++)
        g->height += g->heights[i] + g->gap;
}

static void paste(blm_image *sheet, const blm_image *tile, int left, int top)
{
    const size_t row = 3 * (size_t)tile->width;
    for (int y = 0; y < tile->height; y++)
        memcpy(sheet->rgb + 3 * ((size_t)(top + y) * (size_t)sheet->width + (size_t)left),
            tile->rgb + (size_t)y * row, row);
}

static void paste_all(
    blm_image *sheet, const grid *g, const blm_image *const *images, size_t count)
{
    size_t i = 0;
    int top = g->gap;
    for (int y = 0; y < g->rows; top += g->heights[y++] + g->gap) {
        int left = g->gap;
        for (int x = 0; x < g->columns && i < count; x++, i++) {
            paste(sheet, images[i], left + (g->widths[x] - images[i]->width) / 2,
                top + (g->heights[y] - images[i]->height) / 2);
            left += g->widths[x] + g->gap;
        }
    }
}

static blm_status check_tiles(
    const blm_image *const *images, size_t count, int columns, int gap, blm_error *err)
{
    if (count < 1 || count > BLMI_MAX_SIDE || columns < 1 || gap < 0 ||
        gap > BLMI_MAX_SIDE)
        return blmi_fail(err, BLM_EUSAGE,
            "%zu tiles in %d columns, %d pixels apart: expected at least 1, 1 and 0",
            count, columns, gap);
    for (size_t i = 0; i < count; i++)
        BLMI_TRY(blmi_picture_check(images[i], err));
    return BLM_OK;
}

blm_status blm_image_tile(const blm_image *const *images, size_t count, int columns,
    int gap, blm_colour background, blm_image **out, blm_error *err)
{
    BLMI_NEED(images, err);
    BLMI_NEED(out, err);
    blm_status status = check_tiles(images, count, columns, gap, err);
    if (status != BLM_OK)
        return status;
    grid g = {.columns = (size_t)columns < count ? columns : (int)count, .gap = gap};
    g.rows = (int)((count - 1) / (size_t)g.columns) + 1;
    const size_t sizes = (size_t)g.columns + (size_t)g.rows;
    g.widths = blmi_alloc_zero(sizes, sizeof *g.widths);
    blm_image *sheet = blmi_alloc_zero(1, sizeof *sheet);
    if (g.widths == NULL || sheet == NULL) {
        status = blmi_no_memory(err, "tiles", sizes, sizeof *g.widths);
        goto done;
    }
    g.heights = g.widths + g.columns;
    measure(&g, images, count);
    *sheet = (blm_image){
        .width = (int)g.width, .height = (int)g.height, .channels = 3, .bits = 8};
    if (g.width > BLMI_MAX_SIDE || g.height > BLMI_MAX_SIDE) {
        status = blmi_fail(err, BLM_EUSAGE,
            "tiles of %lld x %lld pixels in all, expected at most %d per side",
            (long long)g.width, (long long)g.height, BLMI_MAX_SIDE);
        goto done;
    }
    sheet->rgb = blmi_alloc((size_t)(g.width * g.height), 3);
    if (sheet->rgb == NULL) {
        status = blmi_no_memory(err, "tiles", (size_t)(g.width * g.height), 3);
        goto done;
    }
    fill(sheet, 0, 0, g.width, g.height, background);
    paste_all(sheet, &g, images, count);
    *out = sheet;
    sheet = NULL;
done:
    blmi_free(g.widths);
    blm_image_free(sheet);
    return status;
}
