// eval_pixels.h: stores the pixels of many maps, and ranks those of a selection of
// images.
#ifndef BLMI_EVAL_PIXELS_H
#define BLMI_EVAL_PIXELS_H

#include "src/eval/eval_sweep.h"

// The pixels of one image; values are keys (src/map/sort.h).
typedef struct blmi_pixels {
    int kind;
    uint32_t good_count, defective_count, region_count;
    uint64_t *defective; // (defective_count) key << 32 | region from 0; rising by key
    uint32_t *good;      // (good_count) keys, rising
    uint32_t *area;      // (region_count) pixels
    void *memory;        // the memory of the three arrays
} blmi_pixels;

struct blm_pixel_metrics {
    blmi_pixels *images; // (capacity), the first `count` in use
    size_t count, capacity;
    uint64_t pixels; // of all images
    // For sorting, as large as the largest image.
    size_t room;
    int32_t *label;          // (room)
    uint64_t *items, *spare; // (room)
};

// The pixels of the images of one kind, and of kind 0.  Only defective pixels are sorted.
// Between two neighbouring defective values only the number of good pixels matters, since
// every curve is a straight line there.
typedef struct blmi_selection {
    const blmi_pixels **images; // (count)
    size_t count;
    blmi_totals totals;
    uint64_t *defective; // (totals.defective) key << 32 | region; rising by key
    double
        *share; // (totals.regions) of a pixel in the mean overlap: 1 / (area * regions)
    size_t distinct;
    uint32_t *keys;  // (distinct) of the defective pixels, rising
    uint32_t *below; // (distinct) good pixels between the key before this and this
    uint32_t *equal; // (distinct) good pixels of this key
} blmi_selection;

// kind 0: all images.  The selection refers to metrics, which must outlive it.  threads:
// 1 or more.
blm_status blmi_selection_new(const blm_pixel_metrics *metrics, int kind, int threads,
    blmi_selection **out, blm_error *err);
void blmi_selection_free(blmi_selection *selection); // NULL allowed
// Visits all cuts: one at each distinct defective value, and one above it if there are
// good pixels in between.
void blmi_selection_walk(
    const blmi_selection *selection, blmi_take_cut *take, void *context);

// The first index, `from` or more, whose key is >= key, in keys (count), rising; count if
// there is none.  Fast if it is near.
size_t blmi_find_key(const uint32_t *keys, size_t from, size_t count, uint32_t key);

#endif
