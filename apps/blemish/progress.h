// progress.h: shows progress in one line on stderr.
#ifndef BLEMISH_CLI_PROGRESS_H
#define BLEMISH_CLI_PROGRESS_H

#include <stddef.h>

#include "apps/blemish/options.h"

// Only one thread at a time may call these.  The program has one progress line.
// busy: lines are printed to stdout meanwhile; if that is a terminal, show progress only
// with --progress.
void cli_progress_begin(const cli_talk *talk, int busy);
// Sets the text of the line: "task: 3 of 15 units".  NULL: no task, "images".  The texts
// must live as long as they are shown.
void cli_progress_name(const char *task, const char *units);
void cli_progress_step(size_t done, size_t total);
void cli_progress_clear(void); // clears the line, before something else is printed

#endif
