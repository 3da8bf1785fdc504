// collection.h: keeps the features of good images while a detector is fitted that needs
// all of them.
#ifndef BLMI_DETECTOR_COLLECTION_H
#define BLMI_DETECTOR_COLLECTION_H

#include "src/detector/detector.h"

typedef struct blmi_collection {
    blmi_detector_shape shape;
    int positions, counted; // P, Q
    int *where;             // (Q) the positions in use, rising
    int64_t images, capacity;
    float **x; // (images) of each (Q, D)
} blmi_collection;

// use (P) selects the positions (NULL: all).
blm_status blmi_collection_new(const blmi_detector_shape *shape, const uint8_t *use,
    blmi_collection **out, blm_error *err);
void blmi_collection_free(blmi_collection *collection); // NULL allowed
// x (images, P, D).  BLM_EINPUT names the first image with a feature that is not a number
// within +-1e15.  After a failure the collection is unchanged.
blm_status blmi_collection_add(
    blmi_collection *collection, const float *x, int images, blm_error *err);

// The fit of a kind that collects features and does all else when it is finished: the
// functions are those of blmi_detector_kind (kind.h).
typedef struct blmi_collecting {
    blmi_detector_rule rule;
    int threads;
    blmi_collection *collection; // NULL: taken over by the detector
} blmi_collecting;

blm_status blmi_collecting_new(const blmi_detector_rule *rule,
    const blmi_detector_shape *shape, const uint8_t *use, int threads, void **out,
    blm_error *err);
void blmi_collecting_free(void *fit);
blm_status blmi_collecting_add(void *fit, const float *x, int images, blm_error *err);
int64_t blmi_collecting_images(const void *fit);

// scale (D) brings the mean variance of the features of each output to 1.  The variance
// of a feature is over all positions and images, divided by their number.  An output that
// does not vary gets scale 1.
blm_status blmi_collection_scales(
    const blmi_collection *collection, float *scale, blm_error *err);
// Writes x (Q, D) of image i times scale to its positions in features (P, D); other
// positions become zero.
void blmi_collection_spread(
    const blmi_collection *collection, int64_t i, const float *scale, float *features);
// use (P): 1 for the positions in use.
void blmi_collection_use(const blmi_collection *collection, uint8_t *use);

#endif
