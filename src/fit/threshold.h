// threshold.h: computes a threshold from scores of good images.
#ifndef BLMI_FIT_THRESHOLD_H
#define BLMI_FIT_THRESHOLD_H

#include "blemish/blemish.h"

// QUANTILE.  K groups of scores are assumed exchangeable with the group of the next good
// image.  Each group has the weight 1, in equal parts on its scores.  q is the smallest
// score such that the scores up to it weigh (1 - rate) (K + 1) or more.  The next score
// is above q with a probability of at most `rate` (Lee, Barber & Willett,
// "Distribution-free inference with hierarchical data", 2023; for groups of one score
// this is the order statistic ceil((1 - rate) (n + 1)) of split conformal prediction).
// The threshold is the next float above q.
//
// TAIL.  If there is no such score, K is too small for the rate.  A share s of the weight
// is above the upper quartile u; the excesses over u are assumed exponential with their
// mean b.  The threshold is u + b ln(s / rate), but at least the next float above the
// largest score.
//
// scores (n), finite as float, n >= 1; group (n): equal numbers are a group; NULL: each
// score is a group.  BLM_EUSAGE: rate is not above 0 and below 1.  BLM_ENOMEM.
blm_status blmi_threshold_at_rate(const double *scores, const int32_t *group, size_t n,
    double rate, double *threshold, blm_threshold_method *method, blm_error *err);

// Counts the groups of group (n).  BLM_ENOMEM.
blm_status blmi_count_groups(
    const int32_t *group, size_t n, int64_t *groups, blm_error *err);

// The median of n >= 1 scores: the mean of the middle two.  BLM_ENOMEM.
blm_status blmi_median(const double *scores, size_t n, double *median, blm_error *err);

#endif
