// cli_metrics.h: prints the metrics of eval.
#ifndef BLEMISH_CLI_METRICS_H
#define BLEMISH_CLI_METRICS_H

#include "blemish/blemish.h"
#include "blemish/eval.h"

// Images of one kind of defect, with all the good ones.
typedef struct cli_metrics_row {
    const char *kind; // NULL: all kinds
    blm_metrics image, pixel;
    // At the model's threshold, that of pixels from the predicted masks; NaN where not
    // defined.
    double image_f1, pixel_f1;
    blm_interval image_f1_range, pixel_f1_range;
    blm_intervals image_range, pixel_range; // with a report only
} cli_metrics_row;

// How many images got a verdict.
typedef struct cli_verdicts {
    int64_t ng, review, unjudged, all;
} cli_verdicts;

typedef struct cli_metrics {
    blm_model_info model;
    cli_verdicts good, defective;
    int has_pixels;        // the rows have pixel metrics
    int native;            // those are at the size of the images
    cli_metrics_row *rows; // (count) all kinds first
    size_t count;
    size_t failed; // images that could not be scored, not counted elsewhere
} cli_metrics;

// Wilson's 95 % interval of a share, count of all > 0.
blm_interval cli_share_interval(int64_t count, int64_t all);

void cli_metrics_print(const cli_metrics *metrics);
void cli_metrics_print_json(const cli_metrics *metrics);

#endif
