// threshold.h: the rule that turns scores of good images into a threshold.
#ifndef BLMI_FIT_THRESHOLD_H
#define BLMI_FIT_THRESHOLD_H

#include "blemish/blemish.h"

// Let K groups of scores be exchangeable with the group of the next good image; a score
// by itself is a group of one.  Each group weighs 1, in equal parts on its scores.  The
// smallest score up to which (1 - rate) (K + 1) have been weighed is exceeded by the next
// one with a probability of at most `rate` (Lee, Barber & Willett, "Distribution-free
// inference with hierarchical data", 2023; for groups of one, the order statistic
// ceil((1 - rate) (n + 1)) of split conformal prediction).  The threshold is the next
// float above that score (QUANTILE).
//
// If there is no such score, K cannot resolve the rate.  The excesses over the upper
// quartile u, above which a share s of the weight lies, are taken for exponential with
// their mean b: u + b ln(s / rate), but at least the next float above the largest score
// (TAIL).
//
// scores (n) finite as floats, n >= 1; group (n) numbers that are equal in a group, NULL:
// each by itself.  BLM_EUSAGE: a rate outside (0, 1); BLM_ENOMEM.
blm_status blmi_threshold_at_rate(const double *scores, const int32_t *group, size_t n,
    double rate, double *threshold, blm_threshold_method *method, blm_error *err);

// How many groups there are.  BLM_ENOMEM.
blm_status blmi_count_groups(
    const int32_t *group, size_t n, int64_t *groups, blm_error *err);

// The median of n >= 1 scores: the mean of the middle two.  BLM_ENOMEM.
blm_status blmi_median(const double *scores, size_t n, double *median, blm_error *err);

#endif
