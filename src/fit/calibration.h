// calibration.h: finds the thresholds of a model from scores of good images.
#ifndef BLMI_FIT_CALIBRATION_H
#define BLMI_FIT_CALIBRATION_H

#include "blemish/blemish.h"
#include "src/feature/recipe.h"
#include "src/model/model.h"

// BLM_EUSAGE: a member is out of range.  calibration NULL: all defaults.  recipe: that of
// the model, complete.
blm_status blmi_calibration_check(
    const blm_calibration *calibration, const blmi_recipe *recipe, blm_error *err);

// Sets the thresholds of a model that nobody else uses yet.  A failure changes nothing.
blm_status blmi_model_calibrate(
    blm_model *model, const blm_calibration *calibration, blm_error *err);

#endif
