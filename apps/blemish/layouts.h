// layouts.h: reads the lists of training and test images that some data sets have.
#ifndef BLEMISH_CLI_LAYOUTS_H
#define BLEMISH_CLI_LAYOUTS_H

#include "apps/blemish/dataset.h"

// Each fills in train and samples of the category in the folder `root` from its list.
// Returns 0, the exit code after an error, or -1 if there is no list.

// VisA: ../split_csv/1cls.csv with the columns object, split, label, image, mask; paths
// are relative to the folder of all categories.
int cli_list_visa(const char *root, cli_dataset *out);
// Real-IAD: realiad_jsons/CATEGORY.json in a folder above, with the arrays train and test
// of objects {anomaly_class, image_path, mask_path}; paths are relative to the category.
int cli_list_realiad(const char *root, cli_dataset *out);

#endif
