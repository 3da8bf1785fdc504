// fit_parts.h: which good images of a model show the same part, for its thresholds.
#ifndef BLMI_FIT_PARTS_H
#define BLMI_FIT_PARTS_H

#include "src/fit/thumb.h"
#include "src/model/model.h"

// Looks for copies among all images of a fit, thumbs (count) in their order (if one is
// NULL, it does not), and notes in the model which of those with leave-one-out distances
// are copies of others.  BLM_ENOMEM.
blm_status blmi_parts_note(blm_model *model, blmi_thumb *const *thumbs, size_t count,
    int threads, blm_error *err);

// Groups (M) of the calibration's own, NULL: none, joined where images in them are copies
// of each other; *out, which the caller frees, is NULL if the model has no copies.
blm_status blmi_parts_join(
    const blm_model *model, const int32_t *group, int32_t **out, blm_error *err);

#endif
