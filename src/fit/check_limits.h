// check_limits.h: sets the limits of a model's checks (src/judge) from its good images.
#ifndef BLMI_FIT_CHECK_LIMITS_H
#define BLMI_FIT_CHECK_LIMITS_H

#include "src/model/model.h"

// The share of good images that the checks may refuse, if none is asked for.
#define BLMI_UNJUDGED 0.001

// Moves `count` looks into the model, and sets *looks to NULL.  Does nothing if the count
// is SIZE_MAX: an image had none.
void blmi_limits_take_looks(blm_model *model, blmi_look **looks, size_t count);

// spread (M, 2): of the distances (M, P) of the images that the detector left out, see
// blmi_check_distances.  BLM_ENOMEM.
blm_status blmi_limits_spread(
    const blm_model *model, const float *distances, float (*spread)[2], blm_error *err);

// Sets limits for a rate above 0 and below 1.  spread (count, 2): of the distances of
// good images, each by a model without it.  BLM_ENOMEM.
blm_status blmi_limits_set(blm_model *model, const float (*spread)[2], size_t count,
    double rate, blm_error *err);

#endif
