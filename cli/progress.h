// progress.h: one line on stderr that says how far we are.
#ifndef BLEMISH_CLI_PROGRESS_H
#define BLEMISH_CLI_PROGRESS_H

#include <stddef.h>

#include "cli/options.h"

// All of these are called from one thread at a time.  There is one line, the program's.
// `busy`: stdout prints lines to the same terminal, so show nothing unless told to.
void cli_progress_begin(const cli_talk *talk, int busy);
void cli_progress_step(size_t done, size_t total);
void cli_progress_clear(void); // takes the line away, before something else is printed

#endif
