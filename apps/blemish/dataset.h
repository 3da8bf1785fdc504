// dataset.h: reads labelled images, to fit and to test.
#ifndef BLEMISH_CLI_DATASET_H
#define BLEMISH_CLI_DATASET_H

#include "apps/blemish/listing.h"

typedef struct cli_sample {
    char *path;
    char *kind;   // "good", or the kind of defect
    char **masks; // (mask_count) paths; the defect is the union of them
    size_t mask_count;
    int bad;
} cli_sample;

typedef struct cli_dataset {
    const char *layout; // "MVTec AD"; static text
    cli_sample *items;  // (count) to test: defective ones by kind first, then good ones
    size_t count, capacity;
    int masks;       // every defective sample has a mask
    cli_files train; // good images to learn from; may be empty
    int incomplete;  // 0, or the exit code for missing masks, which have been reported
} cli_dataset;

// 1 if a folder has the name of a folder of good images: good, ok, normal, in any case.
int cli_is_good_folder(const char *name, size_t length);

// Reads a data set as it was published.  Its folders tell its layout (table in
// apps/blemish/layouts.c).  Errors are reported on stderr; returns 0 or the exit code.
int cli_dataset_open(const char *root, const cli_choice *choice, cli_dataset *out);
// The same, but returns 3 if there are no training images.
int cli_dataset_train(const char *root, const cli_choice *choice, cli_dataset *out);
// Whether `root` has the layout of a data set with training images.
int cli_dataset_is(const char *root);
// Whether `root` has the layout of any data set.
int cli_dataset_is_test(const char *root);
// Reads a data set from folders of any name; the folders in `bad` are the kinds.  masks
// NULL: none.
int cli_dataset_folders(const char *good, const char *bad, const char *masks,
    const cli_choice *choice, cli_dataset *out);
void cli_sample_clear(cli_sample *sample); // frees what it holds
void cli_dataset_free(cli_dataset *dataset);

#endif
