#include "src/fit/thumb.h"

#include <math.h>
#include <string.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/feature/recipe.h"

enum { SIDE = BLMI_THUMB_SIDE, CELLS = BLMI_THUMB_CELLS, REACH = 16 };

// ---- making ---------------------------------------------------------------------------

// integral (SIDE + 1): the integral of the grey levels of a row of `width` pixels up to
// each edge of a cell.
static void integrate(const uint8_t *rgb, int width, double *integral)
{
    double sum = 0; // of whole pixels, exact
    int x = 0;
    for (int c = 0; c <= SIDE; c++) {
        const int64_t edge = (int64_t)c * width; // in pixels, times SIDE
        for (; x < edge / SIDE; x++)
            sum += (double)(rgb[3 * x] + 2 * rgb[3 * x + 1] + rgb[3 * x + 2]);
        const uint8_t *at = rgb + 3 * (ptrdiff_t)(x < width ? x : width - 1);
        const double part = (double)(edge % SIDE) / SIDE;
        integral[c] = sum + part * (double)(at[0] + 2 * at[1] + at[2]);
    }
}

// Adds row y of `height` rows to the cells that it covers: out (SIDE, SIDE).
static void add_row(const double *integral, int width, int y, int height, float *out)
{
    const double from = (double)y * SIDE / height, to = (double)(y + 1) * SIDE / height;
    for (int r = (int)from; r < SIDE && r < to; r++) {
        const double share = fmin(to, r + 1) - fmax(from, r);
        const float weight = (float)(share * SIDE / (4.0 * width));
        for (size_t c = 0; c < SIDE; c++)
            out[(size_t)r * SIDE + c] += weight * (float)(integral[c + 1] - integral[c]);
    }
}

// out (SIDE, SIDE): mean grey levels of the cells of the crop.
static void average(const blm_image *image, const blm_rect *crop, float *out)
{
    double integral[SIDE + 1];
    memset(out, 0, CELLS * sizeof *out);
    for (int y = 0; y < crop->height; y++) {
        const size_t at = (size_t)(crop->y + y) * (size_t)image->width + (size_t)crop->x;
        integrate(image->rgb + 3 * at, crop->width, integral);
        add_row(integral, crop->width, y, crop->height, out);
    }
}

// Gaussian filter along lines of SIDE numbers, `step` apart, with mirrored edges.
static void filter_lines(double sigma, float *cells, size_t step, size_t next)
{
    const int radius = (int)(4 * sigma + 0.5);
    float weight[REACH + 1], sum = 0, line[SIDE];
    for (int i = 0; i <= radius; i++) {
        weight[i] = (float)exp(-0.5 * i * i / (sigma * sigma));
        sum += i == 0 ? weight[i] : 2 * weight[i];
    }
    for (size_t n = 0; n < SIDE; n++, cells += next) {
        for (size_t i = 0; i < SIDE; i++)
            line[i] = cells[i * step];
        for (int i = 0; i < SIDE; i++) {
            float value = 0;
            for (int k = -radius; k <= radius; k++) {
                const int at = i + k < 0 ? -1 - i - k : i + k;
                value +=
                    weight[k < 0 ? -k : k] * line[at < SIDE ? at : 2 * SIDE - 1 - at];
            }
            cells[(size_t)i * step] = value / sum;
        }
    }
}

static void blur(double sigma, float *cells)
{
    filter_lines(sigma, cells, 1, SIDE);
    filter_lines(sigma, cells, SIDE, 1);
}

// Makes mean 0 and length 1; returns the root mean square without the mean.
static double normalise(float *x)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < CELLS; i++)
        sum += (double)x[i];
    for (size_t i = 0; i < CELLS; i++) {
        x[i] -= (float)(sum / CELLS);
        squares += (double)x[i] * (double)x[i];
    }
    const double length = sqrt(squares);
    for (size_t i = 0; i < CELLS; i++)
        x[i] = length > 0 ? (float)(x[i] / length) : 0;
    return length / SIDE;
}

blm_status blmi_thumb_of(
    const blmi_recipe *recipe, const blm_image *image, blmi_thumb *out, blm_error *err)
{
    const blm_rect crop = blmi_recipe_crop(recipe, image->width, image->height);
    float *coarse = blmi_alloc(CELLS, sizeof *coarse);
    double sum = 0;
    if (coarse == NULL)
        return blmi_no_memory(err, "a thumb", CELLS, sizeof *coarse);
    average(image, &crop, out->detail);
    for (size_t i = 0; i < CELLS; i++)
        sum += (double)out->detail[i];
    out->light = (float)(sum / CELLS);
    memcpy(coarse, out->detail, CELLS * sizeof *coarse);
    blur(1, out->detail);
    blur(4, coarse);
    for (size_t i = 0; i < CELLS; i++)
        out->detail[i] -= coarse[i];
    out->contrast = (float)normalise(out->detail);
    blmi_free(coarse);
    return BLM_OK;
}

// ---- comparing ------------------------------------------------------------------------

// Only inner cells are compared, so that a shift by two cells and a cubic stay inside.
enum { MARGIN = 6, INNER = SIDE - 2 * MARGIN, STEPS = 3, LANES = 4 };

// A shift of b: its cell (y, x) is put on cell (0, 0) of a.
typedef struct shift {
    double y, x;
} shift;

// Sums of two sets of numbers, of their squares and products, over inner cells.
typedef struct moments {
    double x, y, xx, yy, xy;
} moments;

static float total(const float lanes[LANES])
{
    float sum = 0;
    for (size_t k = 0; k < LANES; k++)
        sum += lanes[k];
    return sum;
}

// Adds INNER numbers of a row.
static void add_moments(const float *x, const float *y, moments *m)
{
    float sx[LANES] = {0}, sy[LANES] = {0}, sxx[LANES] = {0}, syy[LANES] = {0},
          sxy[LANES] = {0};
    for (size_t i = 0; i < INNER; i += LANES)
        for (size_t k = 0; k < LANES; k++) {
            const float u = x[i + k], v = y[i + k];
            sx[k] += u;
            sy[k] += v;
            sxx[k] += u * u;
            syy[k] += v * v;
            sxy[k] += u * v;
        }
    m->x += (double)total(sx);
    m->y += (double)total(sy);
    m->xx += (double)total(sxx);
    m->yy += (double)total(syy);
    m->xy += (double)total(sxy);
}

// The correlation of x and y, each (SIDE, SIDE); y is read `by` numbers further on.
static double correlate(const float *x, const float *y, ptrdiff_t by)
{
    moments m = {0};
    for (ptrdiff_t row = MARGIN; row < SIDE - MARGIN; row++)
        add_moments(x + row * SIDE + MARGIN, y + row * SIDE + MARGIN + by, &m);
    const double n = (double)INNER * INNER;
    const double xx = m.xx - m.x * m.x / n, yy = m.yy - m.y * m.y / n;
    return xx > 0 && yy > 0 ? (m.xy - m.x * m.y / n) / sqrt(xx * yy) : 0;
}

// Weights of Keys' cubic interpolation between the middle two of four numbers.
static void cubic_weights(double t, float w[4])
{
    w[0] = (float)(-0.5 * t + t * t - 0.5 * t * t * t);
    w[1] = (float)(1 - 2.5 * t * t + 1.5 * t * t * t);
    w[2] = (float)(0.5 * t + 2 * t * t - 1.5 * t * t * t);
    w[3] = (float)(-0.5 * t * t + 0.5 * t * t * t);
}

// out: in, read `by` steps of `step` numbers further on.  Leaves out MARGIN - 1 rows and
// `first` columns at each end.
static void move_along(
    const float *in, double by, ptrdiff_t step, ptrdiff_t first, float *restrict out)
{
    const int whole = (int)floor(by);
    float w[4];
    cubic_weights(by - whole, w);
    for (ptrdiff_t row = MARGIN - 1; row <= SIDE - MARGIN; row++) {
        const float *from = in + row * SIDE + (whole - 1) * step;
        for (ptrdiff_t i = first; i < SIDE - first; i++)
            out[row * SIDE + i] = w[0] * from[i] + w[1] * from[i + step] +
                                  w[2] * from[i + 2 * step] + w[3] * from[i + 3 * step];
    }
}

// Moves inner cells and one around them; `by` is at most two cells.
static void move(const float *in, shift by, float *out)
{
    float between[CELLS];
    move_along(in, by.y, SIDE, 0, between);
    move_along(between, by.x, 1, MARGIN - 1, out);
}

// Improves the shift of b onto a by one step; moved is b moved by *by (Lucas & Kanade,
// "An iterative image registration technique", IJCAI 1981).
static void step_shift(const float *a, const float *moved, shift *by)
{
    moments m = {0};
    double yy = 1e-12, xx = 1e-12, yx = 0, ye = 0, xe = 0;
    for (size_t row = MARGIN; row < SIDE - MARGIN; row++)
        add_moments(a + row * SIDE + MARGIN, moved + row * SIDE + MARGIN, &m);
    const float gain = m.yy > 0 ? (float)(m.xy / m.yy) : 0;
    for (size_t row = MARGIN; row < SIDE - MARGIN; row++) {
        float syy = 0, sxx = 0, syx = 0, sye = 0, sxe = 0;
        for (size_t i = row * SIDE + MARGIN; i < (row + 1) * SIDE - MARGIN; i++) {
            const float gy = (moved[i + SIDE] - moved[i - SIDE]) / 2;
            const float gx = (moved[i + 1] - moved[i - 1]) / 2;
            const float e = a[i] - gain * moved[i];
            syy += gy * gy;
            sxx += gx * gx;
            syx += gy * gx;
            sye += gy * e;
            sxe += gx * e;
        }
        yy += (double)syy;
        xx += (double)sxx;
        yx += (double)syx;
        ye += (double)sye;
        xe += (double)sxe;
    }
    const double det = yy * xx - yx * yx;
    if (!(det > 1e-9 * yy * xx))
        return;
    by->y += fmin(fmax((xx * ye - yx * xe) / det, -0.5), 0.5);
    by->x += fmin(fmax((yy * xe - yx * ye) / det, -0.5), 0.5);
}

// The best whole shift, by at most one cell.
static shift whole_shift(const float *a, const float *b)
{
    shift best = {0, 0};
    double most = -2;
    for (int y = -1; y <= 1; y++)
        for (int x = -1; x <= 1; x++) {
            const double c = correlate(a, b, (ptrdiff_t)y * SIDE + x);
            if (c > most) {
                most = c;
                best = (shift){y, x};
            }
        }
    return best;
}

static const double equal = 0.9995;

static int same_within(float x, float y, float factor)
{
    return x <= y * factor && y <= x * factor;
}

static int is_near(shift by)
{
    return fabs(by.y) <= 2 && fabs(by.x) <= 2;
}

// A moved thumb has lost details to interpolation and at its border.
static double allowance(shift by)
{
    return 1 + 2 * fmin(hypot(by.y, by.x), 1);
}

// The distance of details, with b moved onto a and the mean at the place of a.
static double distance_onto(const float *a, const float *b, const float *mean)
{
    float moved[CELLS], rest[CELLS];
    shift by = whole_shift(a, b);
    for (int i = 0; i < STEPS && is_near(by); i++) {
        move(b, by, moved);
        step_shift(a, moved, &by);
    }
    if (!is_near(by))
        return 2;
    move(b, by, moved);
    const double whole = correlate(a, moved, 0);
    if (whole > equal) // nothing may be left after subtracting the mean
        return 1 - whole;
    for (size_t row = MARGIN; row < SIDE - MARGIN; row++)
        for (size_t i = row * SIDE + MARGIN; i < (row + 1) * SIDE - MARGIN; i++) {
            rest[i] = a[i] - mean[i];
            moved[i] -= mean[i];
        }
    return (1 - fmin(whole, correlate(rest, moved, 0))) / allowance(by);
}

double blmi_thumb_distance(const blmi_thumb *a, const blmi_thumb *b, const float *mean)
{
    if (!same_within(a->light, b->light, 1.1f) ||
        !same_within(a->contrast, b->contrast, 1.25f))
        return 2;
    return fmin(distance_onto(a->detail, b->detail, mean),
        distance_onto(b->detail, a->detail, mean));
}
