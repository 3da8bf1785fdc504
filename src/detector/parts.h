// parts.h: lists the numbers and named arrays of an object, for saving and opening.
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
    void *at; // address of the number
} blmi_number;

typedef struct blmi_part {
    const char *name;
    blmi_dtype dtype;
    int rank;
    int64_t shape[3]; // outermost first
    void *at;         // address of the pointer to the array, of any type
} blmi_part;

enum { BLMI_MAX_NUMBERS = 12, BLMI_MAX_PARTS = 12 };

// Checks that all numbers of the array are finite; true for integers.  BLM_EINPUT names
// path, array and place.
blm_status blmi_part_check_finite(
    const blmi_part *part, const char *path, blm_error *err);

#endif
