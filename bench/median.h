// median.h: computes the median of times.
#ifndef BENCH_MEDIAN_H
#define BENCH_MEDIAN_H

#include <stdlib.h>

static inline int median_order(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// Sorts the times (count, at least 1) and returns the middle one, or the upper of two.
static inline double median_of(double *ms, int count)
{
    qsort(ms, (size_t)count, sizeof *ms, median_order);
    return ms[count / 2];
}

#endif
