// floor.h: the best rate at which a library of others multiplies matrices on this
// machine, the yardstick of the network's speed.
#ifndef BLEMISH_BENCH_FLOOR_H
#define BLEMISH_BENCH_FLOOR_H

#include <stddef.h>

#include "blemish/blemish.h"

// (rows, depth) by (depth, columns)
typedef struct floor_product {
    int rows, depth, columns;
} floor_product;

// 10^9 multiplications and additions a second with oneDNN, on all threads that OpenMP
// gives: the best of warm square products of 1024, 2048 and 4096 and of `products`
// (count), cut to 4096 a side, with the weights packed beforehand.  Takes a second or
// two.  *gflops is 0 in a program that was built without oneDNN (BLM_BENCH_FLOOR).
blm_status floor_rate(const floor_product *products, size_t count, blm_type type,
    double *gflops, blm_error *err);

#endif
