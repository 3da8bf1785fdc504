// search.h: many recipes on one extraction of features.
//
// Images go through the network once.  What comes after it can then be tried again and
// again: taps, channels, unit variance, epsilon, shrinkage, sigma, smallest defect.
// Results are those of a fit and a scorer with the same recipe; where recipes share a
// fit, but for the rounding of floats.  One thread at a time uses a search; it works on
// all threads itself.
#ifndef BLEMISH_SWEEP_SEARCH_H
#define BLEMISH_SWEEP_SEARCH_H

#include "blemish/blemish.h"

typedef struct search search;

typedef struct search_options {
    // How images become the network's input, and all taps that may be tried.
    const blm_recipe *recipe;
    const char *weights; // as in blm_fit_options
    blm_decode_options decode;
    int threads; // 0: as many as there are cores
} search_options;

// Called from one thread at a time, NULL allowed; anything but 0 stops the call, which
// returns BLM_ESYSTEM, "interrupted".
typedef struct search_watch {
    void *context;                                             // handed to both
    int (*progress)(void *context, size_t done, size_t total); // after each file
    // The map of a test image, in their order, like blm_result.map; lives until it
    // returns.
    int (*map)(void *context, size_t index, const float *map);
} search_watch;

typedef enum search_role { SEARCH_GOOD, SEARCH_TEST } search_role;

blm_status search_new(const search_options *options, search **out, blm_error *err);
void search_free(search *search); // NULL allowed

// The recipe of the extraction, complete; lives as long as the search.
const blm_recipe *search_recipe(const search *search);

// Takes in good images to learn from, or images to score.  Keeps the outputs of the taps:
// 4 bytes for each of their numbers.  After a failure the search can only be freed.
blm_status search_add_files(search *search, search_role role, const char *const *paths,
    size_t count, const search_watch *watch, blm_error *err);

typedef struct search_result { // arrays live until the next run
    blm_recipe recipe;         // complete
    int positions, features;
    const double *good; // (good_count) each scored without its part in the fit
    size_t good_count;
    double good_median;   // of these
    double threshold;     // from these, as the calibration says
    const double *scores; // (score_count) of the test images
    size_t score_count;
    double fit_ms, score_ms; // statistics and good scores; distances and maps
} search_result;

// Fits and scores with one recipe, whose input is that of the search and whose taps are
// among its.  Recipes that differ only in what blm_model_adapt can change share the work
// of a fit if they follow each other.  watch, calibration: NULL allowed; groups and
// held-out scores are not used.
blm_status search_run(search *search, const blm_recipe *recipe,
    const blm_calibration *calibration, const search_watch *watch, search_result *out,
    blm_error *err);

#endif
