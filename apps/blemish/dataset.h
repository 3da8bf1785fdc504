// dataset.h: images whose truth is known, to learn from and to test.
#ifndef BLEMISH_CLI_DATASET_H
#define BLEMISH_CLI_DATASET_H

#include "apps/blemish/listing.h"

typedef struct cli_sample {
    char *path;
    char *kind;   // "good", or the kind of defect
    char **masks; // (mask_count) paths; what any of them marks is defect
    size_t mask_count;
    int bad;
} cli_sample;

typedef struct cli_dataset {
    const char *layout; // "MVTec AD"; static text
    cli_sample *items;  // (count) to test: the bad ones by kind first, then the good ones
    size_t count, capacity;
    int masks;       // every bad sample has a mask
    cli_files train; // good images to learn from; may be none
    int incomplete; // exit code of faults that leave it usable, which have been reported:
                    // masks that are missing
} cli_dataset;

// 1 if a folder is called like one of good images: good, ok, normal, in any case.
int cli_is_good_folder(const char *name, size_t length);

// Reads a data set as it was published, by the layout that its folders show
// (apps/blemish/layouts.c has the table).  Faults are reported on stderr; returns 0 or
// the exit code.
int cli_dataset_open(const char *root, const cli_choice *choice, cli_dataset *out);
// The same, for those who learn from it: 3 also if nothing is to be learnt
// from.
int cli_dataset_train(const char *root, const cli_choice *choice, cli_dataset *out);
// Whether `root` has the layout of a data set that says what to learn from.
int cli_dataset_is(const char *root);
// A data set of folders with any names; those below `bad` are the kinds.  masks: NULL:
// none.
int cli_dataset_folders(const char *good, const char *bad, const char *masks,
    const cli_choice *choice, cli_dataset *out);
void cli_dataset_free(cli_dataset *dataset);

#endif
