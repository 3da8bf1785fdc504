// features.h: which outputs of the backbone become the features of a position.
#ifndef BLMI_FEATURE_FEATURES_H
#define BLMI_FEATURE_FEATURES_H

#include "blemish/blemish.h"
#include "src/backbone/contnet.h"
#include "src/detector/detector.h"

typedef struct blmi_extractor_shape {
    int grid_width, grid_height; // finest grid of the stages
    int positions, features;     // P, D
} blmi_extractor_shape;

// The same, as a detector takes it.
blmi_detector_shape blmi_extractor_grid(const blmi_extractor_shape *shape);
// The number of stages that a recipe needs: the highest layer in it.
int blmi_recipe_depth(const blm_recipe *recipe);
// Channels of all its stages together, chosen or not.
int blmi_recipe_channels(const blm_recipe *recipe, blmi_variant variant);
// P and D of a recipe on a backbone, without building it.
blmi_extractor_shape blmi_recipe_shape(const blm_recipe *recipe, blmi_variant variant);
// How many numbers layer<k + 1> puts out for an image of the recipe.
size_t blmi_stage_count(const blm_recipe *recipe, blmi_variant variant, int k);

// The channels (D) that the recipe chooses, rising, counted through its stages from the
// lowest on; *out is NULL if it takes all, else released with blmi_free.  BLM_EUSAGE:
// there are not as many.
blm_status blmi_features_choose(
    const blm_recipe *recipe, blmi_variant variant, int32_t **out, blm_error *err);
// Puts stages side by side on the finest grid, coarse ones repeated.  stage[k] (grid
// height, grid width, channels) is the output of layer<k + 1>, of those in the recipe;
// chosen as above; features (P, D).
void blmi_features_stack(const blm_recipe *recipe, blmi_variant variant,
    const int32_t *chosen, float *const stage[BLMI_STAGES], float *features);

#endif
