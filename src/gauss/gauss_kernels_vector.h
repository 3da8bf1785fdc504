// gauss_kernels_vector.h: the kernels on vectors: one source for every instruction set.
// A gauss_kernels_*.c file that is compiled for one names its table KERNELS and includes
// this.
#include <stddef.h>

#include "src/base/base_vector.h"
#include "src/base/tensor.h"
#include "src/gauss/gauss_kernels.h"

enum { SUMS = 4 };

static inline vec widen(const uint16_t *halves)
{
#if defined(__AVX512F__)
    return (vec)_mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)halves));
#else
    return (vec)_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)halves));
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
static ALWAYS_INLINE float row_product(
    const float *row, const uint16_t *halves, float *to, const float *x, int n)
{
    vec sum[SUMS] = {{0}};
    int d = 0;
    for (; d + SUMS * WIDTH <= n; d += SUMS * WIDTH)
        UNROLLED (s, SUMS)
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

static void widen_rows(
    const uint16_t *const halves[BLMI_TILE], float *const rows[BLMI_TILE], int n)
{
    for (int r = 0; r < BLMI_TILE; r++) {
        int d = 0;
        for (; d + WIDTH <= n; d += WIDTH)
            store(rows[r] + d, widen(halves[r] + d));
        blmi_to_f32(rows[r] + d, halves[r] + d, BLMI_F16, (size_t)(n - d));
    }
}

// As many vectors at once as leave a register for each sum.
enum { COLUMNS = WIDTH == 16 ? 6 : 3 };

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

// One sum for each product; count is known where this is inlined.
static ALWAYS_INLINE void multiply_columns(const float *const rows[BLMI_TILE],
    const float *x, size_t step, int count, int n, float *products)
{
    vec sum[COLUMNS][BLMI_TILE] = {{{0}}};
    int d = 0;
    for (; d + WIDTH <= n; d += WIDTH) {
        vec row[BLMI_TILE];
        UNROLLED (r, BLMI_TILE)
            row[r] = load(rows[r] + d);
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
        UNROLLED (r, BLMI_TILE)
            products[v * BLMI_TILE + r] = sum_of(sum[v][r]);
}

static void dots(const float *const rows[BLMI_TILE], const float *x, size_t step,
    int count, int n, float *products)
{
    for (; count >= COLUMNS; count -= COLUMNS) {
        multiply_columns(rows, x, step, COLUMNS, n, products);
        x += COLUMNS * step;
        products += COLUMNS * BLMI_TILE;
    }
    switch (count) { // below COLUMNS
    case 5:
        multiply_columns(rows, x, step, COLUMNS > 5 ? 5 : 0, n, products);
        break;
    case 4:
        multiply_columns(rows, x, step, COLUMNS > 4 ? 4 : 0, n, products);
        break;
    case 3:
        multiply_columns(rows, x, step, COLUMNS > 3 ? 3 : 0, n, products);
        break;
    case 2:
        multiply_columns(rows, x, step, 2, n, products);
        break;
    case 1:
        multiply_columns(rows, x, step, 1, n, products);
        break;
    default:
        break;
    }
}

const blmi_gauss_kernels KERNELS = {
    KERNELS_NAME, dot, subtract, widen_dot, widen_rows, dots};
