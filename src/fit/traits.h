// traits.h: properties of an image that a fit keeps besides its features.
#ifndef BLMI_FIT_TRAITS_H
#define BLMI_FIT_TRAITS_H

#include <stdbool.h>

#include "src/align/align.h"
#include "src/fit/levels.h"
#include "src/fit/thumb.h"
#include "src/judge/look.h"
#include "src/model/seen.h"

typedef struct blmi_traits {
    blmi_seen seen;
    blmi_levels levels;
    blmi_thumb *thumb;
    bool has_look; // false: look is unknown
    blmi_look look;
    blmi_alignment alignment; // all zeros: not aligned
} blmi_traits;

// image: with the cover laid over it.  Release with blmi_traits_free, also after a
// failure.
blm_status blmi_traits_of(
    const blmi_recipe *recipe, const blm_image *image, blmi_traits *out, blm_error *err);
// Adds the look to looks (*count); SIZE_MAX in *count: an image had none.
void blmi_traits_keep_look(const blmi_traits *traits, blmi_look *looks, size_t *count);
void blmi_traits_free(blmi_traits *traits); // leaves thumb NULL; all zeros allowed

#endif
