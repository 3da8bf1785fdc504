// training.h: from image files to a model, with progress and a word on the cost.
#ifndef BLEMISH_CLI_TRAINING_H
#define BLEMISH_CLI_TRAINING_H

#include "apps/blemish/listing.h"
#include "apps/blemish/options.h"

typedef struct cli_training {
    blm_fit_options options;
    blm_calibration calibration;
    int skip_bad; // leave out files that are no usable image, and say so
    int force;    // even if the machine has not the memory for it
    const cli_talk *talk;
    size_t skipped; // files that were left out
} cli_training;

#define CLI_FORCE_OPTION(type)                                                           \
    {                                                                                    \
        "force", 0, CLI_FLAG, NULL, "Try it even if memory will not suffice",            \
            offsetof(type, force), 0, 0, NULL                                            \
    }

// BLM_ENOMEM before the work begins if it would take more memory than the machine has.
blm_status cli_train(
    cli_training *training, const cli_files *files, blm_model **out, blm_error *err);

#endif
