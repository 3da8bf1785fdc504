// calibration.h: what can be wrong with a calibration before any score is known.
#ifndef BLMI_FIT_CALIBRATION_H
#define BLMI_FIT_CALIBRATION_H

#include "blemish/blemish.h"
#include "src/feature/recipe.h"

// BLM_EUSAGE names the member that is out of range; calibration NULL: all defaults, which
// are right.  recipe is the complete one of the model.
blm_status blmi_calibration_check(
    const blm_calibration *calibration, const blmi_recipe *recipe, blm_error *err);

#endif
