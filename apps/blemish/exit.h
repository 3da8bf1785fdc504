// exit.h: exit codes, errors on stderr, a checked stdout, signals.
#ifndef BLEMISH_CLI_EXIT_H
#define BLEMISH_CLI_EXIT_H

#include "blemish/status.h"

enum {
    CLI_EXIT_OK = 0,
    CLI_EXIT_NG = 1, // an image is NG, only with --exit-status; a master is judged wrong
    CLI_EXIT_USAGE = 2,
    CLI_EXIT_INPUT = 3, // bad input
    CLI_EXIT_SYSTEM = 4,
    CLI_EXIT_UNJUDGED = 5, // an image cannot be judged, only with --exit-status
    CLI_EXIT_SIGNAL = 128, // and the signal's number
};

// The exit code for a status of the library.
int cli_exit_code(blm_status status);
// The worse of two exit codes: a signal, 4, 3, 2, 5, 1, 0 in this order.
int cli_worse(int a, int b);

// Prints one line on stderr: "blemish: " and the text, control characters as \xNN.  Any
// thread may call it.
void cli_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
// Prints the library's text (unless a signal stopped the call) and returns the exit code.
int cli_fail(blm_status status, const blm_error *err);

// Flushes stdout.  Returns 0; 4 after an error, which is printed; 128 + SIGPIPE, without
// a message, if the reader has closed the pipe.
int cli_flush(void);

// Makes SIGINT and SIGTERM only set a flag, so that loops end with nothing half-written;
// a second signal ends the program at once.
void cli_catch_signals(void);
// 128 + the signal's number once one has arrived, else 0.
int cli_interrupted(void);

#endif
