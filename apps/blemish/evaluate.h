// evaluate.h: measures a model on a data set.
#ifndef BLEMISH_CLI_EVALUATE_H
#define BLEMISH_CLI_EVALUATE_H

#include "apps/blemish/cli_metrics.h"
#include "apps/blemish/dataset.h"
#include "apps/blemish/options.h"
#include "apps/blemish/report.h"

typedef struct cli_evaluation {
    int native;       // pixel metrics at the size of the images
    int judge_anyway; // as in blm_scorer_options
    int threads;      // 0: all cores
    blm_decode_options decode;
    const cli_talk *talk;
    cli_report *report; // receives images, failures and curves; NULL: no report
} cli_evaluation;

// Scores all images and computes metrics.  The caller frees out->rows; names in it belong
// to the data set, texts to the model.  Returns the exit code: 3 if images failed, which
// have been reported; out->rows, if any, is then of the other images.
int cli_evaluate(const cli_evaluation *how, const blm_model *model,
    const cli_dataset *data, cli_metrics *out);

#endif
