// good_map.c: the anomaly map of a good image, by the Gaussians of the others.
#include "src/base/error.h"
#include "src/model/model.h"
#include "src/score/mapper.h"

blm_status blm_model_good_map(
    const blm_model *model, size_t index, float *out, blm_error *err)
{
    BLMI_NEED(model, err);
    BLMI_NEED(out, err);
    const blmi_detector *detector = model->detector;
    if (index >= (size_t)detector->left_out)
        return blmi_fail(err, BLM_EUSAGE, "good image %zu: the model has maps of %d",
            index, detector->left_out);
    blmi_mapper *mapper = NULL;
    BLMI_TRY(blmi_mapper_new(&model->recipe, model->layout.grid_width,
        model->layout.grid_height, model->include, &mapper, err));
    blmi_mapper_run(mapper, detector->loo + index * (size_t)detector->positions, out);
    blmi_mapper_free(mapper);
    return BLM_OK;
}
