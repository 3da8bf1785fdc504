#include "src/fit/check_limits.h"

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/score/mapper.h"

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
    blm_status status = BLM_OK;
    uint8_t *use = blmi_alloc(positions, sizeof *use);
    float *scratch = blmi_alloc(positions, sizeof *scratch);
    if (use == NULL || scratch == NULL) {
        status = blmi_no_memory(err, "distances", positions, sizeof *scratch);
        goto done;
    }
    for (int m = 0; m < model->detector->left_out; m++) {
        blmi_warp own;
        const blmi_warp *warp = blmi_model_good_warp(model, (size_t)m, &own);
        if (m == 0 || warp != NULL)
            blmi_mapper_positions(&model->recipe, model->include, warp,
                model->layout.grid_width, model->layout.grid_height, use);
        blmi_check_distances(
            distances + (size_t)m * positions, use, (int)positions, scratch, spread[m]);
    }
done:
    blmi_free(use);
    blmi_free(scratch);
    return status;
}

// Numbers of checks of the alignments of good images; NULL: images are not aligned.
static blm_status list_alignments(
    const blm_model *model, size_t count, float (**out)[2], blm_error *err)
{
    if (model->registration == NULL)
        return BLM_OK;
    *out = blmi_alloc(count, sizeof **out);
    if (*out == NULL)
        return blmi_no_memory(err, "alignments", count, sizeof **out);
    for (size_t m = 0; m < count; m++)
        blmi_check_alignment(
            model->alignments[m].quality, model->alignments[m].rival, (*out)[m]);
    return BLM_OK;
}

blm_status blmi_limits_set(
    blm_model *model, const float (*spread)[2], size_t count, double rate, blm_error *err)
{
    const int checks = blmi_model_checks(model);
    float(*alignments)[2] = NULL;
    blmi_limit *limits = blmi_alloc((size_t)checks, sizeof *limits);
    if (limits == NULL)
        return blmi_no_memory(err, "limits of checks", (size_t)checks, sizeof *limits);
    blm_status status = list_alignments(model, count, &alignments, err);
    for (int i = 0; i < checks && status == BLM_OK; i++) {
        const blmi_check *c = blmi_check_at(i);
        if (c->number >= BLMI_CHECK_FIT)
            status = blmi_check_limit(c, &alignments[0][c->number - BLMI_CHECK_FIT],
                count, 2, rate, &limits[i], err);
        else if (c->number < BLMI_LOOK_NUMBERS)
            status = blmi_check_limit(c,
                model->looks != NULL ? &model->looks->at[c->number] : NULL,
                model->look_count, BLMI_LOOK_NUMBERS, rate, &limits[i], err);
        else
            status = blmi_check_limit(c, &spread[0][c->number - BLMI_LOOK_NUMBERS], count,
                2, rate, &limits[i], err);
    }
    blmi_free(alignments);
    if (status != BLM_OK) {
        blmi_free(limits);
        return status;
    }
    model->limits = model->owned_limits = limits;
    model->unjudged = rate;
    return BLM_OK;
}
