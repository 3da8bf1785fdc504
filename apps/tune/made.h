// made.h: makes defects on good images, to rank recipes without defective ones.
//
// A made defect is a place of about 0.1 % to 5 % of the image.  None looks like a real
// one; what counts is that recipes which find them find real ones too (doc/accuracy.md
// says how far that is so).
#ifndef BLEMISH_TUNE_MADE_H
#define BLEMISH_TUNE_MADE_H

#include <stdint.h>

#include "blemish/image.h"

typedef enum made_kind {
    MADE_MOVED,   // a patch of another place of the image
    MADE_FOREIGN, // a patch of another image
    MADE_SCRATCH, // a thin curve, lighter or darker
    MADE_STAIN,   // a spot of other brightness, or colour
    MADE_MISSING, // a patch of one colour, that of another place
    MADE_BLENDED, // another image, shining through where smooth noise is high
    MADE_KINDS
} made_kind;

// Makes a defect on a copy of `good`; other: an image to take pixels from, of any size
// (may be `good`).  Equal arguments give equal pixels.  The pixels of the defect differ
// from those of the image by 3 grey levels or more, in the root mean square, unless the
// images allow no such defect.  *area: its share of the image; NULL: not wanted.  The
// caller releases *out with blm_image_free.  BLM_ENOMEM.
blm_status made_defect(const blm_image *good, const blm_image *other, made_kind kind,
    uint64_t seed, blm_image **out, double *area, blm_error *err);

#endif
