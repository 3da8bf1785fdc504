#include "src/fit/threshold.h"

#include <math.h>
#include <stdlib.h>

#include "src/base/alloc.h"
#include "src/base/error.h"

static const double rounding = 1e-9; // tolerance of sums of weights: 0.99 * 100 is 99

typedef struct weighted {
    double score, weight;
    int32_t group;
} weighted;

static int by_group(const void *a, const void *b)
{
    const weighted *x = a, *y = b;
    return (x->group > y->group) - (x->group < y->group);
}

static int by_score(const void *a, const void *b)
{
    const weighted *x = a, *y = b;
    return (x->score > y->score) - (x->score < y->score);
}

// Divides the weight 1 of each group among its members.  Returns the number of groups.
static size_t weigh(weighted *items, size_t n)
{
    size_t groups = 0;
    qsort(items, n, sizeof *items, by_group);
    for (size_t begin = 0, end; begin < n; begin = end, groups++) {
        for (end = begin; end < n && items[end].group == items[begin].group;)
            end++;
        for (size_t i = begin; i < end; i++)
            items[i].weight = 1 / (double)(end - begin);
    }
    return groups;
}

// The scores in rising order with their weights, and the number of groups.  The caller
// releases *out with blmi_free.
static blm_status sort_scores(const double *scores, const int32_t *group, size_t n,
    weighted **out, size_t *groups, blm_error *err)
{
    weighted *items = blmi_alloc(n, sizeof *items);
    if (items == NULL)
        return blmi_no_memory(err, "scores", n, sizeof *items);
    for (size_t i = 0; i < n; i++)
        items[i] = (weighted){scores[i], 1, group != NULL ? group[i] : 0};
    *groups = group != NULL ? weigh(items, n) : n;
    qsort(items, n, sizeof *items, by_score);
    *out = items;
    return BLM_OK;
}

// The first index up to which the weights add up to `weight`; else the last index.
static size_t place_of(const weighted *sorted, size_t n, double weight)
{
    double sum = 0;
    size_t i = 0;
    for (; i + 1 < n; i++) {
        sum += sorted[i].weight;
        if (sum >= weight - rounding)
            break;
    }
    return i;
}

// The smallest threshold that a score, which was a float, does not reach.
static double just_above(double score)
{
    return nextafterf((float)score, INFINITY);
}

// The threshold of a tail, see the header.
static double exponential_tail(
    const weighted *sorted, size_t n, size_t groups, double rate)
{
    const size_t quartile = place_of(sorted, n, 0.75 * (double)groups);
    double above = 0, excess = 0;
    for (size_t i = quartile + 1; i < n; i++) {
        above += sorted[i].weight;
        excess += sorted[i].weight * (sorted[i].score - sorted[quartile].score);
    }
    const double share = above / (double)groups;
    if (rate >= share)
        return sorted[n - 1].score;
    return sorted[quartile].score + excess / above * log(share / rate);
}

blm_status blmi_threshold_at_rate(const double *scores, const int32_t *group, size_t n,
    double rate, double *threshold, blm_threshold_method *method, blm_error *err)
{
    weighted *sorted;
    size_t groups;
    if (!(rate > 0 && rate < 1))
        return blmi_fail(
            err, BLM_EUSAGE, "false-alarm rate %g: must be above 0 and below 1", rate);
    BLMI_TRY(sort_scores(scores, group, n, &sorted, &groups, err));
    const double weight = (1 - rate) * (double)(groups + 1);
    const double largest = just_above(sorted[n - 1].score);
    if (weight <= (double)groups + rounding) {
        *threshold = just_above(sorted[place_of(sorted, n, weight)].score);
        *method = BLM_THRESHOLD_QUANTILE;
    } else {
        *threshold = fmax(largest, exponential_tail(sorted, n, groups, rate));
        *method = BLM_THRESHOLD_TAIL;
    }
    blmi_free(sorted);
    return BLM_OK;
}

blm_status blmi_count_groups(
    const int32_t *group, size_t n, int64_t *groups, blm_error *err)
{
    weighted *items = blmi_alloc(n, sizeof *items);
    if (items == NULL)
        return blmi_no_memory(err, "groups", n, sizeof *items);
    for (size_t i = 0; i < n; i++)
        items[i] = (weighted){.group = group[i]};
    *groups = (int64_t)weigh(items, n);
    blmi_free(items);
    return BLM_OK;
}

blm_status blmi_median(const double *scores, size_t n, double *median, blm_error *err)
{
    weighted *sorted;
    size_t groups;
    BLMI_TRY(sort_scores(scores, NULL, n, &sorted, &groups, err));
    *median = (sorted[(n - 1) / 2].score + sorted[n / 2].score) / 2;
    blmi_free(sorted);
    return BLM_OK;
}
