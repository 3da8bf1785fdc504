// copies.h: which good images are equal or nearly equal, and so show the same part.
//
// Such images lower a threshold that rests on leaving out one: the copy of what is left
// out stays.  Found are noise, another compression, shifts of up to a fiftieth of the
// image, brightness, another size.
#ifndef BLMI_FIT_COPIES_H
#define BLMI_FIT_COPIES_H

#include <stddef.h>

#include "src/fit/thumb.h"

// More images are not looked through: the time grows with the square of their number.
enum { BLMI_MOST_COMPARED = 4096 };

// first (count): the lowest index of the images that each one shows the same part as,
// itself if there is none.  Copies are far closer to each other than to all other images
// (a group whose members are linked by distances of up to `near` is at least `gap` times
// that far from the rest), so that different parts that look alike are told apart.
// count <= BLMI_MOST_COMPARED.  Uses `threads` threads.  BLM_ENOMEM.
blm_status blmi_copies_find(const blmi_thumb *const *thumbs, size_t count, int threads,
    int32_t *first, blm_error *err);

#endif
