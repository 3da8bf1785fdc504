#include "src/gauss/position.h"

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

// Row r begins at item `at` of floats, or of halves if there are any; room is for the
// latter (BLMI_TILE, row_floats).
static void set_row(const blmi_gauss *gauss, blmi_tile *t, int r, const float *floats,
    const uint16_t *halves, size_t at, float *room)
{
    t->wide[r] =
        halves != NULL ? room + (size_t)r * blmi_row_floats(gauss->features) : NULL;
    t->half[r] = halves != NULL ? halves + at : NULL;
    t->row[r] = halves != NULL ? t->wide[r] : floats + at;
}

blmi_tile blmi_take_axes(const blmi_gauss *gauss, int p, int k, int rank, float *room)
{
    blmi_tile axes;
    for (int r = 0; r < BLMI_TILE; r++) {
        const int row = k + r < rank ? k + r : rank - 1;
        const size_t start =
            ((size_t)p * (size_t)gauss->rank + (size_t)row) * (size_t)gauss->features;
        set_row(gauss, &axes, r, gauss->axes, gauss->half_axes, start, room);
    }
    return axes;
}

blmi_factor_rows blmi_take_rows(const blmi_gauss *g, size_t p, int top, float *room)
{
    const size_t d = (size_t)g->features;
    blmi_factor_rows out = {.top = top, .count = g->features - top};
    out.count = out.count < BLMI_TILE ? out.count : BLMI_TILE;
    for (int r = 0; r < BLMI_TILE; r++) {
        const int last = r < out.count ? r : out.count - 1;
        const size_t i = (size_t)(top + last);
        const size_t at = g->half ? p * (d * (d - 1) / 2) + i * (i - 1) / 2
                                  : p * (d * (d + 1) / 2) + i * (i + 1) / 2;
        set_row(g, &out.left, r, g->factor, g->half_factor, at, room);
        out.scale[r] = g->half ? g->row_scale[p * d + i] : 1.0f;
        out.diagonal[r] = g->half ? g->diagonal[p * d + i] : out.left.row[r][i];
        if (g->half) // what widen_dot does not reach
            blmi_to_f32(
                out.left.wide[r] + top, out.left.half[r] + top, BLMI_F16, (size_t)last);
    }
    return out;
}
