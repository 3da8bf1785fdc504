// onednn.h: the rate of a library that is known to be at the hardware's limit.
#ifndef BLEMISH_BENCH_ONEDNN_H
#define BLEMISH_BENCH_ONEDNN_H

// GFLOP/s of oneDNN's product (rows, depth) x (depth, columns), warm, weights packed, the
// best of `runs` runs, on `threads` threads; 0 if oneDNN cannot.  bf16: inputs and weights in bf16.
double onednn_rate(int rows, int columns, int depth, int bf16, int threads, int runs);

#endif
