// kernels_vector.h: the kernels on vectors (GCC's and clang's): one source for every
// instruction set.  A kernels_*.c file that is compiled for one, with -ffp-contract=fast
// so that x * y + z is one fused operation, names its table KERNELS and includes this.
#include <immintrin.h>
#include <stddef.h>

#include "src/base/tensor.h"
#include "src/gauss/kernels.h"

#if defined(__AVX512F__)
enum { WIDTH = 16 };
#else
enum { WIDTH = 8 };
#endif
enum { SUMS = 4 };

typedef float vec __attribute__((vector_size(WIDTH * 4)));
// The same in memory: any address that a float may have.
typedef float vec_in_memory
    __attribute__((vector_size(WIDTH * 4), aligned(4), may_alias));

static inline vec load(const float *p)
{
    return *(const vec_in_memory *)p;
}

static inline void store(float *p, vec x)
{
    *(vec_in_memory *)p = x;
}

static inline vec widen(const uint16_t *halves)
{
#if defined(__AVX512F__)
    return (vec)_mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)halves));
#else
    return (vec)_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)halves));
#endif
}

static inline float sum_of(vec x)
{
#if defined(__AVX512F__)
    return _mm512_reduce_add_ps((__m512)x);
#else
    __m128 s = _mm_add_ps(
        _mm256_castps256_ps128((__m256)x), _mm256_extractf128_ps((__m256)x, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_shuffle_ps(s, s, 1)));
#endif
}

// Numbers d .. of a row; from halves (NULL: none) they are written to `to` first.
static inline vec next_of(const float *row, const uint16_t *halves, float *to, int d)
{
    if (halves == NULL)
        return load(row + d);
    const vec x = widen(halves + d);
    store(to + d, x);
    return x;
}

// One row, in four sums so that none waits for the one before; inlined twice, with halves
// and without.
static inline __attribute__((always_inline)) float row_product(
    const float *row, const uint16_t *halves, float *to, const float *x, int n)
{
    vec sum[SUMS] = {{0}};
    int d = 0;
    for (; d + SUMS * WIDTH <= n; d += SUMS * WIDTH)
#pragma GCC unroll 4
        for (int s = 0; s < SUMS; s++)
            sum[s] += next_of(row, halves, to, d + s * WIDTH) * load(x + d + s * WIDTH);
    for (; d + WIDTH <= n; d += WIDTH)
        sum[0] += next_of(row, halves, to, d) * load(x + d);
    float product = sum_of((sum[0] + sum[1]) + (sum[2] + sum[3]));
    if (halves != NULL)
        blmi_to_f32(to + d, halves + d, BLMI_F16, (size_t)(n - d));
    for (; d < n; d++)
        product += row[d] * x[d];
    return product;
}

// One row after the other: memory is then read as one stream, at its full speed; four
// rows side by side took half as long again.
static void dot(
    const float *const rows[BLMI_TILE], const float *x, int n, float products[BLMI_TILE])
{
    for (int r = 0; r < BLMI_TILE; r++)
        products[r] = row_product(rows[r], NULL, NULL, x, n);
}

// Widening apart from the product took half as long again: memory waits meanwhile.
static void widen_dot(const uint16_t *const halves[BLMI_TILE],
    float *const rows[BLMI_TILE], const float *x, int n, float products[BLMI_TILE])
{
    for (int r = 0; r < BLMI_TILE; r++)
        products[r] = row_product(rows[r], halves[r], rows[r], x, n);
}

static void subtract(
    const float *const rows[BLMI_TILE], const float factors[BLMI_TILE], int n, float *x)
{
    vec factor[BLMI_TILE];
    for (int r = 0; r < BLMI_TILE; r++)
        factor[r] = factors[r] - (vec){0};
    int d = 0;
    for (; d + WIDTH <= n; d += WIDTH) {
        vec rest = load(x + d);
#pragma GCC unroll 4
        for (int r = 0; r < BLMI_TILE; r++)
            rest -= factor[r] * load(rows[r] + d);
        store(x + d, rest);
    }
    for (; d < n; d++)
        for (int r = 0; r < BLMI_TILE; r++)
            x[d] -= factors[r] * rows[r][d];
}

const blmi_gauss_kernels KERNELS = {KERNELS_NAME, dot, subtract, widen_dot};
