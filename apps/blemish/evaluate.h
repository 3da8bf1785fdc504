// evaluate.h: how well a model tells good from bad, measured on a data set.
#ifndef BLEMISH_CLI_EVALUATE_H
#define BLEMISH_CLI_EVALUATE_H

#include "apps/blemish/cli_metrics.h"
#include "apps/blemish/dataset.h"
#include "apps/blemish/options.h"
#include "apps/blemish/report.h"

typedef struct cli_evaluation {
    int native;  // pixel metrics at the size of the images
    int threads; // 0: all cores
    blm_decode_options decode;
    const cli_talk *talk;
    cli_report *report; // takes in images, failures and curves; NULL: no report
} cli_evaluation;

// Scores all images and measures.  The caller frees out->rows; the names in it belong to
// the data set, the texts to the model.  Returns the exit code: 3 where images failed,
// which have been told; with rows, the metrics are those of the others.
int cli_evaluate(const cli_evaluation *how, const blm_model *model,
    const cli_dataset *data, cli_metrics *out);

#endif
