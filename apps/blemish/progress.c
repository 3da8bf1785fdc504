#include "apps/blemish/progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "apps/blemish/cli_text.h"

static struct {
    int shown;          // 0: print nothing
    int terminal;       // 1: overwrite one line; 0: print a new line each time
    int on_line;        // there is a line to clear
    double start, last; // seconds
    const char *task, *units;
} progress;

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void cli_progress_begin(const cli_talk *talk, int busy)
{
    const int terminal = isatty(STDERR_FILENO);
    const int automatic = terminal && !talk->quiet && !(busy && isatty(STDOUT_FILENO));
    progress.shown = talk->progress < 0 ? automatic : talk->progress;
    progress.terminal = terminal;
    progress.on_line = 0;
    progress.start = seconds();
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
    const double now = seconds(), spent = now - progress.start;
    if (now - progress.last < 1.0 / 6 && done < total)
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
