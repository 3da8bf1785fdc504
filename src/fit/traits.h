// traits.h: what a fit keeps of an image beside its features.
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

// image: as the network sees it.  Released with blmi_traits_free, whatever came of it.
blm_status blmi_traits_of(
    const blmi_recipe *recipe, const blm_image *image, blmi_traits *out, blm_error *err);
void blmi_traits_free(blmi_traits *traits); // leaves no thumb; all zeros allowed

#endif
