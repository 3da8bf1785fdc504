// cli_samples.h: builds a data set from what the readers of layouts find.
#ifndef BLEMISH_CLI_SAMPLES_H
#define BLEMISH_CLI_SAMPLES_H

#include "apps/blemish/dataset.h"

// Adds a sample.  kind NULL: good.  mask: its only mask; NULL: none.
void cli_sample_add(
    cli_dataset *out, const char *path, const char *kind, const char *mask);
// Adds defective images; the first folder of a path below the listed one is the kind.
// Images below a folder of good images become good samples.  masks: the files in the
// folder of masks; NULL: there is no such folder.
void cli_samples_add_kinds(
    cli_dataset *out, const cli_files *images, const cli_files *masks);
void cli_samples_add_good(cli_dataset *out, const cli_files *images);
// Sorts the defective samples to the front and reports those without a mask.  expected:
// where a mask should be, for the message; NULL: there are no masks.
void cli_samples_finish(cli_dataset *out, const char *expected);

#endif
