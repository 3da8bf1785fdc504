// counts.c: computes F1 from counts of marked items, image by image.
#include <math.h>

#include "src/base/error.h"
#include "src/base/sized.h"
#include "src/eval/bootstrap.h"

enum { MARKED = 255 }; // in a predicted mask

blm_status blm_count_mask(const uint8_t *mask, const uint8_t *truth, int width,
    int height, blm_counts *out, blm_error *err)
{
    BLMI_NEED(mask, err);
    BLMI_NEED(out, err);
    if (width < 1 || height < 1)
        return blmi_fail(err, BLM_EUSAGE,
            "mask of %d x %d pixels: expected at least 1 x 1", width, height);
    const size_t pixels = (size_t)width * (size_t)height;
    blm_counts counts = {0};
    for (size_t i = 0; i < pixels; i++) {
        const int marked = mask[i] == MARKED, defective = truth != NULL && truth[i] != 0;
        counts.hits += marked && defective;
        counts.false_alarms += marked && !defective;
        counts.defective += defective;
    }
    *out = counts;
    return BLM_OK;
}

// data: blm_counts.  Only f1_max, good and defective of the metrics are computed.
typedef struct images {
    const blm_counts *counts; // (count)
    size_t count;
} images;

static void evaluate(
    const void *data, const uint32_t *weights, void *scratch, blm_metrics *out)
{
    const images *all = data;
    blm_cut cut = {0};
    int64_t defective = 0;
    (void)scratch;
    for (size_t i = 0; i < all->count; i++) {
        cut.hits += weights[i] * all->counts[i].hits;
        cut.false_alarms += weights[i] * all->counts[i].false_alarms;
        defective += weights[i] * all->counts[i].defective;
    }
    *out = (blm_metrics){.defective = defective, .f1_max = blm_cut_f1(&cut, defective)};
}

blm_status blm_counts_f1_sized(const blm_counts *counts, size_t count,
    const blm_bootstrap *bootstrap, size_t bootstrap_size, double *f1,
    blm_interval *range, blm_error *err)
{
    blm_bootstrap options = {0};
    const images all = {counts, count};
    blm_cut sum = {0};
    int64_t defective = 0;
    if (count > 0)
        BLMI_NEED(counts, err);
    BLMI_NEED(f1, err);
    BLMI_TAKE(blm_bootstrap, options, bootstrap, bootstrap_size, err);
    for (size_t i = 0; i < count; i++) {
        sum.hits += counts[i].hits;
        sum.false_alarms += counts[i].false_alarms;
        defective += counts[i].defective;
    }
    if (range != NULL) {
        blm_intervals intervals = {.f1_max = {(double)NAN, (double)NAN}};
        if (defective > 0)
            BLMI_TRY(blmi_bootstrap(&options, count, evaluate, &all, 1, &intervals, err));
        *range = intervals.f1_max;
    }
    *f1 = blm_cut_f1(&sum, defective);
    return BLM_OK;
}
