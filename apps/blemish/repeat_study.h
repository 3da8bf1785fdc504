// repeat_study.h: judges several images of each part, and compares their verdicts and
// scores.
#ifndef BLEMISH_CLI_REPEAT_STUDY_H
#define BLEMISH_CLI_REPEAT_STUDY_H

#include "apps/blemish/batch.h"
#include "apps/blemish/groups.h"
#include "apps/blemish/listing.h"
#include "apps/gauge/gauge.h"

enum { CLI_VERDICTS = 4 }; // of blm_verdict

// One part.
typedef struct cli_part {
    char *label;
    size_t verdicts[CLI_VERDICTS]; // images with each verdict, by blm_verdict
    size_t images;
    double low, high; // scores of the images that were judged; NaN: none
    double place;     // mean of their scores: 0 at the median of the fit, 1 at the
                      // threshold; NaN: none
} cli_part;

typedef struct cli_repeat_study {
    cli_part *parts; // (count) in the order of their first images
    size_t count;
    size_t images;   // that were scored
    size_t repeated; // parts with two images or more
    size_t flips;  // of these, parts of which some images are NG and others OK or REVIEW
    size_t unsure; // parts with both OK and REVIEW, and no NG
    size_t partly; // parts of which some images, not all, are CANNOT JUDGE
    // The probability that two images of a part have different verdicts; NaN: unknown.
    double disagree;
    gauge_spread score; // of images that were judged
    double unit;        // of the score: from the median of the fit to the threshold
    size_t near;        // judged parts whose mean is within two deviations of an image
                        // (score.within) from the threshold
} cli_repeat_study;

// Scores all files and fills in *out.  Returns the exit code: 3 if images failed, which
// have been reported; *out is then of the others.
int cli_repeat_run(const cli_batch *how, const blm_model *model,
    const cli_grouping *grouping, const cli_files *files, cli_repeat_study *out);
void cli_repeat_free(cli_repeat_study *study);

// Whether images of the part have different verdicts.
int cli_part_changes(const cli_part *part);

#endif
