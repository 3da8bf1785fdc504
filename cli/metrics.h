// metrics.h: what eval prints.
#ifndef BLEMISH_CLI_METRICS_H
#define BLEMISH_CLI_METRICS_H

#include "blemish/eval.h"

// Images of one kind of defect, with all the good ones.
typedef struct cli_metrics_row {
    const char *kind; // NULL: all kinds
    blm_metrics image, pixel;
} cli_metrics_row;

typedef struct cli_metrics {
    const char *model_hash;
    double threshold;      // of the model
    int64_t false_alarms;  // good images that are NG
    int64_t misses;        // defective images that are not
    int has_pixels;        // the rows have pixel metrics
    int native;            // those are at the size of the images
    cli_metrics_row *rows; // (count) all kinds first
    size_t count;
} cli_metrics;

void cli_metrics_print(const cli_metrics *metrics);
void cli_metrics_print_json(const cli_metrics *metrics);

#endif
