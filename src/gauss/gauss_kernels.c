// gauss_kernels.c: the kernels in plain C, and which ones this processor can run.
#include "src/gauss/gauss_kernels.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#include <stdbool.h>
#include <stddef.h>

#include "src/base/tensor.h"

static void plain_dot(
    const float *const rows[BLMI_TILE], const float *x, int n, float products[BLMI_TILE])
{
    for (int r = 0; r < BLMI_TILE; r++) {
        float sum = 0.0f;
        for (int d = 0; d < n; d++)
            sum += rows[r][d] * x[d];
        products[r] = sum;
    }
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

static void plain_widen(
    const uint16_t *const halves[BLMI_TILE], float *const rows[BLMI_TILE], int n)
{
    for (int r = 0; r < BLMI_TILE; r++)
        blmi_to_f32(rows[r], halves[r], BLMI_F16, (size_t)n);
}

static void plain_widen_dot(const uint16_t *const halves[BLMI_TILE],
    float *const rows[BLMI_TILE], const float *x, int n, float products[BLMI_TILE])
{
    plain_widen(halves, rows, n);
    plain_dot((const float *const *)rows, x, n, products);
}

static void plain_dots(const float *const rows[BLMI_TILE], const float *x, size_t step,
    int count, int n, float *products)
{
    for (int v = 0; v < count; v++)
        plain_dot(rows, x + (size_t)v * step, n, products + v * BLMI_TILE);
}

#if defined(__x86_64__)
// What __builtin_cpu_supports("f16c") says, which clang 14 does not know.
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
    static const blmi_gauss_kernels plain = {
        "plain", plain_dot, plain_subtract, plain_widen_dot, plain_widen, plain_dots};
    return &plain;
}

// AVX-512 for halves, which come from memory in half the time, and for tolerance, which
// multiplies each number many times: then it is the arithmetic that one image waits for.
// With floats one image is limited by memory, and sixteen were no faster.
const blmi_gauss_kernels *blmi_gauss_kernels_best(int busy)
{
    const blmi_gauss_kernels *avx2 = blmi_gauss_kernels_avx2();
    const blmi_gauss_kernels *avx512 = busy ? blmi_gauss_kernels_avx512() : NULL;
    return avx512 != NULL ? avx512 : avx2 != NULL ? avx2 : blmi_gauss_kernels_plain();
}
