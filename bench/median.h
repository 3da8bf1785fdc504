// median.h: what programs that measure print of their times.
#ifndef BENCH_MEDIAN_H
#define BENCH_MEDIAN_H

#include <stdlib.h>

static inline int median_order(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// Sorts the times (count), 1 or more; the middle one, of an even number the upper of two.
static inline double median_of(double *ms, int count)
{
    qsort(ms, (size_t)count, sizeof *ms, median_order);
    return ms[count / 2];
}

#endif
