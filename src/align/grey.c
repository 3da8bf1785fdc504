// grey.c: halves pictures, and takes their detail and gradient.
#include "src/align/grey.h"

#include <math.h>

void blmi_grey_halve(const blmi_grey *in, blmi_grey *out)
{
    float *to = out->at;
    for (int y = 0; y < out->height; y++) {
        const float *a = in->at + 2 * (ptrdiff_t)y * in->width, *b = a + in->width;
        for (int x = 0; x < out->width; x++, a += 2, b += 2)
            *to++ = 0.25f * (a[0] + a[1] + b[0] + b[1]);
    }
}

static int inside(int at, int size)
{
    return at < 0 ? 0 : at < size ? at : size;
}

void blmi_grey_detail(const blmi_grey *in, int radius, double *sums, float *out)
{
    const ptrdiff_t row = in->width + 1;
    for (int x = 0; x <= in->width; x++)
        sums[x] = 0;
    for (int y = 0; y < in->height; y++) {
        double sum = 0, *to = sums + (y + 1) * row;
        to[0] = 0;
        for (int x = 0; x < in->width; x++) {
            sum += (double)in->at[(ptrdiff_t)y * in->width + x];
            to[x + 1] = to[x + 1 - row] + sum;
        }
    }
    for (int y = 0; y < in->height; y++) {
        const int top = inside(y - radius, in->height);
        const int bottom = inside(y + radius + 1, in->height);
        for (int x = 0; x < in->width; x++) {
            const int left = inside(x - radius, in->width);
            const int right = inside(x + radius + 1, in->width);
            const double sum = sums[bottom * row + right] - sums[bottom * row + left] -
                               sums[top * row + right] + sums[top * row + left];
            const double mean = sum / ((double)(bottom - top) * (right - left));
            const ptrdiff_t i = (ptrdiff_t)y * in->width + x;
            out[i] = in->at[i] - (float)mean;
        }
    }
}

void blmi_grey_steepness(const blmi_grey *in, float *out)
{
    for (int y = 0; y < in->height; y++)
        for (int x = 0; x < in->width; x++) {
            const int left = x > 0 ? -1 : 0, right = x + 1 < in->width ? 1 : 0;
            const ptrdiff_t up = y > 0 ? -in->width : 0;
            const ptrdiff_t down = y + 1 < in->height ? in->width : 0;
            const float *p = in->at + (ptrdiff_t)y * in->width + x;
            *out++ = 0.5f * hypotf(p[right] - p[left], p[down] - p[up]);
        }
}
