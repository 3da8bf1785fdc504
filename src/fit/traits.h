// traits.h: properties of an image that a fit keeps besides its features.
#ifndef BLMI_FIT_TRAITS_H
#define BLMI_FIT_TRAITS_H

#include "src/fit/levels.h"
#include "src/fit/thumb.h"
#include "src/model/seen.h"

typedef struct blmi_traits {
    blmi_seen seen;
    blmi_levels levels;
    blmi_thumb *thumb;
} blmi_traits;

// image: with the cover laid over it.  Release with blmi_traits_free, also after a
// failure.
blm_status blmi_traits_of(
    const blmi_recipe *recipe, const blm_image *image, blmi_traits *out, blm_error *err);
void blmi_traits_free(blmi_traits *traits); // leaves thumb NULL; all zeros allowed

#endif
