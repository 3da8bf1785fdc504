// target.h: where a result will be written.
#ifndef BLEMISH_CLI_TARGET_H
#define BLEMISH_CLI_TARGET_H

// Long work must not end in a file that cannot be written: complains and returns 4 if
// `path` can be seen to be one, else 0.
int cli_check_target(const char *path);

#endif
