// medoid.h: chooses the reference that images are aligned with.
//
// Of at most BLMI_MEDOIDS images, evenly spaced among those of a fit, it is the one from
// which the others differ least: the mean of 1 - quality of their alignment, and of half
// their movement in relation to the input, so that it lies in their middle.
#ifndef BLMI_FIT_MEDOID_H
#define BLMI_FIT_MEDOID_H

#include "src/feature/registration.h"

enum { BLMI_MEDOIDS = 12 };

// An image that may become the reference.
typedef struct blmi_candidate_image {
    const char *name;
    double aspect; // see blmi_registration_new
    uint8_t *grey; // (height, width)
} blmi_candidate_image;

// Makes the candidate of an image.  The caller releases out->grey with blmi_free.
// BLM_EINPUT: the crop rectangle is not inside the image.
blm_status blmi_medoid_candidate(const blmi_recipe *recipe, const blm_image *image,
    const char *name, blmi_candidate_image *out, blm_error *err);
// Chooses among `count` candidates, 1 or more.  *chosen: its index.  BLM_EINPUT: none of
// them has enough structure.
blm_status blmi_medoid_choose(const blmi_recipe *recipe,
    const blmi_candidate_image *candidates, int count, int threads, int *chosen,
    blmi_registration **out, blm_error *err);

#endif
