// target.h: checks and creates the places where results are written.
#ifndef BLEMISH_CLI_TARGET_H
#define BLEMISH_CLI_TARGET_H

#include "blemish/status.h"

// Checks before long work that `path` can be written.  Returns 0, or 4 after an error.
int cli_check_target(const char *path);

// Creates the folders above the last component of path.
blm_status cli_make_parents(const char *path, blm_error *err);
// Creates a folder and those above it, if they do not exist.  BLM_ESYSTEM if that fails.
blm_status cli_make_folder(const char *folder, blm_error *err);

#endif
