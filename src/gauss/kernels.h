// kernels.h: the inner loops of a distance, once per instruction set.
#ifndef BLMI_GAUSS_KERNELS_H
#define BLMI_GAUSS_KERNELS_H

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
    // out (n) = halves (n), exactly.
    void (*widen)(const uint16_t *halves, int n, float *out);
} blmi_gauss_kernels;

const blmi_gauss_kernels *blmi_gauss_kernels_plain(void); // the reference
// NULL where this machine cannot run it.
const blmi_gauss_kernels *blmi_gauss_kernels_avx2(void);
// The faster one of these.
const blmi_gauss_kernels *blmi_gauss_kernels_best(void);

#endif
