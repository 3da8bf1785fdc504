// Computes metrics, curve and intervals of pixels.
#include <math.h>
#include <string.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/base/sized.h"
#include "src/base/threads.h"
#include "src/eval/bootstrap.h"
#include "src/eval/curve.h"
#include "src/eval/eval_pixels.h"
#include "src/map/sort.h"

enum { CUTS = 2048 }; // at most, for the evaluation of draws

static blm_status resolve_options(const blm_pixel_options *options, size_t options_size,
    blm_pixel_options *out, blm_error *err)
{
    static const double defaults[BLM_LIMITS] = {0.3, 0.05};
    *out = (blm_pixel_options){0};
    BLMI_TAKE(blm_pixel_options, *out, options, options_size, err);
    for (int i = 0; i < BLM_LIMITS; i++) {
        if (out->limits[i] == 0)
            out->limits[i] = defaults[i];
        if (!(out->limits[i] > 0 && out->limits[i] <= 1))
            return blmi_fail(err, BLM_EUSAGE,
                "a limit of the false positive rate is %g, expected above 0, at most 1",
                out->limits[i]);
    }
    return blmi_threads_choose(out->threads, &out->threads, err);
}

blm_status blm_pixel_metrics_result_sized(const blm_pixel_metrics *metrics,
    const blm_pixel_options *options, size_t options_size, blm_metrics *out,
    size_t out_size, blm_error *err)
{
    BLMI_NEED(metrics, err);
    BLMI_NEED(out, err);
    blm_pixel_options o;
    blmi_selection *selection;
    BLMI_TRY(resolve_options(options, options_size, &o, err));
    BLMI_TRY(blmi_selection_new(metrics, o.kind, o.threads, &selection, err));
    blmi_sweep sweep;
    blmi_sweep_start(&sweep, &selection->totals, o.limits);
    blmi_selection_walk(selection, blmi_sweep_take, &sweep);
    blm_metrics own;
    blmi_sweep_result(&sweep, &own);
    blmi_sized_give(&own, sizeof own, out, out_size);
    blmi_selection_free(selection);
    return BLM_OK;
}

blm_status blm_pixel_metrics_curve_sized(const blm_pixel_metrics *metrics,
    const blm_pixel_options *options, size_t options_size, blm_cut *cuts, size_t capacity,
    size_t *written, blm_error *err)
{
    BLMI_NEED(metrics, err);
    BLMI_NEED(cuts, err);
    BLMI_NEED(written, err);
    blm_pixel_options o;
    blmi_selection *selection = NULL;
    blmi_curve curve;
    blm_status status = resolve_options(options, options_size, &o, err);
    if (status == BLM_OK)
        status = blmi_selection_new(metrics, o.kind, o.threads, &selection, err);
    if (status == BLM_OK)
        status = blmi_curve_start(&curve, &selection->totals, cuts, capacity, err);
    if (status == BLM_OK) {
        blmi_selection_walk(selection, blmi_curve_take, &curve);
        *written = blmi_curve_end(&curve);
    }
    blmi_selection_free(selection);
    return status;
}

// The counts of every image at or above each of some thresholds.  hits and overlap of
// images without regions are not used.
typedef struct table {
    const blmi_selection *selection;
    const double *limits; // (BLM_LIMITS)
    blm_cut cuts[CUTS];   // thresholds, falling
    size_t cut_count;
    uint32_t *hits;         // (images, CUTS)
    uint32_t *false_alarms; // (images, CUTS)
    double *overlap;        // (images, CUTS) sum of the covered shares of the regions
} table;

static void fill_row(table *t, size_t image)
{
    const blmi_pixels *const p = t->selection->images[image];
    uint32_t *const hits = t->hits + image * CUTS;
    uint32_t *const false_alarms = t->false_alarms + image * CUTS;
    double *const overlap = t->overlap + image * CUTS;
    size_t good = 0;
    for (size_t i = t->cut_count; i-- > 0;) { // rising, like the keys
        const uint32_t key = blmi_float_key((float)t->cuts[i].threshold);
        good = blmi_find_key(p->good, good, p->good_count, key);
        false_alarms[i] = p->good_count - (uint32_t)good;
    }
    blmi_sum covered = {0};
    uint32_t next = p->defective_count;
    for (size_t i = 0; i < t->cut_count && p->region_count > 0; i++) {
        const uint32_t key = blmi_float_key((float)t->cuts[i].threshold);
        for (; next > 0 && p->defective[next - 1] >> 32 >= key; next--)
            blmi_sum_add(&covered, 1 / (double)p->area[(uint32_t)p->defective[next - 1]]);
        hits[i] = p->defective_count - next;
        overlap[i] = blmi_sum_value(&covered);
    }
}

static blm_status fill_table(
    table *t, const blmi_selection *selection, int threads, blm_error *err)
{
    blmi_curve curve;
    BLMI_TRY(blmi_curve_start(&curve, &selection->totals, t->cuts, CUTS, err));
    blmi_selection_walk(selection, blmi_curve_take, &curve);
    t->cut_count = blmi_curve_end(&curve);
    t->selection = selection;
    const size_t count = selection->count;
    t->hits = blmi_alloc(count, CUTS * sizeof *t->hits);
    t->false_alarms = blmi_alloc(count, CUTS * sizeof *t->false_alarms);
    t->overlap = blmi_alloc(count, CUTS * sizeof *t->overlap);
    if (t->hits == NULL || t->false_alarms == NULL || t->overlap == NULL)
        return blmi_no_memory(err, "a bootstrap", count, CUTS * 16);
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (size_t i = 0; i < count; i++)
        fill_row(t, i);
    return BLM_OK;
}

static void free_table(table *t)
{
    if (t == NULL)
        return;
    blmi_free(t->hits);
    blmi_free(t->false_alarms);
    blmi_free(t->overlap);
    blmi_free(t);
}

// The counts of a draw at or above each threshold.
typedef struct draw {
    blmi_totals totals;
    int64_t hits[CUTS], false_alarms[CUTS];
    double overlap[CUTS];
} draw;

// Nearly all the time of a bootstrap is spent here.
static void add_image(draw *d, const table *t, size_t image, int64_t weight)
{
    const blmi_pixels *const p = t->selection->images[image];
    const uint32_t *const hits = t->hits + image * CUTS;
    const uint32_t *const false_alarms = t->false_alarms + image * CUTS;
    const double *const overlap = t->overlap + image * CUTS;
    d->totals.good += weight * p->good_count;
    d->totals.defective += weight * p->defective_count;
    d->totals.regions += weight * p->region_count;
#pragma omp simd
    for (size_t i = 0; i < t->cut_count; i++)
        d->false_alarms[i] += weight * false_alarms[i];
    if (p->region_count == 0)
        return;
#pragma omp simd
    for (size_t i = 0; i < t->cut_count; i++) {
        d->hits[i] += weight * hits[i];
        d->overlap[i] += (double)weight * overlap[i];
    }
}

static void evaluate_draw(
    const void *data, const uint32_t *weights, void *scratch, blm_metrics *out)
{
    const table *const t = data;
    draw *const d = scratch;
    *d = (draw){0};
    for (size_t image = 0; image < t->selection->count; image++)
        if (weights[image] > 0)
            add_image(d, t, image, weights[image]);
    blmi_sweep sweep;
    blmi_sweep_start(&sweep, &d->totals, t->limits);
    for (size_t i = 1; i < t->cut_count; i++) { // the first is the origin
        const blm_cut cut = {.threshold = t->cuts[i].threshold,
            .hits = d->hits[i],
            .false_alarms = d->false_alarms[i],
            .overlap = fmin(d->overlap[i] / (double)d->totals.regions, 1)};
        blmi_sweep_take(&sweep, &cut);
    }
    blmi_sweep_result(&sweep, out);
}

blm_status blm_pixel_metrics_intervals_sized(const blm_pixel_metrics *metrics,
    const blm_pixel_options *options, size_t options_size, const blm_bootstrap *bootstrap,
    size_t bootstrap_size, blm_intervals *out, size_t out_size, blm_error *err)
{
    blm_intervals own;
    blm_bootstrap drawing = {0};
    BLMI_NEED(metrics, err);
    BLMI_NEED(out, err);
    BLMI_TAKE(blm_bootstrap, drawing, bootstrap, bootstrap_size, err);
    blm_pixel_options o;
    blmi_selection *selection = NULL;
    table *t = NULL;
    blm_status status = resolve_options(options, options_size, &o, err);
    if (status == BLM_OK)
        status = blmi_selection_new(metrics, o.kind, o.threads, &selection, err);
    if (status != BLM_OK)
        goto done;
    t = blmi_alloc_zero(1, sizeof *t);
    if (t == NULL) {
        status = blmi_no_memory(err, "a bootstrap", 1, sizeof *t);
        goto done;
    }
    t->limits = o.limits;
    status = fill_table(t, selection, o.threads, err);
    if (status == BLM_OK)
        status = blmi_bootstrap(
            &drawing, selection->count, evaluate_draw, t, sizeof(draw), &own, err);
    if (status == BLM_OK)
        blmi_sized_give(&own, sizeof own, out, out_size);
done:
    free_table(t);
    blmi_selection_free(selection);
    return status;
}
