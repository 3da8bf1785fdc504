// corrupt.h: changes images as a worn lamp, a moved camera or a bad lens would.
#ifndef BLEMISH_STRESS_CORRUPT_H
#define BLEMISH_STRESS_CORRUPT_H

#include <stdint.h>

#include "blemish/image.h"

typedef enum stress_kind {
    STRESS_BRIGHTNESS, // all values times 1 + s or 1 - s
    STRESS_CONTRAST,   // distances from the mean of the image times 1 + s or 1 - s
    STRESS_BLUR,       // Gaussian, its deviation in shares of the shorter side
    STRESS_NOISE,      // of each sample (each pixel of a grey image), in grey levels
    STRESS_JPEG,       // what JPEG loses, 4:2:0, by its quality
    STRESS_SHIFT,      // in any direction, by whole pixels, in shares of the width
    STRESS_TURN,       // about the middle, to either side, in degrees
    STRESS_KINDS
} stress_kind;

enum { STRESS_STEPS = 5 };

// Static.
typedef struct stress_scale {
    const char *name, *unit;       // "shift", "% of the width"
    double strength[STRESS_STEPS]; // mildest first
} stress_scale;

const stress_scale *stress_scale_of(stress_kind kind);

// Makes a changed copy; the caller releases *out with blm_image_free.  step: index of the
// strength.  seed: decides direction and noise; odd: brighter, more contrast, to the
// left; even: the opposite.  Equal arguments give equal pixels, and the steps of a seed
// go in the same direction.  What comes into view is the image mirrored at its border.
// Grey images stay grey.  BLM_ENOMEM.
blm_status stress_corrupt(const blm_image *image, stress_kind kind, int step,
    uint64_t seed, blm_image **out, blm_error *err);

#endif
