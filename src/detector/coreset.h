// coreset.h: chooses rows so that every row is near a chosen one (greedy k-centre).
//
// Sener & Savarese, "Active learning for convolutional neural networks: a core-set
// approach", ICLR 2018, as used by PatchCore (Roth et al., CVPR 2022), but without a
// random projection.
#ifndef BLMI_DETECTOR_CORESET_H
#define BLMI_DETECTOR_CORESET_H

#include <stdint.h>

#include "blemish/status.h"

// The number of rows for a share above 0, at most 1: floor(share rows), at least 1.
int64_t blmi_coreset_size(double share, int64_t rows);

// Chooses up to `wanted` of row (rows, D).  The first is (splitmix64(seed) >> 32) * rows
// >> 32.  Each next one has the largest squared distance from its nearest chosen row, the
// lowest number among equals.  Ends early if that distance is 0.  chosen (wanted) gets
// the numbers in this order, count the number of choices, squares (wanted; NULL allowed)
// that distance of each (0 for the first).  Distances are those of difference.h; the
// choice is exact and does not depend on threads.
//
// O(rows x wanted) products, but not one pass over the rows per choice.  The rows
// farthest away are candidates.  Choices are made among them while one is farther away
// than any other row was before.  Then all rows are compared with these choices together,
// by the products of src/nn, which leave few distances to compute (operand.h).
blm_status blmi_coreset_choose(const float *row, int64_t rows, int features, int64_t seed,
    int64_t wanted, int threads, int64_t *chosen, int64_t *count, double *squares,
    blm_error *err);

#endif
