#include "src/gauss/kernels.h"

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

static void plain_widen(const uint16_t *halves, int n, float *out)
{
    blmi_to_f32(out, halves, BLMI_F16, (size_t)n);
}

#if defined(__x86_64__)
#include <immintrin.h>

// No AVX-512: one image is limited by memory, and sixteen were no faster with it.

enum { LANES = 8 };

#define AVX2 __attribute__((target("avx2,fma,f16c")))

AVX2 static float sum_of_lanes(__m256 v)
{
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_shuffle_ps(s, s, 1)));
}

AVX2 static inline __m256 add_product(const float *a, const float *b, __m256 sum)
{
    return _mm256_fmadd_ps(_mm256_loadu_ps(a), _mm256_loadu_ps(b), sum);
}

// One row after the other, in four sums: memory is then read as one stream, at its full
// speed; four rows side by side took half as long again.
AVX2 static void avx2_dot(
    const float *const rows[BLMI_TILE], const float *x, int n, float products[BLMI_TILE])
{
    for (int r = 0; r < BLMI_TILE; r++) {
        const float *row = rows[r];
        __m256 s0 = _mm256_setzero_ps(), s1 = s0, s2 = s0, s3 = s0;
        int d = 0;
        for (; d + 4 * LANES <= n; d += 4 * LANES) {
            s0 = add_product(row + d, x + d, s0);
            s1 = add_product(row + d + LANES, x + d + LANES, s1);
            s2 = add_product(row + d + 2 * LANES, x + d + 2 * LANES, s2);
            s3 = add_product(row + d + 3 * LANES, x + d + 3 * LANES, s3);
        }
        for (; d + LANES <= n; d += LANES)
            s0 = add_product(row + d, x + d, s0);
        float sum =
            sum_of_lanes(_mm256_add_ps(_mm256_add_ps(s0, s1), _mm256_add_ps(s2, s3)));
        for (; d < n; d++)
            sum += row[d] * x[d];
        products[r] = sum;
    }
}

AVX2 static void avx2_subtract(
    const float *const rows[BLMI_TILE], const float factors[BLMI_TILE], int n, float *x)
{
    const __m256 f0 = _mm256_set1_ps(factors[0]), f1 = _mm256_set1_ps(factors[1]);
    const __m256 f2 = _mm256_set1_ps(factors[2]), f3 = _mm256_set1_ps(factors[3]);
    int d = 0;
    for (; d + LANES <= n; d += LANES) {
        __m256 v = _mm256_loadu_ps(x + d);
        v = _mm256_fnmadd_ps(f0, _mm256_loadu_ps(rows[0] + d), v);
        v = _mm256_fnmadd_ps(f1, _mm256_loadu_ps(rows[1] + d), v);
        v = _mm256_fnmadd_ps(f2, _mm256_loadu_ps(rows[2] + d), v);
        v = _mm256_fnmadd_ps(f3, _mm256_loadu_ps(rows[3] + d), v);
        _mm256_storeu_ps(x + d, v);
    }
    for (; d < n; d++) {
        float sum = x[d];
        for (int r = 0; r < BLMI_TILE; r++)
            sum -= factors[r] * rows[r][d];
        x[d] = sum;
    }
}

AVX2 static void avx2_widen(const uint16_t *halves, int n, float *out)
{
    int d = 0;
    for (; d + LANES <= n; d += LANES) {
        const __m128i eight = _mm_loadu_si128((const __m128i *)(halves + d));
        _mm256_storeu_ps(out + d, _mm256_cvtph_ps(eight));
    }
    plain_widen(halves + d, n - d, out + d);
}

const blmi_gauss_kernels *blmi_gauss_kernels_avx2(void)
{
    static const blmi_gauss_kernels avx2 = {"avx2", avx2_dot, avx2_subtract, avx2_widen};
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                   __builtin_cpu_supports("f16c")
               ? &avx2
               : NULL;
}

#else

const blmi_gauss_kernels *blmi_gauss_kernels_avx2(void)
{
    return NULL;
}

#endif

const blmi_gauss_kernels *blmi_gauss_kernels_plain(void)
{
    static const blmi_gauss_kernels plain = {
        "plain", plain_dot, plain_subtract, plain_widen};
    return &plain;
}

const blmi_gauss_kernels *blmi_gauss_kernels_best(void)
{
    const blmi_gauss_kernels *avx2 = blmi_gauss_kernels_avx2();
    return avx2 != NULL ? avx2 : blmi_gauss_kernels_plain();
}
