#include <math.h>
#include <stdlib.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/map/map.h"

enum {
    MAX_GRID = 2048, // side; a row of weights must fit on the stack
    MAX_SIDE = 16384,
    MAX_SIGMA = 1000,
    MAX_RADIUS = 4 * MAX_SIGMA
};

struct blmi_resampler {
    int grid_width, grid_height, width, height;
    float *down;    // (height, grid_height) weight of a grid row in a map row
    float across[]; // (grid_width, width) weight of a grid column in a map column, then
                    // down
};

// The two inputs of one output position of bilinear interpolation.
typedef struct taps {
    int low, high; // neighbouring inputs
    double part;   // of high; low has 1 - part
} taps;

static taps bilinear_taps(int at, int size_in, int size_out)
{
    double source = (at + 0.5) * size_in / size_out - 0.5;
    if (source < 0)
        source = 0;
    if (source > size_in - 1)
        source = size_in - 1;
    const int low = (int)source;
    return (taps){low, low + 1 < size_in ? low + 1 : low, source - low};
}

// The index within 0..size-1 that scipy's "reflect" gives for an index outside: the edge
// pixel is repeated, (d c b a | a b c d | d c b a).
static int reflected(int at, int size)
{
    const int period = 2 * size;
    const int phase = ((at % period) + period) % period;
    return phase < size ? phase : period - 1 - phase;
}

// taper[k] = exp(-k^2 / (2 sigma^2)) for k = 0..radius, scaled so that the middle and
// both sides add up to 1.
static void gaussian_taper(double *taper, int radius, double sigma)
{
    taper[0] = 1;
    double sum = 1;
    for (int k = 1; k <= radius; k++) {
        taper[k] = exp(-0.5 * k * k / (sigma * sigma));
        sum += 2 * taper[k];
    }
    for (int k = 0; k <= radius; k++)
        taper[k] /= sum;
}

// weights (size_out, size_in), with the given strides, of bilinear interpolation followed
// by the filter; taper (radius + 1) is the filter from its middle outwards.
static void axis_weights(float *weights, int size_in, size_t stride_in, int size_out,
    size_t stride_out, const double *taper, int radius)
{
    double row[MAX_GRID];
    for (int out = 0; out < size_out; out++) {
        for (int in = 0; in < size_in; in++)
            row[in] = 0;
        for (int k = -radius; k <= radius; k++) {
            const taps t = bilinear_taps(reflected(out + k, size_out), size_in, size_out);
            row[t.low] += taper[abs(k)] * (1 - t.part);
            row[t.high] += taper[abs(k)] * t.part;
        }
        for (int in = 0; in < size_in; in++)
            weights[(size_t)out * stride_out + (size_t)in * stride_in] = (float)row[in];
    }
}

static blm_status check_side(const char *what, int side, int most, blm_error *err)
{
    if (side >= 1 && side <= most)
        return BLM_OK;
    return blmi_fail(
        err, BLM_EUSAGE, "a %s has a side of %d, expected 1 to %d", what, side, most);
}

blm_status blmi_resampler_new(int grid_width, int grid_height, int width, int height,
    double sigma, blmi_resampler **out, blm_error *err)
{
    BLMI_TRY(check_side("grid", grid_width, MAX_GRID, err));
    BLMI_TRY(check_side("grid", grid_height, MAX_GRID, err));
    BLMI_TRY(check_side("map", width, MAX_SIDE, err));
    BLMI_TRY(check_side("map", height, MAX_SIDE, err));
    if (!(sigma >= 0 && sigma <= MAX_SIGMA))
        return blmi_fail(err, BLM_EUSAGE, "the filter's sigma is %g, expected 0 to %d",
            sigma, MAX_SIGMA);
    const size_t w = (size_t)width, h = (size_t)height;
    const size_t gw = (size_t)grid_width, gh = (size_t)grid_height;
    const size_t bytes = sizeof(blmi_resampler) + (gw * w + h * gh) * sizeof(float);
    blmi_resampler *const r = blmi_alloc(1, bytes);
    if (r == NULL)
        return blmi_no_memory(err, "the map's filter", 1, bytes);
    r->grid_width = grid_width;
    r->grid_height = grid_height;
    r->width = width;
    r->height = height;
    r->down = r->across + gw * w;
    double taper[MAX_RADIUS + 1];
    const int radius = (int)(4 * sigma + 0.5);
    gaussian_taper(taper, radius, sigma);
    axis_weights(r->across, grid_width, w, width, 1, taper, radius);
    axis_weights(r->down, grid_height, 1, height, gh, taper, radius);
    *out = r;
    return BLM_OK;
}

void blmi_resampler_free(blmi_resampler *resampler)
{
    blmi_free(resampler);
}

size_t blmi_resampler_scratch(const blmi_resampler *resampler)
{
    return (size_t)resampler->grid_height * (size_t)resampler->width * sizeof(float);
}

// out (count_out, width) = weights (count_out, count_in) * rows (count_in, width).  Most
// weights are 0, since the filter reaches few rows.
static void weigh_rows(float *restrict out, const float *weights, int count_out,
    const float *restrict rows, int count_in, int width)
{
    for (int o = 0; o < count_out; o++) {
        float *const to = out + (size_t)o * (size_t)width;
        for (int x = 0; x < width; x++)
            to[x] = 0;
        for (int i = 0; i < count_in; i++) {
            const float weight = weights[(size_t)o * (size_t)count_in + (size_t)i];
            if (weight == 0)
                continue;
            const float *const from = rows + (size_t)i * (size_t)width;
            for (int x = 0; x < width; x++)
                to[x] += weight * from[x];
        }
    }
}

void blmi_resampler_run(
    const blmi_resampler *r, const float *grid, void *scratch, float *map)
{
    float *const wide = scratch; // (grid_height, width)
    weigh_rows(wide, grid, r->grid_height, r->across, r->grid_width, r->width);
    weigh_rows(map, r->down, r->height, wide, r->grid_height, r->width);
}
