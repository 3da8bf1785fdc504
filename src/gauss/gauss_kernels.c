// gauss_kernels.c: the kernels in plain C, and the choice of the fastest version.
#include "src/gauss/gauss_kernels.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "src/base/tensor.h"

static void plain_centre(
    const float *x, const float *mean, const float *scale, int n, float *y)
{
    for (int d = 0; d < n; d++)
        y[d] = (x[d] - mean[d]) * (scale == NULL ? 1.0f : scale[d]);
}

static double plain_square(const float *x, int n)
{
    double sum = 0.0;
    for (int d = 0; d < n; d++)
        sum += (double)x[d] * (double)x[d];
    return sum;
}

static void plain_widen(const uint16_t *halves, float *row, int n)
{
    blmi_to_f32(row, halves, BLMI_F16, (size_t)n);
}

static void plain_subtract(
    const float *const rows[BLMI_TILE], const float factors[BLMI_TILE], int n, float *x)
{
    for (int d = 0; d < n; d++) {
        float sum = x[d];
        for (int r = 0; r < BLMI_TILE; r++)
            sum -= factors[r] * rows[r][d];
        x[d] = sum;
    }
}

static void plain_dots(const float *const rows[BLMI_TILE], const float *x, size_t step,
    int count, int n, float *products)
{
    for (int v = 0; v < count; v++, x += step)
        for (int r = 0; r < BLMI_TILE; r++) {
            float sum = 0.0f;
            for (int d = 0; d < n; d++)
                sum += rows[r][d] * x[d];
            products[v * BLMI_TILE + r] = sum;
        }
}

static void plain_solve(const blmi_factor_rows *l, float *y, size_t step, int count)
{
    for (int v = 0; v < count; v++, y += step) {
        float products[BLMI_TILE], z[BLMI_TILE] = {0.0f};
        plain_dots(l->row, y, step, 1, l->top, products);
        for (int j = 0; j < BLMI_TILE; j++)
            for (int r = 0; r < BLMI_TILE; r++)
                z[r] += l->inverse[j][r] * (y[l->top + j] - l->scale[j] * products[j]);
        memcpy(y + l->top, z, sizeof z);
    }
}

#if defined(__x86_64__)
// Replaces __builtin_cpu_supports("f16c"), which clang 14 does not know.
static bool supports_f16c(void)
{
    unsigned a, b, c, d;
    return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_F16C) != 0;
}
#endif

const blmi_gauss_kernels *blmi_gauss_kernels_avx2(void)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
        supports_f16c())
        return &blmi_gauss_avx2;
#endif
    return NULL;
}

const blmi_gauss_kernels *blmi_gauss_kernels_avx512(void)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f"))
        return &blmi_gauss_avx512;
#endif
    return NULL;
}

const blmi_gauss_kernels *blmi_gauss_kernels_plain(void)
{
    static const blmi_gauss_kernels plain = {"plain", plain_centre, plain_square,
        plain_widen, plain_subtract, plain_dots, plain_solve};
    return &plain;
}

const blmi_gauss_kernels *blmi_gauss_kernels_best(void)
{
    const blmi_gauss_kernels *avx2 = blmi_gauss_kernels_avx2();
    const blmi_gauss_kernels *avx512 = blmi_gauss_kernels_avx512();
    return avx512 != NULL ? avx512 : avx2 != NULL ? avx2 : blmi_gauss_kernels_plain();
}
