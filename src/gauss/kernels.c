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

static void plain_widen_dot(const uint16_t *const halves[BLMI_TILE],
    float *const rows[BLMI_TILE], const float *x, int n, float products[BLMI_TILE])
{
    for (int r = 0; r < BLMI_TILE; r++)
        blmi_to_f32(rows[r], halves[r], BLMI_F16, (size_t)n);
    plain_dot((const float *const *)rows, x, n, products);
}

#if defined(__x86_64__)
#include <immintrin.h>

// No AVX-512 for floats: one image is limited by memory, and sixteen were no faster.

enum { LANES = 8 };

#define AVX2 __attribute__((target("avx2,fma,f16c")))

AVX2 static float sum_of_lanes(__m256 v)
{
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_shuffle_ps(s, s, 1)));
}

// The next eight of a row; from halves (NULL: none) they are written to `to` first.
AVX2 static inline __m256 eight_of(
    const float *row, const uint16_t *halves, float *to, int d)
{
    if (halves == NULL)
        return _mm256_loadu_ps(row + d);
    const __m256 v = _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(halves + d)));
    _mm256_storeu_ps(to + d, v);
    return v;
}

AVX2 static inline __m256 add_product(__m256 row, const float *x, __m256 sum)
{
    return _mm256_fmadd_ps(row, _mm256_loadu_ps(x), sum);
}

// One row, in four sums; inlined twice, with halves and without.
AVX2 static inline __attribute__((always_inline)) float avx2_row(
    const float *row, const uint16_t *halves, float *to, const float *x, int n)
{
    __m256 s0 = _mm256_setzero_ps(), s1 = s0, s2 = s0, s3 = s0;
    int d = 0;
    for (; d + 4 * LANES <= n; d += 4 * LANES) {
        s0 = add_product(eight_of(row, halves, to, d), x + d, s0);
        s1 = add_product(eight_of(row, halves, to, d + LANES), x + d + LANES, s1);
        s2 = add_product(eight_of(row, halves, to, d + 2 * LANES), x + d + 2 * LANES, s2);
        s3 = add_product(eight_of(row, halves, to, d + 3 * LANES), x + d + 3 * LANES, s3);
    }
    for (; d + LANES <= n; d += LANES)
        s0 = add_product(eight_of(row, halves, to, d), x + d, s0);
    float sum = sum_of_lanes(_mm256_add_ps(_mm256_add_ps(s0, s1), _mm256_add_ps(s2, s3)));
    if (halves != NULL)
        blmi_to_f32(to + d, halves + d, BLMI_F16, (size_t)(n - d));
    for (; d < n; d++)
        sum += row[d] * x[d];
    return sum;
}

// One row after the other: memory is then read as one stream, at its full speed; four
// rows side by side took half as long again.
AVX2 static void avx2_dot(
    const float *const rows[BLMI_TILE], const float *x, int n, float products[BLMI_TILE])
{
    for (int r = 0; r < BLMI_TILE; r++)
        products[r] = avx2_row(rows[r], NULL, NULL, x, n);
}

// Widening apart from the product took half as long again: memory waits meanwhile.
AVX2 static void avx2_widen_dot(const uint16_t *const halves[BLMI_TILE],
    float *const rows[BLMI_TILE], const float *x, int n, float products[BLMI_TILE])
{
    for (int r = 0; r < BLMI_TILE; r++)
        products[r] = avx2_row(rows[r], halves[r], rows[r], x, n);
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

const blmi_gauss_kernels *blmi_gauss_kernels_avx2(void)
{
    static const blmi_gauss_kernels avx2 = {
        "avx2", avx2_dot, avx2_subtract, avx2_widen_dot};
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                   __builtin_cpu_supports("f16c")
               ? &avx2
               : NULL;
}

// ---- AVX-512, for halves alone: they come from memory in half the time, and then it is
// the arithmetic that one image waits for

enum { WIDE = 16 };

#define AVX512 __attribute__((target("avx512f")))

AVX512 static inline __m512 sixteen_of(
    const float *row, const uint16_t *halves, float *to, int d)
{
    if (halves == NULL)
        return _mm512_loadu_ps(row + d);
    const __m512 v = _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(halves + d)));
    _mm512_storeu_ps(to + d, v);
    return v;
}

AVX512 static inline __m512 add_wide_product(__m512 row, const float *x, __m512 sum)
{
    return _mm512_fmadd_ps(row, _mm512_loadu_ps(x), sum);
}

AVX512 static inline __attribute__((always_inline)) float avx512_row(
    const float *row, const uint16_t *halves, float *to, const float *x, int n)
{
    __m512 s0 = _mm512_setzero_ps(), s1 = s0, s2 = s0, s3 = s0;
    int d = 0;
    for (; d + 4 * WIDE <= n; d += 4 * WIDE) {
        const int d1 = d + WIDE, d2 = d + 2 * WIDE, d3 = d + 3 * WIDE;
        s0 = add_wide_product(sixteen_of(row, halves, to, d), x + d, s0);
        s1 = add_wide_product(sixteen_of(row, halves, to, d1), x + d1, s1);
        s2 = add_wide_product(sixteen_of(row, halves, to, d2), x + d2, s2);
        s3 = add_wide_product(sixteen_of(row, halves, to, d3), x + d3, s3);
    }
    for (; d + WIDE <= n; d += WIDE)
        s0 = add_wide_product(sixteen_of(row, halves, to, d), x + d, s0);
    float sum =
        _mm512_reduce_add_ps(_mm512_add_ps(_mm512_add_ps(s0, s1), _mm512_add_ps(s2, s3)));
    if (halves != NULL)
        blmi_to_f32(to + d, halves + d, BLMI_F16, (size_t)(n - d));
    for (; d < n; d++)
        sum += row[d] * x[d];
    return sum;
}

AVX512 static void avx512_dot(
    const float *const rows[BLMI_TILE], const float *x, int n, float products[BLMI_TILE])
{
    for (int r = 0; r < BLMI_TILE; r++)
        products[r] = avx512_row(rows[r], NULL, NULL, x, n);
}

AVX512 static void avx512_widen_dot(const uint16_t *const halves[BLMI_TILE],
    float *const rows[BLMI_TILE], const float *x, int n, float products[BLMI_TILE])
{
    for (int r = 0; r < BLMI_TILE; r++)
        products[r] = avx512_row(rows[r], halves[r], rows[r], x, n);
}

AVX512 static void avx512_subtract(
    const float *const rows[BLMI_TILE], const float factors[BLMI_TILE], int n, float *x)
{
    const __m512 f0 = _mm512_set1_ps(factors[0]), f1 = _mm512_set1_ps(factors[1]);
    const __m512 f2 = _mm512_set1_ps(factors[2]), f3 = _mm512_set1_ps(factors[3]);
    int d = 0;
    for (; d + WIDE <= n; d += WIDE) {
        __m512 v = _mm512_loadu_ps(x + d);
        v = _mm512_fnmadd_ps(f0, _mm512_loadu_ps(rows[0] + d), v);
        v = _mm512_fnmadd_ps(f1, _mm512_loadu_ps(rows[1] + d), v);
        v = _mm512_fnmadd_ps(f2, _mm512_loadu_ps(rows[2] + d), v);
        v = _mm512_fnmadd_ps(f3, _mm512_loadu_ps(rows[3] + d), v);
        _mm512_storeu_ps(x + d, v);
    }
    for (; d < n; d++)
        for (int r = 0; r < BLMI_TILE; r++)
            x[d] -= factors[r] * rows[r][d];
}

const blmi_gauss_kernels *blmi_gauss_kernels_avx512(void)
{
    static const blmi_gauss_kernels avx512 = {
        "avx512", avx512_dot, avx512_subtract, avx512_widen_dot};
    return __builtin_cpu_supports("avx512f") ? &avx512 : NULL;
}

#else

const blmi_gauss_kernels *blmi_gauss_kernels_avx2(void)
{
    return NULL;
}

const blmi_gauss_kernels *blmi_gauss_kernels_avx512(void)
{
    return NULL;
}

#endif

const blmi_gauss_kernels *blmi_gauss_kernels_plain(void)
{
    static const blmi_gauss_kernels plain = {
        "plain", plain_dot, plain_subtract, plain_widen_dot};
    return &plain;
}

const blmi_gauss_kernels *blmi_gauss_kernels_best(int half)
{
    const blmi_gauss_kernels *avx2 = blmi_gauss_kernels_avx2();
    const blmi_gauss_kernels *avx512 = half ? blmi_gauss_kernels_avx512() : NULL;
    return avx512 != NULL ? avx512 : avx2 != NULL ? avx2 : blmi_gauss_kernels_plain();
}
