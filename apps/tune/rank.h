// rank.h: measures how well scores tell made defects from good images, and how well one
// ranking agrees with another.
#ifndef BLEMISH_TUNE_RANK_H
#define BLEMISH_TUNE_RANK_H

#include <stddef.h>

#include "blemish/status.h"

typedef struct rank_measure {
    double auroc;  // of images
    double found;  // share of `bad` that reach the threshold
    double alarms; // share of `good` that reach it
} rank_measure;

// good (good_count), bad (bad_count): scores, 1 or more of each, finite.
blm_status rank_scores(const double *good, size_t good_count, const double *bad,
    size_t bad_count, double threshold, rank_measure *out, blm_error *err);

// Spearman's rank correlation of a and b (count): the correlation of their ranks, equal
// values having their mean rank.  NaN if all values of one are equal, or count is below
// 2.
double rank_correlation(const double *a, const double *b, size_t count);

#endif
