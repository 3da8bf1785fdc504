#include "src/gauss/position.h"

#include <string.h>

#include "src/base/alloc.h"
#include "src/base/tensor.h"

size_t blmi_row_floats(int features)
{
    enum { LINE = BLMI_ALIGNMENT / sizeof(float) };
    return ((size_t)features + LINE - 1) / LINE * LINE;
}

void blmi_centre(const blmi_gauss *gauss, const float *x, size_t p, float *y)
{
    const int features = gauss->features;
    const float *mean = gauss->mean + p * (size_t)features;
    for (int d = 0; d < features; d++)
        y[d] = x[d] - mean[d];
    if (gauss->scale == NULL)
        return;
    for (int d = 0; d < features; d++)
        y[d] *= gauss->scale[d];
}

void blmi_centre_row(const blmi_gauss_kernels *kernels, const blmi_gauss *gauss,
    const float *x, size_t p, float *y)
{
    const size_t d = (size_t)gauss->features;
    kernels->centre(x, gauss->mean + p * d, gauss->scale, gauss->features, y);
    memset(y + d, 0, (blmi_row_floats(gauss->features) - d) * sizeof *y);
}

double blmi_square(const float *x, int n)
{
    double sums[4] = {0.0};
    int d = 0;
    for (; d + 4 <= n; d += 4)
        for (int k = 0; k < 4; k++)
            sums[k] += (double)x[d + k] * (double)x[d + k];
    for (; d < n; d++)
        sums[0] += (double)x[d] * (double)x[d];
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

int blmi_rank_at(const blmi_gauss *gauss, int p)
{
    const float *variances = gauss->variances + (size_t)p * (size_t)gauss->rank;
    int rank = gauss->rank;
    while (rank > 0 && !(variances[rank - 1] > 0.0f))
        rank--;
    return rank;
}

double blmi_shift_at(const blmi_gauss *gauss, int p, int rank)
{
    const float *variances = gauss->variances + (size_t)p * (size_t)gauss->rank;
    double trace = 0.0;
    for (int k = 0; k < rank; k++)
        trace += (double)variances[k];
    return gauss->epsilon + gauss->shrinkage * trace / gauss->features;
}

// The n numbers beginning at item `at`, from floats or, if there are any, from halves.
static const float *row_at(const blmi_gauss_kernels *kernels, const float *floats,
    const uint16_t *halves, size_t at, int n, float *room)
{
    if (halves == NULL)
        return floats + at;
    kernels->widen(halves + at, room, n);
    return room;
}

void blmi_take_axes(const blmi_gauss_kernels *kernels, const blmi_gauss *gauss, int p,
    int k, int rank, float *room, const float *rows[BLMI_TILE])
{
    for (int r = 0; r < BLMI_TILE; r++) {
        if (k + r >= rank) {
            rows[r] = rows[r - 1];
            continue;
        }
        const size_t row = (size_t)p * (size_t)gauss->rank + (size_t)(k + r);
        rows[r] =
            row_at(kernels, gauss->axes, gauss->half_axes, row * (size_t)gauss->features,
                gauss->features, room + (size_t)r * blmi_row_floats(gauss->features));
    }
}

// Inverts the block on the diagonal, which is diagonal (count) and, below it, the ends of
// the rows.
static void invert_block(blmi_factor_rows *l, int count, const float *diagonal)
{
    for (int j = 0; j < BLMI_TILE; j++)
        for (int r = 0; r < BLMI_TILE; r++) {
            float sum = r == j ? 1.0f : 0.0f;
            for (int k = j; k < r; k++)
                sum -= l->scale[r] * l->row[r][l->top + k] * l->inverse[j][k];
            l->inverse[j][r] = r < j || r >= count ? 0.0f : sum / diagonal[r];
        }
}

blmi_factor_rows blmi_take_rows(const blmi_gauss_kernels *kernels, const blmi_gauss *g,
    size_t p, int top, int end, float *room)
{
    const size_t d = (size_t)g->features, step = blmi_row_floats(g->features);
    const int left = end - top, count = left < BLMI_TILE ? left : BLMI_TILE;
    blmi_factor_rows out = {.top = top};
    float diagonal[BLMI_TILE];
    for (int r = 0; r < BLMI_TILE; r++) {
        const int last = r < count ? r : count - 1;
        const size_t i = (size_t)(top + last);
        const size_t at = g->half ? p * (d * (d - 1) / 2) + i * (i - 1) / 2
                                  : p * (d * (d + 1) / 2) + i * (i + 1) / 2;
        out.row[r] = row_at(
            kernels, g->factor, g->half_factor, at, (int)i, room + (size_t)r * step);
        out.scale[r] = g->half ? g->row_scale[p * d + i] : 1.0f;
        diagonal[r] = g->half ? g->diagonal[p * d + i] : out.row[r][i];
    }
    invert_block(&out, count, diagonal);
    return out;
}
