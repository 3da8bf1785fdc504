// cli_series.h: watches images that follow one another: the same picture again, which a
// camera or grabber that hangs gives, and a spot that stays, which is dirt on the lens.
#ifndef BLEMISH_CLI_SERIES_H
#define BLEMISH_CLI_SERIES_H

#include <stdint.h>

#include "blemish/blemish.h"

enum {
    CLI_SPOT_CELLS = 32, // a side of the image is divided into
    CLI_SPOT_RUN = 8,    // images in a row that make a spot suspicious
};

// All zeros: no image yet.
typedef struct cli_series {
    uint64_t last; // hash of the image before; 0: none
    // Images in a row with a small NG region here, at most CLI_SPOT_RUN.
    uint8_t run[CLI_SPOT_CELLS][CLI_SPOT_CELLS];
    int reported;
} cli_series;

// A hash of the pixels, never 0: equal images have equal numbers, and others, with
// practical certainty, have others.
uint64_t cli_series_hash(const blm_image *image);

// Adds an image: its hash, size and result.  Returns 1 if it equals the image before.
int cli_series_add(
    cli_series *series, uint64_t hash, int width, int height, const blm_result *result);

// Returns 1, once, after the image that completes a run; x, y: where, in pixels of an
// image of that size.
int cli_series_spot(cli_series *series, int width, int height, double *x, double *y);

#endif
