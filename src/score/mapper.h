// mapper.h: from distances on the grid to the anomaly map and its score.
//
// Test images and the leave-one-out images that set the threshold go through this same
// code.
#ifndef BLMI_SCORE_MAPPER_H
#define BLMI_SCORE_MAPPER_H

#include "src/feature/recipe.h"

typedef struct blmi_mapper blmi_mapper; // working memory: one per thread

// recipe is a complete one, which has grid_width x grid_height positions.
// include (height, width): the region of interest; NULL:
// everywhere.  Connected parts of it that have fewer pixels than the recipe's min_area
// have no room for a defect and count as outside; BLM_EUSAGE if that is all of it.
blm_status blmi_mapper_new(const blmi_recipe *recipe, int grid_width, int grid_height,
    const uint8_t *include, blmi_mapper **out, blm_error *err);
void blmi_mapper_free(blmi_mapper *mapper);

// distances (grid height, grid width) -> map (height, width): upsampled, filtered, opened
// by min_area.  Returns the score, its maximum.  With a region of interest, positions
// outside it first take the value of the nearest one inside, so that they neither raise
// nor darken it, whatever their own; in the end the pixels outside are 0.
float blmi_mapper_run(blmi_mapper *mapper, const float *distances, float *map);

#endif
