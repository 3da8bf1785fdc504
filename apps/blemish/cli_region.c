#include "apps/blemish/cli_region.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "apps/blemish/exit.h"
#include "apps/blemish/mask.h"
#include "apps/blemish/memory.h"

// A mask of 0 and 1.
typedef struct bitmap {
    int width, height;
    uint8_t *pixels; // (height, width)
} bitmap;

static size_t pixel_count(const bitmap *p)
{
    return (size_t)p->width * (size_t)p->height;
}

static size_t count_inside(const bitmap *p)
{
    size_t count = 0;
    for (size_t i = 0; i < pixel_count(p); i++)
        count += p->pixels[i];
    return count;
}

// ---- polygons

typedef struct point {
    double x, y;
} point;

typedef struct polygon {
    point *points; // (count)
    size_t count, capacity;
} polygon;

// Reads "x,y" with blanks around it; NULL: not found.
static const char *read_point(const char *text, point *out)
{
    char *end;
    out->x = strtod(text, &end);
    if (end == text || *end != ',' || !(fabs(out->x) < 1e9))
        return NULL;
    text = end + 1;
    out->y = strtod(text, &end);
    if (end == text || !(fabs(out->y) < 1e9))
        return NULL;
    return end + strspn(end, " \t\n");
}

// Reads the points up to the next ';' or the end of the text and returns a pointer to
// that; NULL: not a polygon.
static const char *read_polygon(const char *text, polygon *out)
{
    out->count = 0;
    text += strspn(text, " \t\n");
    while (*text != ';' && *text != '\0') {
        out->points =
            cli_grow(out->points, out->count, &out->capacity, sizeof *out->points);
        text = read_point(text, &out->points[out->count++]);
        if (text == NULL)
            return NULL;
    }
    return out->count >= 3 ? text : NULL;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// The x at which the polygon's sides cross the line at y, ascending; returns their
// number.
static size_t find_crossings(const polygon *p, double y, double *crossings)
{
    size_t count = 0;
    for (size_t i = 0; i < p->count; i++) {
        const point a = p->points[i], b = p->points[(i + 1) % p->count];
        if ((a.y <= y) != (b.y <= y))
            crossings[count++] = a.x + (y - a.y) / (b.y - a.y) * (b.x - a.x);
    }
    qsort(crossings, count, sizeof *crossings, by_value);
    return count;
}

// The first pixel whose centre is at x or to the right of it, from 0 to width.
static int first_pixel(double x, int width)
{
    return (int)ceil(fmin(fmax(x - 0.5, 0), width));
}

// Sets the pixels whose centres lie inside (even-odd rule) to value.  Returns their
// number.
static size_t fill_polygon(const polygon *p, uint8_t value, bitmap *out)
{
    size_t count = 0;
    double *crossings = cli_alloc(p->count, sizeof *crossings);
    for (int y = 0; y < out->height; y++) {
        const size_t crossed = find_crossings(p, y + 0.5, crossings);
        for (size_t i = 0; i + 1 < crossed; i += 2) {
            const int left = first_pixel(crossings[i], out->width);
            const int right = first_pixel(crossings[i + 1], out->width);
            memset(out->pixels + (size_t)y * (size_t)out->width + left, value,
                (size_t)(right - left));
            count += (size_t)(right - left);
        }
    }
    free(crossings);
    return count;
}

static int fill_polygons(const char *option, const char *text, uint8_t value, bitmap *out)
{
    polygon p = {0};
    int code = CLI_EXIT_OK;
    const char *at = text;
    for (int number = 1; code == CLI_EXIT_OK; number++) {
        at = read_polygon(at, &p);
        if (at == NULL) {
            cli_complain("--%s: polygon %d of \"%s\" is not valid; expected \"x,y x,y "
                         "x,y\", three points or more, and ';' between polygons",
                option, number, text);
            code = CLI_EXIT_USAGE;
        } else if (fill_polygon(&p, value, out) == 0) {
            cli_complain("--%s: polygon %d of \"%s\" covers no pixel of the first image, "
                         "which has %d x %d",
                option, number, text, out->width, out->height);
            code = CLI_EXIT_USAGE;
        } else if (*at++ == '\0')
            break;
    }
    free(p.points);
    return code;
}

// ---- the three parts

// Keeps the pixels that are inside the mask too.
static int apply_mask(
    const cli_region *region, const blm_decode_options *decode, bitmap *out)
{
    const char *path = region->mask;
    bitmap mask;
    unsigned odd;
    blm_error err;
    const blm_status status =
        cli_mask_read(path, decode, &mask.width, &mask.height, &mask.pixels, &odd, &err);
    if (status != BLM_OK)
        return cli_fail(status, &err);
    if (odd & CLI_MASK_GREY && !region->quiet)
        cli_complain("%s: has many grey levels: all above 0 are inspected", path);
    if (odd & CLI_MASK_ALPHA && !region->quiet)
        cli_complain("%s: has an alpha channel: it is ignored", path);
    const size_t inside = count_inside(&mask);
    uint8_t *to = out->pixels;
    for (int y = 0; y < out->height; y++) {
        const int64_t row =
            (2 * (int64_t)y + 1) * mask.height / (2 * (int64_t)out->height);
        for (int x = 0; x < out->width; x++) {
            const int64_t column =
                (2 * (int64_t)x + 1) * mask.width / (2 * (int64_t)out->width);
            *to++ &= mask.pixels[row * mask.width + column];
        }
    }
    free(mask.pixels);
    if (inside > 0)
        return CLI_EXIT_OK;
    cli_complain("%s: all black, which leaves nothing to inspect", path);
    return CLI_EXIT_INPUT;
}

static int draw(const cli_region *region, const blm_decode_options *decode, bitmap *out)
{
    int code = CLI_EXIT_OK;
    memset(out->pixels, region->include == NULL, pixel_count(out));
    if (region->include != NULL)
        code = fill_polygons("include", region->include, 1, out);
    if (code == CLI_EXIT_OK && region->ignore != NULL)
        code = fill_polygons("ignore", region->ignore, 0, out);
    if (code == CLI_EXIT_OK && region->mask != NULL)
        code = apply_mask(region, decode, out);
    if (code == CLI_EXIT_OK && count_inside(out) == 0) {
        cli_complain("the region of interest leaves nothing to inspect");
        code = CLI_EXIT_USAGE;
    }
    return code;
}

int cli_region_draw(const cli_region *region, const char *first,
    const blm_decode_options *decode, blm_mask *out, uint8_t **include)
{
    blm_image *image = NULL;
    blm_error err;
    *include = NULL;
    if (region->mask == NULL && region->include == NULL && region->ignore == NULL)
        return CLI_EXIT_OK;
    const blm_status status = blm_image_read(first, decode, &image, &err);
    if (status != BLM_OK)
        return cli_fail(status, &err);
    bitmap drawn = {.width = image->width, .height = image->height};
    blm_image_free(image);
    drawn.pixels = cli_alloc(pixel_count(&drawn), 1);
    const int code = draw(region, decode, &drawn);
    if (code == CLI_EXIT_OK) {
        *include = drawn.pixels;
        *out = (blm_mask){drawn.width, drawn.height, drawn.pixels};
    } else
        free(drawn.pixels);
    return code;
}
