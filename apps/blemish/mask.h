// mask.h: pictures that say which pixels matter.
#ifndef BLEMISH_CLI_MASK_H
#define BLEMISH_CLI_MASK_H

#include "blemish/blemish.h"

// What is odd about a mask; the picture is taken as it is.
enum {
    CLI_MASK_EMPTY = 1,    // marks nothing
    CLI_MASK_GREY = 2,     // has many grey levels: all above 0 count
    CLI_MASK_INVERTED = 4, // marks most of the picture and all of its corners
    CLI_MASK_ALPHA = 8,    // has an alpha channel, which does not count
    CLI_MASK_ODDITIES = 4, // how many there are
};

// Reads a picture of any format: every pixel above 0 becomes 1, the others 0.  *out
// (height, width) is the caller's to free().  *odd: the sum of what is odd about it.
blm_status cli_mask_read(const char *path, const blm_decode_options *decode, int *width,
    int *height, uint8_t **out, unsigned *odd, blm_error *err);
// Likewise `count` masks of one picture, which must have one size: what any of them marks
// is marked.
blm_status cli_masks_read(char *const *paths, size_t count,
    const blm_decode_options *decode, int *width, int *height, uint8_t **out,
    unsigned *odd, blm_error *err);

// What was odd about many masks.
typedef struct cli_odd_masks {
    size_t count[CLI_MASK_ODDITIES];
    const char *first[CLI_MASK_ODDITIES]; // path of the first
} cli_odd_masks;

// path must live as long.
void cli_odd_masks_add(cli_odd_masks *all, unsigned odd, const char *path);
// Says it on stderr, a line for each kind.
void cli_odd_masks_say(const cli_odd_masks *all);

#endif
