// bank.h: stores rows of features of good images, and finds the nearest one.
//
// Letters: K rows, D features, P positions.
//
// The search is exact.  Let c be the mean of the rows, x a query and r a row, both less
// c:
//
//     |x - r|^2 = |x|^2 - 2 s,     s = x.r - |r|^2 / 2.
//
// s comes from the products of src/nn, for a block of queries and rows at once, in bf16
// if the processor supports it.  Rounding to bf16 changes each number by at most 2^-8 of
// itself, so the product of x and r by at most (2^-7 + 2^-16) |x| |r| (Cauchy & Schwarz);
// sums of D terms in float add at most (D + 8) 2^-23 (|x| |r| + |r|^2).  Only the largest
// s of each panel of 16 rows is kept.  Panels that cannot contain the nearest row, by
// these bounds, are skipped; in the others every distance is computed from the
// differences (difference.h).
#ifndef BLMI_DETECTOR_BANK_H
#define BLMI_DETECTOR_BANK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "blemish/status.h"
#include "src/base/team.h"
#include "src/base/window.h"

// The rows that a query is compared with: all, or with a reach those of positions at most
// `reach` cells away.  A reach requires rows sorted by position.
typedef struct blmi_bank_layout {
    int width, height; // of the grid, P = width * height
    int features;      // D
    int reach;         // -1: no limit
} blmi_bank_layout;

typedef struct blmi_bank blmi_bank; // immutable

// row (K, D) and number (K), image * P + position of each, belong to the caller and must
// outlive the bank.  With a reach, rows are sorted by position, then image, and every
// position has the same number of rows, or none.
blm_status blmi_bank_new(const blmi_bank_layout *layout, const float *row,
    const int32_t *number, int64_t rows, blmi_bank **out, blm_error *err);
void blmi_bank_free(blmi_bank *bank); // NULL allowed

// Rows to skip: those of images with group[image] == skip.  group NULL: none.
typedef struct blmi_bank_skip {
    const int32_t *group;
    int32_t skip;
} blmi_bank_skip;

// Distances of x (P, D) to the nearest row that is not skipped, into out (P).  nearest
// (P; NULL allowed) becomes its index in the bank, the lowest among equals.  Positions
// with use[p] == 0 (NULL: all are used) give 0 and -1; positions without any row give
// infinity and -1.  A query that is not finite gives a distance that is not finite.
// Allocates nothing: scratch has blmi_bank_scratch bytes, aligned to 64.
size_t blmi_bank_scratch(const blmi_bank *bank, const blmi_team *team);
void blmi_bank_search(const blmi_bank *bank, const float *x, const uint8_t *use,
    blmi_bank_skip skip, blmi_team *team, void *scratch, float *out, int64_t *nearest);

#endif
