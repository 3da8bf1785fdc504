// fit_parts.h: notes which good images show the same part, and groups them.
#ifndef BLMI_FIT_PARTS_H
#define BLMI_FIT_PARTS_H

#include "src/fit/thumb.h"
#include "src/model/model.h"

// Copies the names (images) of those with leave-one-out distances into the model.
blm_status blmi_names_note(blm_model *model, char *const *names, blm_error *err);

// Copies the alignments (images) of those with leave-one-out distances into the model.
blm_status blmi_alignments_note(
    blm_model *model, const blmi_alignment *alignments, blm_error *err);

// Finds copies among the images of a fit, thumbs (count) in their order, and notes in the
// model which of the images with leave-one-out distances are copies.  Does nothing if a
// thumb is NULL.  BLM_ENOMEM.
blm_status blmi_parts_note(blm_model *model, blmi_thumb *const *thumbs, size_t count,
    int threads, blm_error *err);

// Joins the groups (M) of a calibration, NULL: each image is a group, where images in
// them are copies of each other.  The caller releases *out (M) with blmi_free; it is NULL
// if the model has no copies.  BLM_ENOMEM.
blm_status blmi_parts_join(
    const blm_model *model, const int32_t *group, int32_t **out, blm_error *err);

#endif
