// eval.h: metrics of scores (good against defective images) and of maps (where the
// defects are).
//
// Higher scores are more anomalous: an image or pixel counts as defective if its score is
// >= the threshold.  Equal scores are one threshold; -0.0 equals 0.0.  In labels and
// masks 0 is good and any other value defective.  A score that is not finite is
// BLM_EINPUT.  A metric that is undefined for its data is NaN.
//
// Results are exact except for the rounding of sums, which are compensated.  Except for
// that rounding they do not depend on the number of threads or the order of images.
#ifndef BLEMISH_EVAL_H
#define BLEMISH_EVAL_H

#include <stddef.h>
#include <stdint.h>

#include "blemish/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { BLM_LIMITS = 2 }; // number of limits of AU-PRO

// Metrics of images or of pixels ("items" below).
typedef struct blm_metrics {
    int64_t good, defective; // number of items
    int64_t regions;         // number of defects; 0 for images
    // Area under the ROC curve: the share of pairs of a defective and a good item in
    // which the defective one scores higher; ties count half.  NaN if there is no pair.
    double auroc;
    // Sum over the distinct scores, falling, of precision * increase of recall.  NaN
    // without defective items, 1 without good ones.
    double average_precision;
    // Largest 2 PR / (P + R) over all thresholds.  NaN without defective items, 1 without
    // good ones.
    double f1_max;
    double f1_threshold; // the highest threshold with f1_max; NaN if that is
    // Area under the PRO curve up to each limit of the false positive rate, divided by
    // the limit.  NaN for images, and without a region or a good pixel.
    double au_pro[BLM_LIMITS];
} blm_metrics;

// The result of one threshold: a point of every curve.  ROC: hits / defective against
// false_alarms / good.  Precision: hits / (hits + false_alarms).  Recall: hits /
// defective.  PRO: overlap against false_alarms / good.
typedef struct blm_cut {
    double threshold;     // INFINITY at the origin
    int64_t hits;         // defective items >= threshold
    int64_t false_alarms; // good items >= threshold
    double overlap; // mean over the regions of the share of pixels >= threshold; NaN
                    // for images and without regions
} blm_cut;

// F1 = 2 PR / (P + R) of a cut: 2 hits / (hits + false_alarms + defective).  NaN without
// defective items.
BLM_API double blm_cut_f1(const blm_cut *cut, int64_t defective);

// How confidence intervals are computed.  Zero means the default, NULL all defaults.
typedef struct blm_bootstrap {
    int draws;     // up to 1000000; 0: 1000
    int threads;   // 0: one for each core
    double level;  // above 0 and below 1; 0: 0.95
    uint64_t seed; // equal seeds give equal intervals
} blm_bootstrap;

typedef struct blm_interval {
    double low, high; // NaN if the metric is
} blm_interval;

typedef struct blm_intervals {
    blm_interval auroc, average_precision, f1_max, au_pro[BLM_LIMITS];
} blm_intervals;

// Intervals are percentiles of the metrics of bootstrap samples (Efron, "Bootstrap
// methods: another look at the jackknife", Annals of Statistics 7, 1979), interpolated
// between order statistics.  A sample has as many images as the data, drawn with
// replacement.  It is drawn again if it lacks good or defective images that the data
// have.  Images are drawn, not pixels, since the pixels of an image are not independent.

// ---- images ---------------------------------------------------------------------------

// These functions can be called from any thread.

// Metrics of images.  scores, labels (count).  BLM_EUSAGE: more than 2^31 - 1 images.
BLM_SIZED blm_status blm_image_metrics(const double *scores, const uint8_t *labels,
    size_t count, blm_metrics *out, blm_error *err);

// The origin and the cuts at all distinct scores, falling.  cuts (capacity): 2 or more;
// count + 2 is always enough.  If there is no room for all cuts, some are left out as in
// blm_pixel_metrics_curve.  *written: number of cuts.
BLM_API blm_status blm_image_curve(const double *scores, const uint8_t *labels,
    size_t count, blm_cut *cuts, size_t capacity, size_t *written, blm_error *err);

// The cut at a given threshold.  BLM_EUSAGE: the threshold is not finite.
BLM_API blm_status blm_image_cut(const double *scores, const uint8_t *labels,
    size_t count, double threshold, blm_cut *out, blm_error *err);

// Confidence intervals of blm_image_metrics.
BLM_SIZED blm_status blm_image_intervals(const double *scores, const uint8_t *labels,
    size_t count, const blm_bootstrap *bootstrap, blm_intervals *out, blm_error *err);

// ---- pixels ---------------------------------------------------------------------------

// Collects all pixels of any number of maps, which may differ in size.  Memory: 4 bytes
// for a good pixel, 8 for a defective one, 4 for a region, 20 for each pixel of the
// largest image; while results are computed, up to 28 more for a defective pixel.  Only
// one thread may add at a time; any number may compute results while none adds.
typedef struct blm_pixel_metrics blm_pixel_metrics;

BLM_API blm_status blm_pixel_metrics_new(blm_pixel_metrics **out, blm_error *err);
BLM_API void blm_pixel_metrics_free(blm_pixel_metrics *metrics); // NULL allowed

// Adds an image: map, mask (height, width); mask NULL: no defect.  Regions are the
// 8-connected components of the mask.  kind: 0 for a good image, 1 or more for a kind of
// defect.  Error texts count images from 0 in the order in which they are added.  A
// failure changes nothing.  BLM_EUSAGE: a size below 1, 2^30 or more pixels in the image,
// 2^32 or more in all images, a negative kind.
BLM_API blm_status blm_pixel_metrics_add(blm_pixel_metrics *metrics, const float *map,
    const uint8_t *mask, int width, int height, int kind, blm_error *err);

// Options of pixel metrics.  Zero means the default, NULL all defaults.
typedef struct blm_pixel_options {
    int kind;    // only images of this kind and of kind 0; 0: all images
    int threads; // 0: one for each core
    // Limits of the false positive rate for AU-PRO, above 0, at most 1; 0: 0.3 for the
    // first, 0.05 for the second.
    double limits[BLM_LIMITS];
} blm_pixel_options;

// Metrics of all pixels.  AU-PRO is that of Bergmann et al., "The MVTec Anomaly Detection
// Dataset", IJCV 129, 2021: the false positive rate counts the defect-free pixels of all
// images; the curve is linear between its points, also at the limit.
BLM_SIZED blm_status blm_pixel_metrics_result(const blm_pixel_metrics *metrics,
    const blm_pixel_options *options, blm_metrics *out, blm_error *err);

// The cut at a given threshold; uses only options->kind.  Map values are compared as
// float.  BLM_EUSAGE: the threshold is not finite.
BLM_SIZED blm_status blm_pixel_metrics_cut(const blm_pixel_metrics *metrics,
    const blm_pixel_options *options, double threshold, blm_cut *out, blm_error *err);

// The cuts from the origin to all pixels, thresholds falling; ROC and PRO are straight
// lines between them.  cuts (capacity): 2 or more.  If there is no room for all cuts,
// those are left out whose rates, precision and overlap are all within a small distance
// of a cut that stays; the distance is about as small as capacity allows.  *written:
// number of cuts.
BLM_SIZED blm_status blm_pixel_metrics_curve(const blm_pixel_metrics *metrics,
    const blm_pixel_options *options, blm_cut *cuts, size_t capacity, size_t *written,
    blm_error *err);

// Confidence intervals of blm_pixel_metrics_result.  Samples are evaluated at the
// thresholds of a curve of at most 2048 cuts, not at every score; this changes a metric
// by less than 0.001 in the tests.  Memory: 32 KiB for each image.
BLM_SIZED blm_status blm_pixel_metrics_intervals(const blm_pixel_metrics *metrics,
    const blm_pixel_options *options, const blm_bootstrap *bootstrap, blm_intervals *out,
    blm_error *err);

// ---- F1 of what a model has marked ----------------------------------------------------

// Counts of one image: of its pixels, or of the image as a single item.
typedef struct blm_counts {
    int64_t hits;         // defective and marked
    int64_t false_alarms; // good and marked
    int64_t defective;    // marked or not
} blm_counts;

// Counts pixels.  mask (height, width): a predicted mask, such as blm_result.mask; its
// pixels of 255 are marked (128 is REVIEW).  truth (height, width); NULL: no defect.
// BLM_EUSAGE: a size below 1.
BLM_API blm_status blm_count_mask(const uint8_t *mask, const uint8_t *truth, int width,
    int height, blm_counts *out, blm_error *err);

// F1 of all images together, 2 hits / (hits + false_alarms + defective), and its
// bootstrap interval.  counts (count); range NULL: no interval.  NaN without defective
// items.
BLM_SIZED blm_status blm_counts_f1(const blm_counts *counts, size_t count,
    const blm_bootstrap *bootstrap, double *f1, blm_interval *range, blm_error *err);

// ---- bodies of the functions marked BLM_SIZED -----------------------------------------

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

BLM_API blm_status blm_counts_f1_sized(const blm_counts *counts, size_t count,
    const blm_bootstrap *bootstrap, size_t bootstrap_size, double *f1,
    blm_interval *range, blm_error *err);
BLM_SIZED blm_status blm_counts_f1(const blm_counts *counts, size_t count,
    const blm_bootstrap *bootstrap, double *f1, blm_interval *range, blm_error *err)
{
    return blm_counts_f1_sized(
        counts, count, bootstrap, sizeof(blm_bootstrap), f1, range, err);
}

#ifdef __cplusplus
}
#endif
#endif
