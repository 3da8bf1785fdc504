// good_map.c: the anomaly map of a good image, by the Gaussians of the others.
#include "src/base/error.h"
#include "src/model/model.h"
#include "src/score/mapper.h"

blm_status blm_model_good_map(
    const blm_model *model, size_t index, float *out, blm_error *err)
{
    const blmi_gauss *gauss = &model->gauss;
    if (index >= (size_t)gauss->left_out)
        return blmi_fail(err, BLM_EUSAGE, "good image %zu: the model has maps of %d",
            index, gauss->left_out);
    blmi_mapper *mapper = NULL;
    BLMI_TRY(blmi_mapper_new(&model->recipe, model->include, &mapper, err));
    blmi_mapper_run(mapper, gauss->loo + index * (size_t)gauss->positions, out);
    blmi_mapper_free(mapper);
    return BLM_OK;
}
