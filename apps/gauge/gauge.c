#include "apps/gauge/gauge.h"

#include <math.h>

static void add_up(const double *values, const int32_t *part, size_t count,
    gauge_sums *of, size_t parts, gauge_spread *out)
{
    for (size_t p = 0; p < parts; p++)
        of[p] = (gauge_sums){0};
    for (size_t i = 0; i < count; i++) {
        of[part[i]].mean += values[i];
        of[part[i]].count++;
        out->mean += values[i] / (double)count;
    }
    for (size_t p = 0; p < parts; p++)
        if (of[p].count > 0) {
            of[p].mean /= (double)of[p].count;
            out->parts++;
            out->repeated += of[p].count > 1;
        }
}

// The variances from the mean squares.
static void split(const double *values, const int32_t *part, size_t count,
    const gauge_sums *of, size_t parts, gauge_spread *out)
{
    const double n = (double)count, used = (double)out->parts;
    double inside = 0, outside = 0, squares = 0;
    for (size_t i = 0; i < count; i++)
        inside += pow(values[i] - of[part[i]].mean, 2);
    for (size_t p = 0; p < parts; p++) {
        outside += (double)of[p].count * pow(of[p].mean - out->mean, 2);
        squares += (double)of[p].count * (double)of[p].count;
    }
    const double within = inside / (n - used);
    out->within = sqrt(within);
    if (out->parts < 2)
        return;
    // The number of values of a part, corrected for unequal numbers.
    const double each = (n - squares / n) / (used - 1);
    const double between = fmax((outside / (used - 1) - within) / each, 0);
    out->between = sqrt(between);
    out->total = sqrt(within + between);
    if (within + between > 0)
        out->share = within / (within + between);
}

void gauge_measure(const double *values, const int32_t *part, size_t count,
    gauge_sums *sums, size_t parts, gauge_spread *out)
{
    *out = (gauge_spread){
        .values = count, .within = NAN, .between = NAN, .total = NAN, .share = NAN};
    add_up(values, part, count, sums, parts, out);
    if (count == 0)
        out->mean = NAN;
    if (out->repeated > 0)
        split(values, part, count, sums, parts, out);
}
