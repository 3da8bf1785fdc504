#include "src/fit/check_limits.h"

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/map/map.h"

void blmi_limits_take_looks(blm_model *model, blmi_look **looks, size_t count)
{
    if (count == SIZE_MAX)
        return;
    model->looks = model->owned_looks = *looks;
    model->look_count = count;
    *looks = NULL;
}

blm_status blmi_limits_spread(
    const blm_model *model, const float *distances, float (*spread)[2], blm_error *err)
{
    const size_t positions = (size_t)model->detector->positions;
    const blm_recipe *r = &model->recipe.fields;
    blm_status status = BLM_OK;
    uint8_t *use = blmi_alloc(positions, sizeof *use);
    float *scratch = blmi_alloc(positions, sizeof *scratch);
    if (use == NULL || scratch == NULL) {
        status = blmi_no_memory(err, "distances", positions, sizeof *scratch);
        goto done;
    }
    if (model->include != NULL)
        blmi_region_positions(model->include, r->width, r->height,
            model->layout.grid_width, model->layout.grid_height, use);
    for (int m = 0; m < model->detector->left_out; m++)
        blmi_check_distances(distances + (size_t)m * positions,
            model->include != NULL ? use : NULL, (int)positions, scratch, spread[m]);
done:
    blmi_free(use);
    blmi_free(scratch);
    return status;
}

blm_status blmi_limits_set(
    blm_model *model, const float (*spread)[2], size_t count, double rate, blm_error *err)
{
    blm_status status = BLM_OK;
    blmi_limit *limits = blmi_alloc(BLMI_CHECKS, sizeof *limits);
    if (limits == NULL)
        return blmi_no_memory(err, "limits of checks", BLMI_CHECKS, sizeof *limits);
    for (int i = 0; i < BLMI_CHECKS && status == BLM_OK; i++) {
        const blmi_check *c = blmi_check_at(i);
        if (c->number < BLMI_LOOK_NUMBERS)
            status = blmi_check_limit(c,
                model->looks != NULL ? &model->looks->at[c->number] : NULL,
                model->look_count, BLMI_LOOK_NUMBERS, rate, &limits[i], err);
        else
            status = blmi_check_limit(c, &spread[0][c->number - BLMI_LOOK_NUMBERS], count,
                2, rate, &limits[i], err);
    }
    if (status != BLM_OK) {
        blmi_free(limits);
        return status;
    }
    model->limits = model->owned_limits = limits;
    model->unjudged = rate;
    return BLM_OK;
}
