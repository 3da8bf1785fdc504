// kernels.h: the few operations that the network is made of, as a table of functions.
//
// The plain table (kernels_plain.c) defines what is right; the others must agree with it
// (kernels_test.c).  A row of numbers is `blmi_pad(count)` floats long, so that whole
// vectors can be read and written: what stands behind the last number is undefined.
#ifndef BLMI_NN_KERNELS_H
#define BLMI_NN_KERNELS_H

#include <stdbool.h>
#include <stddef.h>

enum { BLMI_LANES = 16 }; // rows are padded to a multiple; columns of a panel

static inline int blmi_pad(int count)
{
    return (count + BLMI_LANES - 1) / BLMI_LANES * BLMI_LANES;
}

// The right side of a product.  A convolution has a tap per position of its window (or
// per row of it), a linear layer has one.  Columns stand in panels of BLMI_LANES: number
// (tap t, depth k, column n) is at n / 16 * panel + (t * depth + k) * row + n % 16.
typedef struct blmi_matrix {
    int taps, depth, columns;
    size_t panel, row;   // floats from panel to panel, from row to row
    const float *values; // packed: (columns / 16, taps * depth, 16)
    const float *bias;   // (columns) or NULL
} blmi_matrix;

// y[m][n] = f(bias[n] + sum over t, k of a[t * rows + m][k] * b[t][k][n] + add[m][n])
typedef struct blmi_product {
    const blmi_matrix *b;
    int rows;
    const float *const *a;   // (taps, rows) pointers to (depth) numbers
    float *const *y;         // (rows) pointers to (columns) numbers
    const float *const *add; // the same, or NULL; may be y
    bool gelu;               // f is x/2 (1 + erf(x / sqrt 2)), else the identity
} blmi_product;

typedef struct blmi_kernels {
    const char *name;
    void (*product)(const blmi_product *product);
    // Counts are multiples of BLMI_LANES but for softmax and largest.
    // y = (x - mean) / sqrt(variance + 1e-5) * scale + shift for (rows) rows of (count)
    // numbers, the variance being divided by count; scale and shift (count) may both be
    // NULL.  y may be x.
    void (*layer_norm)(float *const *y, const float *const *x, int rows, int count,
        const float *scale, const float *shift);
    // y = max(0, x * scale + shift), all (count).
    void (*scale_relu)(
        float *y, const float *x, int count, const float *scale, const float *shift);
    void (*add)(float *y, const float *x, int count); // y += x, both (count)
    // Of any count: x = exp(x - max) / sum of these, for (rows) rows of (count) numbers.
    void (*softmax)(float *const *x, int rows, int count);
    // y = the largest of x[0][i] .. x[rows - 1][i] for each i < count.
    void (*largest)(float *y, const float *const *x, int rows, int count);
    // The additions of winograd.c, for (count) numbers: v (4, 4) = B' x B of x (4, 4),
    // and y (2, 2) += A' m A of m (4, 4), each element a pointer to (count) numbers.
    //     B' = 1 0 -1 0, 0 1 1 0, 0 -1 1 0, 0 1 0 -1     A' = 1 1 1 0, 0 1 -1 -1
    void (*winograd_in)(float *const *v, const float *const *x, int count);
    void (*winograd_out)(float *const *y, const float *const *m, int count);
    // (rows) pointers to (depth) numbers become the packed values of a matrix of one tap
    // with these rows as its columns: (rows / 16, depth, 16), zeros in the last panel.
    // depth is a multiple of BLMI_LANES.
    void (*pack_columns)(float *values, const float *const *x, int rows, int depth);
} blmi_kernels;

extern const blmi_kernels blmi_kernels_plain;  // C, one number at a time
extern const blmi_kernels blmi_kernels_vector; // what every processor of the target has
#ifdef __x86_64__
extern const blmi_kernels blmi_kernels_avx2;   // AVX2 and FMA
extern const blmi_kernels blmi_kernels_avx512; // AVX-512 F
#endif

// The tables that this processor can run, slowest first; the count is returned.
enum { BLMI_KERNEL_TABLES = 4 };
int blmi_kernels_available(const blmi_kernels *tables[BLMI_KERNEL_TABLES]);
const blmi_kernels *blmi_kernels_best(void);

#endif
