// focus.c: measures how sharp an image is.
//
// Blur takes more from differences of neighbours than from those of pixels further apart.
// The ratio of their energies depends neither on contrast nor on brightness.  It is
// computed for patches, and their median, weighted by contrast, is the image's: a defect
// changes few patches.
#include <math.h>
#include <stdlib.h>

#include "src/judge/plane.h"

enum { SIDE = 32, LAG = 4, ACROSS = 16, PATCHES = ACROSS * ACROSS };

// A patch: log of the ratio, and its weight.
typedef struct ratio {
    float log_ratio, weight, energy;
} ratio;

static int by_ratio(const void *a, const void *b)
{
    const ratio *x = a, *y = b;
    return (x->log_ratio > y->log_ratio) - (x->log_ratio < y->log_ratio);
}

// Energies are of grey levels times 4.  The smallest difference between 8-bit samples
// counts as noise, so that empty patches have a ratio of 1 and hardly any weight.
static ratio ratio_of(int64_t near, int64_t far, int pairs)
{
    const double noise = 0.5 * pairs;
    const double n = (double)near + noise, f = (double)far + noise;
    return (ratio){
        (float)log(n / f), (float)sqrt(f / pairs), (float)((double)near / pairs)};
}

// Log of the energy that a quarter of the patches exceed.
static float detail_of(const ratio *x, const ratio *y, size_t n)
{
    float energy[PATCHES];
    for (size_t i = 0; i < n; i++)
        energy[i] = x[i].energy + y[i].energy;
    return logf(1 + blmi_quantile(energy, n, 0.75));
}

static float weighted_median(ratio *items, size_t n)
{
    double sum = 0, below = 0;
    size_t i = 0;
    qsort(items, n, sizeof *items, by_ratio);
    for (size_t k = 0; k < n; k++)
        sum += (double)items[k].weight;
    for (; i + 1 < n; i++) {
        below += (double)items[i].weight;
        if (2 * below >= sum)
            break;
    }
    return items[i].log_ratio;
}

// The ratios of a patch of width x height pixels, both more than LAG.
static void measure(
    const blmi_plane *p, int left, int top, int width, int height, ratio *x, ratio *y)
{
    int grey[SIDE][SIDE];
    int64_t near_x = 0, far_x = 0, near_y = 0, far_y = 0;
    for (int r = 0; r < height; r++)
        for (int c = 0; c < width; c++)
            grey[r][c] = blmi_grey4(blmi_plane_at(p, left + c, top + r));
    for (int r = 0; r + LAG < height; r++)
        for (int c = 0; c + LAG < width; c++) {
            const int g = grey[r][c];
            const int nx = grey[r][c + 1] - g, fx = grey[r][c + LAG] - g;
            const int ny = grey[r + 1][c] - g, fy = grey[r + LAG][c] - g;
            near_x += nx * nx;
            far_x += fx * fx;
            near_y += ny * ny;
            far_y += fy * fy;
        }
    const int pairs = (width - LAG) * (height - LAG);
    *x = ratio_of(near_x, far_x, pairs);
    *y = ratio_of(near_y, far_y, pairs);
}

// How many patches a side is divided into, and the size of each.
static int divide(int side, int *patch)
{
    const int count = side / SIDE < ACROSS ? side / SIDE : ACROSS;
    *patch = count > 0 ? SIDE : side;
    return count > 0 ? count : 1;
}

void blmi_focus_of(const blmi_plane *p, float *x, float *y, float *detail)
{
    ratio along[PATCHES], down[PATCHES];
    int width, height;
    const int across = divide(p->width, &width), rows = divide(p->height, &height);
    size_t count = 0;
    *x = *y = *detail = 0;
    if (width <= LAG || height <= LAG)
        return;
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < across; c++, count++)
            measure(p, (int)((int64_t)(p->width - width) * (2 * c + 1) / (2 * across)),
                (int)((int64_t)(p->height - height) * (2 * r + 1) / (2 * rows)), width,
                height, &along[count], &down[count]);
    *detail = detail_of(along, down, count);
    *x = weighted_median(along, count);
    *y = weighted_median(down, count);
}
