// sweep.h: many recipes on one extraction of features.
//
// Images go through the network once.  What comes after it can then be tried again and
// again: stages, channels, unit variance, epsilon, shrinkage, sigma, smallest defect.
// Results equal, but for the rounding of floats, those of a fit and a scorer with the
// same recipe.  One thread at a time uses a sweep; it works on all threads itself.
#ifndef BLEMISH_SWEEP_H
#define BLEMISH_SWEEP_H

#include "blemish/blemish.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct blm_sweep blm_sweep;

typedef struct blm_sweep_options {
    // How images become the network's input, and all taps that may be tried; NULL: all
    // defaults.
    const blm_recipe *recipe;
    const char *weights; // as in blm_fit_options
    blm_decode_options decode;
    int threads; // 0: as many as there are cores
} blm_sweep_options;

// Called from one thread at a time, NULL allowed; anything but 0 stops the call, which
// returns BLM_ESYSTEM, "interrupted".
typedef struct blm_sweep_watch {
    void *context;                                             // handed to both
    int (*progress)(void *context, size_t done, size_t total); // after each file
    // The map of a test image, in their order, like blm_result.map; lives until it
    // returns.
    int (*map)(void *context, size_t index, const float *map);
} blm_sweep_watch;

typedef enum blm_sweep_role { BLM_SWEEP_GOOD, BLM_SWEEP_TEST } blm_sweep_role;

BLM_API blm_status blm_sweep_new(
    const blm_sweep_options *options, blm_sweep **out, blm_error *err);
BLM_API void blm_sweep_free(blm_sweep *sweep); // NULL allowed

// Takes in good images to learn from, or images to score.  Keeps the outputs of the
// stages: 4 bytes for each of their numbers.  After a failure the sweep can only be
// freed.
BLM_API blm_status blm_sweep_add_files(blm_sweep *sweep, blm_sweep_role role,
    const char *const *paths, size_t count, const blm_sweep_watch *watch, blm_error *err);

// The recipe of the extraction, complete; lives as long as the sweep.
BLM_API const blm_recipe *blm_sweep_recipe(const blm_sweep *sweep);

typedef struct blm_sweep_result { // arrays live until the next run
    blm_recipe recipe;            // complete
    int positions, features;
    const double *good; // (good_count) each scored by the Gaussians of the others
    size_t good_count;
    double good_median;   // of these
    double threshold;     // from these, as the calibration says
    const double *scores; // (score_count) of the test images
    size_t score_count;
    double fit_ms, score_ms; // statistics and good scores; distances and maps
} blm_sweep_result;

// Fits and scores with one recipe, whose input is that of the sweep and whose taps are
// among its.  Recipes that differ in epsilon, shrinkage, sigma and smallest defect alone
// share the work of a fit if they follow each other.  watch: NULL allowed, as is
// calibration, whose group and held_out are not used.
BLM_API blm_status blm_sweep_run(blm_sweep *sweep, const blm_recipe *recipe,
    const blm_calibration *calibration, const blm_sweep_watch *watch,
    blm_sweep_result *out, blm_error *err);

#ifdef __cplusplus
}
#endif
#endif
