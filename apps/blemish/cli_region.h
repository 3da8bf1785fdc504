// cli_region.h: draws the region of interest from a mask and polygons.
#ifndef BLEMISH_CLI_REGION_H
#define BLEMISH_CLI_REGION_H

#include "blemish/blemish.h"

// A pixel counts if the mask is not black there, it lies in a polygon of `include`, and
// it lies in none of `ignore`.  NULL: not given.
typedef struct cli_region {
    const char *mask;             // file
    const char *include, *ignore; // polygons: "x,y x,y x,y; x,y ...", pixels of the image
    int quiet;                    // 1: do not remark on the mask
} cli_region;

// Draws the region at the size of the image `first`; the mask is resized to it (nearest).
// *include is NULL if the region is the whole image, else the caller frees it.  Returns
// 0, or the exit code after an error.
int cli_region_draw(const cli_region *region, const char *first,
    const blm_decode_options *decode, blm_mask *out, uint8_t **include);

#endif
