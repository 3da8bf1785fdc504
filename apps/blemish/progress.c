#include "apps/blemish/progress.h"
#include "apps/base/app_clock.h"

#include <stdio.h>
#include <unistd.h>

#include "apps/blemish/cli_text.h"

static struct {
    int shown;          // 0: print nothing
    int terminal;       // 1: overwrite one line; 0: print a new line each time
    int on_line;        // there is a line to clear
    double start, last; // see app_clock_ms
    const char *task, *units;
} progress;

void cli_progress_begin(const cli_talk *talk, int busy)
{
    const int terminal = isatty(STDERR_FILENO);
    const int automatic = terminal && !talk->quiet && !(busy && isatty(STDOUT_FILENO));
    progress.shown = talk->progress < 0 ? automatic : talk->progress;
    progress.terminal = terminal;
    progress.on_line = 0;
    progress.start = app_clock_ms();
    progress.last = 0;
}

void cli_progress_name(const char *task, const char *units)
{
    progress.task = task;
    progress.units = units;
}

void cli_progress_step(size_t done, size_t total)
{
    if (!progress.shown)
        return;
    const double now = app_clock_ms(), spent = 1e-3 * (now - progress.start);
    if (now - progress.last < 1000.0 / 6 && done < total)
        return;
    progress.last = now;
    const double rate = spent > 0 ? (double)done / spent : 0;
    fputs(progress.terminal ? "\r\033[K" : "", stderr);
    if (progress.task != NULL) {
        cli_print_safe(stderr, progress.task);
        fputs(": ", stderr);
    }
    fprintf(stderr, "%zu of %zu %s", done, total,
        progress.units != NULL ? progress.units : "images");
    if (rate > 0)
        fprintf(stderr, ", %.1f per second, %.0f s left", rate,
            (double)(total - done) / rate);
    if (!progress.terminal)
        fputc('\n', stderr);
    progress.on_line = progress.terminal;
}

void cli_progress_clear(void)
{
    if (progress.on_line)
        fputs("\r\033[K", stderr);
    progress.on_line = 0;
}
