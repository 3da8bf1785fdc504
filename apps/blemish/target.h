// target.h: where a result will be written.
#ifndef BLEMISH_CLI_TARGET_H
#define BLEMISH_CLI_TARGET_H

#include "blemish/status.h"

// Long work must not end in a file that cannot be written: complains and returns 4 if
// `path` can be seen to be one, else 0.
int cli_check_target(const char *path);

// Creates the folders that path needs above its last component.
blm_status cli_make_parents(const char *path, blm_error *err);
// Creates a folder, and those that it needs, where there is none yet.  BLM_ESYSTEM.
blm_status cli_make_folder(const char *folder, blm_error *err);

#endif
