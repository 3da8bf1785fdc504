// stress_study.h: judges changed copies of images with one model and counts the verdicts.
#ifndef BLEMISH_CLI_STRESS_STUDY_H
#define BLEMISH_CLI_STRESS_STUDY_H

#include "apps/blemish/cli_metrics.h"
#include "apps/blemish/dataset.h"
#include "apps/blemish/options.h"
#include "apps/stress/corrupt.h"

// How the images were judged after one change.
typedef struct cli_stress_row {
    cli_verdicts good, defective;
    double auroc;      // NaN without good or without defective images
    double good_score; // median of blm_result.calibrated of the good ones; NaN: none
} cli_stress_row;

// What goes wrong first.
typedef enum cli_stress_cause {
    CLI_STRESS_HOLDS,
    CLI_STRESS_ALARMS,   // more good images are NG
    CLI_STRESS_MISSES,   // more defective images are OK or REVIEW
    CLI_STRESS_UNJUDGED, // more good images are CANNOT JUDGE
} cli_stress_cause;

typedef struct cli_stress_kind {
    cli_stress_row rows[STRESS_STEPS];
    int holds; // the first `holds` steps are within the allowance, STRESS_STEPS: all
    cli_stress_cause cause; // at the step after these
} cli_stress_kind;

typedef struct cli_stress {
    uint64_t seed;
    // Rise of a share of images that is within the allowance, as is that of one image.
    double allow;
    cli_stress_row unchanged;
    cli_stress_kind kinds[STRESS_KINDS];
    size_t failed; // images that could not be scored, not counted elsewhere
} cli_stress;

typedef struct cli_stress_options {
    uint64_t seed;
    double allow;
    int judge_anyway; // as in blm_scorer_options
    int threads;      // 0: all cores
    blm_decode_options decode;
    const cli_talk *talk;
} cli_stress_options;

// Judges all images of the data, unchanged and changed.  Returns the exit code: 3 if
// images failed, which have been reported; *out is then of the others.
int cli_stress_run(const cli_stress_options *how, const blm_model *model,
    const cli_dataset *data, cli_stress *out);

#endif
