// nn_vector.h: functions on vectors (src/base/base_vector.h), and on the words of
// kernels.h.
#ifndef BLMI_NN_VECTOR_H
#define BLMI_NN_VECTOR_H

#include <math.h>

#include "src/base/base_vector.h"
#include "src/nn/kernels.h"

typedef int mask __attribute__((vector_size(WIDTH * 4)));
typedef unsigned bits __attribute__((vector_size(WIDTH * 4)));

// ---- words: pairs of bf16, each the upper half of a float; quads of int8

typedef unsigned short halves __attribute__((vector_size(WIDTH * 2)));
typedef unsigned char bytes __attribute__((vector_size(WIDTH)));
typedef unsigned char bytes_in_memory
    __attribute__((vector_size(WIDTH), aligned(1), may_alias));
typedef unsigned short halves_in_memory
    __attribute__((vector_size(WIDTH * 2), aligned(2), may_alias));

// The numbers of a row of pairs, beginning at i, in the lower halves.
static inline bits load_halves(const float *row, int i)
{
    const halves_in_memory *p = (const void *)((const char *)row + 2 * (size_t)i);
    return __builtin_convertvector((halves)*p, bits);
}

// Stores x as the numbers of a row, beginning at i, a multiple of WIDTH.  The row may
// overwrite one of floats that is read from left to right.
static inline void store_words(float *row, int i, vec x, blmi_words words)
{
    if (words == BLMI_FLOATS) {
        store(row + i, x);
        return;
    }
    halves_in_memory *p = (void *)((char *)row + 2 * (size_t)i);
#if defined(__AVX512BF16__)
    *p = (halves)_mm512_cvtneps_pbh((__m512)x);
#else
    const bits odd = (bits)x >> 16 & 1;
    *p = __builtin_convertvector(((bits)x + 0x7fff + odd) >> 16, halves);
#endif
}

typedef short shorts __attribute__((vector_size(WIDTH * 4)));

// For each word of two integers: the sum of both products.
static inline mask multiply_halves(shorts a, shorts b)
{
#if defined(__AVX512BW__)
    return (mask)_mm512_madd_epi16((__m512i)a, (__m512i)b);
#elif defined(__AVX2__)
    return (mask)_mm256_madd_epi16((__m256i)a, (__m256i)b);
#elif defined(__SSE2__)
    return (mask)_mm_madd_epi16((__m128i)a, (__m128i)b);
#else
    return ((mask)a << 16 >> 16) * ((mask)b << 16 >> 16) +
           ((mask)a >> 16) * ((mask)b >> 16);
#endif
}

// sum + a x: of the float of each word, of both numbers of each pair, or, in integers, of
// all four of each quad.
static inline vec multiply_add(vec sum, const float *a, vec x, blmi_words words)
{
    if (words == BLMI_FLOATS)
        return sum + all(*a) * x;
    const bits word = *(const unsigned *)(const void *)a - (bits){0};
    if (words == BLMI_PAIRS) {
#if defined(__AVX512BF16__)
        return (vec)_mm512_dpbf16_ps((__m512)sum, (__m512bh)word, (__m512bh)x);
#else
        sum += (vec)(word << 16) * (vec)((bits)x << 16);
        return sum + (vec)(word & 0xffff0000) * (vec)((bits)x & 0xffff0000);
#endif
    }
#if defined(__AVX512VNNI__)
    // The intrinsic would need a second sum of integers, and GCC 12 keeps both, half of
    // them in memory.
    __asm__("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(word), "v"(x));
    return sum;
#else
    const bits lower = (bits){0} + 0x00ff00ff;
    const shorts even = (shorts)(word & lower), odd = (shorts)(word >> 8 & lower);
    return (vec)((mask)sum + multiply_halves(even, (shorts)x << 8 >> 8) +
                 multiply_halves(odd, (shorts)x >> 8));
#endif
}

// The initial value for multiply_add, for the columns beginning at n; integers for quads.
static inline vec sum_at_first(const blmi_matrix *b, int n, blmi_words words)
{
    if (words == BLMI_QUADS)
        return load((const float *)(const void *)(b->start + n));
    return b->bias ? load(b->bias + n) : (vec){0};
}

// Converts the result to floats.  scale: of the row.
static inline vec sum_at_last(
    vec sum, const blmi_matrix *b, int n, float scale, blmi_words words)
{
    if (words != BLMI_QUADS)
        return sum;
    const vec bias = b->bias ? load(b->bias + n) : (vec){0};
    return __builtin_convertvector((mask)sum, vec) * (all(scale) * load(b->scale + n)) +
           bias;
}

// ---- functions

static inline vec larger(vec x, vec y)
{
#if defined(__AVX512F__)
    return (vec)_mm512_max_ps((__m512)x, (__m512)y);
#elif defined(__AVX2__)
    return (vec)_mm256_max_ps((__m256)x, (__m256)y);
#else
    const mask first = x > y;
    return (vec)((first & (mask)x) | (~first & (mask)y));
#endif
}

static inline vec smaller(vec x, vec y)
{
#if defined(__AVX512F__)
    return (vec)_mm512_min_ps((__m512)x, (__m512)y);
#elif defined(__AVX2__)
    return (vec)_mm256_min_ps((__m256)x, (__m256)y);
#else
    return -larger(-x, -y);
#endif
}

// x with -infinity in place of its numbers beginning at `count`.
static inline vec first_of(vec x, int count)
{
    mask place;
    for (int i = 0; i < WIDTH; i++)
        place[i] = i;
    const mask keep = place < count;
    return (vec)((keep & (mask)x) | (~keep & (mask)all(-INFINITY)));
}

static inline float largest_of(vec x)
{
#if defined(__AVX512F__)
    return _mm512_reduce_max_ps((__m512)x);
#else
    float part[WIDTH];
    store(part, x);
    for (int half = WIDTH / 2; half > 0; half /= 2)
        for (int i = 0; i < half; i++)
            part[i] = part[i] > part[i + half] ? part[i] : part[i + half];
    return part[0];
#endif
}

// a[0] b[0] a[1] b[1] ..: the first halves of a and b, and the second ones.
#if defined(__AVX512F__)
#define FIRST_HALVES 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define SECOND_HALVES 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#elif defined(__AVX2__)
#define FIRST_HALVES 0, 8, 1, 9, 2, 10, 3, 11
#define SECOND_HALVES 4, 12, 5, 13, 6, 14, 7, 15
#else
#define FIRST_HALVES 0, 4, 1, 5
#define SECOND_HALVES 2, 6, 3, 7
#endif

// Transposes, in log2(WIDTH) rounds of interleaving.
static ALWAYS_INLINE void transpose(vec x[WIDTH])
{
#pragma GCC unroll 4
    for (int round = 1; round < WIDTH; round *= 2) {
        vec y[WIDTH];
        UNROLLED (i, WIDTH / 2) {
            y[2 * i] = __builtin_shufflevector(x[i], x[i + WIDTH / 2], FIRST_HALVES);
            y[2 * i + 1] = __builtin_shufflevector(x[i], x[i + WIDTH / 2], SECOND_HALVES);
        }
        UNROLLED (i, WIDTH)
            x[i] = y[i];
    }
}

// 2^x for x <= 0, relative error below 2e-7, for pairs 8e-5; next to 0 from -126 on.
// x = n + r with |r| <= 1/2, and a polynomial of 2^r (least squares, weighted until the
// relative errors were even: 7.5e-8 and 7.5e-5).
static inline vec power_of_2(vec x, const blmi_words words)
{
    x = larger(x, all(-126));
    const vec magic = all(0x1.8p23f); // adding it rounds to an integer
    const vec shifted = x + magic;
    const vec r = x - (shifted - magic);
    vec y;
    if (words == BLMI_FLOATS) {
        y = r * 1.32764713e-3f + 9.67554096e-3f;
        y = y * r + 5.55071309e-2f;
        y = y * r + 0.240221202f;
        y = y * r + 0.693146944f;
        y = y * r + 1.00000012f;
    } else {
        y = r * 5.51716685e-2f + 0.242611125f;
        y = y * r + 0.693260968f;
        y = y * r + 0.999928057f;
    }
    return (vec)((bits)y + ((bits)shifted << 23));
}

// x/2 (1 + erf(x / sqrt 2)), absolute error below 3e-7 |x|: erf(x / sqrt 2) / 2 is
// x P(x^2) / Q(x^2) on |x| <= 5.2 (fitted like that, the absolute errors even:
// 6e-8) and 1/2 beyond.
static inline vec gelu(vec x)
{
    const vec c = smaller(larger(x, all(-5.2f)), all(5.2f));
    const vec u = c * c;
    vec p = u * 5.84053484e-6f + 3.14257414e-4f;
    vec q = u * 5.01893833e-7f + 1.12738681e-4f;
    q = q * u + 2.7037123e-3f;
    p = p * u + 5.5186925e-3f;
    q = q * u + 3.73395143e-2f;
    p = p * u + 4.95929444e-2f;
    q = q * u + 0.290971843f;
    p = p * u + 0.398941917f;
    q = q * u + 1.f;
    return x * (c * p / q + 0.5f);
}

// 1 / (1 + e^(-factor x)), by a power of 2 that is not above 1.
static inline vec sigmoid(vec x, float factor)
{
    const vec size = larger(x, -x);
    const vec e = power_of_2(size * (-1.44269504f * factor), BLMI_FLOATS);
    const mask negative = x < (vec){0};
    const vec above = (vec)((negative & (mask)e) | (~negative & (mask)all(1)));
    return above / (e + 1.f);
}

static inline vec activated(vec x, blmi_activation activation)
{
    switch (activation) {
    case BLMI_LINEAR:
        return x;
    case BLMI_GELU:
        return gelu(x);
    case BLMI_RELU:
        return larger(x, (vec){0});
    case BLMI_RELU6:
        return smaller(larger(x, (vec){0}), all(6));
    case BLMI_SILU:
        return x * sigmoid(x, 1);
    case BLMI_QUICK_GELU:
        return x * sigmoid(x, 1.702f);
    case BLMI_SIGMOID:
        return sigmoid(x, 1);
    }
    return x;
}

// gelu for numbers that are rounded to bf16 next, absolute error below 4e-5 |x|,
// where a register of 16 numbers can be a table: erf(t / sqrt 2) / 2 is one of 16
// parabolas, the i-th for t around i / 3.75 (fitted like that; the last meets 1/2 at 4).
static inline vec gelu_for_pairs(vec x)
{
#if defined(__AVX512F__)
    static const float parabolas[3][16] = {
        {-4.88840442e-6f, -9.51662718e-4f, -7.2894902e-3f, -1.72634535e-2f,
            -2.06447057e-2f, -4.211016e-3f, 4.01339233e-2f, 0.110469051f, 0.195880294f,
            0.281907111f, 0.356494844f, 0.413343936f, 0.451941341f, 0.475496471f,
            0.488501549f, 0.71355027f},
        {0.399603397f, 0.411444277f, 0.443444371f, 0.474055529f, 0.482036799f,
            0.455206275f, 0.395028979f, 0.313916206f, 0.228381574f, 0.152281761f,
            9.32054669e-2f, 5.24481162e-2f, 2.7174104e-2f, 1.29804667e-2f, 5.72315743e-3f,
            -0.108799644f},
        {-1.32501759e-2f, -5.10567687e-2f, -9.18184593e-2f, -0.115372106f, -0.120050214f,
            -0.109092817f, -8.86639953e-2f, -6.52671829e-2f, -4.38448042e-2f,
            -2.70104855e-2f, -1.5310226e-2f, -8.00379179e-3f, -3.86576424e-3f,
            -1.72734016e-3f, -7.14779017e-4f, 1.385302e-2f},
    };
    const vec size = larger(x, -x), t = smaller(size, all(4));
    const __m512i i = (__m512i)(t * 3.75f + 0x1.8p23f); // rounded, in the lowest bits
    vec c[3];
    UNROLLED (k, 3)
        c[k] = (vec)_mm512_permutexvar_ps(i, (__m512)load(parabolas[k]));
    return size * ((c[2] * t + c[1]) * t + c[0]) + x * 0.5f;
#else
    return gelu(x);
#endif
}

#endif
