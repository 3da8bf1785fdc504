// calibration.h: thresholds from the scores of good images.
#ifndef BLMI_FIT_CALIBRATION_H
#define BLMI_FIT_CALIBRATION_H

#include "blemish/blemish.h"
#include "src/feature/recipe.h"
#include "src/model/model.h"

// BLM_EUSAGE names the member that is out of range; calibration NULL: all defaults, which
// are right.  recipe is the complete one of the model.
blm_status blmi_calibration_check(
    const blm_calibration *calibration, const blmi_recipe *recipe, blm_error *err);

// Gives the model its thresholds, in place: for one that nobody else has yet.  After a
// failure it is as it was.
blm_status blmi_model_calibrate(
    blm_model *model, const blm_calibration *calibration, blm_error *err);

#endif
