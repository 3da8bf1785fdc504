// image_features.h: the features of an image, as fits and scorers use them.
#ifndef BLMI_MODEL_IMAGE_FEATURES_H
#define BLMI_MODEL_IMAGE_FEATURES_H

#include <stdbool.h>

#include "blemish/features.h"
#include "src/feature/feature_layout.h"
#include "src/feature/recipe.h"
#include "src/feature/registration.h"
#include "src/judge/look.h"
#include "src/model/seen.h"

// What all features of an extractor share; reference counted.
typedef struct blmi_origin blmi_origin;

struct blm_features {
    blmi_origin *origin;
    blmi_seen seen;    // of the image; empty if unknown
    bool has_look;     // false: look is unknown
    blmi_look look;    // of the image
    int width, height; // of the image
    bool aligned;      // false: it was not brought into register
    blmi_alignment alignment;
    float *values; // all outputs of the layout of origin
    const float *output[BLMI_MAX_TAPS];
};

// Checks that features can be used in place of images.  recipe: complete, with its
// layout.  include (height, width): the region of interest; NULL: everywhere.
// registration: the reference; NULL: images are not aligned.
// BLM_EUSAGE: they were made another way; the text says what differs.
blm_status blmi_features_check(const blm_features *features, const blmi_recipe *recipe,
    const blmi_layout *layout, const char *weights_hash, const uint8_t *include,
    const blmi_registration *registration, blm_error *err);
// Assembles out (P, D) for the layout of a recipe that was checked; chosen as in
// blmi_features_stack.
void blmi_features_gather(const blm_features *features, const blmi_layout *layout,
    const int32_t *chosen, float *out);

#endif
