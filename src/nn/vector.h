// vector.h: a vector of floats, as wide as the instruction set that a file is compiled
// for, and the functions on it.  GCC's and clang's vector types; a file that includes
// this is compiled with -ffp-contract=fast, so that x * y + z is one fused operation
// where the processor has it.
#ifndef BLMI_NN_VECTOR_H
#define BLMI_NN_VECTOR_H

#include "src/nn/kernels.h"

#if defined(__AVX512F__)
enum { WIDTH = 16 };
#elif defined(__AVX2__)
enum { WIDTH = 8 };
#else
enum { WIDTH = 4 };
#endif

typedef float vec __attribute__((vector_size(WIDTH * 4)));
typedef int mask __attribute__((vector_size(WIDTH * 4)));
typedef unsigned bits __attribute__((vector_size(WIDTH * 4)));
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

static inline vec all(float x)
{
    return x - (vec){0};
}

// x where m is -1, y where it is 0.
static inline vec choose(mask m, vec x, vec y)
{
    return (vec)((m & (mask)x) | (~m & (mask)y));
}

static inline vec larger(vec x, vec y)
{
    return choose(x > y, x, y);
}

static inline vec smaller(vec x, vec y)
{
    return choose(x < y, x, y);
}

static inline float sum_of(vec x)
{
    float sum = 0;
    for (int i = 0; i < WIDTH; i++)
        sum += x[i];
    return sum;
}

static inline float largest_of(vec x)
{
    float top = x[0];
    for (int i = 1; i < WIDTH; i++)
        top = x[i] > top ? x[i] : top;
    return top;
}

// e^x for x <= 0, relative error below 2e-7; 0 from about -87 on.  x = n ln 2 + r with
// |r| <= ln(2) / 2: Taylor's polynomial of e^r is exact enough from degree 6 on.
static inline vec exponential(vec x)
{
    x = larger(x, all(-87));
    const vec magic = all(0x1.8p23f); // adding it rounds to an integer
    const vec shifted = x * 1.44269504f + magic;
    const vec n = shifted - magic;
    const vec r = (x - n * 0x1.62e4p-1f) - n * 0x1.7f7d1cp-20f;
    vec y = r * (1 / 720.f) + 1 / 120.f;
    y = y * r + 1 / 24.f;
    y = y * r + 1 / 6.f;
    y = y * r + 0.5f;
    y = y * r + 1.f;
    y = y * r + 1.f;
    return (vec)((bits)y + ((bits)shifted << 23));
}

// x/2 (1 + erf(x / sqrt 2)), absolute error below 4e-7 |x|: erf(x / sqrt 2) is
// x P(x^2) / Q(x^2) on |x| <= 5.4 (least squares with Lawson's weights, error 1.1e-8) and
// +-1 beyond.
static inline vec gelu(vec x)
{
    const vec c = smaller(larger(x, all(-5.4f)), all(5.4f));
    const vec u = c * c;
    vec p = u * 4.6773537e-8f + 1.2720047e-5f;
    vec q = u * 1.2165922e-6f + 7.2400190e-5f;
    p = p * u + 3.2864333e-4f;
    q = q * u + 1.8589815e-3f;
    p = p * u + 9.3017026e-3f;
    q = q * u + 2.8378684e-2f;
    p = p * u + 6.6744439e-2f;
    q = q * u + 0.25031784f;
    p = p * u + 0.79788449f;
    q = q * u + 1.f;
    const vec half = x * 0.5f;
    return half * (c * p / q) + half;
}

#endif
