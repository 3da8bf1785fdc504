// exit.h: how the program ends: exit codes, errors on stderr, a checked stdout, signals.
#ifndef BLEMISH_CLI_EXIT_H
#define BLEMISH_CLI_EXIT_H

#include "blemish/status.h"

enum {
    CLI_EXIT_OK = 0,
    CLI_EXIT_NG = 1, // an image is NG, only with --exit-status
    CLI_EXIT_USAGE = 2,
    CLI_EXIT_INPUT = 3, // a file is not what it should be
    CLI_EXIT_SYSTEM = 4,
    CLI_EXIT_SIGNAL = 128, // and the signal's number
};

// The exit code that a status of the library leads to.
int cli_exit_code(blm_status status);
// Of two exit codes the one that the program ends with: the higher, as codes rise with
// what they mean.
int cli_worse(int a, int b);

// One line on stderr: "blemish: " and the text, control characters as \xNN.  May be
// called from any thread.
void cli_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
// Complains with the library's text (unless it is a signal that stopped the call) and
// returns the exit code.
int cli_fail(blm_status status, const blm_error *err);

// Pushes out what was printed to stdout.  Returns 0; 4 and a complaint if that failed;
// 128 + SIGPIPE, silently, if the reader is gone.
int cli_flush(void);

// From here on SIGINT and SIGTERM only set a flag, so that loops end with nothing half
// written; a second one ends the program at once.
void cli_catch_signals(void);
// 128 + the signal's number once one has arrived, else 0.
int cli_interrupted(void);

#endif
