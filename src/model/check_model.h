// check_model.h: whether what a model file says makes sense, once, when it is opened.
#ifndef BLMI_MODEL_CHECK_MODEL_H
#define BLMI_MODEL_CHECK_MODEL_H

#include "src/model/model.h"

// The numbers of the metadata, before the tensors are known; then the tensors but those
// of the detector, which checks its own (blmi_detector_check_parts).  BLM_EINPUT; the
// text begins with path.
blm_status blmi_model_check_numbers(
    const blm_model *model, const char *path, blm_error *err);
blm_status blmi_model_check_tensors(
    const blm_model *model, const char *path, blm_error *err);

#endif
