// progress.h: one line on stderr that says how far we are.
#ifndef BLEMISH_CLI_PROGRESS_H
#define BLEMISH_CLI_PROGRESS_H

#include <stddef.h>

#include "apps/blemish/options.h"

// All of these are called from one thread at a time.  There is one line, the program's.
// `busy`: stdout prints lines to the same terminal, so show nothing unless told to.
void cli_progress_begin(const cli_talk *talk, int busy);
// What the line says from here on: "task: 3 of 15 units".  NULL: no task, images.  The
// texts live as long as they are shown.
void cli_progress_name(const char *task, const char *units);
void cli_progress_step(size_t done, size_t total);
void cli_progress_clear(void); // takes the line away, before something else is printed

#endif
