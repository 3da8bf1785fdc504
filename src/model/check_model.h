// check_model.h: checks the content of a model file when it is opened.
#ifndef BLMI_MODEL_CHECK_MODEL_H
#define BLMI_MODEL_CHECK_MODEL_H

#include "src/model/model.h"

// First checks the numbers of the metadata, then the tensors, except those of the
// detector (blmi_detector_check_parts).  BLM_EINPUT; the text begins with path.
blm_status blmi_model_check_numbers(
    const blm_model *model, const char *path, blm_error *err);
blm_status blmi_model_check_tensors(
    const blm_model *model, const char *path, blm_error *err);

// Sets the reference of a model that aligns images, after checking what its file has.
// name, picture: NULL: missing.
blm_status blmi_model_set_reference(blm_model *model, const char *path, double aspect,
    const char *name, const blmi_tensor *picture, blm_error *err);

#endif
