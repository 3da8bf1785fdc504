// mapper.h: turns the distances of positions into the map and its score.
//
// New images and the good images that set the threshold both go through this code.
#ifndef BLMI_SCORE_MAPPER_H
#define BLMI_SCORE_MAPPER_H

#include "src/feature/recipe.h"
#include "src/feature/registration.h"

typedef struct blmi_mapper blmi_mapper; // working memory: one per thread

// recipe: complete, with grid_width x grid_height positions.  include (height, width):
// the region of interest; NULL: everywhere.  Connected parts of it with fewer pixels than
// the recipe's min_area have no room for a defect and count as outside.  BLM_EUSAGE:
// there is no other part.
blm_status blmi_mapper_new(const blmi_recipe *recipe, int grid_width, int grid_height,
    const uint8_t *include, blmi_mapper **out, blm_error *err);
void blmi_mapper_free(blmi_mapper *mapper);

// distances (grid height, grid width) -> map (height, width): upsampled, filtered, opened
// by min_area.  Returns the score, the maximum of the map.  With a region of interest,
// positions outside first get the distance of the nearest one inside, so that they do not
// affect the map inside; pixels outside become 0.
float blmi_mapper_run(blmi_mapper *mapper, const float *distances, float *map);

// The same for distances of an aligned input; warp: from it to the plain one, which the
// map is of; NULL: as blmi_mapper_run.  The region moves with the part.  Pixels that are
// not on the aligned input become 0 as well.  Positions that were not on the image get
// the distance of the nearest one that was.
float blmi_mapper_run_aligned(
    blmi_mapper *mapper, const float *distances, const blmi_warp *warp, float *map);

// Which positions count on an image: those that the region touches (include (height,
// width); NULL: everywhere) and, if warp is not NULL, that were on the image.  use
// (grid_height, grid_width).
void blmi_mapper_positions(const blmi_recipe *recipe, const uint8_t *include,
    const blmi_warp *warp, int grid_width, int grid_height, uint8_t *use);

#endif
