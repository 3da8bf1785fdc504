// mask.h: reads masks, from image files.
#ifndef BLEMISH_CLI_MASK_H
#define BLEMISH_CLI_MASK_H

#include "blemish/blemish.h"

// Odd properties of a mask, which is used all the same.
enum {
    CLI_MASK_EMPTY = 1,    // marks nothing
    CLI_MASK_GREY = 2,     // has many grey levels: all above 0 count
    CLI_MASK_INVERTED = 4, // marks most of its image and all corners
    CLI_MASK_ALPHA = 8,    // has an alpha channel, which is ignored
    CLI_MASK_ODDITIES = 4, // number of the above
};

// Reads an image of any format: every pixel above 0 becomes 1, the others 0.  The caller
// free()s *out (height, width).  *odd: CLI_MASK_ bits.
blm_status cli_mask_read(const char *path, const blm_decode_options *decode, int *width,
    int *height, uint8_t **out, unsigned *odd, blm_error *err);
// Reads `count` masks of one image, all of the same size; *out is their union.
blm_status cli_masks_read(char *const *paths, size_t count,
    const blm_decode_options *decode, int *width, int *height, uint8_t **out,
    unsigned *odd, blm_error *err);

// The odd masks of a data set.
typedef struct cli_odd_masks {
    size_t count[CLI_MASK_ODDITIES];
    const char *first[CLI_MASK_ODDITIES]; // path of the first
} cli_odd_masks;

// path must outlive `all`.
void cli_odd_masks_add(cli_odd_masks *all, unsigned odd, const char *path);
// Reports them on stderr, one line per property.
void cli_odd_masks_warn(const cli_odd_masks *all);

#endif
