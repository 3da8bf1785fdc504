// calibration.h: the one threshold, from the scores of good images that the model did not
// see.
#ifndef BLMI_DETECT_CALIBRATION_H
#define BLMI_DETECT_CALIBRATION_H

#include "blemish/blemish.h"

// Of n scores (finite, at least 3) that are exchangeable with the next good one, the k-th
// smallest is exceeded with a probability of at most 1 - k / (n + 1).  If k = ceil((1 -
// false_alarm) (n + 1)) <= n, the threshold is the next float above that score
// (QUANTILE).  Otherwise n cannot resolve the rate, and the excesses over the upper
// quartile u (the ceil(0.75 n)-th smallest; a share s of the scores lies above it) are
// taken for exponential with their mean b: u + b ln(s / false_alarm), but at least the
// next float above the largest score (TAIL).  // BLM_EUSAGE: a rate outside (0, 1);
// BLM_ENOMEM.
blm_status blmi_calibrate(const double *scores, size_t n, double false_alarm,
    double *threshold, blm_threshold_method *method, blm_error *err);

#endif
