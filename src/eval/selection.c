// Ranks the pixels of a selection of images.
#include <math.h>
#include <string.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/eval/eval_pixels.h"
#include "src/map/sort.h"

size_t blmi_find_key(const uint32_t *keys, size_t from, size_t count, uint32_t key)
{
    size_t low = from, step = 1;
    while (low + step <= count && keys[low + step - 1] < key) {
        low += step;
        step *= 2;
    }
    size_t high = low + step <= count ? low + step - 1 : count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (keys[middle] < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static blm_status select_images(
    blmi_selection *s, const blm_pixel_metrics *metrics, int kind, blm_error *err)
{
    if (kind < 0)
        return blmi_fail(err, BLM_EUSAGE, "the kind is %d, expected 0 or more", kind);
    s->images = blmi_alloc(metrics->count, sizeof *s->images);
    if (s->images == NULL)
        return blmi_no_memory(err, "a selection", metrics->count, sizeof *s->images);
    for (size_t i = 0; i < metrics->count; i++) {
        const blmi_pixels *const p = &metrics->images[i];
        if (kind != 0 && p->kind != 0 && p->kind != kind)
            continue;
        s->images[s->count++] = p;
        s->totals.good += p->good_count;
        s->totals.defective += p->defective_count;
        s->totals.regions += p->region_count;
    }
    return BLM_OK;
}

// Gathers the defective pixels, with regions numbered over all images, and their shares.
static void gather(blmi_selection *s)
{
    uint64_t *to = s->defective, region = 0;
    for (size_t i = 0; i < s->count; i++) {
        const blmi_pixels *const p = s->images[i];
        for (uint32_t k = 0; k < p->defective_count; k++)
            *to++ = p->defective[k] + region;
        for (uint32_t k = 0; k < p->region_count; k++)
            s->share[region++] = 1 / ((double)p->area[k] * (double)s->totals.regions);
    }
}

static blm_status sort_defective(blmi_selection *s, blm_error *err)
{
    const size_t count = (size_t)s->totals.defective;
    s->defective = blmi_alloc(count, sizeof *s->defective);
    s->share = blmi_alloc((size_t)s->totals.regions, sizeof *s->share);
    uint64_t *const spare = blmi_alloc(count, sizeof *spare);
    if (s->defective != NULL && s->share != NULL && spare != NULL) {
        gather(s);
        blmi_sort(s->defective, spare, count);
    }
    blmi_free(spare);
    if (s->defective == NULL || s->share == NULL || spare == NULL)
        return blmi_no_memory(err, "defective pixels", count, 2 * sizeof *spare);
    return BLM_OK;
}

static blm_status list_keys(blmi_selection *s, blm_error *err)
{
    const size_t count = (size_t)s->totals.defective;
    for (size_t i = 0; i < count; i++)
        s->distinct += i == 0 || s->defective[i] >> 32 != s->defective[i - 1] >> 32;
    s->keys = blmi_alloc(s->distinct, sizeof *s->keys);
    s->below = blmi_alloc_zero(s->distinct, sizeof *s->below);
    s->equal = blmi_alloc_zero(s->distinct, sizeof *s->equal);
    if (s->keys == NULL || s->below == NULL || s->equal == NULL)
        return blmi_no_memory(err, "distinct values", s->distinct, 12);
    uint32_t *key = s->keys;
    for (size_t i = 0; i < count; i++)
        if (i == 0 || s->defective[i] >> 32 != s->defective[i - 1] >> 32)
            *key++ = (uint32_t)(s->defective[i] >> 32);
    return BLM_OK;
}

// Counts an image's good pixels at and below the keys from `first` to before `end`.
// Walks the shorter list, and searches the longer one from the last place.
static void count_good(blmi_selection *s, const blmi_pixels *p, size_t first, size_t end)
{
    const size_t most = p->good_count;
    size_t at = first > 0 ? blmi_find_key(p->good, 0, most, s->keys[first - 1] + 1) : 0;
    const size_t stop = blmi_find_key(p->good, at, most, s->keys[end - 1] + 1);
    if (stop - at < end - first) {
        for (size_t k = first; at < stop; at++) {
            k = blmi_find_key(s->keys, k, end, p->good[at]);
            (s->keys[k] == p->good[at] ? s->equal : s->below)[k]++;
        }
        return;
    }
    for (size_t k = first; k < end; k++) {
        const size_t from = blmi_find_key(p->good, at, stop, s->keys[k]);
        s->below[k] += (uint32_t)(from - at);
        at = blmi_find_key(p->good, from, stop, s->keys[k] + 1);
        s->equal[k] += (uint32_t)(at - from);
    }
}

// Threads share the keys, each for all images, so that no two write to the same place.
static void count_all_good(blmi_selection *s, int threads)
{
    enum { PARTS = 64 };
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (size_t part = 0; part < PARTS; part++) {
        const size_t first = s->distinct * part / PARTS;
        const size_t end = s->distinct * (part + 1) / PARTS;
        for (size_t i = 0; i < s->count && first < end; i++)
            count_good(s, s->images[i], first, end);
    }
}

blm_status blmi_selection_new(const blm_pixel_metrics *metrics, int kind, int threads,
    blmi_selection **out, blm_error *err)
{
    blmi_selection *s = blmi_alloc_zero(1, sizeof *s);
    blm_status status = BLM_OK;
    if (s == NULL) {
        status = blmi_no_memory(err, "a selection", 1, sizeof *s);
        goto done;
    }
    if ((status = select_images(s, metrics, kind, err)) != BLM_OK ||
        (status = sort_defective(s, err)) != BLM_OK ||
        (status = list_keys(s, err)) != BLM_OK)
        goto done;
    count_all_good(s, threads);
    *out = s;
    s = NULL;
done:
    blmi_selection_free(s);
    return status;
}

void blmi_selection_free(blmi_selection *s)
{
    if (s == NULL)
        return;
    blmi_free(s->images);
    blmi_free(s->defective);
    blmi_free(s->share);
    blmi_free(s->keys);
    blmi_free(s->below);
    blmi_free(s->equal);
    blmi_free(s);
}

static float lowest_good(const blmi_selection *s)
{
    uint32_t lowest = UINT32_MAX;
    for (size_t i = 0; i < s->count; i++)
        if (s->images[i]->good_count > 0 && s->images[i]->good[0] < lowest)
            lowest = s->images[i]->good[0];
    return blmi_key_float(lowest);
}

void blmi_selection_walk(const blmi_selection *s, blmi_take_cut *take, void *context)
{
    blm_cut cut = blmi_cut_origin(&s->totals);
    blmi_sum overlap = {0};
    int64_t above = s->totals.good;
    for (size_t k = 0; k < s->distinct; k++)
        above -= (int64_t)s->below[k] + s->equal[k];
    size_t next = (size_t)s->totals.defective;
    for (size_t k = s->distinct; k-- > 0;) {
        const float value = blmi_key_float(s->keys[k]);
        if (above > 0) {
            cut.threshold = (double)nextafterf(value, INFINITY);
            cut.false_alarms += above;
            take(context, &cut);
        }
        for (; next > 0 && s->defective[next - 1] >> 32 == s->keys[k]; next--) {
            blmi_sum_add(&overlap, s->share[(uint32_t)s->defective[next - 1]]);
            cut.hits++;
        }
        cut.threshold = (double)value;
        cut.false_alarms += s->equal[k];
        cut.overlap = fmin(blmi_sum_value(&overlap), 1);
        take(context, &cut);
        above = s->below[k];
    }
    if (above > 0) {
        cut.threshold = (double)lowest_good(s);
        cut.false_alarms += above;
        take(context, &cut);
    }
}
