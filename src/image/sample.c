// sample.c: samples an image through an affine map of its points.
#include "src/image/sample.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

enum { TAPS = 4, CHANNELS = 4 }; // the fourth is 0: four floats are a vector

// The index inside 0 to count - 1 that i has after mirroring.
static int mirrored(int64_t i, int count)
{
    const int64_t period = 2 * (int64_t)count;
    i %= period;
    if (i < 0)
        i += period;
    return (int)(i < count ? i : period - 1 - i);
}

static void weigh(float t, float weight[TAPS])
{
    weight[0] = ((-0.5f * t + 1.0f) * t - 0.5f) * t;
    weight[1] = (1.5f * t - 2.5f) * t * t + 1.0f;
    weight[2] = ((-1.5f * t + 2.0f) * t + 0.5f) * t;
    weight[3] = (0.5f * t - 0.5f) * t * t;
}

static uint8_t to_byte(float value)
{
    return (uint8_t)fminf(fmaxf(value + 0.5f, 0.0f), 255.0f);
}

// The value at column x, row y, counted from the centre of the first pixel.
static void value_at(
    const float *in, int width, int height, double x, double y, uint8_t out[3])
{
    const double left = floor(x), top = floor(y);
    float wx[TAPS], wy[TAPS], sum[CHANNELS] = {0};
    ptrdiff_t columns[TAPS], rows[TAPS];
    weigh((float)(x - left), wx);
    weigh((float)(y - top), wy);
    const bool inside = left >= 1 && top >= 1 && left < width - 2 && top < height - 2;
    for (int k = 0; k < TAPS; k++) {
        const int64_t column = (int64_t)left - 1 + k, row = (int64_t)top - 1 + k;
        columns[k] = CHANNELS * (inside ? column : mirrored(column, width));
        rows[k] = CHANNELS * (ptrdiff_t)width * (inside ? row : mirrored(row, height));
    }
    for (int j = 0; j < TAPS; j++)
        for (int k = 0; k < TAPS; k++) {
            const float *p = in + rows[j] + columns[k];
            const float w = wy[j] * wx[k];
            for (int i = 0; i < CHANNELS; i++)
                sum[i] += w * p[i];
        }
    for (int i = 0; i < 3; i++)
        out[i] = to_byte(sum[i]);
}

void blmi_sample_rgb(const uint8_t *in, int width, int height,
    const blmi_sampling *sampling, float *scratch, uint8_t *out, int out_width,
    int out_height)
{
    const ptrdiff_t pixels = (ptrdiff_t)width * height;
    for (ptrdiff_t i = 0; i < pixels; i++, in += 3) {
        float *to = scratch + CHANNELS * i;
        to[0] = in[0], to[1] = in[1], to[2] = in[2], to[3] = 0;
    }
    const blmi_sampling *s = sampling;
    for (int y = 0; y < out_height; y++)
        for (int x = 0; x < out_width; x++, out += 3)
            value_at(scratch, width, height,
                s->xx * (x + 0.5) + s->xy * (y + 0.5) + s->x0 - 0.5,
                s->yx * (x + 0.5) + s->yy * (y + 0.5) + s->y0 - 0.5, out);
}
