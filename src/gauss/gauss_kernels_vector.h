// gauss_kernels_vector.h: the kernels on vectors: one source for every instruction set.
// A gauss_kernels_*.c file that is compiled for one names its table KERNELS and includes
// this.
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "src/base/base_vector.h"
#include "src/base/tensor.h"
#include "src/gauss/gauss_kernels.h"

// The distance in bytes of the prefetch.  Models are contiguous, but in pages of 4 KB,
// across which the processor does not prefetch.
enum { AHEAD = 8192 };

// Into the second cache: the first is full of what is multiplied.
static ALWAYS_INLINE void fetch_ahead(const void *p)
{
    __builtin_prefetch((const void *)((uintptr_t)p + AHEAD), 0, 2);
}

static void centre(const float *x, const float *mean, const float *scale, int n, float *y)
{
    int d = 0;
    for (; d + WIDTH <= n; d += WIDTH) {
        const vec z = load(x + d) - load(mean + d);
        store(y + d, scale == NULL ? z : z * load(scale + d));
    }
    for (; d < n; d++)
        y[d] = (x[d] - mean[d]) * (scale == NULL ? 1.0f : scale[d]);
}

typedef float some __attribute__((vector_size(WIDTH * 2)));
typedef double doubles __attribute__((vector_size(WIDTH * 4)));

static double square(const float *x, int n)
{
    enum { HALF = WIDTH / 2 };
    doubles sums[2] = {{0}};
    double sum = 0.0;
    int d = 0;
    for (; d + WIDTH <= n; d += WIDTH)
        UNROLLED (k, 2) {
            some part;
            memcpy(&part, x + d + k * HALF, sizeof part);
            const doubles wide = __builtin_convertvector(part, doubles);
            sums[k] += wide * wide;
        }
    for (int k = 0; k < HALF; k++)
        sum += sums[0][k] + sums[1][k];
    for (; d < n; d++)
        sum += (double)x[d] * (double)x[d];
    return sum;
}

static inline vec widened(const uint16_t *halves)
{
#if defined(__AVX512F__)
    return (vec)_mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)halves));
#else
    return (vec)_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)halves));
#endif
}

static void widen(const uint16_t *halves, float *row, int n)
{
    if (n < WIDTH) {
        blmi_to_f32(row, halves, BLMI_F16, (size_t)n);
        return;
    }
    for (int d = 0; d + WIDTH <= n; d += WIDTH) {
        fetch_ahead(halves + d);
        store(row + d, widened(halves + d));
    }
    store(row + n - WIDTH, widened(halves + n - WIDTH)); // some of it once more
}

static void subtract(
    const float *const rows[BLMI_TILE], const float factors[BLMI_TILE], int n, float *x)
{
    vec factor[BLMI_TILE];
    for (int r = 0; r < BLMI_TILE; r++)
        factor[r] = all(factors[r]);
    int d = 0;
    for (; d + WIDTH <= n; d += WIDTH) {
        vec rest = load(x + d);
        UNROLLED (r, BLMI_TILE)
            rest -= factor[r] * load(rows[r] + d);
        store(x + d, rest);
    }
    for (; d < n; d++)
        for (int r = 0; r < BLMI_TILE; r++)
            x[d] -= factors[r] * rows[r][d];
}

// As many vectors at once as leave a register for each sum.
enum { COLUMNS = WIDTH == 16 ? 6 : 3 };

typedef float quad __attribute__((vector_size(BLMI_TILE * 4)));

static inline quad load_quad(const float *p)
{
    quad x;
    memcpy(&x, p, sizeof x);
    return x;
}

// The first `count` numbers at p, below WIDTH, zeros behind them.
static ALWAYS_INLINE vec load_some(const float *p, int count)
{
#if defined(__AVX512F__)
    return (vec)_mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), p);
#else
    static const int32_t ends[2 * WIDTH] = {-1, -1, -1, -1, -1, -1, -1, -1};
    const __m256i mask = _mm256_loadu_si256((const __m256i *)(ends + WIDTH - count));
    return (vec)_mm256_maskload_ps(p, mask);
#endif
}

// The sum of each of four vectors: their quarters are brought into a common order first.
static ALWAYS_INLINE quad sums_of(const vec x[BLMI_TILE])
{
#if defined(__AVX512F__)
    const __m512 a = (__m512)x[0], b = (__m512)x[1], c = (__m512)x[2], d = (__m512)x[3];
    const __m512 ab = _mm512_unpacklo_ps(a, b) + _mm512_unpackhi_ps(a, b);
    const __m512 cd = _mm512_unpacklo_ps(c, d) + _mm512_unpackhi_ps(c, d);
    const __m512 e = _mm512_shuffle_ps(ab, cd, 0x44) + _mm512_shuffle_ps(ab, cd, 0xee);
    const __m512 f = e + _mm512_shuffle_f32x4(e, e, 0xee);
    const __m256 all = _mm512_castps512_ps256(f);
#else
    const __m256 a = (__m256)x[0], b = (__m256)x[1], c = (__m256)x[2], d = (__m256)x[3];
    const __m256 ab = _mm256_unpacklo_ps(a, b) + _mm256_unpackhi_ps(a, b);
    const __m256 cd = _mm256_unpacklo_ps(c, d) + _mm256_unpackhi_ps(c, d);
    const __m256 all = _mm256_shuffle_ps(ab, cd, 0x44) + _mm256_shuffle_ps(ab, cd, 0xee);
#endif
    return (quad)(_mm256_castps256_ps128(all) + _mm256_extractf128_ps(all, 1));
}

// The products of four rows with `count` vectors, which is known where this is inlined.
static ALWAYS_INLINE void multiply_columns(const float *const rows[BLMI_TILE],
    const float *x, size_t step, int count, int n, quad products[COLUMNS])
{
    vec sum[COLUMNS][BLMI_TILE] = {{{0}}};
    int d = 0;
    for (; d + WIDTH <= n; d += WIDTH) {
        vec row[BLMI_TILE];
        UNROLLED (r, BLMI_TILE) {
            fetch_ahead(rows[r] + d);
            row[r] = load(rows[r] + d);
        }
        UNROLLED (v, count) {
            const vec column = load(x + (size_t)v * step + d);
            UNROLLED (r, BLMI_TILE)
                sum[v][r] += row[r] * column;
        }
    }
    if (d < n) {
        vec row[BLMI_TILE];
        UNROLLED (r, BLMI_TILE)
            row[r] = load_some(rows[r] + d, n - d);
        UNROLLED (v, count) {
            const vec column = load_some(x + (size_t)v * step + d, n - d);
            UNROLLED (r, BLMI_TILE)
                sum[v][r] += row[r] * column;
        }
    }
    UNROLLED (v, count)
        products[v] = sums_of(sum[v]);
}

static ALWAYS_INLINE void dot_columns(const float *const rows[BLMI_TILE], const float *x,
    size_t step, int count, int n, float *products)
{
    quad sums[COLUMNS];
    multiply_columns(rows, x, step, count, n, sums);
    memcpy(products, sums, (size_t)count * sizeof *sums);
}

static ALWAYS_INLINE void solve_columns(
    const blmi_factor_rows *l, float *y, size_t step, int count)
{
    const quad scale = load_quad(l->scale);
    quad inverse[BLMI_TILE], products[COLUMNS];
    multiply_columns(l->row, y, step, count, l->top, products);
    UNROLLED (j, BLMI_TILE)
        inverse[j] = load_quad(l->inverse[j]);
    UNROLLED (v, count) {
        float *at = y + (size_t)v * step + l->top;
        const quad rest = load_quad(at) - scale * products[v];
        quad z = inverse[0] * rest[0];
        for (int j = 1; j < BLMI_TILE; j++)
            z += inverse[j] * rest[j];
        memcpy(at, &z, sizeof z);
    }
}

// CALL(n) for what is left of `count`, n being a constant.
#define WITH_CONSTANT(count, CALL)                                                       \
    switch (count) {                                                                     \
    case 5:                                                                              \
        CALL(COLUMNS > 5 ? 5 : 0);                                                       \
        break;                                                                           \
    case 4:                                                                              \
        CALL(COLUMNS > 4 ? 4 : 0);                                                       \
        break;                                                                           \
    case 3:                                                                              \
        CALL(COLUMNS > 3 ? 3 : 0);                                                       \
        break;                                                                           \
    case 2:                                                                              \
        CALL(2);                                                                         \
        break;                                                                           \
    case 1:                                                                              \
        CALL(1);                                                                         \
        break;                                                                           \
    default:                                                                             \
        break;                                                                           \
    }

static void dots(const float *const rows[BLMI_TILE], const float *x, size_t step,
    int count, int n, float *products)
{
    for (; count >= COLUMNS; count -= COLUMNS) {
        dot_columns(rows, x, step, COLUMNS, n, products);
        x += COLUMNS * step;
        products += COLUMNS * BLMI_TILE;
    }
#define CALL(count) dot_columns(rows, x, step, count, n, products)
    WITH_CONSTANT(count, CALL)
#undef CALL
}

static void solve(const blmi_factor_rows *l, float *y, size_t step, int count)
{
    for (; count >= COLUMNS; count -= COLUMNS, y += COLUMNS * step)
        solve_columns(l, y, step, COLUMNS);
#define CALL(count) solve_columns(l, y, step, count)
    WITH_CONSTANT(count, CALL)
#undef CALL
}

const blmi_gauss_kernels KERNELS = {
    KERNELS_NAME, centre, square, widen, subtract, dots, solve};
