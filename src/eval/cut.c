// cut.c: computes the results of a given threshold (not of the best one).
#include <math.h>

#include "src/base/error.h"
#include "src/base/sized.h"
#include "src/eval/eval_pixels.h"
#include "src/map/sort.h"

double blm_cut_f1(const blm_cut *cut, int64_t defective)
{
    if (cut == NULL || defective <= 0)
        return (double)NAN;
    return 2 * (double)cut->hits /
           ((double)cut->hits + (double)cut->false_alarms + (double)defective);
}

static blm_status check_threshold(double threshold, blm_error *err)
{
    if (!isfinite(threshold))
        return blmi_fail(
            err, BLM_EUSAGE, "threshold %g: expected a finite number", threshold);
    return BLM_OK;
}

blm_status blm_image_cut(const double *scores, const uint8_t *labels, size_t count,
    double threshold, blm_cut *out, blm_error *err)
{
    BLMI_NEED(out, err);
    if (count > 0)
        BLMI_NEED(scores, err);
    if (count > 0)
        BLMI_NEED(labels, err);
    BLMI_TRY(check_threshold(threshold, err));
    blm_cut cut = {.threshold = threshold, .overlap = (double)NAN};
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(scores[i]))
            return blmi_fail(err, BLM_EINPUT, "score %zu is %g, expected a finite number",
                i, scores[i]);
        if (scores[i] >= threshold && labels[i])
            cut.hits++;
        else if (scores[i] >= threshold)
            cut.false_alarms++;
    }
    *out = cut;
    return BLM_OK;
}

// The smallest float that is not below the threshold.  A float is >= one of them if and
// only if it is >= the other.
static float lowest_at(double threshold)
{
    const float nearest = (float)threshold;
    return (double)nearest < threshold ? nextafterf(nearest, INFINITY) : nearest;
}

// Counts an image's pixels of `key` or more.
static void count_image(
    const blmi_pixels *p, uint32_t key, blm_cut *cut, blmi_sum *overlap)
{
    cut->false_alarms +=
        (int64_t)p->good_count - (int64_t)blmi_find_key(p->good, 0, p->good_count, key);
    for (uint32_t i = p->defective_count; i > 0; i--) {
        if (p->defective[i - 1] >> 32 < key)
            break;
        cut->hits++;
        blmi_sum_add(overlap, 1 / (double)p->area[(uint32_t)p->defective[i - 1]]);
    }
}

blm_status blm_pixel_metrics_cut_sized(const blm_pixel_metrics *metrics,
    const blm_pixel_options *options, size_t options_size, double threshold, blm_cut *out,
    blm_error *err)
{
    blm_pixel_options own = {0};
    BLMI_NEED(metrics, err);
    BLMI_NEED(out, err);
    BLMI_TAKE(blm_pixel_options, own, options, options_size, err);
    BLMI_TRY(check_threshold(threshold, err));
    const int kind = own.kind;
    const uint32_t key = blmi_float_key(lowest_at(threshold));
    blm_cut cut = {.threshold = threshold};
    blmi_sum overlap = {0};
    int64_t regions = 0;
    for (size_t i = 0; i < metrics->count; i++) {
        const blmi_pixels *p = &metrics->images[i];
        if (kind != 0 && p->kind != 0 && p->kind != kind)
            continue;
        count_image(p, key, &cut, &overlap);
        regions += p->region_count;
    }
    cut.overlap =
        regions > 0 ? fmin(blmi_sum_value(&overlap) / (double)regions, 1) : (double)NAN;
    *out = cut;
    return BLM_OK;
}
