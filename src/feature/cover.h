// cover.h: hides from the network what lies outside the region of interest.
//
// The network sees far around a position, and a resize mixes pixels across the border of
// the region.  So pixels of an image that lie outside take one colour before the image is
// resized: nothing outside can change a feature, to the bit.  The colour is the mean of
// what is inside in the first good image, and part of the model.
//
// A pixel is inside if the input's pixel that its centre falls on is; blmi_recipe_region
// includes such a pixel only if all of its area is inside the mask of the caller.
#ifndef BLMI_FEATURE_COVER_H
#define BLMI_FEATURE_COVER_H

#include <stdbool.h>

#include "src/feature/recipe.h"

typedef struct blmi_cover {
    bool there; // false: nothing is hidden (no region; or a model that did not do it)
    uint8_t rgb[3];
} blmi_cover;

// The mean colour inside, rounded.  recipe is complete, include (height, width) its
// region.  BLM_EINPUT: the image has no pixel inside.
blm_status blmi_cover_choose(const blmi_recipe *recipe, const uint8_t *include,
    const blm_image *image, blmi_cover *out, blm_error *err);

// Pixels of the image outside the region become cover->rgb; nothing if it is not there.
// BLM_ENOMEM.
blm_status blmi_cover_lay(const blmi_cover *cover, const blmi_recipe *recipe,
    const uint8_t *include, blm_image *image, blm_error *err);

// A copy of the image, which the caller keeps, with the cover laid over it; released with
// blm_image_free.  *out is NULL if the cover is not there: the image itself serves.
blm_status blmi_cover_copy(const blmi_cover *cover, const blmi_recipe *recipe,
    const uint8_t *include, const blm_image *image, blm_image **out, blm_error *err);

#endif
