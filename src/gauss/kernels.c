#include "src/gauss/kernels.h"

#include <stddef.h>

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

static const blmi_gauss_kernels plain = {"plain", plain_dot, plain_subtract};

#if defined(__x86_64__)
#include <immintrin.h>

#define NAME(x) avx2_##x
#define TARGET __attribute__((target("avx2,fma")))
#define VECTOR __m256
#define LANES 8
#define ZERO _mm256_setzero_ps
#define SPREAD _mm256_set1_ps
#define LOAD _mm256_loadu_ps
#define STORE _mm256_storeu_ps
#define ADD_PRODUCT _mm256_fmadd_ps
#define SUBTRACT_PRODUCT _mm256_fnmadd_ps
#include "src/gauss/kernels_x86.h"

#define NAME(x) avx512_##x
#define TARGET __attribute__((target("avx512f")))
#define VECTOR __m512
#define LANES 16
#define ZERO _mm512_setzero_ps
#define SPREAD _mm512_set1_ps
#define LOAD _mm512_loadu_ps
#define STORE _mm512_storeu_ps
#define ADD_PRODUCT _mm512_fmadd_ps
#define SUBTRACT_PRODUCT _mm512_fnmadd_ps
#include "src/gauss/kernels_x86.h"

const blmi_gauss_kernels *blmi_gauss_kernels_at(int i)
{
    static const blmi_gauss_kernels avx2 = {"avx2", avx2_dot, avx2_subtract};
    static const blmi_gauss_kernels avx512 = {"avx512", avx512_dot, avx512_subtract};
    __builtin_cpu_init();
    if (i == 2)
        return __builtin_cpu_supports("avx512f") ? &avx512 : NULL;
    if (i == 1)
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &avx2
                                                                               : NULL;
    return &plain;
}

#else

const blmi_gauss_kernels *blmi_gauss_kernels_at(int i)
{
    return i == 0 ? &plain : NULL;
}

#endif

const blmi_gauss_kernels *blmi_gauss_kernels_best(void)
{
    const blmi_gauss_kernels *best = NULL;
    for (int i = BLMI_GAUSS_KERNEL_SETS - 1; best == NULL; i--)
        best = blmi_gauss_kernels_at(i);
    return best;
}
