// The table of detectors, and what all of them have in common.
#include "src/detector/detector.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/detector/kind.h"

struct blmi_detector_fit {
    const blmi_detector_kind *kind;
    int variations; // of the rule
    void *fit;      // belongs to the kind
};

static const blmi_detector_kind *kind_of(const blmi_detector_rule *rule)
{
    static const blmi_detector_kind *const kinds[] = {
        [BLMI_DETECTOR_GAUSS] = &blmi_detector_gauss,
        [BLMI_DETECTOR_MEMORY] = &blmi_detector_memory,
        [BLMI_DETECTOR_SUBSPACE] = &blmi_detector_subspace};
    return kinds[rule->name];
}

static blm_status new_detector(
    const blmi_detector_kind *kind, blmi_detector **out, blm_error *err)
{
    blmi_detector *detector = blmi_alloc_zero(1, kind->size);
    if (detector == NULL)
        return blmi_no_memory(err, "the detector", 1, kind->size);
    detector->kind = kind;
    *out = detector;
    return BLM_OK;
}

void blmi_detector_free(blmi_detector *detector)
{
    if (detector == NULL)
        return;
    if (!detector->borrows)
        detector->kind->release(detector);
    blmi_free(detector->own_loo);
    blmi_free(detector);
}

// ---- fitting --------------------------------------------------------------------------

blm_status blmi_detector_fit_new(const blmi_detector_rule *rule,
    const blmi_detector_shape *shape, const uint8_t *use, int threads,
    blmi_detector_fit **out, blm_error *err)
{
    blmi_detector_fit *fit = blmi_alloc_zero(1, sizeof *fit);
    if (fit == NULL)
        return blmi_no_memory(err, "the fit", 1, sizeof *fit);
    fit->kind = kind_of(rule);
    fit->variations = rule->variations;
    const blm_status status =
        fit->kind->new_fit(rule, shape, use, threads, &fit->fit, err);
    if (status == BLM_OK)
        *out = fit;
    else
        blmi_free(fit);
    return status;
}

void blmi_detector_fit_free(blmi_detector_fit *fit)
{
    if (fit == NULL)
        return;
    fit->kind->free_fit(fit->fit);
    blmi_free(fit);
}

blm_status blmi_detector_fit_add(
    blmi_detector_fit *fit, const float *x, int images, blm_error *err)
{
    return fit->kind->add(fit->fit, x, images, err);
}

int64_t blmi_detector_fit_images(const blmi_detector_fit *fit)
{
    return fit->kind->images(fit->fit);
}

blm_status blmi_detector_fit_finish(
    blmi_detector_fit *fit, blmi_detector **out, blm_error *err)
{
    const int64_t images = fit->kind->images(fit->fit);
    blmi_detector *detector = NULL;
    const int each = fit->variations + 1;
    if (each > 1 && (images < 3 * each || images % each != 0))
        return blmi_fail(err, BLM_EUSAGE,
            "%lld images, expected 3 or more, each with its variations",
            (long long)images / each);
    BLMI_TRY(new_detector(fit->kind, &detector, err));
    detector->variations = fit->variations;
    const blm_status status = fit->kind->finish(fit->fit, detector, err);
    if (status == BLM_OK)
        *out = detector;
    else
        blmi_detector_free(detector);
    return status;
}

// ---- distances ------------------------------------------------------------------------

size_t blmi_detector_scratch(
    const blmi_detector *detector, int images, const blmi_team *team)
{
    return detector->kind->scratch(detector, images, team);
}

void blmi_detector_distances(const blmi_detector *detector, const float *x, int images,
    const uint8_t *use, blmi_team *team, void *scratch, float *out)
{
    detector->kind->distances(detector, x, images, use, team, scratch, out);
}

blm_status blmi_detector_groups(
    const blmi_detector *detector, const int32_t *group, int32_t **out, blm_error *err)
{
    const size_t images = (size_t)detector->images;
    const size_t each = (size_t)detector->variations + 1;
    int32_t *all = *out = blmi_alloc(images, sizeof *all);
    if (all == NULL)
        return blmi_no_memory(err, "groups of images", images, sizeof *all);
    for (size_t i = 0; i < images; i++)
        all[i] = group != NULL ? group[i / each] : (int32_t)(i / each);
    return BLM_OK;
}

blm_status blmi_detector_leave_out(const blmi_detector *detector, const int32_t *group,
    const uint8_t *use, int threads, float *out, blm_error *err)
{
    int32_t *all;
    const int each = detector->variations + 1;
    if (each == 1)
        return detector->kind->leave_out(detector, group, use, threads, out, err);
    if (detector->images != (int64_t)detector->left_out * each)
        return blmi_fail(err, BLM_EUSAGE,
            "groups cannot be left out of %lld images with variations: the model has "
            "kept %d of them",
            (long long)detector->images / each, detector->left_out);
    BLMI_TRY(blmi_detector_groups(detector, group, &all, err));
    const blm_status status =
        detector->kind->leave_out(detector, all, use, threads, out, err);
    blmi_free(all);
    return status;
}

bool blmi_detector_can_adapt(
    const blmi_detector *detector, const blmi_detector_rule *rule)
{
    return kind_of(rule) == detector->kind && detector->kind->can_adapt(detector, rule);
}

blm_status blmi_detector_adapt(const blmi_detector *detector,
    const blmi_detector_rule *rule, int threads, blmi_detector **out, blm_error *err)
{
    const size_t count = (size_t)detector->left_out * (size_t)detector->positions;
    blmi_detector *next = NULL;
    BLMI_TRY(new_detector(detector->kind, &next, err));
    memcpy(next, detector, detector->kind->size);
    next->borrows = true;
    next->own_loo = blmi_alloc(count, sizeof(float));
    blm_status status = BLM_OK;
    if (next->own_loo != NULL) {
        memcpy(next->own_loo, detector->loo, count * sizeof(float));
        next->loo = next->own_loo;
        status = detector->kind->adapt(next, rule, threads, err);
    } else
        status = blmi_no_memory(err, "distances", count, sizeof(float));
    if (status == BLM_OK)
        *out = next;
    else
        blmi_detector_free(next);
    return status;
}

// ---- files ----------------------------------------------------------------------------

blm_status blmi_detector_blank(const blmi_detector_rule *rule,
    const blmi_detector_shape *shape, blmi_detector **out, blm_error *err)
{
    BLMI_TRY(new_detector(kind_of(rule), out, err));
    (*out)->variations = rule->variations;
    (*out)->kind->blank(*out, rule, shape);
    return BLM_OK;
}

size_t blmi_detector_numbers(
    blmi_detector *detector, blmi_number numbers[BLMI_MAX_NUMBERS])
{
    return detector->kind->numbers(detector, numbers);
}

blm_status blmi_detector_check_numbers(blmi_detector *d, const blmi_detector_rule *rule,
    const blmi_detector_shape *shape, const char *path, blm_error *err)
{
    const int positions = shape->grid_width * shape->grid_height;
    if (d->positions != positions || d->features != shape->features)
        return blmi_fail(err, BLM_EINPUT,
            "%s: %d positions of %d features, expected %d of %d by the recipe", path,
            d->positions, d->features, positions, shape->features);
    if (d->images < 3 || d->images > INT32_MAX || d->left_out < 3 ||
        d->images % (d->variations + 1) != 0 ||
        d->left_out > d->images / (d->variations + 1) || d->left_out > 1 << 20)
        return blmi_fail(err, BLM_EINPUT,
            "%s: %s: %lld images, %d variations of each and %d left out contradict each "
            "other",
            path, d->kind->name, (long long)d->images, d->variations, d->left_out);
    return d->kind->check_numbers(d, rule, path, err);
}

size_t blmi_detector_parts(blmi_detector *detector, blmi_part parts[BLMI_MAX_PARTS])
{
    return detector->kind->parts(detector, parts);
}

static blm_status check_left_out(const blmi_detector *d, const char *path, blm_error *err)
{
    const size_t count = (size_t)d->left_out * (size_t)d->positions;
    for (size_t i = 0; i < count; i++)
        if (!(d->loo[i] >= 0.0f))
            return blmi_fail(err, BLM_EINPUT,
                "%s: %s.loo: number %zu is %g, expected a distance", path, d->kind->name,
                i, (double)d->loo[i]);
    for (int m = 0; m < d->left_out; m++) {
        const int32_t least = m > 0 ? d->loo_index[m - 1] + 1 : 0;
        if (d->loo_index[m] < least || d->loo_index[m] >= d->images ||
            d->loo_index[m] % (d->variations + 1) != 0)
            return blmi_fail(err, BLM_EINPUT,
                "%s: %s.loo_index: number %d is %d, expected rising numbers below %lld",
                path, d->kind->name, m, (int)d->loo_index[m], (long long)d->images);
    }
    return BLM_OK;
}

blm_status blmi_detector_check_parts(
    blmi_detector *detector, const char *path, blm_error *err)
{
    blmi_part parts[BLMI_MAX_PARTS];
    const size_t count = blmi_detector_parts(detector, parts);
    for (size_t i = 0; i < count; i++)
        BLMI_TRY(blmi_part_check_finite(&parts[i], path, err));
    BLMI_TRY(check_left_out(detector, path, err));
    return detector->kind->check_parts(detector, path, err);
}

// ---- cost and name --------------------------------------------------------------------

blmi_detector_cost blmi_detector_cost_of(const blmi_detector_rule *rule,
    const blmi_detector_shape *shape, int64_t images, int threads)
{
    return kind_of(rule)->cost(rule, shape, images * (rule->variations + 1), threads);
}

int blmi_detector_rank(const blmi_detector *detector)
{
    return detector->kind->rank(detector);
}
