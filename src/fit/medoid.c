// medoid.c: chooses the reference that images are aligned with.
#include "src/fit/medoid.h"

#include <math.h>

#include "src/base/alloc.h"
#include "src/base/error.h"

blm_status blmi_medoid_candidate(const blmi_recipe *recipe, const blm_image *image,
    const char *name, blmi_candidate_image *out, blm_error *err)
{
    const blm_recipe *r = &recipe->fields;
    const size_t pixels = (size_t)r->width * (size_t)r->height;
    const size_t resized = (size_t)r->resize_width * (size_t)r->resize_height;
    uint8_t *grey = blmi_alloc(pixels, 1), *rgb = blmi_alloc(resized, 3);
    blm_status status = grey != NULL && rgb != NULL
                            ? blmi_recipe_resize(recipe, image, rgb, err)
                            : blmi_no_memory(err, "the reference", resized, 3);
    if (status == BLM_OK) {
        blmi_registration_grey_of(recipe, rgb, grey);
        *out = (blmi_candidate_image){
            name, blmi_registration_aspect_of(recipe, image->width, image->height), grey};
    } else
        blmi_free(grey);
    blmi_free(rgb);
    return status;
}

// What an alignment of another image costs.
static double cost_of(const blmi_recipe *recipe, const blmi_alignment *a)
{
    const double side = fmin(recipe->fields.width, recipe->fields.height);
    return 1 - a->quality + 0.5 * hypot(a->transform.dx, a->transform.dy) / side;
}

// The cost of aligning the others with candidate i; infinite: impossible.
static blm_status measure(const blmi_recipe *recipe, const blmi_candidate_image *all,
    int count, int i, blmi_registration **out, double *cost, blm_error *err)
{
    blmi_registering *work = NULL;
    *cost = INFINITY;
    blm_status status =
        blmi_registration_new(recipe, all[i].grey, all[i].aspect, all[i].name, out, err);
    if (status != BLM_OK)
        return status;
    status = blmi_registering_new(*out, &work, err);
    if (status != BLM_OK)
        return status;
    double sum = 0;
    for (int k = 0; k < count; k++) {
        blmi_alignment a;
        if (k == i)
            continue;
        blmi_registering_find(work, all[k].grey, &a);
        sum += cost_of(recipe, &a);
    }
    blmi_registering_free(work);
    *cost = sum;
    return BLM_OK;
}

blm_status blmi_medoid_choose(const blmi_recipe *recipe,
    const blmi_candidate_image *candidates, int count, int threads, int *chosen,
    blmi_registration **out, blm_error *err)
{
    blmi_registration *registrations[BLMI_MEDOIDS] = {NULL};
    double costs[BLMI_MEDOIDS];
    blm_status statuses[BLMI_MEDOIDS];
    blm_error why[BLMI_MEDOIDS];
    int best = -1;
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
    for (int i = 0; i < count; i++)
        statuses[i] =
            measure(recipe, candidates, count, i, &registrations[i], &costs[i], &why[i]);
    blm_status status = BLM_OK;
    for (int i = 0; i < count && status == BLM_OK; i++) {
        if (statuses[i] != BLM_OK && statuses[i] != BLM_EINPUT)
            status = blmi_fail(err, statuses[i], "%s", why[i].text);
        else if (statuses[i] == BLM_OK && (best < 0 || costs[i] < costs[best]))
            best = i;
    }
    if (status == BLM_OK && best < 0)
        status = blmi_fail(err, BLM_EINPUT, "%s: %s", candidates[0].name, why[0].text);
    if (status == BLM_OK) {
        *chosen = best;
        *out = blmi_registration_share(registrations[best]);
    }
    for (int i = 0; i < count; i++)
        blmi_registration_free(registrations[i]);
    return status;
}
