// copies.h: finds good images that are equal or nearly equal, and so show the same part.
//
// Copies make a threshold from leave-one-out too low: a copy of the image left out stays
// in the model.  A copy may differ in noise, compression, brightness, size, or by a shift
// of up to a fiftieth of the image.
#ifndef BLMI_FIT_COPIES_H
#define BLMI_FIT_COPIES_H

#include <stddef.h>

#include "src/fit/thumb.h"

// More images are not compared, since time grows with the square of their number.
enum { BLMI_MAX_COMPARED = 4096 };

// first (count): for each image the lowest index of the images that show the same part;
// its own index if there is none.  Copies must be much closer to each other than to all
// other images, so that similar parts are not copies: the members of a group are linked
// by distances of at most `near`, and all others are at least `gap` times as far away.
// count <= BLMI_MAX_COMPARED.  Uses `threads` threads.  BLM_ENOMEM.
blm_status blmi_copies_find(const blmi_thumb *const *thumbs, size_t count, int threads,
    int32_t *first, blm_error *err);

#endif
