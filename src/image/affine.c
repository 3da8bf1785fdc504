// affine.c: moves, turns and mirrors an image, and changes its brightness.
#include "src/image/affine.h"

#include <math.h>
#include <stddef.h>

enum { TAPS = 4 };

// The index inside 0 to count - 1 that i has after mirroring at the border, which is
// outside the first and the last pixel.
static int mirrored(int64_t i, int count)
{
    const int64_t period = 2 * (int64_t)count;
    i %= period;
    if (i < 0)
        i += period;
    return (int)(i < count ? i : period - 1 - i);
}

// Weights of the pixels at floor(x) - 1 to floor(x) + 2, with their indices.
static void find_taps(
    double x, int count, bool mirror, double weight[TAPS], int index[TAPS])
{
    const double first = floor(x), t = x - first;
    weight[0] = ((-0.5 * t + 1.0) * t - 0.5) * t;
    weight[1] = (1.5 * t - 2.5) * t * t + 1.0;
    weight[2] = ((-1.5 * t + 2.0) * t + 0.5) * t;
    weight[3] = (0.5 * t - 0.5) * t * t;
    for (int k = 0; k < TAPS; k++) {
        const int at = mirrored((int64_t)first - 1 + k, count);
        index[k] = mirror ? count - 1 - at : at;
    }
}

static uint8_t to_byte(double value)
{
    return (uint8_t)fmin(fmax(value + 0.5, 0.0), 255.0);
}

void blmi_affine_rgb(
    const uint8_t *in, int width, int height, const blmi_affine *change, uint8_t *out)
{
    const double radians = change->turn * (3.14159265358979323846 / 180.0);
    const double c = cos(radians), s = sin(radians);
    const double middle_x = 0.5 * (width - 1), middle_y = 0.5 * (height - 1);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++, out += 3) {
            const double dx = x - middle_x - change->shift_x;
            const double dy = y - middle_y - change->shift_y;
            double wx[TAPS], wy[TAPS], sum[3] = {0.0};
            int ix[TAPS], iy[TAPS];
            find_taps(middle_x + c * dx - s * dy, width, change->mirror, wx, ix);
            find_taps(middle_y + s * dx + c * dy, height, false, wy, iy);
            for (int j = 0; j < TAPS; j++) {
                const uint8_t *row = in + (size_t)iy[j] * (size_t)width * 3;
                for (int k = 0; k < TAPS; k++)
                    for (int i = 0; i < 3; i++)
                        sum[i] += wy[j] * wx[k] * row[(size_t)ix[k] * 3 + (size_t)i];
            }
            for (int i = 0; i < 3; i++)
                out[i] = to_byte(change->light * sum[i]);
        }
}
