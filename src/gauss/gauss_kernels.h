// gauss_kernels.h: the inner loops of a distance, once per instruction set.
#ifndef BLMI_GAUSS_KERNELS_H
#define BLMI_GAUSS_KERNELS_H

#include <stddef.h>
#include <stdint.h>

enum { BLMI_TILE = 4 }; // rows that a kernel takes at once

typedef struct blmi_gauss_kernels {
    const char *name;
    // products[r] = rows[r] . x, each row (n), x (n).
    void (*dot)(const float *const rows[BLMI_TILE], const float *x, int n,
        float products[BLMI_TILE]);
    // x -= sum over r of factors[r] rows[r], each row (n), x (n).
    void (*subtract)(const float *const rows[BLMI_TILE], const float factors[BLMI_TILE],
        int n, float *x);
    // Writes halves[r] (n) to rows[r] (n), exactly, and dot's products of these.
    void (*widen_dot)(const uint16_t *const halves[BLMI_TILE],
        float *const rows[BLMI_TILE], const float *x, int n, float products[BLMI_TILE]);
    // Writes halves[r] (n) to rows[r] (n), exactly.
    void (*widen)(
        const uint16_t *const halves[BLMI_TILE], float *const rows[BLMI_TILE], int n);
    // products (count, BLMI_TILE): of vectors x (count, step), n floats each, with
    // rows[r] (n).  Those of a vector do not depend on the others.
    void (*dots)(const float *const rows[BLMI_TILE], const float *x, size_t step,
        int count, int n, float *products);
} blmi_gauss_kernels;

#ifdef __x86_64__
extern const blmi_gauss_kernels blmi_gauss_avx2;   // AVX2, FMA and F16C
extern const blmi_gauss_kernels blmi_gauss_avx512; // AVX-512 F
#endif

const blmi_gauss_kernels *blmi_gauss_kernels_plain(void); // the reference
// NULL where this machine cannot run it.
const blmi_gauss_kernels *blmi_gauss_kernels_avx2(void);
const blmi_gauss_kernels *blmi_gauss_kernels_avx512(void);
// The fastest one of these; busy: for models in halves, or with a tolerance.
const blmi_gauss_kernels *blmi_gauss_kernels_best(int busy);

#endif
