// formula.h: computes ConTNet weights from each tensor's name, so that tests need no
// weights file.
//
// Element i of tensor NAME is offset + scale * r in double, rounded to float; r in [-1,
// 1) comes from splitmix64's finaliser of FNV-1a(NAME) + i * 0x9e3779b97f4a7c15; offset
// and scale depend on the kind of tensor (formula.c).
#ifndef BLEMISH_TESTS_FORMULA_H
#define BLEMISH_TESTS_FORMULA_H

#include <stddef.h>
#include <stdint.h>

#include "src/backbone/contnet.h"
#include "src/base/tensor.h"

// Fills `out` (product of shape) with the tensor of that name.
void formula_fill(float *out, const char *name, int rank, const int64_t *shape);
// r of element i, for noise in other places: uniform in [-1, 1).
double formula_noise(const char *name, uint64_t i);

// All tensors of a network with config->stages stages, sorted by name, F32.
typedef struct formula_weights {
    blmi_tensors set;
    blmi_tensor *items; // (set.count)
} formula_weights;

formula_weights formula_weights_new(const blmi_contnet_config *config);
void formula_weights_free(formula_weights *weights);

#endif
