// benchmark.h: times the steps of scoring an image, and the floor of the network.
//
// The floor is the time that the network's multiplications and additions would take at
// the best rate of oneDNN on this machine, with the same type and number of threads,
// measured in the same call.
#ifndef BLEMISH_BENCH_BENCHMARK_H
#define BLEMISH_BENCH_BENCHMARK_H

#include <stddef.h>

#include "blemish/blemish.h"

typedef struct bench_options {
    const char *model;   // a model file to time; NULL: time `weights`, and statistics of
                         // `images` made-up images
    const char *weights; // a file or a name (blemish/weights.h); NULL: the default
    int images;          // 3 to 2000; 0: 240
    int width, height;   // of the network's input, multiples of 224; 0: 224, or the
                         // model's
    const char *taps;    // of the recipe; NULL: the backbone's own choice, or the model's
    blm_type type;       // of the network's products, and of the floor; 0: float, or the
                         // model's
    int half;            // 1: statistics in half precision; 0: float, or the model's
    const void *picture; // an image file in memory, to decode and resize
    size_t picture_size; // bytes
    int threads;         // 0: as many as there are cores
    int batch;           // images per run of the network, 1 to 64; 0: 1
    int throughput;      // 1: one image per thread; 0: all threads inside one run
    int runs;            // to time, 3 to 100000; 0: 50
} bench_options;

// A sample of times.
typedef struct bench_time {
    double median, p10, p90; // milliseconds
} bench_time;

enum { BENCH_PHASES = 48 };

typedef struct bench_phase {
    char name[48];   // "decode", "prepare", "layer0" (the stem), ...
    bench_time time; // per image
    double gflop;    // multiplications and additions per image, in 10^9; 0: not counted
} bench_phase;

typedef struct bench_result {
    char backbone[160]; // "ConTNet-B"
    char kernels[160];  // instruction set that the network uses, or its program
    int width, height, threads, batch, runs;
    blm_type type;
    // The steps of an image, in order; none with `throughput`.  The stages of the network
    // are timed in separate runs, which the timing slows a little.
    bench_phase phases[BENCH_PHASES];
    size_t phase_count;
    bench_time network;    // per image
    double images_per_s;   // of the network
    double gflop;          // per image; 0: not known, as of an ONNX network
    double gflops;         // 10^9 operations per second
    double floor_gflops;   // the best of oneDNN, all threads together; 0, like the
                           // next two, if built without oneDNN
    double floor_ms;       // per image
    double ratio_to_floor; // network.median / floor_ms
    double output_mean, output_rms; // of the deepest tap in use, to compare with other
                                    // programs
    int images;                     // N of the statistics
    double fit_ms; // time of the fit without extracting features; 0: of a model
} bench_result;

// Takes seconds.  BLM_EUSAGE: a number out of range, both weights and a model.
blm_status bench_run(const bench_options *options, bench_result *out, blm_error *err);

#endif
