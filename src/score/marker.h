// marker.h: marks an opened map: the mask and its regions.
//
// The mask is the map >= the threshold, with what the recipe adds to it: pixels down to a
// share of the threshold (hysteresis), closed gaps, filled holes.  They are only added to
// connected parts that reached the threshold, so that nothing here changes a verdict: if
// the score is >= the threshold, the mask has a 255 and a region has a peak >= the
// threshold, and only then.
#ifndef BLMI_SCORE_MARKER_H
#define BLMI_SCORE_MARKER_H

#include "src/feature/recipe.h"
#include "src/map/map.h"
#include "src/score/verdict.h"

typedef struct blmi_marker blmi_marker; // working memory: one per thread

// recipe: complete.  include (height, width): the region of interest, which must outlive
// the marker; NULL: everywhere.
blm_status blmi_marker_new(
    const blmi_recipe *recipe, const uint8_t *include, blmi_marker **out, blm_error *err);
void blmi_marker_free(blmi_marker *marker); // NULL allowed

// The most components that a map can have.
size_t blmi_marker_capacity(int width, int height);

// map (height, width): opened, finite, not negative, 0 outside the region of interest ->
// mask (height, width): 255 NG, 128 REVIEW, 0 OK.  Returns the number of connected parts
// of the mask; *components (that many) belong to the marker and live until its next run.
size_t blmi_marker_run(blmi_marker *marker, const float *map, blmi_thresholds at,
    uint8_t *mask, const blmi_component **components);

#endif
