// cli_samples.h: how the readers of layouts put a data set together.
#ifndef BLEMISH_CLI_SAMPLES_H
#define BLEMISH_CLI_SAMPLES_H

#include "apps/blemish/dataset.h"

// Adds a sample; kind NULL: a good one.  mask: its only one; NULL: none.
void cli_sample_add(
    cli_dataset *out, const char *path, const char *kind, const char *mask);
// Adds defective images, the first folder of a path below the listed one being the kind.
// Those below a folder of good ones become good samples.  masks: what the folder of masks
// holds; NULL: there is none.
void cli_samples_add_kinds(
    cli_dataset *out, const cli_files *images, const cli_files *masks);
void cli_samples_add_good(cli_dataset *out, const cli_files *images);
// Sorts the bad samples to the front.  expected: where a mask should lie, in words;
// reports the samples that have none.  NULL: there are no masks.
void cli_samples_finish(cli_dataset *out, const char *expected);

#endif
