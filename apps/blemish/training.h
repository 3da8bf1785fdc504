// training.h: fits a model to image files, with progress and a report of the cost.
#ifndef BLEMISH_CLI_TRAINING_H
#define BLEMISH_CLI_TRAINING_H

#include "apps/blemish/listing.h"
#include "apps/blemish/options.h"

typedef struct cli_training {
    blm_fit_options options;
    blm_calibration calibration;
    int skip_bad; // leave out files that are not usable images, and report them
    int force;    // fit even if the machine has too little memory
    const cli_talk *talk;
    size_t skipped; // files that were left out
} cli_training;

#define CLI_FORCE_OPTION(type)                                                           \
    {                                                                                    \
        "force", 0, CLI_FLAG, NULL, "Fit even if the machine has too little memory",     \
            offsetof(type, force), 0, 0, NULL                                            \
    }

// Returns BLM_ENOMEM before the work begins if the machine has too little memory.
blm_status cli_train(
    cli_training *training, const cli_files *files, blm_model **out, blm_error *err);

#endif
