// dataset.h: test images with what is known about them.
#ifndef BLEMISH_CLI_DATASET_H
#define BLEMISH_CLI_DATASET_H

#include "apps/blemish/listing.h"

typedef struct cli_sample {
    const char *path;
    char *kind; // "good", or the kind of defect
    char *mask; // path; NULL: no defect, or none known
    int bad;
} cli_sample;

typedef struct cli_dataset {
    cli_sample *items; // (count) the bad ones by kind first, then the good ones
    size_t count, capacity;
    int masks; // every bad sample has a mask
    cli_files good, bad;
} cli_dataset;

// The layout of MVTec AD: root/test/KIND/..., where `good` is the kind without defect,
// and root/ground_truth/KIND/..., the mask of NAME.png being NAME_mask.* or NAME.*.
// Without the folder ground_truth there are no masks.  Faults are told on stderr; returns
// 0 or the exit code.
int cli_dataset_mvtec(const char *root, cli_dataset *out);
// The same with folders of any name; those below `bad` are the kinds.  masks: NULL: none.
int cli_dataset_folders(
    const char *good, const char *bad, const char *masks, cli_dataset *out);
void cli_dataset_free(cli_dataset *dataset);

#endif
