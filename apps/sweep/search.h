// search.h: fits and scores with many recipes on features that are extracted once.
//
// Recipes may differ in all that comes after the network: taps, channels, detector and
// its fields, sigma, smallest defect.  Results are those of a fit and a scorer with the
// same recipe; recipes that share a fit may differ by the rounding of floats.  Only one
// thread at a time may use a search; it works on all threads itself.
#ifndef BLEMISH_SWEEP_SEARCH_H
#define BLEMISH_SWEEP_SEARCH_H

#include "blemish/blemish.h"

typedef struct search search;

typedef struct search_options {
    // The preparation of images, the network's type, and all taps that may be tried.
    const blm_recipe *recipe;
    const char *weights; // as in blm_fit_options
    blm_decode_options decode;
    int threads; // 0: as many as there are cores
} search_options;

// Functions are called from one thread at a time; NULL allowed.  A value other than 0
// stops the call, which returns BLM_ESYSTEM, "interrupted".
typedef struct search_watch {
    void *context;                                             // passed to both
    int (*progress)(void *context, size_t done, size_t total); // after each file
    // Called with the map of each test image, in order; like blm_result.map, valid during
    // the call.
    int (*map)(void *context, size_t index, const float *map);
} search_watch;

typedef enum search_role { SEARCH_GOOD, SEARCH_TEST } search_role;

blm_status search_new(const search_options *options, search **out, blm_error *err);
void search_free(search *search); // NULL allowed

// The complete recipe of the extraction; lives as long as the search.
const blm_recipe *search_recipe(const search *search);

// Images that are read or made when they are needed.  Called from any number of threads
// at a time.
typedef struct search_source {
    void *context; // passed to both
    // Image number `index`, with these decode options if it is read from a file.  The
    // search releases it.
    blm_status (*image)(void *context, size_t index, const blm_decode_options *decode,
        blm_image **out, blm_error *err);
    const char *(*name)(void *context, size_t index); // for error texts
} search_source;

// Adds good images to learn from, or images to score.  Keeps the outputs of the taps, 4
// bytes per number.  After a failure the search can only be freed.
blm_status search_add_images(search *search, search_role role,
    const search_source *source, size_t count, const search_watch *watch, blm_error *err);
blm_status search_add_files(search *search, search_role role, const char *const *paths,
    size_t count, const search_watch *watch, blm_error *err);

typedef struct search_result { // arrays live until the next run
    blm_recipe recipe;         // complete
    int positions, features;
    const double *good; // (good_count) leave-one-out scores
    size_t good_count;
    double good_median;   // of `good`
    double threshold;     // from `good`, by the calibration
    const double *scores; // (score_count) of the test images
    size_t score_count;
    double fit_ms, score_ms; // statistics and good scores; distances and maps
} search_result;

// Fits and scores with one recipe, with the input of the search and a subset of its taps.
// Consecutive recipes that differ only in what blm_model_adapt can change share a fit.
// watch, calibration: NULL allowed; groups and held-out scores are not used.
blm_status search_run(search *search, const blm_recipe *recipe,
    const blm_calibration *calibration, const search_watch *watch, search_result *out,
    blm_error *err);

#endif
