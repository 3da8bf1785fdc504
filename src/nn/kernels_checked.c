// kernels_checked.c: checks all memory that the fastest kernels are given; for the
// address sanitizer.
//
// The kernels on vectors are not instrumented (CMakeLists.txt): that made most tests five
// times slower.  Here each range is checked once a call.
#include "src/nn/kernels.h"

#include "src/base/sanitizer.h"

#ifdef BLMI_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>

static const blmi_kernels *inner(void)
{
    const blmi_kernels *tables[BLMI_KERNEL_TABLES];
    return tables[blmi_kernels_available(tables) - 1];
}

// Touches the first byte that must not be touched, which the sanitizer then reports.
static void check(const void *memory, size_t size)
{
    const volatile char *bad = __asan_region_is_poisoned((void *)(size_t)memory, size);
    if (bad != NULL)
        (void)*bad;
}

static void check_floats(const float *x, size_t count)
{
    if (x != NULL)
        check(x, count * sizeof *x);
}

// (rows) pointers to `count` floats each.
static void check_rows(const float *const *x, size_t rows, size_t count)
{
    check(x, rows * sizeof *x);
    for (size_t r = 0; r < rows; r++)
        check_floats(x[r], count);
}

// The floats that a row of `count` numbers takes as words; quads have their scale behind.
static size_t row_of(blmi_words words, int count)
{
    return (size_t)blmi_words_of(words, blmi_pad(count)) + (words == BLMI_QUADS);
}

static const float *const *constant(float *const *rows)
{
    return (const float *const *)rows;
}

static void product(const blmi_product *p)
{
    const blmi_matrix *b = p->b;
    const size_t rows = (size_t)p->rows, columns = (size_t)blmi_pad(b->columns);
    const size_t depth = (size_t)b->taps * (size_t)b->depth;
    check_rows(p->a, rows * (size_t)b->taps, (size_t)b->depth + (b->words == BLMI_QUADS));
    for (size_t panel = 0; panel < columns / BLMI_LANES; panel++)
        check_floats(b->values + panel * b->panel, (depth - 1) * b->row + BLMI_LANES);
    check_floats(b->bias, columns);
    check_rows(constant(p->y), rows, row_of(p->y_words, b->columns));
    if (p->add != NULL)
        check_rows(p->add, rows, columns);
    check_floats(p->scale, rows);
    inner()->product(p);
}

static void layer_norm(float *const *y, const float *const *x, int rows, int count,
    const float *scale, const float *shift, float epsilon, blmi_words words)
{
    check_rows(x, (size_t)rows, (size_t)count);
    check_rows(constant(y), (size_t)rows, row_of(words, count));
    check_floats(scale, (size_t)count);
    check_floats(shift, (size_t)count);
    inner()->layer_norm(y, x, rows, count, scale, shift, epsilon, words);
}

static void quantize(float *y, const float *x, int count, blmi_words words)
{
    check_floats(x, (size_t)count);
    check_floats(y, row_of(words, count));
    inner()->quantize(y, x, count, words);
}

static void scale_relu(
    float *y, const float *x, int count, const float *scale, const float *shift)
{
    const float *const all[] = {y, x, scale, shift};
    check_rows(all, 4, (size_t)count);
    inner()->scale_relu(y, x, count, scale, shift);
}

static void add(float *y, const float *x, int count)
{
    check_floats(x, (size_t)count);
    check_floats(y, (size_t)count);
    inner()->add(y, x, count);
}

static void multiply(float *y, const float *x, int count)
{
    check_floats(x, (size_t)count);
    check_floats(y, (size_t)count);
    inner()->multiply(y, x, count);
}

static void activate(float *y, const float *x, int count, blmi_activation activation)
{
    check_floats(x, (size_t)count);
    check_floats(y, (size_t)count);
    inner()->activate(y, x, count, activation);
}

static void depthwise(float *const *y, const float *const *x, const float *w,
    const float *bias, int rows, int taps, int count, blmi_activation activation)
{
    check_rows(x, (size_t)rows * (size_t)taps, (size_t)count);
    check_rows(constant(y), (size_t)rows, (size_t)count);
    check_floats(w, (size_t)taps * (size_t)count);
    check_floats(bias, (size_t)count);
    inner()->depthwise(y, x, w, bias, rows, taps, count, activation);
}

static void softmax(float *const *x, float *scale, int rows, int count, blmi_words words)
{
    check_rows(constant(x), (size_t)rows, (size_t)blmi_pad(count));
    check_floats(scale, (size_t)rows);
    inner()->softmax(x, scale, rows, count, words);
}

static void largest(float *y, const float *const *x, int rows, int count)
{
    check_rows(x, (size_t)rows, (size_t)count);
    check_floats(y, (size_t)count);
    inner()->largest(y, x, rows, count);
}

static void winograd_in(
    float *const *v, const float *const *x, int count, blmi_words words)
{
    check_rows(x, 16, (size_t)count);
    check_rows(constant(v), 16, row_of(words, count));
    inner()->winograd_in(v, x, count, words);
}

static void winograd_out(float *const *y, const float *const *m, int count)
{
    check_rows(m, 16, (size_t)count);
    check_rows(constant(y), 4, (size_t)count);
    inner()->winograd_out(y, m, count);
}

static void pack_columns(float *values, const float *const *x, int rows, int depth)
{
    check_rows(x, (size_t)rows, (size_t)depth);
    check_floats(values, (size_t)blmi_pad(rows) * (size_t)depth);
    inner()->pack_columns(values, x, rows, depth);
}

static void pack_rows(
    float *values, const float *const *x, int rows, int columns, blmi_words words)
{
    check_rows(x, (size_t)rows, (size_t)columns);
    check_floats(values, (size_t)blmi_pad(columns) * (size_t)blmi_words_of(words, rows));
    inner()->pack_rows(values, x, rows, columns, words);
}

const blmi_kernels blmi_kernels_checked = {"checked", product, layer_norm, quantize,
    scale_relu, add, multiply, activate, depthwise, softmax, largest, winograd_in,
    winograd_out, pack_columns, pack_rows};
#endif
