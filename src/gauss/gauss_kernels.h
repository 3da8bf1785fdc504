// gauss_kernels.h: the inner loops of distances, one set per instruction set.
#ifndef BLMI_GAUSS_KERNELS_H
#define BLMI_GAUSS_KERNELS_H

#include <stddef.h>
#include <stdint.h>

enum { BLMI_TILE = 4 }; // rows per call of a kernel

// Rows top .. top + 3 of a triangular factor L.  A short tile repeats its last row, with
// zeros in `inverse`.
typedef struct blmi_factor_rows {
    const float *row[BLMI_TILE]; // (top) what is left of the block on the diagonal, times
    float scale[BLMI_TILE];      // this
    float inverse[BLMI_TILE][BLMI_TILE]; // of the block on the diagonal, column by column
    int top;
} blmi_factor_rows;

typedef struct blmi_gauss_kernels {
    const char *name;
    // y (n) = (x (n) - mean (n)) scale (n; NULL: 1).
    void (*centre)(
        const float *x, const float *mean, const float *scale, int n, float *y);
    // |x (n)|^2, summed in double.
    double (*square)(const float *x, int n);
    // row (n) = halves (n), exactly.
    void (*widen)(const uint16_t *halves, float *row, int n);
    // x -= sum over r of factors[r] rows[r], each row (n), x (n).
    void (*subtract)(const float *const rows[BLMI_TILE], const float factors[BLMI_TILE],
        int n, float *x);
    // products (count, BLMI_TILE): of vectors x (count, step), n floats each, with
    // rows[r] (n).  Those of a vector do not depend on the others.
    void (*dots)(const float *const rows[BLMI_TILE], const float *x, size_t step,
        int count, int n, float *products);
    // Solves L z = y for vectors (count, step).  The elements of z before `top` are in y,
    // and those of these rows are written there.  y has finite numbers up to top + 3.
    void (*solve)(const blmi_factor_rows *l, float *y, size_t step, int count);
} blmi_gauss_kernels;

#ifdef __x86_64__
extern const blmi_gauss_kernels blmi_gauss_avx2;   // AVX2, FMA and F16C
extern const blmi_gauss_kernels blmi_gauss_avx512; // AVX-512 F
#endif

const blmi_gauss_kernels *blmi_gauss_kernels_plain(void); // the reference
// NULL if this machine cannot run it.
const blmi_gauss_kernels *blmi_gauss_kernels_avx2(void);
const blmi_gauss_kernels *blmi_gauss_kernels_avx512(void);
// The fastest one for this machine.
const blmi_gauss_kernels *blmi_gauss_kernels_best(void);

#endif
