// Tests of winograd.c against the sum that defines a convolution.
#include "tests/check.h"

#include <math.h>

#include "src/nn/winograd.h"
#include "tests/formula.h"

enum { DEPTH = 48, COLUMNS = 64, SIDE = 8, PIXEL = DEPTH + BLMI_APART };

static float g(int n, int k, int tap)
{
    return (float)formula_noise("g", (uint64_t)((n * DEPTH + k) * 9 + tap));
}

static float x[(SIDE + 2) * (SIDE + 2) * PIXEL];      // with its border
static float weights[16 * COLUMNS / 16 * DEPTH * 16]; // packed
static float before[SIDE * SIDE * COLUMNS], y[SIDE * SIDE * COLUMNS];
static float scratch[1 << 20];

static void prepare(void)
{
    for (int row = 1; row <= SIDE; row++)
        for (int i = PIXEL; i < (SIDE + 1) * PIXEL; i++)
            x[row * (SIDE + 2) * PIXEL + i] =
                (float)formula_noise("x", (uint64_t)(row * 10000 + i));
    for (int n = 0; n < COLUMNS; n++) {
        for (int k = 0; k < DEPTH; k++) {
            float taps[9];
            double u[16];
            for (int t = 0; t < 9; t++)
                taps[t] = g(n, k, t);
            blmi_winograd_weights(u, taps);
            for (int i = 0; i < 16; i++) {
                const int column = blmi_winograd_column(i, n);
                weights[(column / 16 * DEPTH + k) * 16 + column % 16] = (float)u[i];
            }
        }
    }
    for (size_t i = 0; i < sizeof y / sizeof *y; i++)
        before[i] = y[i] = (float)formula_noise("y", i);
}

static double expected(int row, int column, int n)
{
    double sum = (double)before[(row * SIDE + column) * COLUMNS + n];
    for (int t = 0; t < 9; t++)
        for (int k = 0; k < DEPTH; k++)
            sum += (double)g(n, k, t) *
                   (double)x[((row + t / 3) * (SIDE + 2) + column + t % 3) * PIXEL + k];
    return sum;
}

static void convolution_is_the_sum_that_defines_it(void **state)
{
    (void)state;
    const blmi_kernels *tables[BLMI_KERNEL_TABLES];
    const int table_count = blmi_kernels_available(tables);
    assert_true(blmi_winograd_scratch(DEPTH) <= sizeof scratch / sizeof *scratch);
    const blmi_matrix b = {1, DEPTH, 16 * COLUMNS, DEPTH * BLMI_LANES, BLMI_LANES,
        weights, NULL, BLMI_FLOATS, NULL, NULL};
    enum { TILES = SIDE / 2 * SIDE / 2 };
    const float *in[TILES * 16];
    float *out[TILES * 4];
    for (int t = 0; t < TILES; t++) {
        const int row = t / (SIDE / 2) * 2, column = t % (SIDE / 2) * 2;
        for (int i = 0; i < 16; i++)
            in[t * 16 + i] = x + ((row + i / 4) * (SIDE + 2) + column + i % 4) * PIXEL;
        for (int i = 0; i < 4; i++)
            out[t * 4 + i] = y + ((row + i / 2) * SIDE + column + i % 2) * COLUMNS;
    }
    for (int i = 0; i < table_count; i++) {
        prepare();
        blmi_winograd(tables[i], &(blmi_winograd_job){&b, TILES, in, out}, scratch);
        for (int m = 0; m < SIDE * SIDE; m++) {
            for (int n = 0; n < COLUMNS; n++) {
                const double want = expected(m / SIDE, m % SIDE, n);
                if (!(fabs((double)y[m * COLUMNS + n] - want) <= 5e-5))
                    fail_msg("%s: pixel %d, channel %d is %.9g, expected %.9g",
                        tables[i]->name, m, n, (double)y[m * COLUMNS + n], want);
            }
        }
    }
}

static void a_task_fits_its_scratch(void **state)
{
    (void)state;
    for (int depth = 64; depth <= 512; depth *= 2) {
        const int tiles = blmi_winograd_tiles(depth);
        assert_true(tiles >= 14 && tiles <= BLMI_WINOGRAD_TILES && tiles % 14 == 0);
        assert_true(blmi_winograd_scratch(depth) * sizeof(float) < 1 << 20);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(convolution_is_the_sum_that_defines_it),
        cmocka_unit_test(a_task_fits_its_scratch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
