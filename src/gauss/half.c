#include "src/gauss/half.h"

#include <math.h>

#include "src/base/tensor.h"

uint16_t blmi_half_of(double x)
{
    const unsigned sign = signbit(x) ? 0x8000 : 0;
    const double size = fabs(x);
    int exponent;
    if (size < 0x1p-14) // in steps of 2^-24; a carry makes it the first normal number
        return (uint16_t)(sign | (unsigned)nearbyint(size * 0x1p24));
    const double fraction = frexp(size, &exponent); // 0.5 to 1; a carry adds to exponent
    return (uint16_t)(sign + ((unsigned)(exponent + 13) << 10) +
                      (unsigned)nearbyint(fraction * 2048));
}

void blmi_round_to_half(double *x, size_t count, uint16_t *halves)
{
    for (size_t i = 0; i < count; i++) {
        float rounded;
        halves[i] = blmi_half_of(x[i]);
        blmi_to_f32(&rounded, &halves[i], BLMI_F16, 1);
        x[i] = (double)rounded;
    }
}

// A power of two that is above every number of x (count); 1 if all are zero.
static double scale_above(const double *x, size_t count)
{
    double most = 0.0;
    int exponent;
    for (size_t i = 0; i < count; i++)
        most = fmax(most, fabs(x[i]));
    frexp(most, &exponent);
    return most > 0.0 ? ldexp(1.0, exponent) : 1.0;
}

void blmi_round_triangle_to_half(
    double *triangle, int features, uint16_t *halves, float *row_scale, float *diagonal)
{
    for (size_t i = 0; i < (size_t)features; i++, halves += i - 1) {
        double *row = triangle + i * (size_t)features;
        const double scale = scale_above(row, i);
        for (size_t j = 0; j < i; j++)
            row[j] /= scale;
        blmi_round_to_half(row, i, halves);
        for (size_t j = 0; j < i; j++)
            row[j] *= scale;
        row_scale[i] = (float)scale;
        diagonal[i] = (float)row[i];
        row[i] = (double)diagonal[i];
    }
}
