// floor.h: measures the best rate of matrix products on this machine, for the floor.
#ifndef BLEMISH_BENCH_FLOOR_H
#define BLEMISH_BENCH_FLOOR_H

#include <stddef.h>

#include "blemish/blemish.h"

// A product of (rows, depth) and (depth, columns).
typedef struct floor_product {
    int rows, depth, columns;
} floor_product;

// *gflops: 10^9 multiplications and additions per second of oneDNN, on all threads of
// OpenMP.  The best of square products of 1024, 2048 and 4096 and of `products` (count),
// cut to 4096 a side, with warm caches and packed weights.  Takes a second or two.  0 in
// a program that was built without oneDNN (BLM_BENCH_FLOOR).
blm_status floor_rate(const floor_product *products, size_t count, blm_type type,
    double *gflops, blm_error *err);

#endif
