// feature_layout.h: assembles outputs of the backbone to the features of positions.
#ifndef BLMI_FEATURE_FEATURE_LAYOUT_H
#define BLMI_FEATURE_FEATURE_LAYOUT_H

#include <stdbool.h>

#include "blemish/blemish.h"
#include "src/backbone/backbone.h"
#include "src/detector/detector.h"
#include "src/feature/recipe.h"

// An output that the recipe takes, for one size of input.
typedef struct blmi_output {
    int tap, channels;
    int width, height; // of its grid
    int taken;         // number of features from it: all its channels, or those drawn
    int at;            // number of its first feature
} blmi_output;

// How outputs become features: concatenated on the finest grid among them.
typedef struct blmi_layout {
    int outputs;
    blmi_output output[BLMI_MAX_TAPS]; // rising by tap
    int grid_width, grid_height;       // of the output with the most positions
    int channels;                      // of all outputs
    int positions, features;           // P, D: D is less than channels if some are drawn
    bool smooth; // outputs are averaged over 3 x 3 positions, coarse ones interpolated
    // The first `repeated` features are the same at all positions of a cell of edge x
    // edge positions; 0: none.
    int repeated, edge;
} blmi_layout;

// The layout of a complete recipe on a backbone.  BLM_EUSAGE: the recipe takes an output
// that the backbone does not have, or too many channels.
blm_status blmi_recipe_layout(const blmi_recipe *recipe, const blmi_backbone *backbone,
    blmi_layout *out, blm_error *err);
// Puts the features into the order of their outputs, as in models of blemish 0.1.  A new
// layout for the Gaussian begins with the features that repeat.
void blmi_layout_in_order(blmi_layout *layout);
// The layout as a detector takes it.
blmi_detector_shape blmi_layout_grid(const blmi_layout *layout);
// The count of numbers of an output, and of all outputs of a layout.
size_t blmi_output_count(const blmi_output *output);
size_t blmi_layout_count(const blmi_layout *layout);

// The channels (D) that the recipe draws, rising, numbered through all outputs.  *out is
// NULL if it takes all; else the caller releases it with blmi_free.
blm_status blmi_features_choose(
    const blmi_recipe *recipe, const blmi_layout *layout, int32_t **out, blm_error *err);
// Concatenates outputs on the finest grid; coarse ones use the nearest position
// (half-pixel centres).  With a smooth layout, each output is first averaged over 3 x 3
// positions (zeros beyond the border, always divided by nine), then interpolated to the
// finest grid (bilinear, align_corners = false).  output[i] (height, width, channels)
// belongs to layout->output[i]; chosen as above; features (P, D).
void blmi_features_stack(const blmi_layout *layout, const int32_t *chosen,
    const float *const *output, float *features);

#endif
