// npy.h: reads the .npy files of golden data.
#ifndef BLEMISH_TESTS_NPY_H
#define BLEMISH_TESTS_NPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A version 1.0 file, little-endian, C order.  One of f4, f8, u1, i4 is not NULL.
typedef struct npy {
    int rank;
    size_t shape[8]; // outermost first
    size_t count;    // items; the product of shape
    const float *f4;
    const double *f8;
    const uint8_t *u1;
    const int32_t *i4;
    void *memory; // of the items
} npy;

// The path of a golden file, name being "backbone/input.npy" or the like: below
// $BLM_SHARED/golden, ../shared/golden or tests/golden, the first that has it.  NULL, and
// a line on stdout, if none has it.  Static memory, valid until the next call.
const char *golden_path(const char *name);

// Reads the array of a file; fails the test if that fails, or if its type is not `type`
// ("f4", "f8", "u1", "i4").
npy npy_load(const char *path, const char *type);
void npy_free(npy *array);
// Whether the array has exactly this shape: npy_is(&a, 3, (size_t[]){192, 14, 14}).
bool npy_is(const npy *array, int rank, const size_t *shape);

#endif
