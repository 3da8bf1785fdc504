// gauge.h: splits the spread of measurements into that of a part and that between parts.
#ifndef BLEMISH_GAUGE_GAUGE_H
#define BLEMISH_GAUGE_GAUGE_H

#include <stddef.h>
#include <stdint.h>

// Each value is modelled as mean + its part + a repetition, the latter two random and
// independent: the one-way random model.  Its variances are estimated from the mean
// squares of the analysis of variance, also for unequal numbers of values (Searle,
// Casella & McCulloch, "Variance Components", Wiley 1992, section 3.6); an estimate below
// 0 becomes 0.
typedef struct gauge_spread {
    size_t values, parts;
    size_t repeated; // parts with two or more values
    double mean;
    double within;  // standard deviation of the values of one part: repeatability
    double between; // standard deviation of the parts
    double total;   // root of the sum of both variances
    double share;   // of the total variance that is within parts, 0 to 1
} gauge_spread;

// The values of a part; scratch memory.
typedef struct gauge_sums {
    size_t count;
    double mean;
} gauge_sums;

// values, part (count): numbers of parts, below `parts`.  sums (parts): scratch.  Spreads
// are NaN where they are not defined: all without a part of two values; `between`,
// `total` and `share` with fewer than two parts; `share` also if nothing varies.
void gauge_measure(const double *values, const int32_t *part, size_t count,
    gauge_sums *sums, size_t parts, gauge_spread *out);

#endif
