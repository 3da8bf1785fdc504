// synth.h: makes images of made-up surfaces and parts, with and without defects.
//
// Equal arguments give equal bytes on every machine.  An image with a defect equals the
// one without it, except for the defect.  Any thread may call the functions.
#ifndef BLEMISH_SYNTH_SYNTH_H
#define BLEMISH_SYNTH_SYNTH_H

#include <stddef.h>
#include <stdint.h>

typedef enum synth_kind {
    SYNTH_GOOD,
    SYNTH_SCRATCH,       // a thin curved line
    SYNTH_CRACK,         // a jagged dark line with branches
    SYNTH_STAIN,         // a discoloured patch
    SYNTH_DENT,          // a shaded hollow
    SYNTH_CONTAMINATION, // grains and a hair
    SYNTH_MISSING,       // a missing hole, pin or piece of print
    SYNTH_KINDS
} synth_kind;

const char *synth_kind_name(synth_kind kind); // "good", "scratch", ...

typedef struct synth_category synth_category;

// Categories by number, from 0; NULL after the last one.
const synth_category *synth_category_at(size_t number);
const char *synth_category_name(const synth_category *category);
// Whether its images are grey (R = G = B), and whether it can have defects of that kind.
int synth_category_is_grey(const synth_category *category);
int synth_category_has(const synth_category *category, synth_kind kind);

// Whether it is a part, which can be moved; else an endless surface.
int synth_category_is_part(const synth_category *category);
// Whether data sets have it only if it is asked for.
int synth_category_is_extra(const synth_category *category);

// How a part lies on an image: moved to the right and down, in pixels; turned clockwise,
// in degrees.
typedef struct synth_lie {
    double x, y, turn;
} synth_lie;

// Makes image number `index` (0 or more) of a category, as rgb (height, width, 3) and,
// if mask is not NULL, mask (height, width): 255 where the defect is, else 0.  kind is
// one that the category has; width and height are 32 to 4096 pixels.  Returns 0, or -1 if
// out of memory.
int synth_picture(const synth_category *category, uint64_t seed, int index,
    synth_kind kind, int width, int height, uint8_t *rgb, uint8_t *mask);

// The same of a part that is three quarters as large, so that it stays in view, and that
// is moved besides by up to `shift` of the shorter side, in x and y, and turned by up to
// `turn` degrees to both sides.  lie: where it ends; NULL: not wanted.
int synth_picture_moved(const synth_category *category, uint64_t seed, int index,
    synth_kind kind, int width, int height, double shift, double turn, uint8_t *rgb,
    uint8_t *mask, synth_lie *lie);

#endif
