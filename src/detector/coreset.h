// coreset.h: a greedy choice of rows that lie near all others (k-centre).
//
// Sener & Savarese, "Active learning for convolutional neural networks: a core-set
// approach", ICLR 2018, as PatchCore takes it (Roth et al., CVPR 2022), without a random
// projection.
#ifndef BLMI_DETECTOR_CORESET_H
#define BLMI_DETECTOR_CORESET_H

#include <stdint.h>

#include "blemish/status.h"

// How many of `rows` a share above 0 and at most 1 asks for: floor(share rows), at
// least 1.
int64_t blmi_coreset_size(double share, int64_t rows);

// Chooses up to `wanted` of row (rows, D): the first is (splitmix64(seed) >> 32) * rows
// >> 32, each next one has the largest squared distance from its nearest among those
// chosen before, the lowest number among equals.  It ends early if that distance is 0.
// chosen (wanted) takes the numbers in this order, count how many there are, squares
// (wanted; NULL allowed) that distance of each (0 for the first).  Distances are those
// of difference.h; the choice is exact and does not depend on threads.
//
// O(rows x wanted) products, but not one pass over the rows for each choice: the rows
// farthest away are candidates, among which the next choices are made as long as one of
// them is farther away than any row outside was before; then all rows meet these choices
// together, in the products of src/nn, which leave few distances to be computed
// (operand.h).
blm_status blmi_coreset_choose(const float *row, int64_t rows, int features, int64_t seed,
    int64_t wanted, int threads, int64_t *chosen, int64_t *count, double *squares,
    blm_error *err);

#endif
