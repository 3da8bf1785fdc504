// image_features.h: what fits and scorers know of a blm_features.
#ifndef BLMI_MODEL_IMAGE_FEATURES_H
#define BLMI_MODEL_IMAGE_FEATURES_H

#include "blemish/features.h"
#include "src/feature/feature_layout.h"
#include "src/feature/recipe.h"
#include "src/model/seen.h"

// What features of one kind have in common; counted.
typedef struct blmi_origin blmi_origin;

struct blm_features {
    blmi_origin *origin;
    blmi_seen seen;    // of the image; empty if it is not known
    int width, height; // of the image
    float *values;     // all outputs of the layout of origin
    const float *output[BLMI_MOST_TAPS];
};

// Whether features can stand for the images of a recipe: a complete one, with its layout.
// include (height, width): the region of interest; NULL: everywhere.  BLM_EUSAGE says in
// what they differ.
blm_status blmi_features_check(const blm_features *features, const blmi_recipe *recipe,
    const blmi_layout *layout, const char *weights_hash, const uint8_t *include,
    blm_error *err);
// Puts together features (P, D) by the layout of a recipe that was checked; chosen as in
// blmi_features_stack.
void blmi_features_gather(const blm_features *features, const blmi_layout *layout,
    const int32_t *chosen, float *out);

#endif
