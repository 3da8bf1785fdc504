// feature_layout.h: which outputs of the backbone become the features of a position.
#ifndef BLMI_FEATURE_FEATURE_LAYOUT_H
#define BLMI_FEATURE_FEATURE_LAYOUT_H

#include <stdbool.h>

#include "blemish/blemish.h"
#include "src/backbone/backbone.h"
#include "src/detector/detector.h"
#include "src/feature/recipe.h"

// An output that is taken, for one size of input.
typedef struct blmi_output {
    int tap, channels;
    int width, height; // of its grid
    int taken;         // features that come from it: its channels, or those drawn
} blmi_output;

// How outputs become features: side by side on the finest grid of them.
typedef struct blmi_layout {
    int outputs;
    blmi_output output[BLMI_MOST_TAPS]; // rising by tap
    int grid_width, grid_height;        // of the output with most positions
    int channels;                       // of all outputs
    int positions, features;            // P, D: D is less than channels if some are drawn
    bool smooth; // outputs are averaged over 3 x 3 positions, coarse ones interpolated
} blmi_layout;

// The layout of a complete recipe on a backbone.  BLM_EUSAGE: the recipe takes an output
// that the backbone does not have, or more channels than there are.
blm_status blmi_recipe_layout(const blmi_recipe *recipe, const blmi_backbone *backbone,
    blmi_layout *out, blm_error *err);
// The same, as a detector takes it.
blmi_detector_shape blmi_layout_grid(const blmi_layout *layout);
// How many numbers an output has, and all of them together.
size_t blmi_output_count(const blmi_output *output);
size_t blmi_layout_count(const blmi_layout *layout);

// The channels (D) that the recipe draws, rising, counted through the outputs; *out is
// NULL if it takes all, else released with blmi_free.
blm_status blmi_features_choose(
    const blmi_recipe *recipe, const blmi_layout *layout, int32_t **out, blm_error *err);
// Puts outputs side by side, coarse ones repeated (the nearest position, centres being
// half a position from the edge).  Of a smooth layout, each output is first averaged over
// 3 x 3 positions (zeros beyond the border, always divided by nine), and then brought to
// the finest grid by bilinear interpolation (align_corners = false).  output[i] (height,
// width, channels) is that of layout->output[i]; chosen as above; features (P, D).
void blmi_features_stack(const blmi_layout *layout, const int32_t *chosen,
    const float *const *output, float *features);

#endif
