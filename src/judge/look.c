#include "src/judge/look.h"

#include <math.h>
#include <string.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/judge/plane.h"

enum { LEVELS = 256, SMALL_AREA = 1 << 16, SAMPLES = 4, WHITE = 250, BLACK = 5 };

// ---- the reduced picture --------------------------------------------------------------

// The side of the squares that become a pixel of the reduced picture.
static int factor_of(int width, int height)
{
    const int factor = (int)lrint(sqrt((double)width * height / SMALL_AREA));
    const int side = width < height ? width : height;
    return factor < 1 ? 1 : factor < side ? factor : side;
}

// Adds a row to the sums of its squares: sums (width, 3).
static void add_row(const uint8_t *row, int factor, int width, uint32_t *sums)
{
    for (int x = 0; x < width; x++) {
        uint32_t r = 0, g = 0, b = 0;
        for (int i = 0; i < factor; i++, row += 3) {
            r += row[0];
            g += row[1];
            b += row[2];
        }
        sums[3 * x] += r;
        sums[3 * x + 1] += g;
        sums[3 * x + 2] += b;
    }
}

// The means of squares of the plane, of at most SAMPLES of their rows: out (height,
// width, 3), sums (width, 3).
static void reduce(
    const blmi_plane *p, int factor, int width, int height, uint32_t *sums, uint8_t *out)
{
    const int rows = factor < SAMPLES ? factor : SAMPLES;
    const uint32_t count = (uint32_t)(rows * factor);
    for (int y = 0; y < height; y++) {
        memset(sums, 0, 3 * (size_t)width * sizeof *sums);
        for (int r = 0; r < rows; r++)
            add_row(
                blmi_plane_at(p, 0, y * factor + factor * r / rows), factor, width, sums);
        for (int i = 0; i < 3 * width; i++)
            *out++ = (uint8_t)((sums[i] + count / 2) / count);
    }
}

// ---- exposure and colour --------------------------------------------------------------

// Counts of levels, and of differences + 255.
typedef struct counts {
    size_t grey[LEVELS], red[2 * LEVELS], blue[2 * LEVELS];
    size_t white, black, chroma, pixels;
} counts;

static void count_pixel(const uint8_t *rgb, counts *c)
{
    const int r = rgb[0], g = rgb[1], b = rgb[2];
    const int most = r > g ? (r > b ? r : b) : (g > b ? g : b);
    const int least = r < g ? (r < b ? r : b) : (g < b ? g : b);
    c->grey[blmi_grey4(rgb) / 4]++;
    c->red[r - g + LEVELS - 1]++;
    c->blue[b - g + LEVELS - 1]++;
    c->white += most >= WHITE;
    c->black += most <= BLACK;
    c->chroma += (size_t)(most - least);
}

// The place that `share` of the counted are below, between the levels.
static double place_of(const size_t *count, int levels, size_t all, double share)
{
    const double wanted = share * (double)all;
    double below = 0;
    int v = 0;
    for (; v < levels - 1 && below + (double)count[v] < wanted; v++)
        below += (double)count[v];
    return count[v] > 0 ? v + (wanted - below) / (double)count[v] - 0.5 : v;
}

static void measure_levels(const blmi_plane *p, counts *c, float *at)
{
    memset(c, 0, sizeof *c);
    c->pixels = (size_t)p->width * (size_t)p->height;
    for (size_t i = 0; i < c->pixels; i++)
        count_pixel(p->rgb + 3 * i, c);
    static const double shares[] = {0.1, 0.5, 0.9};
    for (int i = 0; i < 3; i++)
        at[BLMI_LOOK_DARK + i] =
            (float)log(8 + fmax(place_of(c->grey, LEVELS, c->pixels, shares[i]), 0));
    const double all = (double)c->pixels, zero = LEVELS - 1;
    at[BLMI_LOOK_WHITE] = (float)((double)c->white / all);
    at[BLMI_LOOK_BLACK] = (float)((double)c->black / all);
    at[BLMI_LOOK_RED] = (float)(place_of(c->red, 2 * LEVELS, c->pixels, 0.5) - zero);
    at[BLMI_LOOK_BLUE] = (float)(place_of(c->blue, 2 * LEVELS, c->pixels, 0.5) - zero);
    at[BLMI_LOOK_CHROMA] = (float)log(4 + (double)c->chroma / all);
}

// ---- all of it ------------------------------------------------------------------------

// Working memory of a measurement.
typedef struct work {
    uint8_t *small; // (height, width, 3)
    uint32_t *sums; // (width, 3)
    float *scratch; // twice the larger side of the plane
    counts *counts;
} work;

static void measure(const blmi_plane *plane, int factor, const work *w, float *at)
{
    blmi_lines lines;
    const blmi_plane small = {.rgb = w->small,
        .width = plane->width / factor,
        .height = plane->height / factor,
        .stride = 3 * (size_t)(plane->width / factor)};
    reduce(plane, factor, small.width, small.height, w->sums, w->small);
    blmi_focus_of(
        plane, &at[BLMI_LOOK_FOCUS_X], &at[BLMI_LOOK_FOCUS_Y], &at[BLMI_LOOK_DETAIL]);
    blmi_focus_of(&small, &at[BLMI_LOOK_SMALL_FOCUS_X], &at[BLMI_LOOK_SMALL_FOCUS_Y],
        &at[BLMI_LOOK_SMALL_DETAIL]);
    measure_levels(&small, w->counts, at);
    at[BLMI_LOOK_DETAIL] -= 2 * at[BLMI_LOOK_MIDDLE];
    at[BLMI_LOOK_SMALL_DETAIL] -= 2 * at[BLMI_LOOK_MIDDLE];
    blmi_lines_of(plane, w->scratch, &lines);
    at[BLMI_LOOK_COMB] = lines.comb;
    at[BLMI_LOOK_TEAR] = lines.tear;
    at[BLMI_LOOK_LOST] = lines.lost;
    memcpy(&at[BLMI_LOOK_ROWS], lines.rows, sizeof lines.rows);
    memcpy(&at[BLMI_LOOK_COLUMNS], lines.columns, sizeof lines.columns);
}

blm_status blmi_look_at(
    const blm_image *image, const blm_rect *crop, blmi_look *out, blm_error *err)
{
    const size_t stride = 3 * (size_t)image->width;
    const blmi_plane plane = {
        .rgb = image->rgb + (size_t)crop->y * stride + 3 * (size_t)crop->x,
        .width = crop->width,
        .height = crop->height,
        .stride = stride};
    const int factor = factor_of(crop->width, crop->height);
    const size_t width = (size_t)(crop->width / factor);
    const size_t pixels = width * (size_t)(crop->height / factor);
    const size_t side = (size_t)(crop->width > crop->height ? crop->width : crop->height);
    const work w = {.small = blmi_alloc(pixels, 3),
        .sums = blmi_alloc(width, 3 * sizeof(uint32_t)),
        .scratch = blmi_alloc(side, 2 * sizeof(float)),
        .counts = blmi_alloc(1, sizeof(counts))};
    blm_status status = BLM_OK;
    if (w.small == NULL || w.sums == NULL || w.scratch == NULL || w.counts == NULL)
        status = blmi_no_memory(err, "the measurement of an image", pixels, 3);
    else
        measure(&plane, factor, &w, out->at);
    blmi_free(w.small);
    blmi_free(w.sums);
    blmi_free(w.scratch);
    blmi_free(w.counts);
    return status;
}
