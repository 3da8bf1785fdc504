// cli_region.h: the region of interest, from a mask and polygons.
#ifndef BLEMISH_CLI_REGION_H
#define BLEMISH_CLI_REGION_H

#include "blemish/blemish.h"

// NULL: not given.  A pixel counts if the mask is not black there, if it lies in one of
// the polygons of `include`, and in none of `ignore`.
typedef struct cli_region {
    const char *mask;             // file
    const char *include, *ignore; // polygons: "x,y x,y x,y; x,y ...", pixels of the image
    int quiet;                    // 1: do not remark on the mask
} cli_region;

// Draws the region at the size of the image `first`, to which the mask is brought by the
// nearest pixel.  out->include is NULL if the region is everywhere, else the caller
// frees it.  Returns 0, or the exit code after a complaint.
int cli_region_draw(const cli_region *region, const char *first,
    const blm_decode_options *decode, blm_mask *out, uint8_t **include);

#endif
