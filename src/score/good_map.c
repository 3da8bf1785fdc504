// good_map.c: computes the map of a good image by a model of the others (leave one out).
#include "src/base/error.h"
#include "src/model/model.h"
#include "src/score/mapper.h"
#include "src/score/verdict.h"

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
    blmi_mapper_run(mapper, detector->loo + index * (size_t)detector->positions, out);
    blmi_mapper_free(mapper);
    const size_t pixels =
        (size_t)model->recipe.fields.width * (size_t)model->recipe.fields.height;
    const blmi_thresholds at = {model->threshold, model->review_threshold};
    for (size_t i = 0; mask != NULL && i < pixels; i++)
        mask[i] = blmi_verdict_pixel((double)out[i], at);
    return BLM_OK;
}
