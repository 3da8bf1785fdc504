// good_map.c: computes the map of a good image by a model of the others (leave one out).
#include "src/base/error.h"
#include "src/model/model.h"
#include "src/score/mapper.h"
#include "src/score/marker.h"

static blm_status mark(
    const blm_model *model, const float *map, uint8_t *mask, blm_error *err)
{
    const blmi_component *components;
    blmi_marker *marker = NULL;
    BLMI_TRY(blmi_marker_new(&model->recipe, model->include, &marker, err));
    blmi_marker_run(marker, map,
        (blmi_thresholds){model->threshold, model->review_threshold}, mask, &components);
    blmi_marker_free(marker);
    return BLM_OK;
}

blm_status blm_model_good_map(
    const blm_model *model, size_t index, float *out, uint8_t *mask, blm_error *err)
{
    BLMI_NEED(model, err);
    BLMI_NEED(out, err);
    const blmi_detector *detector = model->detector;
    if (index >= (size_t)detector->left_out)
        return blmi_fail(err, BLM_EUSAGE, "good image %zu: expected an index below %d",
            index, detector->left_out);
    blmi_mapper *mapper = NULL;
    BLMI_TRY(blmi_mapper_new(&model->recipe, model->layout.grid_width,
        model->layout.grid_height, model->include, &mapper, err));
    blmi_warp warp;
    blmi_mapper_run_aligned(mapper, detector->loo + index * (size_t)detector->positions,
        blmi_model_good_warp(model, index, &warp), out);
    blmi_mapper_free(mapper);
    return mask != NULL ? mark(model, out, mask, err) : BLM_OK;
}
