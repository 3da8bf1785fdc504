#include "src/detect/threshold.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/alloc.h"
#include "src/base/error.h"

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// Scores are floats at heart: the smallest threshold that this one does not reach.
static double just_above(double score)
{
    return nextafterf((float)score, INFINITY);
}

// Threshold that an exponential tail over the upper quartile of the sorted scores exceeds
// at that rate.
static double exponential_tail(const double *sorted, size_t n, double rate)
{
    const size_t quartile = (size_t)ceil(0.75 * (double)n) - 1;
    const double above = (double)(n - 1 - quartile) / (double)n;
    double excess = 0;
    for (size_t i = quartile + 1; i < n; i++)
        excess += sorted[i] - sorted[quartile];
    if (above == 0 || rate >= above)
        return sorted[n - 1];
    return sorted[quartile] + excess / (double)(n - 1 - quartile) * log(above / rate);
}

// A sorted copy of the scores; NULL when memory is out.
static double *sorted_copy(const double *scores, size_t n)
{
    double *sorted = blmi_alloc(n, sizeof *sorted);
    if (sorted != NULL) {
        memcpy(sorted, scores, n * sizeof *sorted);
        qsort(sorted, n, sizeof *sorted, by_value);
    }
    return sorted;
}

blm_status blmi_threshold_at_rate(const double *scores, size_t n, double rate,
    double *threshold, blm_threshold_method *method, blm_error *err)
{
    if (!(rate > 0 && rate < 1))
        return blmi_fail(
            err, BLM_EUSAGE, "false-alarm rate %g: must be above 0 and below 1", rate);
    double *sorted = sorted_copy(scores, n);
    if (sorted == NULL)
        return blmi_no_memory(err, "scores", n, sizeof *sorted);
    const double k = ceil((1 - rate) * (double)(n + 1) - 1e-9); // 1e-9: 0.99 * 100 is 99
    if (k <= (double)n) {
        *threshold = just_above(sorted[k < 1 ? 0 : (size_t)k - 1]);
        *method = BLM_THRESHOLD_QUANTILE;
    } else {
        *threshold = fmax(just_above(sorted[n - 1]), exponential_tail(sorted, n, rate));
        *method = BLM_THRESHOLD_TAIL;
    }
    blmi_free(sorted);
    return BLM_OK;
}

double blmi_median(const double *scores, size_t n)
{
    double *sorted = sorted_copy(scores, n);
    if (sorted == NULL)
        return NAN;
    const double median = (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
    blmi_free(sorted);
    return median;
}
