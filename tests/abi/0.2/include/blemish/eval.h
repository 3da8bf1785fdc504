// eval.h: how well scores tell defective images from good ones, and how well maps show
// where the defects are.
//
// Higher scores are more anomalous; an image or pixel is called defective when its score
// is >= the threshold.  Equal scores are one threshold, -0.0 equals 0.0.  Labels and
// masks are 0 for good, anything else for defective.  A score that is not a finite number
// is BLM_EINPUT.  A metric that its data do not define is NaN (write it as JSON's null).
//
// Results are exact but for the rounding of sums, which are compensated, and are the same
// for any number of threads and any order of images but for that rounding.
#ifndef BLEMISH_EVAL_H
#define BLEMISH_EVAL_H

#include <stddef.h>
#include <stdint.h>

#include "blemish/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { BLM_LIMITS = 2 }; // for the area under the PRO curve

// Of images or of pixels.
typedef struct blm_metrics {
    int64_t good, defective; // how many there are
    int64_t regions;         // defects; 0 for images
    // Area under the ROC curve: the share of pairs of a defective and a good one in which
    // the defective one scores higher, ties half.  NaN without either.
    double auroc;
    // Sum over the distinct scores, falling, of precision * rise of recall.  NaN without
    // defective ones; 1 without good ones, as is f1_max.
    double average_precision;
    double f1_max; // largest 2 PR / (P + R) of all thresholds; NaN without defective
    double f1_threshold; // the highest threshold that reaches it; NaN with f1_max
    // Area under the PRO curve up to each limit of the false positive rate, divided by
    // the limit.  NaN for images, without a region, or without a good pixel.
    double au_pro[BLM_LIMITS];
} blm_metrics;

// What one threshold does: a point of every curve.  ROC is hits / defective over
// false_alarms / good; precision is hits / (hits + false_alarms), recall hits /
// defective; PRO is overlap over false_alarms / good.
typedef struct blm_cut {
    double threshold;     // INFINITY at the origin
    int64_t hits;         // defective ones >= threshold
    int64_t false_alarms; // good ones >= threshold
    double overlap; // mean over the regions of the share of pixels >= threshold; NaN
                    // for images and without regions
} blm_cut;

// F1 = 2 PR / (P + R) of a cut: 2 hits / (hits + false_alarms + defective).  NaN without
// defective ones.  At the model's own threshold it says what a user gets, which f1_max,
// the best of all thresholds, does not.
BLM_API double blm_cut_f1(const blm_cut *cut, int64_t defective);

// How to draw confidence intervals.  Zero means the default, NULL all defaults.
typedef struct blm_bootstrap {
    int draws;     // up to 1000000; 0: 1000
    int threads;   // 0: as many as there are cores
    double level;  // above 0 and below 1; 0: 0.95
    uint64_t seed; // equal seeds give equal intervals
} blm_bootstrap;

typedef struct blm_interval {
    double low, high; // NaN where the metric is
} blm_interval;

typedef struct blm_intervals {
    blm_interval auroc, average_precision, f1_max, au_pro[BLM_LIMITS];
} blm_intervals;

// The bootstrap draws as many images as there are, each with equal probability and with
// replacement, computes the metrics of the draw, and gives the percentiles around the
// middle of all draws (Efron, "Bootstrap methods: another look at the jackknife", Annals
// of Statistics 7, 1979), interpolated between order statistics.  A draw that lacks the
// good or the defective ones, where the data have them, is drawn again.  Images are
// drawn, never pixels: those of one image are not independent.

// ---- images ---------------------------------------------------------------------------

// scores, labels (count); any thread.  At most 2^31 - 1 images.
BLM_SIZED blm_status blm_image_metrics(const double *scores, const uint8_t *labels,
    size_t count, blm_metrics *out, blm_error *err);

// The cuts at all distinct scores, falling, after the origin; when they are more than
// `capacity` (at least 2), thinned as blm_pixel_metrics_curve does.  count + 2 is always
// enough.  *written: how many.
BLM_API blm_status blm_image_curve(const double *scores, const uint8_t *labels,
    size_t count, blm_cut *cuts, size_t capacity, size_t *written, blm_error *err);

// What one threshold of the caller's does.  BLM_EUSAGE: it is not a finite number.
BLM_API blm_status blm_image_cut(const double *scores, const uint8_t *labels,
    size_t count, double threshold, blm_cut *out, blm_error *err);

BLM_SIZED blm_status blm_image_intervals(const double *scores, const uint8_t *labels,
    size_t count, const blm_bootstrap *bootstrap, blm_intervals *out, blm_error *err);

// ---- pixels ---------------------------------------------------------------------------

// All pixels of many maps, which may differ in size, sorted as they come.  Memory: 4
// bytes for a good pixel, 8 for a defective one, 4 for a region; 20 for each pixel of the
// largest image, to sort it; while results are computed, up to 28 for a defective pixel.
// One thread at a time adds; any number may ask for results when nobody adds.
typedef struct blm_pixel_metrics blm_pixel_metrics;

BLM_API blm_status blm_pixel_metrics_new(blm_pixel_metrics **out, blm_error *err);
BLM_API void blm_pixel_metrics_free(blm_pixel_metrics *metrics); // NULL allowed

// Takes in map and mask (height, width; mask NULL: no defect).  Regions are the
// 8-connected components of the mask.  `kind` is 0 for a good image and 1.. for the kinds
// of defects.  Error texts count images from 0, in the order in which they are added.
// After a failure nothing has changed.  BLM_EUSAGE: sizes below 1, 2^30 pixels or more in
// an image, 2^32 or more in all, a negative kind.
BLM_API blm_status blm_pixel_metrics_add(blm_pixel_metrics *metrics, const float *map,
    const uint8_t *mask, int width, int height, int kind, blm_error *err);

// What to look at.  Zero means the default, NULL all defaults.
typedef struct blm_pixel_options {
    int kind;    // the images of this kind and those of kind 0; 0: all images
    int threads; // 0: as many as there are cores
    double limits[BLM_LIMITS]; // of the false positive rate, above 0, at most 1; 0: 0.3
                               // for the first, 0.05 for the second
} blm_pixel_options;

// AU-PRO is that of Bergmann et al., "The MVTec Anomaly Detection Dataset", IJCV 129,
// 2021: the false positive rate is over the defect-free pixels of all images, and the
// curve is linear between its points and where it is cut at the limit.
BLM_SIZED blm_status blm_pixel_metrics_result(const blm_pixel_metrics *metrics,
    const blm_pixel_options *options, blm_metrics *out, blm_error *err);

// What one threshold of the caller's does; only options->kind is used.  A map value is
// compared as it is, in float.  BLM_EUSAGE: the threshold is not a finite number.
BLM_SIZED blm_status blm_pixel_metrics_cut(const blm_pixel_metrics *metrics,
    const blm_pixel_options *options, double threshold, blm_cut *out, blm_error *err);

// At most `capacity` (at least 2) cuts, thresholds falling, from the origin to all
// pixels: ROC and PRO are straight lines between them.  When there are too many, those go
// whose rates, precision and overlap are all within a small distance of a cut that stays;
// it is about as small as capacity allows.  *written: how many.
BLM_SIZED blm_status blm_pixel_metrics_curve(const blm_pixel_metrics *metrics,
    const blm_pixel_options *options, blm_cut *cuts, size_t capacity, size_t *written,
    blm_error *err);

// Intervals for the metrics of _result.  Draws are evaluated at the thresholds of a curve
// of at most 2048 cuts and not at every score; the tests hold what that does to a metric
// below 0.001.  Takes 32 KiB for each image.
BLM_SIZED blm_status blm_pixel_metrics_intervals(const blm_pixel_metrics *metrics,
    const blm_pixel_options *options, const blm_bootstrap *bootstrap, blm_intervals *out,
    blm_error *err);

// ---- the functions marked BLM_SIZED ---------------------------------------------------

BLM_API blm_status blm_image_metrics_sized(const double *scores, const uint8_t *labels,
    size_t count, blm_metrics *out, size_t out_size, blm_error *err);
BLM_SIZED blm_status blm_image_metrics(const double *scores, const uint8_t *labels,
    size_t count, blm_metrics *out, blm_error *err)
{
    return blm_image_metrics_sized(scores, labels, count, out, sizeof(blm_metrics), err);
}

BLM_API blm_status blm_image_intervals_sized(const double *scores, const uint8_t *labels,
    size_t count, const blm_bootstrap *bootstrap, size_t bootstrap_size,
    blm_intervals *out, size_t out_size, blm_error *err);
BLM_SIZED blm_status blm_image_intervals(const double *scores, const uint8_t *labels,
    size_t count, const blm_bootstrap *bootstrap, blm_intervals *out, blm_error *err)
{
    return blm_image_intervals_sized(scores, labels, count, bootstrap,
        sizeof(blm_bootstrap), out, sizeof(blm_intervals), err);
}

BLM_API blm_status blm_pixel_metrics_result_sized(const blm_pixel_metrics *metrics,
    const blm_pixel_options *options, size_t options_size, blm_metrics *out,
    size_t out_size, blm_error *err);
BLM_SIZED blm_status blm_pixel_metrics_result(const blm_pixel_metrics *metrics,
    const blm_pixel_options *options, blm_metrics *out, blm_error *err)
{
    return blm_pixel_metrics_result_sized(
        metrics, options, sizeof(blm_pixel_options), out, sizeof(blm_metrics), err);
}

BLM_API blm_status blm_pixel_metrics_cut_sized(const blm_pixel_metrics *metrics,
    const blm_pixel_options *options, size_t options_size, double threshold, blm_cut *out,
    blm_error *err);
BLM_SIZED blm_status blm_pixel_metrics_cut(const blm_pixel_metrics *metrics,
    const blm_pixel_options *options, double threshold, blm_cut *out, blm_error *err)
{
    return blm_pixel_metrics_cut_sized(
        metrics, options, sizeof(blm_pixel_options), threshold, out, err);
}

BLM_API blm_status blm_pixel_metrics_curve_sized(const blm_pixel_metrics *metrics,
    const blm_pixel_options *options, size_t options_size, blm_cut *cuts, size_t capacity,
    size_t *written, blm_error *err);
BLM_SIZED blm_status blm_pixel_metrics_curve(const blm_pixel_metrics *metrics,
    const blm_pixel_options *options, blm_cut *cuts, size_t capacity, size_t *written,
    blm_error *err)
{
    return blm_pixel_metrics_curve_sized(
        metrics, options, sizeof(blm_pixel_options), cuts, capacity, written, err);
}

BLM_API blm_status blm_pixel_metrics_intervals_sized(const blm_pixel_metrics *metrics,
    const blm_pixel_options *options, size_t options_size, const blm_bootstrap *bootstrap,
    size_t bootstrap_size, blm_intervals *out, size_t out_size, blm_error *err);
BLM_SIZED blm_status blm_pixel_metrics_intervals(const blm_pixel_metrics *metrics,
    const blm_pixel_options *options, const blm_bootstrap *bootstrap, blm_intervals *out,
    blm_error *err)
{
    return blm_pixel_metrics_intervals_sized(metrics, options, sizeof(blm_pixel_options),
        bootstrap, sizeof(blm_bootstrap), out, sizeof(blm_intervals), err);
}

#ifdef __cplusplus
}
#endif
#endif
