#include "apps/tune/rank.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "apps/base/fault.h"
#include "blemish/blemish.h"
#include "blemish/eval.h"

static double share_of_ng(const double *scores, size_t count, double threshold)
{
    size_t ng = 0;
    for (size_t i = 0; i < count; i++)
        ng += blm_verdict_of(scores[i], threshold, 0) == BLM_VERDICT_NG;
    return (double)ng / (double)count;
}

blm_status rank_scores(const double *good, size_t good_count, const double *bad,
    size_t bad_count, double threshold, rank_measure *out, blm_error *err)
{
    const size_t count = good_count + bad_count;
    blm_metrics metrics;
    double *scores = malloc(count * sizeof *scores);
    unsigned char *labels = malloc(count);
    blm_status status = scores != NULL && labels != NULL
                            ? BLM_OK
                            : app_no_memory(err, "scores", count, sizeof *scores);
    if (status == BLM_OK) {
        memcpy(scores, good, good_count * sizeof *scores);
        memcpy(scores + good_count, bad, bad_count * sizeof *scores);
        memset(labels, 0, good_count);
        memset(labels + good_count, 1, bad_count);
        status = blm_image_metrics(scores, labels, count, &metrics, err);
    }
    if (status == BLM_OK)
        *out = (rank_measure){.auroc = metrics.auroc,
            .found = share_of_ng(bad, bad_count, threshold),
            .alarms = share_of_ng(good, good_count, threshold)};
    free(scores);
    free(labels);
    return status;
}

// Twice the rank of number i, less a constant.
static double rank_of(const double *values, size_t count, size_t i)
{
    double rank = 0;
    for (size_t k = 0; k < count; k++)
        rank += (values[k] < values[i]) - (values[k] > values[i]);
    return rank;
}

double rank_correlation(const double *a, const double *b, size_t count)
{
    double ab = 0, aa = 0, bb = 0; // the ranks have the mean 0
    for (size_t i = 0; i < count; i++) {
        const double x = rank_of(a, count, i), y = rank_of(b, count, i);
        ab += x * y;
        aa += x * x;
        bb += y * y;
    }
    return aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : NAN;
}
