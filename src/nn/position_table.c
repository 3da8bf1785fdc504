// position_table.c: resizes learned positions of a grid of tokens to another grid.
#include "src/nn/position_table.h"

#include <math.h>
#include <string.h>

#include "src/base/alloc.h"
#include "src/base/error.h"

// The cubic convolution kernel (Keys 1981).
static double cubic(double x, double a)
{
    x = fabs(x);
    if (x < 1)
        return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

static int clamped(int i, int n)
{
    return i < 0 ? 0 : i < n ? i : n - 1;
}

static void offset_weights(double *weights, int n, int m, int o)
{
    const double at = (o + 0.5) * (n / (m + 0.1)) - 0.5;
    const int first = (int)floor(at) - 1;
    for (int i = first; i < first + 4; i++)
        weights[clamped(i, n)] += cubic(i - at, -0.75);
}

static void antialias_weights(double *weights, int n, int m, int o)
{
    const double step = (double)n / m, stretch = step > 1 ? step : 1;
    const double centre = (o + 0.5) * step;
    const int begin = (int)(centre - 2 * stretch + 0.5);
    const int end = (int)(centre + 2 * stretch + 0.5);
    const int first = begin > 0 ? begin : 0, last = end < n ? end : n;
    double sum = 0;
    for (int i = first; i < last; i++)
        sum += weights[i] = cubic((i + 0.5 - centre) / stretch, -0.5);
    for (int i = first; i < last; i++)
        weights[i] /= sum;
}

static void bilinear_weights(double *weights, int n, int m, int o)
{
    const double at = fmin(fmax((o + 0.5) * n / m - 0.5, 0), n - 1);
    const int low = (int)at;
    weights[low] += 1 - (at - low);
    weights[clamped(low + 1, n)] += at - low;
}

void blmi_position_axis(double *weights, int n, int m, blmi_position_rule rule)
{
    static void (*const rules[])(double *weights, int n, int m, int o) = {
        [BLMI_POSITIONS_OFFSET] = offset_weights,
        [BLMI_POSITIONS_ANTIALIAS] = antialias_weights,
        [BLMI_POSITIONS_BILINEAR] = bilinear_weights,
    };
    memset(weights, 0, (size_t)n * (size_t)m * sizeof *weights);
    for (int o = 0; o < m; o++)
        rules[rule](weights + (size_t)o * (size_t)n, n, m, o);
}

// One row of the output: table, mixed by `down` (side) into line (side, channels), and
// that by across (columns, side).
static void mix_row(float *out, size_t stride, int columns, const float *table, int side,
    int channels, const double *down, const double *across, double *line)
{
    const size_t row = (size_t)side * (size_t)channels;
    memset(line, 0, row * sizeof *line);
    for (int i = 0; i < side; i++)
        for (size_t k = 0; k < row && down[i] != 0; k++)
            line[k] += down[i] * (double)table[(size_t)i * row + k];
    for (int column = 0; column < columns; column++, out += stride, across += side)
        for (int c = 0; c < channels; c++) {
            double sum = 0;
            for (int j = 0; j < side; j++)
                if (across[j] != 0)
                    sum += across[j] * line[j * channels + c];
            out[c] = (float)sum;
        }
}

blm_status blmi_positions_resize(float *out, size_t stride, int rows, int columns,
    const float *table, int side, int channels, blmi_position_rule rule, blm_error *err)
{
    if (rows == side && columns == side) {
        for (int i = 0; i < side * side; i++)
            memcpy(out + (size_t)i * stride, table + (size_t)i * (size_t)channels,
                (size_t)channels * sizeof *out);
        return BLM_OK;
    }
    const size_t n = (size_t)side;
    const size_t count = n * ((size_t)rows + (size_t)columns + (size_t)channels);
    double *down = blmi_alloc(count, sizeof *down);
    if (down == NULL)
        return blmi_no_memory(err, "positions", count, sizeof *down);
    double *across = down + n * (size_t)rows, *line = across + n * (size_t)columns;
    blmi_position_axis(down, side, rows, rule);
    blmi_position_axis(across, side, columns, rule);
    for (int row = 0; row < rows; row++)
        mix_row(out + (size_t)row * (size_t)columns * stride, stride, columns, table,
            side, channels, down + (size_t)row * n, across, line);
    blmi_free(down);
    return BLM_OK;
}
