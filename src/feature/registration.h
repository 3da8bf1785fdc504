// registration.h: brings resized images into register with a reference, so that a part
// lies on the input of the network as it does on the reference.
//
// An image is aligned (src/align) on the grey picture of its input, stretched so that its
// pixels are square on the image, and then sampled once more, with cubic interpolation.
// This second interpolation, after the resize, is the same for good and new images.  What
// was outside of the image is filled with the image mirrored at its border, and is not
// judged (blmi_registration_seen).
//
// The aligned input is the input that the network sees; the plain input is that of the
// image as it is.  Maps and regions are of the plain input.
#ifndef BLMI_FEATURE_REGISTRATION_H
#define BLMI_FEATURE_REGISTRATION_H

#include "src/align/align.h"
#include "src/feature/recipe.h"

// The reference; immutable, reference counted, shared by threads.
typedef struct blmi_registration blmi_registration;
// Working memory: one per thread.
typedef struct blmi_registering blmi_registering;

// Point (x, y) of one input lies at (xx x + xy y + x0, yx x + yy y + y0) of another; in
// pixels, 0 being the left or upper edge of the first one.
typedef struct blmi_warp {
    double xx, xy, x0, yx, yy, y0;
} blmi_warp;

// recipe: complete, with align.  grey (height, width): the input of the reference.
// aspect: height of a pixel of the input on the image / its width; between 1/64 and 64.
// name: of the reference; copied.  BLM_EINPUT: the reference has too little structure, or
// the inspected part of it is longer than four times its width.
blm_status blmi_registration_new(const blmi_recipe *recipe, const uint8_t *grey,
    double aspect, const char *name, blmi_registration **out, blm_error *err);
blmi_registration *blmi_registration_share(blmi_registration *r); // one more owner
void blmi_registration_free(blmi_registration *r); // one owner less; NULL allowed
const uint8_t *blmi_registration_grey(const blmi_registration *r); // (height, width)
double blmi_registration_aspect(const blmi_registration *r);
const char *blmi_registration_name(const blmi_registration *r);
// Whether two have the same picture; either may be NULL: there is none.
bool blmi_registration_equal(const blmi_registration *a, const blmi_registration *b);

// From the aligned input to the plain one.
blmi_warp blmi_registration_warp(
    const blmi_registration *r, const blmi_alignment *alignment);
blmi_warp blmi_warp_inverse(const blmi_warp *warp);
// Clears seen[p] of positions (grid_height, grid_width) of the aligned input whose centre
// is outside of the resized image.
void blmi_registration_seen(const blmi_recipe *recipe, const blmi_warp *warp,
    int grid_width, int grid_height, uint8_t *seen);

// The grey picture (height, width) of a resized image, as recipe.h has it.
void blmi_registration_grey_of(
    const blmi_recipe *recipe, const uint8_t *resized, uint8_t *grey);
// Height of a pixel of the input on an image of that size / its width.
double blmi_registration_aspect_of(const blmi_recipe *recipe, int width, int height);

// BLM_ENOMEM.
blm_status blmi_registering_new(
    blmi_registration *r, blmi_registering **out, blm_error *err);
void blmi_registering_free(blmi_registering *w); // NULL allowed
// Aligns a grey picture (height, width).
void blmi_registering_find(blmi_registering *w, const uint8_t *grey, blmi_alignment *out);
// Aligns a resized image.  Returns the aligned input (height, width, 3), which lives
// until the next call.
uint8_t *blmi_registering_run(
    blmi_registering *w, const uint8_t *resized, blmi_alignment *out);

#endif
