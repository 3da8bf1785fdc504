// Draws the pictures of an image for a report: two small PNG files, and outlines as
// vectors.  The page combines them to five pictures.
#include <math.h>
#include <stdlib.h>

#include "apps/base/fault.h"
#include "apps/report/report_parts.h"

enum { MAX_SIDE = 256, STEPS = 32, DOUBT = 128, NG = 255 };

// ---- reducing: each pixel takes the highest value -------------------------------------

// The pixels begin <= i < end of `size` pixels that pixel `at` of `small` pixels covers.
static void find_cell(int at, int small, int size, int *begin, int *end)
{
    *begin = (int)((int64_t)at * size / small);
    *end = (int)(((int64_t)(at + 1) * size + small - 1) / small);
}

// map and mask (height, width), either may be NULL; small_map and small_mask have the
// size of the pictures.
static void reduce(const report_pictures *p, const float *map, const uint8_t *mask,
    int width, int height, float *small_map, uint8_t *small_mask)
{
    for (int y = 0; y < p->height; y++)
        for (int x = 0; x < p->width; x++) {
            int left, right, top, bottom;
            float highest = 0;
            uint8_t most = 0;
            find_cell(x, p->width, width, &left, &right);
            find_cell(y, p->height, height, &top, &bottom);
            for (int v = top; v < bottom; v++)
                for (int u = left; u < right; u++) {
                    const size_t i = (size_t)v * (size_t)width + (size_t)u;
                    if (map != NULL && map[i] > highest)
                        highest = map[i];
                    if (mask != NULL && mask[i] > most)
                        most = mask[i];
                }
            if (map != NULL)
                *small_map++ = highest;
            *small_mask++ = most;
        }
}

// ---- outlines -------------------------------------------------------------------------

// A mask; pixels of `level` or more are inside.
typedef struct shape {
    const uint8_t *mask; // (height, width)
    int width, height, level;
} shape;

static int inside(const shape *s, int x, int y)
{
    return x >= 0 && y >= 0 && x < s->width && y < s->height &&
           s->mask[(size_t)y * (size_t)s->width + (size_t)x] >= s->level;
}

// Follows the edges between pixels, with the inside on the right, from the top left
// corner of pixel x, y until it returns there.  seen (height, width): pixels whose upper
// edge was followed.
static void walk(const shape *s, int x, int y, uint8_t *seen, html_text *path)
{
    // Right, down, left, up: the step, and the pixels ahead on the left and right.
    static const struct {
        int dx, dy, left_x, left_y, right_x, right_y;
    } ways[] = {{1, 0, 0, -1, 0, 0}, {0, 1, 0, 0, -1, 0}, {-1, 0, -1, 0, -1, -1},
        {0, -1, -1, -1, 0, -1}};
    const int from_x = x, from_y = y;
    int way = 0, run = 0;
    html_put(path, "M%d %d", x, y);
    do {
        if (way == 0)
            seen[(size_t)y * (size_t)s->width + (size_t)x] = 1;
        x += ways[way].dx;
        y += ways[way].dy;
        run += ways[way].dx + ways[way].dy;
        int next = way;
        if (inside(s, x + ways[way].left_x, y + ways[way].left_y))
            next = (way + 3) % 4;
        else if (!inside(s, x + ways[way].right_x, y + ways[way].right_y))
            next = (way + 1) % 4;
        if (next != way) {
            html_put(path, "%c%d", way % 2 == 0 ? 'h' : 'v', run);
            run = 0;
        }
        way = next;
    } while (x != from_x || y != from_y || way != 0);
    html_put(path, "z");
}

static blm_status outline(const shape *s, html_text *out, blm_error *err)
{
    const size_t pixels = (size_t)s->width * (size_t)s->height;
    html_text path = {0};
    uint8_t *seen = calloc(pixels, 1);
    if (seen == NULL)
        return app_no_memory(err, "an outline", pixels, 1);
    for (int y = 0; y < s->height; y++)
        for (int x = 0; x < s->width; x++)
            if (inside(s, x, y) && !inside(s, x, y - 1) &&
                !seen[(size_t)y * (size_t)s->width + (size_t)x])
                walk(s, x, y, seen, &path);
    free(seen);
    return html_finish(&path, out, err);
}

// ---- pictures -------------------------------------------------------------------------

// Memory for the steps, all of the pictures' size.
typedef struct scratch {
    uint8_t *rgb, *mask; // (height, width, 3), (height, width)
    float *map;
} scratch;

static blm_status encode(const report_pictures *p, const uint8_t *pixels,
    blm_layout layout, blm_bytes *out, blm_error *err)
{
    return blm_png_encode(
        &(blm_buffer){
            .pixels = pixels, .width = p->width, .height = p->height, .layout = layout},
        out, err);
}

static blm_status draw_original(
    report_pictures *p, const blm_image *image, blm_error *err)
{
    blm_image *small;
    APP_TRY(blm_image_resize(image, p->width, p->height, &small, err));
    const blm_status status = encode(p, small->rgb, BLM_RGB8, &p->original, err);
    blm_image_free(small);
    return status;
}

// Draws the whole map in colours, so that it also shows why a defect was missed.  Values
// are rounded in steps too small to see, which halves the size.
static blm_status draw_heat(
    report_pictures *p, double threshold, const scratch *s, blm_error *err)
{
    for (size_t i = 0; i < (size_t)p->width * (size_t)p->height; i++) {
        const double ratio = fmin((double)s->map[i] / threshold, 2);
        const blm_colour c = blm_heat_colour(round(ratio * STEPS) / STEPS);
        s->rgb[3 * i] = c.r;
        s->rgb[3 * i + 1] = c.g;
        s->rgb[3 * i + 2] = c.b;
    }
    return encode(p, s->rgb, BLM_RGB8, &p->heat, err);
}

static blm_status draw(report_pictures *p, const blm_image *image, const float *map,
    const uint8_t *mask, const uint8_t *truth, double threshold, const scratch *s,
    blm_error *err)
{
    shape outlined = {s->mask, p->width, p->height, NG};
    APP_TRY(draw_original(p, image, err));
    reduce(p, map, mask, image->width, image->height, s->map, s->mask);
    APP_TRY(draw_heat(p, threshold, s, err));
    APP_TRY(outline(&outlined, &p->mask, err));
    outlined.level = DOUBT;
    APP_TRY(outline(&outlined, &p->doubt, err));
    p->has_truth = truth != NULL;
    if (truth == NULL)
        return BLM_OK;
    reduce(p, NULL, truth, image->width, image->height, NULL, s->mask);
    outlined.level = 1;
    return outline(&outlined, &p->truth, err);
}

static int scaled(int size, int longest)
{
    const int small =
        longest <= MAX_SIDE ? size : (int)lround((double)size * MAX_SIDE / longest);
    return small > 0 ? small : 1;
}

blm_status report_pictures_new(const blm_image *image, const float *map,
    const uint8_t *mask, const uint8_t *truth, double threshold, report_pictures **out,
    blm_error *err)
{
    if (image->width < 1 || image->height < 1)
        return app_fail(err, BLM_EUSAGE,
            "report: image of %d x %d pixels, expected at least 1 x 1", image->width,
            image->height);
    const int longest = image->width > image->height ? image->width : image->height;
    const int width = scaled(image->width, longest);
    const int height = scaled(image->height, longest);
    const size_t pixels = (size_t)width * (size_t)height;
    blm_status status;
    report_pictures *p = calloc(1, sizeof *p);
    float *const floats = calloc(pixels, sizeof *floats);
    uint8_t *const bytes = calloc(pixels, 4);
    if (p == NULL || floats == NULL || bytes == NULL) {
        status = app_no_memory(err, "pictures of a report", pixels, 8);
        goto done;
    }
    p->width = width;
    p->height = height;
    const scratch s = {bytes, bytes + 3 * pixels, floats};
    status = draw(p, image, map, mask, truth, threshold, &s, err);
    if (status == BLM_OK) {
        *out = p;
        p = NULL;
    }
done:
    report_pictures_free(p);
    free(floats);
    free(bytes);
    return status;
}

void report_pictures_free(report_pictures *pictures)
{
    if (pictures == NULL)
        return;
    blm_bytes_free(&pictures->original);
    blm_bytes_free(&pictures->heat);
    free(pictures->mask.at);
    free(pictures->doubt.at);
    free(pictures->truth.at);
    free(pictures);
}
