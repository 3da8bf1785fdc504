// parts.h: the stored form of something: numbers and named arrays, listed once for saving
// and opening.
#ifndef BLMI_DETECTOR_PARTS_H
#define BLMI_DETECTOR_PARTS_H

#include "blemish/status.h"
#include "src/base/tensor.h"

typedef enum blmi_number_type {
    BLMI_NUMBER_INT,
    BLMI_NUMBER_INT64,
    BLMI_NUMBER_UNSIGNED,
    BLMI_NUMBER_DOUBLE
} blmi_number_type;

typedef struct blmi_number {
    const char *key; // in the metadata of a file
    blmi_number_type type;
    void *at; // where it stands
} blmi_number;

typedef struct blmi_part {
    const char *name;
    blmi_dtype dtype;
    int rank;
    int64_t shape[3]; // outermost first
    void *at;         // of the pointer to the array, whatever its type
} blmi_part;

enum { BLMI_MOST_NUMBERS = 12, BLMI_MOST_PARTS = 12 };

// Whether all numbers of the array are finite; always, for one of whole numbers.
// BLM_EINPUT names path, array and place.
blm_status blmi_part_check_finite(
    const blmi_part *part, const char *path, blm_error *err);

#endif
