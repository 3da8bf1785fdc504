// Tests of the kernels: every table against the plain one.
#include "tests/check.h"

#include <math.h>
#include <string.h>

#include "src/nn/kernels.h"
#include "tests/formula.h"

enum { MAX = 300, BEHIND = 8 }; // numbers behind a row that must stay as they are

static const float untouched = 12345;

typedef struct array {
    float *values;
    size_t count;
} array;

// Numbers of the given size around 0, different for each seed; `kind` 1 has mostly zeros.
static array noise(const char *seed, size_t count, double size, int kind)
{
    array a = {malloc((count + BLMI_LANES) * sizeof(float)), count};
    for (size_t i = 0; i < count + BLMI_LANES; i++) {
        a.values[i] = (float)(size * formula_noise(seed, i));
        if (kind == 1 && i % 5)
            a.values[i] = 0;
    }
    return a;
}

// |found - expected| <= allowed * (|expected| + size)
static void assert_close(const char *what, const char *table, const float *found,
    const float *expected, int count, double allowed, double size)
{
    for (int i = 0; i < count; i++) {
        const double difference = fabs((double)found[i] - (double)expected[i]);
        if (!(difference <= allowed * (fabs((double)expected[i]) + size)))
            fail_msg("%s of %s: number %d of %d is %.9g, expected %.9g", what, table, i,
                count, (double)found[i], (double)expected[i]);
    }
}

// ---- products

typedef struct product_case {
    int rows, taps, depth, columns;
    bool bias, add;
    blmi_activation activation;
    double size;
    int kind;
    blmi_words words, y_words;
    bool scale; // of the rows
} product_case;

// Number i of a row of words.
static float number(const float *row, int i, blmi_words words)
{
    if (words == BLMI_FLOATS)
        return row[i];
    uint32_t bits;
    memcpy(&bits, row + i / 2, sizeof bits);
    bits = i % 2 ? bits & 0xffff0000 : bits << 16;
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

// `count` words of noise: the pairs of twice as many numbers.
static array noise_in_words(
    const char *seed, size_t count, double size, int kind, blmi_words words)
{
    array a = noise(seed, count * (size_t)words, size, kind);
    if (words == BLMI_PAIRS)
        blmi_kernels_plain.quantize(a.values, a.values, (int)count * 2, words);
    return a;
}

// The rows of y, `stride` apart, filled for a case.
static void run_product(const blmi_kernels *kernels, const product_case *c, float *y)
{
    const size_t inner = (size_t)(c->taps * c->depth);
    const size_t padded = (size_t)blmi_pad(c->columns), stride = padded + BEHIND;
    array a = noise_in_words("a", inner * (size_t)c->rows, c->size, c->kind, c->words);
    array w = noise_in_words("w", inner * padded, 1 / sqrt((double)inner), 0, c->words);
    array bias = noise("bias", padded, 1, 0);
    array scale = noise("scale", (size_t)c->rows, 1, 0);
    const float **rows = malloc(sizeof *rows * (size_t)(c->taps * c->rows));
    float **out = malloc(sizeof *out * (size_t)c->rows);
    for (int i = 0; i < c->taps * c->rows; i++) // any order will do: backwards here
        rows[c->taps * c->rows - 1 - i] = a.values + (size_t)(i * c->depth);
    const float *const *add = (const float *const *)out;
    for (int m = 0; m < c->rows; m++) {
        out[m] = y + (size_t)m * stride;
        for (size_t i = 0; i < stride; i++)
            out[m][i] = i < padded ? (float)formula_noise("y", i) : untouched;
    }
    const blmi_matrix b = {c->taps, c->depth, c->columns, inner * BLMI_LANES, BLMI_LANES,
        w.values, c->bias ? bias.values : NULL, c->words, NULL, NULL};
    kernels->product(&(blmi_product){.b = &b,
        .rows = c->rows,
        .a = rows,
        .y = out,
        .add = c->add ? add : NULL,
        .activation = c->activation,
        .y_words = c->y_words,
        .scale = c->scale ? scale.values : NULL});
    free(a.values);
    free(w.values);
    free(bias.values);
    free(scale.values);
    free(rows);
    free(out);
}

static void check_product(const product_case *c)
{
    const blmi_kernels *tables[BLMI_KERNEL_TABLES];
    const int count = blmi_kernels_available(tables);
    const int stride = blmi_pad(c->columns) + BEHIND;
    const size_t size = (size_t)(c->rows * stride) * sizeof(float);
    float *found[BLMI_KERNEL_TABLES];
    for (int t = 0; t < count; t++) {
        found[t] = malloc(size);
        run_product(tables[t], c, found[t]);
        char what[100];
        snprintf(what, sizeof what,
            "product %d x (%d x %d) x %d%s%s, activation %d, words %d to %d%s", c->rows,
            c->taps, c->depth, c->columns, c->bias ? ", bias" : "", c->add ? ", add" : "",
            (int)c->activation, (int)c->words, (int)c->y_words,
            c->scale ? ", scaled" : "");
        for (int m = 0; m < c->rows; m++) {
            float *row = found[t] + m * stride;
            for (int n = c->columns - 1; n >= 0; n--)
                row[n] = number(row, n, c->y_words);
            // A bf16 may be rounded up here and down there, its GELU is off by 4e-5 |x|.
            const double slack = c->y_words != BLMI_PAIRS     ? 1
                                 : c->activation == BLMI_GELU ? 0.03
                                                              : 3e-4;
            assert_close(what, tables[t]->name, row, found[0] + m * stride, c->columns,
                c->y_words == BLMI_PAIRS ? 0x1.01p-7 : 2e-6, slack * c->size);
            for (int i = stride - BEHIND; i < stride; i++)
                assert_true(row[i] == untouched);
        }
    }
    // With fused operations the width of the vectors does not change a single bit, but in
    // a GELU that is rounded.
    const bool rounded = c->activation == BLMI_GELU && c->y_words == BLMI_PAIRS;
    for (int t = 3; t < count && c->words == BLMI_FLOATS && !rounded; t++)
        for (int m = 0; m < c->rows; m++)
            assert_memory_equal(found[2] + m * stride, found[t] + m * stride,
                (size_t)c->columns * sizeof(float));
    for (int t = 0; t < count; t++)
        free(found[t]);
}

static void products_agree(void **state)
{
    (void)state;
    static const int rows[] = {1, 2, 5, 6, 7, 13, 14, 15, 28, 31};
    static const int columns[] = {1, 15, 16, 17, 31, 32, 33, 49, 64, 196};
    static const int depths[] = {1, 2, 3, 21, 49, 64};
    int flags = 0;
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++)
        for (size_t n = 0; n < sizeof columns / sizeof *columns; n++)
            for (size_t k = 0; k < sizeof depths / sizeof *depths; k++, flags++)
                check_product(&(product_case){rows[r], 1 + flags % 3, depths[k],
                    columns[n], flags & 1, flags & 2, (blmi_activation)(flags / 4 % 7), 1,
                    flags / 8 % 2, (blmi_words)(1 + flags / 2 % 2),
                    (blmi_words)(1 + flags / 4 % 2), flags / 16 % 2});
    for (blmi_words words = BLMI_FLOATS; words <= BLMI_PAIRS; words++) {
        const blmi_words w = words;
        check_product(&(product_case){
            14, 9, 256, 64, true, true, BLMI_LINEAR, 1, 0, w, BLMI_FLOATS, false});
        check_product(&(product_case){
            98, 1, 1024, 48, true, true, BLMI_GELU, 1, 0, w, BLMI_FLOATS, false});
        check_product(&(product_case){
            15, 7, 21, 48, false, false, BLMI_GELU, 1e4, 0, w, BLMI_FLOATS, false});
        check_product(&(product_case){
            15, 1, 64, 48, true, false, BLMI_GELU, 1e-30, 1, w, BLMI_FLOATS, false});
    }
}

// int8: sums are whole numbers and agree but for the last rounding.
static void products_of_int8_agree(void **state)
{
    (void)state;
    enum { ROWS = 17, DEPTH = 256, COLUMNS = 48, STRIDE = DEPTH + BLMI_LANES };
    const blmi_kernels *tables[BLMI_KERNEL_TABLES];
    const int count = blmi_kernels_available(tables);
    array x = noise("x", (size_t)ROWS * STRIDE, 3, 0), scale = noise("s", COLUMNS, 1, 0);
    array bias = noise("bias", COLUMNS, 10, 0);
    static signed char weights[COLUMNS * DEPTH]; // (COLUMNS / 16, DEPTH / 4, 16, 4)
    static float y[BLMI_KERNEL_TABLES][ROWS][COLUMNS];
    int start[COLUMNS] = {0};
    const float *a[ROWS];
    for (int i = 0; i < COLUMNS * DEPTH; i++) {
        const int column = i / (16 * DEPTH) * 16 + i / 4 % 16;
        weights[i] = (signed char)lrint(127 * formula_noise("w", (uint64_t)i));
        start[column] -= 128 * weights[i];
    }
    for (int m = 0; m < ROWS; m++) {
        float *row = x.values + (size_t)m * STRIDE;
        blmi_kernels_plain.quantize(row, row, DEPTH, BLMI_QUADS);
        a[m] = row;
    }
    blmi_matrix b =
        blmi_panels(BLMI_QUADS, DEPTH, COLUMNS, (const float *)(const void *)weights);
    b.bias = bias.values;
    b.scale = scale.values;
    b.start = start;
    for (int t = 0; t < count; t++) {
        float *out[ROWS];
        for (int m = 0; m < ROWS; m++)
            out[m] = y[t][m];
        tables[t]->product(&(blmi_product){
            .b = &b, .rows = ROWS, .a = a, .y = out, .y_words = BLMI_FLOATS});
        for (int m = 0; m < ROWS; m++)
            assert_close(
                "product of int8", tables[t]->name, y[t][m], y[0][m], COLUMNS, 1e-6, 10);
    }
    free(x.values);
    free(scale.values);
    free(bias.values);
}

// A row's largest number becomes 127; a tie may fall either way.
static void rows_are_quantized(void **state)
{
    (void)state;
    enum { COUNT = 96 };
    const blmi_kernels *tables[BLMI_KERNEL_TABLES];
    const int count = blmi_kernels_available(tables);
    static const double sizes[] = {0, 1e-20, 1, 1e20};
    for (int t = 0; t < count; t++) {
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            array x = noise("x", COUNT, sizes[s], 0), y = noise("x", COUNT, sizes[s], 0);
            tables[t]->quantize(y.values, y.values, COUNT, BLMI_QUADS);
            const float scale = y.values[COUNT / 4];
            float most = 0;
            for (int i = 0; i < COUNT; i++) {
                const int q = ((const unsigned char *)y.values)[i] - 128;
                most = fmaxf(most, fabsf(x.values[i]));
                assert_true(q >= -127 && q <= 127);
                assert_true(fabsf((float)q * scale - x.values[i]) <= 0.5001f * scale);
            }
            assert_true(scale == most / 127);
            free(x.values);
            free(y.values);
        }
    }
}

// The one place where the tables do not do the same thing: erf.
static void check_gelu(const blmi_kernels *kernels, float x, blmi_words words)
{
    const float one[BLMI_LANES] = {1};
    const blmi_matrix identity = blmi_panels(BLMI_FLOATS, 1, 1, one);
    float y[BLMI_LANES];
    const float *a = &x;
    float *out = y;
    kernels->product(&(blmi_product){.b = &identity,
        .rows = 1,
        .a = &a,
        .y = &out,
        .activation = BLMI_GELU,
        .y_words = words});
    const double exact = 0.5 * (double)x * (1 + erf((double)x / sqrt(2)));
    const double found = (double)number(y, 0, words);
    const double allowed = words == BLMI_FLOATS
                               ? 3e-7 * fabs((double)x)
                               : 4e-5 * fabs((double)x) + 0x1.01p-8 * fabs(exact);
    if (!(fabs(found - exact) <= allowed))
        fail_msg("gelu(%g) of %s, words %d, is %.9g, expected %.9g", (double)x,
            kernels->name, (int)words, found, exact);
}

static void gelu_is_exact_enough_everywhere(void **state)
{
    (void)state;
    const blmi_kernels *tables[BLMI_KERNEL_TABLES];
    const int count = blmi_kernels_available(tables);
    for (int t = 0; t < count; t++)
        for (blmi_words words = BLMI_FLOATS; words <= BLMI_PAIRS; words++)
            for (int i = -200000; i <= 200000; i++)
                check_gelu(tables[t], (float)i * 5e-5f, words);
}

// ---- rows

// Any vector kernel as (y, x, count, scale, shift).
typedef enum row_kernel {
    LAYER_NORM,
    SCALED_NORM,
    SCALE_RELU,
    ADD,
    MULTIPLY,
    RELU,
    RELU6,
    SILU,
    QUICK_GELU,
    SIGMOID,
    SOFTMAX,
    LARGEST
} row_kernel;

// What else it gives, or 0.
static float run_row(const blmi_kernels *k, row_kernel kernel, float *y, const float *x,
    int count, const float *scale, const float *shift, blmi_words words)
{
    const float *rows[3] = {x, scale, shift};
    float further = 0;
    memcpy(y, x, (size_t)count * sizeof *y);
    switch (kernel) {
    case LAYER_NORM:
        k->layer_norm(&y, (const float *const *)&y, 1, count, NULL, NULL, 1e-5f, words);
        break;
    case SCALED_NORM:
        k->layer_norm(&y, &x, 1, count, scale, shift, 1e-6f, words);
        break;
    case SCALE_RELU:
        k->scale_relu(y, x, count, scale, shift);
        break;
    case ADD:
        k->add(y, scale, count);
        break;
    case MULTIPLY:
        k->multiply(y, scale, count);
        break;
    case RELU:
        k->activate(y, y, count, BLMI_RELU);
        break;
    case RELU6:
        k->activate(y, y, count, BLMI_RELU6);
        break;
    case SILU:
        k->activate(y, y, count, BLMI_SILU);
        break;
    case QUICK_GELU:
        k->activate(y, y, count, BLMI_QUICK_GELU);
        break;
    case SIGMOID:
        k->activate(y, y, count, BLMI_SIGMOID);
        break;
    case SOFTMAX:
        k->softmax(&y, &further, 1, count, words);
        break;
    case LARGEST:
        k->largest(y, rows, 3, count);
        break;
    }
    return further;
}

static void check_row(
    row_kernel kernel, int count, double size, double offset, blmi_words words)
{
    static const char *const names[] = {"layer norm", "scaled norm", "scale relu", "add",
        "multiply", "relu", "relu6", "silu", "quick gelu", "sigmoid", "softmax",
        "largest"};
    const blmi_kernels *tables[BLMI_KERNEL_TABLES];
    const int table_count = blmi_kernels_available(tables);
    array x = noise("x", MAX, size, 0), scale = noise("scale", MAX, 1, 0);
    array shift = noise("shift", MAX, 1, 0);
    float expected[MAX + BEHIND + BLMI_LANES], found[MAX + BEHIND + BLMI_LANES];
    for (int i = 0; i < MAX; i++)
        x.values[i] += (float)offset;
    const float further = run_row(
        tables[0], kernel, expected, x.values, count, scale.values, shift.values, words);
    for (int i = count - 1; i >= 0; i--)
        expected[i] = number(expected, i, words);
    for (int t = 1; t < table_count; t++) {
        const int padded = blmi_pad(count);
        for (int i = count; i < padded + BEHIND; i++)
            found[i] = untouched;
        const float other = run_row(
            tables[t], kernel, found, x.values, count, scale.values, shift.values, words);
        assert_true(
            fabsf(other - further) <= (words == BLMI_PAIRS ? 1e-4f : 1e-5f) * further);
        if (words == BLMI_PAIRS && count % 2)
            assert_true(fabsf(number(found, count, words)) < 1e-30f);
        for (int i = count - 1; i >= 0; i--)
            found[i] = number(found, i, words);
        const double slack = kernel == SOFTMAX ? 1e-12 : 1 + fabs(offset) / (size + 1e-3);
        assert_close(names[kernel], tables[t]->name, found, expected, count,
            words == BLMI_PAIRS ? 0x1.01p-7 : 1e-5,
            words == BLMI_PAIRS ? 1.3e-3 * slack : slack);
        for (int i = padded; i < padded + BEHIND; i++)
            assert_true(found[i] == untouched);
    }
    free(x.values);
    free(scale.values);
    free(shift.values);
}

static void rows_agree(void **state)
{
    (void)state;
    static const int counts[] = {16, 48, 64, 96, 128, 192, 256};
    for (row_kernel kernel = LAYER_NORM; kernel <= SIGMOID; kernel++) {
        for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
            check_row(kernel, counts[i], 1, 0, BLMI_FLOATS);
            check_row(kernel, counts[i], 100, 0, BLMI_FLOATS);
            check_row(kernel, counts[i], 1e-3, 3, BLMI_FLOATS);
            check_row(kernel, counts[i], 0, 1, BLMI_FLOATS); // no variance at all
            if (kernel <= SCALED_NORM)
                check_row(kernel, counts[i], 1, 0, BLMI_PAIRS);
        }
    }
    for (int count = 1; count <= 256; count++) {
        for (blmi_words words = BLMI_FLOATS; words <= BLMI_PAIRS; words++) {
            check_row(SOFTMAX, count, 3, 0, words);
            check_row(SOFTMAX, count, 300, 0, words); // all but one vanish
            check_row(SOFTMAX, count, 0, -1e30, words);
        }
        check_row(LARGEST, count, 1, 0, BLMI_FLOATS);
    }
}

static void depthwise_sums_agree(void **state)
{
    (void)state;
    enum { ROWS = 7, TAPS = 25, COUNT = 144 };
    const blmi_kernels *tables[BLMI_KERNEL_TABLES];
    const int table_count = blmi_kernels_available(tables);
    array x = noise("x", ROWS * TAPS * COUNT, 1, 0), w = noise("w", TAPS * COUNT, 1, 0);
    array bias = noise("bias", COUNT, 1, 0);
    const float *in[ROWS * TAPS];
    static float y[BLMI_KERNEL_TABLES][ROWS][COUNT];
    for (int taps = 9; taps <= TAPS; taps += 16)
        for (int rows = 1; rows <= ROWS; rows++)
            for (int t = 0; t < table_count; t++) {
                float *out[ROWS];
                for (int i = 0; i < rows * taps; i++)
                    in[rows * taps - 1 - i] = x.values + (ptrdiff_t)i * COUNT;
                for (int r = 0; r < rows; r++)
                    out[r] = y[t][r];
                tables[t]->depthwise(out, in, w.values, bias.values, rows, taps, COUNT,
                    (blmi_activation)(rows % 6));
                for (int r = 0; r < rows; r++)
                    assert_close(
                        "depthwise", tables[t]->name, y[t][r], y[0][r], COUNT, 1e-5, 1);
            }
    free(x.values);
    free(w.values);
    free(bias.values);
}

// A row's result does not depend on the rows beside it.
static void rows_are_independent(void **state)
{
    (void)state;
    const blmi_kernels *tables[BLMI_KERNEL_TABLES];
    const int table_count = blmi_kernels_available(tables);
    enum { ROWS = 7, COUNT = 64 };
    array x = noise("x", ROWS * COUNT, 3, 0);
    for (int t = 0; t < table_count; t++) {
        float norm[ROWS][COUNT], soft[ROWS][COUNT], alone[COUNT], *y[ROWS], *z[ROWS];
        float scale[ROWS], one;
        const float *in[ROWS];
        memcpy(soft, x.values, sizeof soft);
        for (int r = 0; r < ROWS; r++) {
            in[r] = x.values + r * COUNT;
            y[r] = norm[r];
            z[r] = soft[r];
        }
        tables[t]->layer_norm(y, in, ROWS, COUNT, NULL, NULL, 1e-5f, BLMI_FLOATS);
        tables[t]->softmax(z, scale, ROWS, COUNT, BLMI_FLOATS);
        for (int r = 0; r < ROWS; r++) {
            float *row = alone;
            tables[t]->layer_norm(&row, &in[r], 1, COUNT, NULL, NULL, 1e-5f, BLMI_FLOATS);
            assert_memory_equal(norm[r], alone, sizeof alone);
            memcpy(alone, in[r], sizeof alone);
            tables[t]->softmax(&row, &one, 1, COUNT, BLMI_FLOATS);
            assert_true(one == scale[r]);
            assert_memory_equal(soft[r], alone, sizeof alone);
        }
    }
    free(x.values);
}

static void columns_are_packed(void **state)
{
    (void)state;
    const blmi_kernels *tables[BLMI_KERNEL_TABLES];
    const int table_count = blmi_kernels_available(tables);
    enum { DEPTH = 48, ROWS = 196 };
    array x = noise("x", ROWS * DEPTH, 1, 0);
    const float *rows[ROWS];
    for (int i = 0; i < ROWS; i++)
        rows[i] = x.values + i * DEPTH;
    static float packed[208 * DEPTH + BEHIND];
    for (int t = 0; t < table_count; t++) {
        for (int count = 1; count <= ROWS; count += 13) {
            const int padded = blmi_pad(count);
            packed[padded * DEPTH] = untouched;
            tables[t]->pack_columns(packed, rows, count, DEPTH);
            for (int n = 0; n < padded; n++)
                for (int k = 0; k < DEPTH; k++)
                    assert_true(packed[(n / 16 * DEPTH + k) * 16 + n % 16] ==
                                (n < count ? rows[n][k] : 0));
            assert_true(packed[padded * DEPTH] == untouched);
        }
    }
    free(x.values);
}

static void rows_are_packed(void **state)
{
    (void)state;
    const blmi_kernels *tables[BLMI_KERNEL_TABLES];
    const int table_count = blmi_kernels_available(tables);
    enum { COLUMNS = 48, ROWS = 49 };
    static float packed[(ROWS + 1) * COLUMNS + 1];
    const float *rows[ROWS];
    for (blmi_words words = BLMI_FLOATS; words <= BLMI_PAIRS; words++) {
        array x = noise_in_words("x", ROWS * COLUMNS / (size_t)words, 1, 0, words);
        for (int i = 0; i < ROWS; i++)
            rows[i] = x.values + i * COLUMNS / (int)words;
        for (int t = 0; t < table_count; t++) {
            for (int count = 1; count <= ROWS; count++) {
                const int depth = blmi_words_of(words, count);
                packed[depth * COLUMNS] = untouched;
                tables[t]->pack_rows(packed, rows, count, COLUMNS, words);
                for (int n = 0; n < COLUMNS; n++) {
                    for (int k = 0; k < depth * (int)words; k++) {
                        const float *word =
                            packed + (n / 16 * depth + k / (int)words) * 16 + n % 16;
                        assert_true(number(word, k % (int)words, words) ==
                                    (k < count ? number(rows[k], n, words) : 0));
                    }
                }
                assert_true(packed[depth * COLUMNS] == untouched);
            }
        }
        free(x.values);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_agree),
        cmocka_unit_test(products_of_int8_agree),
        cmocka_unit_test(rows_are_quantized),
        cmocka_unit_test(gelu_is_exact_enough_everywhere),
        cmocka_unit_test(rows_agree),
        cmocka_unit_test(depthwise_sums_agree),
        cmocka_unit_test(rows_are_independent),
        cmocka_unit_test(columns_are_packed),
        cmocka_unit_test(rows_are_packed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
