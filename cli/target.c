#include "cli/target.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/exit.h"
#include "cli/memory.h"

int cli_check_target(const char *path)
{
    struct stat info;
    const char *slash = strrchr(path, '/');
    char *folder = slash == NULL ? cli_format(".")
                                 : cli_format("%.*s", (int)(slash - path) + 1, path);
    const int exists = stat(path, &info) == 0;
    const int writable = exists && !S_ISREG(info.st_mode) ? access(path, W_OK)
                                                          : access(folder, W_OK | X_OK);
    const int reason = exists && S_ISDIR(info.st_mode) ? EISDIR : errno;
    free(folder);
    if (writable == 0 && !(exists && S_ISDIR(info.st_mode)))
        return CLI_EXIT_OK;
    cli_complain("%s: cannot write: %s", path, strerror(reason));
    return CLI_EXIT_SYSTEM;
}
