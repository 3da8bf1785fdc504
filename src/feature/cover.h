// cover.h: hides pixels outside the region of interest from the network.
//
// The features of a position depend on pixels far from it, and a resize mixes pixels
// across the border of the region.  So pixels outside get one colour before an image is
// resized, and do not change any feature at all.  The colour is the mean of the region in
// the first good image, and part of the model.
//
// A pixel is inside if its centre falls on a pixel of the input that is inside.  For
// blmi_recipe_region a pixel of the input is inside only if all of its area is.
#ifndef BLMI_FEATURE_COVER_H
#define BLMI_FEATURE_COVER_H

#include <stdbool.h>

#include "src/feature/recipe.h"

typedef struct blmi_cover {
    bool there; // false: nothing is hidden (no region, or an older model)
    uint8_t rgb[3];
} blmi_cover;

// Chooses the mean colour of the pixels inside, rounded.  recipe: complete; include
// (height, width): its region.  BLM_EINPUT: the image has no pixel inside.
blm_status blmi_cover_choose(const blmi_recipe *recipe, const uint8_t *include,
    const blm_image *image, blmi_cover *out, blm_error *err);

// Sets the pixels of the image outside the region to cover->rgb; does nothing if the
// cover is not there.  BLM_ENOMEM.
blm_status blmi_cover_lay(const blmi_cover *cover, const blmi_recipe *recipe,
    const uint8_t *include, blm_image *image, blm_error *err);

// The same for an input rgb (pixels, 3) that was aligned; include (pixels).
void blmi_cover_lay_input(
    const blmi_cover *cover, const uint8_t *include, size_t pixels, uint8_t *rgb);

// Makes a copy of the image with the cover laid over it, which the caller releases with
// blm_image_free.  *out is NULL if the cover is not there: use the image itself.
blm_status blmi_cover_copy(const blmi_cover *cover, const blmi_recipe *recipe,
    const uint8_t *include, const blm_image *image, blm_image **out, blm_error *err);

#endif
