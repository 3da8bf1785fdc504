// Computes metrics of images: one score each, in double.
#include <math.h>
#include <stdlib.h>

#include "blemish/eval.h"
#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/base/sized.h"
#include "src/eval/bootstrap.h"
#include "src/eval/curve.h"
#include "src/eval/eval_sweep.h"

typedef struct item {
    double score;
    uint32_t index; // in the caller's order
    uint32_t defective;
} item;

typedef struct ranking {
    item *items; // (count) scores falling
    size_t count;
    blmi_totals totals;
} ranking;

// Sorts in falling order; equal scores keep the caller's order, so that a seed always
// gives the same draws.
static int compare_items(const void *a, const void *b)
{
    const item *const x = a, *const y = b;
    if (x->score != y->score)
        return x->score < y->score ? 1 : -1;
    return (x->index > y->index) - (x->index < y->index);
}

// If it succeeds, the caller frees out->items.
static blm_status rank(const double *scores, const uint8_t *labels, size_t count,
    ranking *out, blm_error *err)
{
    if (count > 0)
        BLMI_NEED(scores, err);
    if (count > 0)
        BLMI_NEED(labels, err);
    if (count > INT32_MAX)
        return blmi_fail(
            err, BLM_EUSAGE, "%zu scores, expected at most %d", count, INT32_MAX);
    for (size_t i = 0; i < count; i++)
        if (!isfinite(scores[i]))
            return blmi_fail(err, BLM_EINPUT, "score %zu is %g, expected a finite number",
                i, scores[i]);
    *out = (ranking){.items = blmi_alloc(count, sizeof(item)), .count = count};
    if (out->items == NULL)
        return blmi_no_memory(err, "scores", count, sizeof(item));
    for (size_t i = 0; i < count; i++) {
        out->items[i] = (item){scores[i], (uint32_t)i, labels[i] != 0};
        out->totals.defective += labels[i] != 0;
    }
    out->totals.good = (int64_t)count - out->totals.defective;
    qsort(out->items, count, sizeof(item), compare_items);
    return BLM_OK;
}

// Visits the cuts if item i occurs weights[i] times; NULL: once.
static void walk(
    const ranking *r, const uint32_t *weights, blmi_take_cut *take, void *context)
{
    blm_cut cut = blmi_cut_origin(&r->totals);
    for (size_t i = 0; i < r->count; i++) {
        const int64_t weight = weights == NULL ? 1 : weights[i];
        if (r->items[i].defective)
            cut.hits += weight;
        else
            cut.false_alarms += weight;
        cut.threshold = r->items[i].score;
        if (i + 1 == r->count || r->items[i + 1].score != cut.threshold)
            take(context, &cut);
    }
}

blm_status blm_image_metrics_sized(const double *scores, const uint8_t *labels,
    size_t count, blm_metrics *out, size_t out_size, blm_error *err)
{
    BLMI_NEED(out, err);
    ranking r;
    BLMI_TRY(rank(scores, labels, count, &r, err));
    blmi_sweep sweep;
    blmi_sweep_start(&sweep, &r.totals, NULL);
    walk(&r, NULL, blmi_sweep_take, &sweep);
    blm_metrics own;
    blmi_sweep_result(&sweep, &own);
    blmi_sized_give(&own, sizeof own, out, out_size);
    blmi_free(r.items);
    return BLM_OK;
}

blm_status blm_image_curve(const double *scores, const uint8_t *labels, size_t count,
    blm_cut *cuts, size_t capacity, size_t *written, blm_error *err)
{
    BLMI_NEED(cuts, err);
    BLMI_NEED(written, err);
    ranking r = {0};
    blmi_curve curve;
    blm_status status = rank(scores, labels, count, &r, err);
    if (status != BLM_OK)
        goto done;
    status = blmi_curve_start(&curve, &r.totals, cuts, capacity, err);
    if (status != BLM_OK)
        goto done;
    walk(&r, NULL, blmi_curve_take, &curve);
    *written = blmi_curve_end(&curve);
done:
    blmi_free(r.items);
    return status;
}

// Each item has the same probability, so drawing ranks is the same as drawing images.
static void evaluate_draw(
    const void *data, const uint32_t *weights, void *scratch, blm_metrics *out)
{
    (void)scratch;
    const ranking *const r = data;
    blmi_totals totals = {0};
    for (size_t i = 0; i < r->count; i++)
        if (r->items[i].defective)
            totals.defective += weights[i];
        else
            totals.good += weights[i];
    blmi_sweep sweep;
    blmi_sweep_start(&sweep, &totals, NULL);
    walk(r, weights, blmi_sweep_take, &sweep);
    blmi_sweep_result(&sweep, out);
}

blm_status blm_image_intervals_sized(const double *scores, const uint8_t *labels,
    size_t count, const blm_bootstrap *bootstrap, size_t bootstrap_size,
    blm_intervals *out, size_t out_size, blm_error *err)
{
    blm_bootstrap drawing = {0};
    blm_intervals own;
    BLMI_NEED(out, err);
    BLMI_TAKE(blm_bootstrap, drawing, bootstrap, bootstrap_size, err);
    ranking r = {0};
    blm_status status = rank(scores, labels, count, &r, err);
    if (status == BLM_OK)
        status = blmi_bootstrap(&drawing, count, evaluate_draw, &r, 0, &own, err);
    if (status == BLM_OK)
        blmi_sized_give(&own, sizeof own, out, out_size);
    blmi_free(r.items);
    return status;
}
