// base_vector.h: a vector of floats, as wide as the instruction set that a file is
// compiled for.  Uses the vector types of GCC and clang.  A file that includes this is
// compiled with -ffp-contract=fast, so that x * y + z is one fused operation if the
// processor has it.
#ifndef BLMI_BASE_VECTOR_H
#define BLMI_BASE_VECTOR_H

#if defined(__SSE2__)
#include <immintrin.h>
#endif

#if defined(__AVX512F__)
enum { WIDTH = 16 };
#elif defined(__AVX2__)
enum { WIDTH = 8 };
#else
enum { WIDTH = 4 };
#endif

typedef float vec __attribute__((vector_size(WIDTH * 4)));
// The same in memory, at any address that a float may have.
typedef float vec_in_memory
    __attribute__((vector_size(WIDTH * 4), aligned(4), may_alias));

#define ALWAYS_INLINE inline __attribute__((always_inline))

// A loop of at most 16 rounds that the compiler unrolls, so that arrays of vectors stay
// in registers: an index that is not constant would put them into memory.
#define UNROLLED(i, count) _Pragma("GCC unroll 16") for (int i = 0; i < (count); i++)

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

static inline float sum_of(vec x)
{
#if defined(__AVX512F__)
    return _mm512_reduce_add_ps((__m512)x);
#else
    float part[WIDTH]; // halves are added until one number is left
    store(part, x);
    for (int half = WIDTH / 2; half > 0; half /= 2)
        for (int i = 0; i < half; i++)
            part[i] += part[i + half];
    return part[0];
#endif
}

#endif
