// recipe.h: what is done to an image before the network sees it, and where that lies in
// the image.
#ifndef BLMI_FEATURE_RECIPE_H
#define BLMI_FEATURE_RECIPE_H

#include "blemish/blemish.h"
#include "src/backbone/backbone.h"
#include "src/detector/detector.h"

// A complete recipe: every field has its final value and was checked.  blm_recipe is one
// as it was typed.
typedef struct blmi_recipe {
    blm_recipe fields; // no size is 0; taps are names, in the order of the backbone's
    uint32_t stages;   // the same taps: bit k for tap k of the backbone
} blmi_recipe;

// Fills in the defaults, those that depend on the backbone too, and checks every field.
// recipe NULL: all defaults.  BLM_EUSAGE names the field at fault.  Of a backbone without
// taps (blmi_backbone_unknown) they are left as they are typed.
blm_status blmi_recipe_complete(const blm_recipe *recipe, const blmi_backbone *backbone,
    blmi_recipe *out, blm_error *err);
// The names of taps, given as model files give them, into out->taps.  BLM_EUSAGE: the
// backbone has not as many.
blm_status blmi_recipe_name_taps(
    const blmi_backbone *backbone, uint32_t taps, blm_recipe *out, blm_error *err);

// What a complete recipe says about its detector.
blmi_detector_rule blmi_recipe_rule(const blmi_recipe *recipe);

// From an image to the pixels that the network sees; recipe is a complete one.  resized
// (resize_height, resize_width, 3).  BLM_EINPUT: the crop rectangle does not lie in the
// image.
blm_status blmi_recipe_resize(
    const blmi_recipe *recipe, const blm_image *image, uint8_t *resized, blm_error *err);
// And from these to the input x (height, width, 3) of a network: the centre, normalised.
void blmi_recipe_normalise(
    const blmi_recipe *recipe, const blmi_input *input, const uint8_t *resized, float *x);

// The part of an image of that size that is resized: the crop rectangle, or all of it.
blm_rect blmi_recipe_crop(const blmi_recipe *recipe, int width, int height);

// Brings a region of interest onto the input: include (height, width) is 1 where all of
// the mask's pixels that the input's pixel touches are inside, else 0.  What lies outside
// the mask or the crop rectangle is outside.  BLM_EUSAGE: sizes make no sense, or nothing
// is left.
blm_status blmi_recipe_region(
    const blmi_recipe *recipe, const blm_mask *region, uint8_t *include, blm_error *err);

// Where the recipe's input lies in an upright image: x_image = x0 + x_input * step_x,
// likewise y, in pixels with 0 at the left edge of the first one.
typedef struct blmi_frame {
    double x0, y0, step_x, step_y;
} blmi_frame;

blmi_frame blmi_recipe_frame(
    const blmi_recipe *recipe, int image_width, int image_height);

#endif
