// adapt.c: makes a model of another recipe from a fitted model, without its images.
#include "blemish/blemish.h"
#include "src/base/error.h"
#include "src/base/sized.h"
#include "src/base/threads.h"
#include "src/detector/detector.h"
#include "src/feature/recipe.h"
#include "src/feature/recipe_fields.h"
#include "src/fit/calibration.h"
#include "src/model/model.h"

int blm_model_can_adapt(const blm_model *model, const blm_recipe *recipe)
{
    blmi_recipe complete;
    if (model == NULL || recipe == NULL ||
        blmi_recipe_complete(recipe, &model->backbone, &complete, NULL) != BLM_OK ||
        !blmi_recipe_equal(
            &model->recipe.fields, &complete.fields, BLM_PART_INPUT, BLM_PART_STATISTICS))
        return 0;
    const blmi_detector_rule rule = blmi_recipe_rule(&complete);
    return blmi_detector_can_adapt(model->detector, &rule);
}

blm_status blm_model_adapt_sized(const blm_model *model, const blm_recipe *recipe,
    const blm_calibration *given, size_t calibration_size, blm_model **out,
    blm_error *err)
{
    blm_calibration own = {0};
    const blm_calibration *calibration = &own;
    blmi_recipe complete;
    blmi_detector *detector = NULL;
    blm_model *next = NULL;
    BLMI_NEED(model, err);
    BLMI_NEED(recipe, err);
    BLMI_NEED(out, err);
    BLMI_TAKE(blm_calibration, own, given, calibration_size, err);
    BLMI_TRY(blmi_recipe_complete(recipe, &model->backbone, &complete, err));
    BLMI_TRY(blmi_calibration_check(calibration, &complete, err));
    if (!blm_model_can_adapt(model, recipe))
        return blmi_fail(err, BLM_EUSAGE,
            "the model must be fitted again: fields other than epsilon, shrinkage, "
            "tolerance, sigma, min-area and those of the mask differ, or it has not kept "
            "the statistics");
    const blmi_detector_rule rule = blmi_recipe_rule(&complete);
    const int threads = blmi_threads_of(calibration != NULL ? calibration->threads : 0);
    while (model->base != NULL) // so that bases form no chain
        model = model->base;
    BLMI_TRY(blmi_detector_adapt(model->detector, &rule, threads, &detector, err));
    blm_status status = blmi_model_derive(model, detector, &next, err);
    if (status != BLM_OK)
        return status;
    next->recipe = complete;
    status = blmi_model_calibrate(next, calibration, err);
    if (status == BLM_OK)
        *out = next;
    else
        blm_model_free(next);
    return status;
}
