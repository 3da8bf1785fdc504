// batch.h: many images through one model: one image a thread, reported in order.
#ifndef BLEMISH_CLI_BATCH_H
#define BLEMISH_CLI_BATCH_H

#include "apps/blemish/options.h"
#include "blemish/blemish.h"

// What became of one image.
typedef struct cli_outcome {
    size_t index;
    const char *name;
    blm_status status;
    blm_error err;     // of a status that is not BLM_OK; what follows is then empty
    blm_result result; // its arrays are the scorer's
    int width, height; // of the upright image
    double read_ms;    // reading and decoding
    void *extra;       // what `work` left
} cli_outcome;

typedef struct cli_batch {
    const char *const *paths; // (count)
    size_t count;
    blm_decode_options decode; // limits; bits and range are the model's
    int threads;               // 0: all cores
    double threshold;          // instead of the model's; 0: the model's
    const cli_talk *talk;
    void *context; // handed to both
    // After the scoring, on any thread; may change the image.  NULL: nothing to do.
    blm_status (*work)(void *context, cli_outcome *outcome, const blm_scorer *scorer,
        blm_image *image, blm_error *err);
    // Frees `extra`, reported or not.  NULL: nothing to do.
    void (*release)(void *extra);
    // In the order of the paths, one at a time.  Anything but 0 ends the batch and
    // becomes its exit code.
    int (*report)(void *context, const cli_outcome *outcome);
} cli_batch;

// Scores all; a signal ends it early.  An image that fails is told on stderr, is
// reported like the others, and does not end it.  Returns the exit code: 0, the worst of
// the failures, or that of the signal.  With a single image all cores work on that.
int cli_batch_run(const cli_batch *wanted, const blm_model *model);

#endif
