// recipe.h: what is done to an image before the network sees it, and where that lies in
// the image.
#ifndef BLMI_FEATURE_RECIPE_H
#define BLMI_FEATURE_RECIPE_H

#include "blemish/blemish.h"
#include "src/detector/detector.h"

// Fills in the defaults and checks every member.  BLM_EUSAGE names the member at fault.
blm_status blmi_recipe_complete(
    const blm_recipe *recipe, blm_recipe *out, blm_error *err);

// The finest grid of the recipe's stages.  layer1 to layer4 have strides 8, 16, 32, 32.
void blmi_recipe_grid(const blm_recipe *recipe, int *grid_width, int *grid_height);

// What a complete recipe says about its detector.
blmi_detector_rule blmi_recipe_rule(const blm_recipe *recipe);

// The normalised input x (height, width, 3) of one image; recipe is a complete one.
// BLM_EINPUT: the crop rectangle does not lie in the image.  resized (resize_height,
// resize_width, 3) is scratch.
blm_status blmi_recipe_prepare(const blm_recipe *recipe, const blm_image *image,
    uint8_t *resized, float *x, blm_error *err);

// Brings a region of interest onto the input, by the nearest pixel of the mask: include
// (height, width) 0 or 1.  What lies outside the crop rectangle is outside.  BLM_EUSAGE:
// sizes make no sense, or nothing is left.
blm_status blmi_recipe_region(
    const blm_recipe *recipe, const blm_mask *region, uint8_t *include, blm_error *err);

// Where the recipe's input lies in an upright image: x_image = x0 + x_input * step_x,
// likewise y, in pixels with 0 at the left edge of the first one.
typedef struct blmi_frame {
    double x0, y0, step_x, step_y;
} blmi_frame;

blmi_frame blmi_recipe_frame(const blm_recipe *recipe, int image_width, int image_height);

#endif
