#include "apps/blemish/exit.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "apps/blemish/cli_text.h"
#include "apps/blemish/progress.h"

int cli_exit_code(blm_status status)
{
    switch (status) {
    case BLM_OK:
        return CLI_EXIT_OK;
    case BLM_EUSAGE:
        return CLI_EXIT_USAGE;
    case BLM_EINPUT:
        return CLI_EXIT_INPUT;
    case BLM_ESYSTEM:
    case BLM_ENOMEM:
    case BLM_EBUG:
        break;
    }
    return CLI_EXIT_SYSTEM;
}

// The place of an exit code among the others, the highest being the worst.
static int rank(int code)
{
    return code == CLI_EXIT_UNJUDGED ? 2 * CLI_EXIT_NG + 1 : 2 * code;
}

int cli_worse(int a, int b)
{
    return rank(a) > rank(b) ? a : b;
}

void cli_complain(const char *format, ...)
{
    char raw[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(raw, sizeof raw, format, args);
    va_end(args);
    flockfile(stderr);
    cli_progress_clear();
    fputs("blemish: ", stderr);
    cli_print_safe(stderr, raw);
    fputc('\n', stderr);
    funlockfile(stderr);
}

int cli_fail(blm_status status, const blm_error *err)
{
    const int signalled = cli_interrupted();
    if (signalled != 0)
        return signalled;
    cli_complain("%s", err->text);
    return cli_exit_code(status);
}

int cli_flush(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return CLI_EXIT_OK;
    if (errno == EPIPE)
        return CLI_EXIT_SIGNAL + SIGPIPE;
    cli_complain("standard output: cannot write: %s", strerror(errno));
    return CLI_EXIT_SYSTEM;
}

static volatile sig_atomic_t arrived; // number of the signal, 0: none

static void note_signal(int number)
{
    arrived = number;
}

void cli_catch_signals(void)
{
    // SA_RESETHAND: a second signal has the default action.
    struct sigaction action = {
        .sa_handler = note_signal, .sa_flags = (int)(SA_RESETHAND | SA_RESTART)};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN); // writes then fail with EPIPE, which cli_flush handles
}

int cli_interrupted(void)
{
    return arrived == 0 ? 0 : CLI_EXIT_SIGNAL + (int)arrived;
}
