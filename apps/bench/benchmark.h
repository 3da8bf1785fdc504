// benchmark.h: how fast the detector runs on this machine, next to how fast it could.
//
// The floor of the network is the time that its multiplications and additions would take
// at the best rate that oneDNN reaches on this machine, in the same type, with the same
// number of threads, measured in the same call.
#ifndef BLEMISH_BENCH_BENCHMARK_H
#define BLEMISH_BENCH_BENCHMARK_H

#include <stddef.h>

#include "blemish/blemish.h"

typedef struct bench_options {
    const char *model;   // a model file, whose network, recipe and statistics are timed;
                         // NULL: `weights`, and statistics of `images` made-up images
    const char *weights; // a file or a name (blemish/weights.h); NULL: the default
    int images;          // 3 to 2000; 0: 240
    int width, height;   // of the network's input, multiples of 224; 0: 224, or the
                         // model's
    blm_type type;       // of the network's products, and of the floor; 0: float, or the
                         // model's
    int half;            // 1: statistics in half precision; 0: float, or the model's
    const void *picture; // an image file in memory, to be decoded and resized
    size_t picture_size; // bytes
    int threads;         // 0: as many as there are cores
    int batch;           // images a run of the network, 1 to 64; 0: 1
    int throughput;      // 1: one image a thread; 0: all threads inside one run
    int runs;            // that are timed, 3 to 100000; 0: 50
} bench_options;

// A sample of times.
typedef struct bench_time {
    double median, p10, p90; // milliseconds
} bench_time;

enum { BENCH_PHASES = 48 };

typedef struct bench_phase {
    char name[48];   // "decode", "prepare", "layer0" (the stem), ...
    bench_time time; // of one image, a share of the batch's
    double gflop;    // multiplications and additions an image, in 10^9; 0: not counted
} bench_phase;

typedef struct bench_result {
    char backbone[32];   // "ConTNet-B"
    const char *kernels; // instruction set that the network uses; static text
    int width, height, threads, batch, runs;
    blm_type type;
    // Where the time of an image goes, in order.  With `throughput` only what an image
    // costs on its thread while the others work.  The stages are timed in runs of their
    // own, which are slowed a little by being watched.
    bench_phase phases[BENCH_PHASES];
    size_t phase_count;
    bench_time network;             // an image: a run's time over its number of images
    double images_per_s;            // of the network
    double gflop;                   // an image
    double gflops;                  // reached, 10^9 operations a second
    double floor_gflops;            // oneDNN's best, all threads together; 0: built
                                    // without oneDNN, and so the next two
    double floor_ms;                // an image
    double ratio_to_floor;          // network.median / floor_ms
    double output_mean, output_rms; // of the numbers of the deepest stage in use, to be
                                    // compared with those of another program
    int images;                     // the statistics' N
    double fit_ms; // statistics of `images` images, once, beyond their features; 0: of a
                   // model
} bench_result;

// Takes seconds.  BLM_EUSAGE: a number out of range, both weights and a model.
blm_status bench_run(const bench_options *options, bench_result *out, blm_error *err);

#endif
