// kernels.h: the operations of the networks, as a table of functions.
//
// The plain table (kernels_plain.c) defines the right results; the others must agree with
// it (kernels_test.c).  A row of numbers is `blmi_pad(count)` floats long, so that whole
// vectors can be read and written; the floats after the last number are undefined.
//
// The operands of products are rows of 32-bit words.  A word is a float, a pair of bf16
// (the first in its lower half), or four int8 (the first in its lowest byte).  Processors
// with AVX512_BF16 and AVX512_VNNI do two or four multiplications in one instruction;
// others compute the same sums with more instructions.
//
// int8 are numbers q from -127 to 127 with one scale per row or column.  A row of them
// contains the bytes q + 128, and its scale after the last word.
#ifndef BLMI_NN_KERNELS_H
#define BLMI_NN_KERNELS_H

#include <stdbool.h>
#include <stddef.h>

enum {
    BLMI_LANES = 16, // rows are padded to a multiple; columns of a panel
    BLMI_APART = 16, // floats between rows, so that rows use different cache sets
};

static inline int blmi_pad(int count)
{
    return (count + BLMI_LANES - 1) / BLMI_LANES * BLMI_LANES;
}

// The content of a word; the value is the count of numbers in it.
typedef enum blmi_words { BLMI_FLOATS = 1, BLMI_PAIRS = 2, BLMI_QUADS = 4 } blmi_words;

// The words for `count` numbers.
static inline int blmi_words_of(blmi_words words, int count)
{
    return (count + (int)words - 1) / (int)words;
}

// The right side of a product.  A convolution has a tap per position of its window (or
// per row of it), a linear layer has one.  Columns are in panels of BLMI_LANES: the word
// of tap t, depth k, column n is at n / 16 * panel + (t * depth + k) * row + n % 16.
typedef struct blmi_matrix {
    int taps, depth, columns; // depth: words; the last pair of an odd number ends in 0
                              // quads: one tap, a multiple of 4 words
    size_t panel, row;        // words from panel to panel, from row to row
    const float *values;      // words, packed: (columns / 16, taps * depth, 16)
    const float *bias;        // (columns) or NULL
    blmi_words words;
    const float *scale; // (columns), of quads
    const int *start;   // (columns), of quads: -128 times the sum of the column's q
} blmi_matrix;

// A matrix of one tap with dense values.
static inline blmi_matrix blmi_panels(
    blmi_words words, int depth, int columns, const float *values)
{
    const int rows = blmi_words_of(words, depth);
    return (blmi_matrix){1, rows, columns, (size_t)rows * BLMI_LANES, BLMI_LANES, values,
        NULL, words, NULL, NULL};
}

// The function that is applied to a sum: itself, x/2 (1 + erf(x / sqrt 2)), max(x, 0),
// min(max(x, 0), 6), x / (1 + e^-x), x / (1 + e^(-1.702 x)), 1 / (1 + e^-x).
typedef enum blmi_activation {
    BLMI_LINEAR,
    BLMI_GELU,
    BLMI_RELU,
    BLMI_RELU6,
    BLMI_SILU,
    BLMI_QUICK_GELU,
    BLMI_SIGMOID,
} blmi_activation;

// y[m][n] = f(scale[m] * (bias[n] + sum over t, k of a[t * rows + m][k] * b[t][k][n])
//              + add[m][n])
typedef struct blmi_product {
    const blmi_matrix *b;
    int rows;
    const float *const *a;      // (taps, rows) pointers to (depth) words, as b's
    float *const *y;            // (rows) pointers to (columns) numbers
    const float *const *add;    // (rows) pointers to (columns) floats, or NULL; may be y
    blmi_activation activation; // f
    blmi_words y_words;         // of y: floats, or pairs if another product takes them
    const float *scale;         // (rows), or NULL for 1
} blmi_product;

typedef struct blmi_kernels {
    const char *name;
    void (*product)(const blmi_product *product);
    // Counts are multiples of BLMI_LANES, except for softmax and largest.  `words` is the
    // type of the result, if it is an operand (quads unless excluded); all other numbers
    // are floats.
    // y = (x - mean) / sqrt(variance + epsilon) * scale + shift for (rows) rows of
    // (count) numbers, the variance being divided by count; scale and shift (count) may
    // both be NULL.  y may be x.
    void (*layer_norm)(float *const *y, const float *const *x, int rows, int count,
        const float *scale, const float *shift, float epsilon, blmi_words words);
    // y = x in pairs or quads, rounded to nearest, ties to even; y may be x.  The scale
    // of quads is the largest |x| / 127.
    void (*quantize)(float *y, const float *x, int count, blmi_words words);
    // y = max(0, x * scale + shift), all (count).
    void (*scale_relu)(
        float *y, const float *x, int count, const float *scale, const float *shift);
    void (*add)(float *y, const float *x, int count);      // y += x, both (count)
    void (*multiply)(float *y, const float *x, int count); // y *= x, likewise
    // y = f(x), both (count); y may be x.
    void (*activate)(float *y, const float *x, int count, blmi_activation activation);
    // y[m] = f(bias + sum over t of x[t * rows + m] * w[t]), all of them (count) numbers,
    // for (rows) rows: w (taps, count).
    void (*depthwise)(float *const *y, const float *const *x, const float *w,
        const float *bias, int rows, int taps, int count, blmi_activation activation);
    // Of any count: x = 2^(x - max), and scale = 1 / sum of these, for (rows) rows of
    // (count) numbers.  No quads; the last pair of an odd count ends in a number next to
    // 0.
    void (*softmax)(float *const *x, float *scale, int rows, int count, blmi_words words);
    // y = the largest of x[0][i] .. x[rows - 1][i] for each i < count.
    void (*largest)(float *y, const float *const *x, int rows, int count);
    // The additions of winograd.c, for (count) numbers: v (4, 4) = B' x B of x (4, 4),
    // and y (2, 2) += A' m A of m (4, 4), each element a pointer to (count) numbers.
    //     B' = 1 0 -1 0, 0 1 1 0, 0 -1 1 0, 0 1 0 -1     A' = 1 1 1 0, 0 1 -1 -1
    // No quads.
    void (*winograd_in)(
        float *const *v, const float *const *x, int count, blmi_words words);
    void (*winograd_out)(float *const *y, const float *const *m, int count);
    // (rows) pointers to (depth) words become the packed values of a matrix of one tap
    // with these rows as its columns: (rows / 16, depth, 16), zeros in the last panel.
    // depth is a multiple of 8.
    void (*pack_columns)(float *values, const float *const *x, int rows, int depth);
    // (rows) pointers to (columns) numbers become the packed values of a matrix of one
    // tap with these rows: (columns / 16, words of rows, 16).  No quads.
    void (*pack_rows)(
        float *values, const float *const *x, int rows, int columns, blmi_words words);
} blmi_kernels;

extern const blmi_kernels blmi_kernels_plain;   // C, one number at a time
extern const blmi_kernels blmi_kernels_vector;  // what every processor of the target has
extern const blmi_kernels blmi_kernels_checked; // in such a build only
#ifdef __x86_64__
extern const blmi_kernels blmi_kernels_avx2;   // AVX2 and FMA
extern const blmi_kernels blmi_kernels_avx512; // AVX-512 F, DQ and BW
extern const blmi_kernels blmi_kernels_bf16;   // and AVX512_BF16 and VNNI
#endif

// The tables that this processor can run, slowest first.  Returns their number.
enum { BLMI_KERNEL_TABLES = 5 };
int blmi_kernels_available(const blmi_kernels *tables[BLMI_KERNEL_TABLES]);
// The fastest table.  With the address sanitizer it also checks all memory that it is
// given (kernels_checked.c).
const blmi_kernels *blmi_kernels_best(void);
const char *blmi_kernels_name(void); // of the fastest table, static text

#endif
