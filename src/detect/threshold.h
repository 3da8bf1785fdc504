// threshold.h: the rule that turns scores of good images into a threshold.
#ifndef BLMI_DETECT_THRESHOLD_H
#define BLMI_DETECT_THRESHOLD_H

#include "blemish/blemish.h"

// Of n scores that are exchangeable with the next good one, the k-th smallest is exceeded with a
// probability of at most 1 - k / (n + 1).  If k = ceil((1 - rate) (n + 1)) <= n, the threshold is the
// next float above that score (QUANTILE).  Otherwise n cannot resolve the rate, and the excesses over
// the upper quartile u (the ceil(0.75 n)-th smallest; a share s of the scores lies above it) are
// taken for exponential with their mean b: u + b ln(s / rate), but at least the next float above
// the largest score (TAIL).
//
// scores (n) finite, n >= 1.  BLM_EUSAGE: a rate outside (0, 1); BLM_ENOMEM.
blm_status blmi_threshold_at_rate(const double *scores, size_t n, double rate,
    double *threshold, blm_threshold_method *method, blm_error *err);

// The median of n >= 1 scores (the mean of the middle two); NAN when memory is out.
double blmi_median(const double *scores, size_t n);

#endif
