// recipe.h: completes recipes, prepares images for the network, and relates the pixels of
// its input to those of the image.
#ifndef BLMI_FEATURE_RECIPE_H
#define BLMI_FEATURE_RECIPE_H

#include "blemish/blemish.h"
#include "src/backbone/weights_file.h"
#include "src/detector/detector.h"
#include "src/feature/augment.h"

// A complete recipe: every field was checked and has its final value.  A blm_recipe is a
// recipe as the user gave it.
typedef struct blmi_recipe {
    blm_recipe fields; // no size is 0; taps are names, in the order of the backbone
    uint32_t stages;   // the same taps: bit k for tap k of the backbone
    // fields.augment, which always has the same order and variations:N
    blmi_augment augment;
    double mean[3], deviation[3]; // fields.mean and .std, or those of the backbone
} blmi_recipe;

// Fills in the defaults, also those that depend on the backbone, and checks every field.
// recipe NULL: all defaults.  BLM_EUSAGE: a field is wrong; the text names it.  With a
// backbone without taps (blmi_backbone_unknown), taps are left as they are.
blm_status blmi_recipe_complete(const blm_recipe *recipe, const blmi_backbone *backbone,
    blmi_recipe *out, blm_error *err);
// Opens weights (blmi_weights_open).  An ONNX network is cut to the recipe's taps, and
// takes its mean and std.  BLM_EUSAGE: a field is wrong.
blm_status blmi_recipe_open_weights(const char *path_or_name, const blm_recipe *recipe,
    blmi_weights *out, blm_error *err);
// Writes the names of taps, bit k for tap k, to out->taps.  BLM_EUSAGE: the backbone does
// not have such a tap.
blm_status blmi_recipe_name_taps(
    const blmi_backbone *backbone, uint32_t taps, blm_recipe *out, blm_error *err);

// The rule of the detector of a complete recipe.
blmi_detector_rule blmi_recipe_rule(const blmi_recipe *recipe);

// Crops and resizes an image: resized (resize_height, resize_width, 3).  recipe:
// complete.  BLM_EINPUT: the crop rectangle is not inside the image.
blm_status blmi_recipe_resize(
    const blmi_recipe *recipe, const blm_image *image, uint8_t *resized, blm_error *err);
// The number of the first pixel of the centre in a resized image.
ptrdiff_t blmi_recipe_centre(const blmi_recipe *recipe);
// Normalises pixels: the input x (height, width, 3) of the network.  rgb: rows of `width`
// pixels, each `stride` pixels after the last.
void blmi_recipe_normalise(
    const blmi_recipe *recipe, const uint8_t *rgb, ptrdiff_t stride, float *x);

// The part of an image of that size to resize: the crop rectangle, or the whole image.
blm_rect blmi_recipe_crop(const blmi_recipe *recipe, int width, int height);

// Resamples a region of interest to the input: include (height, width) is 1 if all pixels
// of the mask that the pixel of the input touches are inside, else 0.  Everything outside
// the mask or the crop rectangle is outside.  BLM_EUSAGE: the mask has no pixels, or
// nothing is inside.
blm_status blmi_recipe_region(
    const blmi_recipe *recipe, const blm_mask *region, uint8_t *include, blm_error *err);

// From the input to the upright image: x_image = x0 + x_input * step_x, y likewise, in
// pixels, 0 being the left edge of the first one.
typedef struct blmi_frame {
    double x0, y0, step_x, step_y;
} blmi_frame;

blmi_frame blmi_recipe_frame(
    const blmi_recipe *recipe, int image_width, int image_height);

#endif
