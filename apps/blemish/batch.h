// batch.h: scores many images with one model, one image per thread, reported in order.
#ifndef BLEMISH_CLI_BATCH_H
#define BLEMISH_CLI_BATCH_H

#include "apps/blemish/options.h"
#include "blemish/blemish.h"

// The result of one image.
typedef struct cli_outcome {
    size_t index;
    const char *name;
    blm_status status;
    blm_error err;     // if status is not BLM_OK; the members below are then empty
    blm_result result; // its arrays belong to the scorer
    int width, height; // of the upright image
    double read_ms;    // reading and decoding
    void *extra;       // set by `work`
} cli_outcome;

typedef struct cli_batch {
    const char *const *paths; // (count)
    size_t count;
    blm_decode_options decode; // limits; bits and range are those of the models
    int threads;               // 0: all cores
    double threshold;          // 0: the model's
    int judge_anyway;          // as in blm_scorer_options
    // Several models: the model of each path.  NULL: that of cli_batch_run.
    const blm_model *const *models; // (model_count)
    size_t model_count;
    const int *model_of; // (count)
    const cli_talk *talk;
    void *context; // passed to the functions below
    // Called after reading, on any thread; may replace the image.  NULL: nothing to do.
    blm_status (*change)(void *context, size_t index, blm_image **image, blm_error *err);
    // Called after scoring, on any thread; may change the image.  NULL: nothing to do.
    blm_status (*work)(void *context, cli_outcome *outcome, const blm_scorer *scorer,
        blm_image *image, blm_error *err);
    // Frees `extra`, whether it was reported or not.  NULL: nothing to do.
    void (*release)(void *extra);
    // Called in the order of the paths, one at a time.  A value other than 0 ends the
    // batch and becomes its exit code.
    int (*report)(void *context, const cli_outcome *outcome);
} cli_batch;

// Scores all images with the model, or their own; a signal ends the batch early.  A
// failed image is named on stderr, passed to `report` like the others, and does not end
// the batch.  Returns the exit code: 0, the worst of the failures, or that of the signal.
int cli_batch_run(const cli_batch *batch, const blm_model *model);

#endif
