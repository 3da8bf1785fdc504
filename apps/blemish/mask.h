// mask.h: pictures that say which pixels matter.
#ifndef BLEMISH_CLI_MASK_H
#define BLEMISH_CLI_MASK_H

#include "blemish/blemish.h"

// Reads a picture of any format: every pixel above 0 becomes 1, the others 0.  *out
// (height, width) is the caller's to free().
blm_status cli_mask_read(const char *path, const blm_decode_options *decode, int *width,
    int *height, uint8_t **out, blm_error *err);

#endif
