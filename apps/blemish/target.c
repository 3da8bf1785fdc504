#include "apps/blemish/target.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apps/blemish/exit.h"
#include "apps/blemish/memory.h"

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

static blm_status fail(blm_error *err, const char *path, const char *what)
{
    snprintf(err->text, sizeof err->text, "%s: %s: %s", path, what, strerror(errno));
    return BLM_ESYSTEM;
}

blm_status cli_make_parents(const char *path, blm_error *err)
{
    char *folder = cli_format("%s", path);
    blm_status status = BLM_OK;
    for (char *c = folder; status == BLM_OK && *c != '\0'; c++) {
        if (*c != '/' || c == folder)
            continue;
        *c = '\0';
        if (mkdir(folder, 0777) != 0 && errno != EEXIST)
            status = fail(err, folder, "cannot create the folder");
        *c = '/';
    }
    free(folder);
    return status;
}

blm_status cli_make_folder(const char *folder, blm_error *err)
{
    struct stat info;
    char *inside = cli_format("%s/", folder);
    const blm_status status = cli_make_parents(inside, err);
    free(inside);
    if (status != BLM_OK)
        return status;
    if (stat(folder, &info) != 0)
        return fail(err, folder, "cannot create the folder");
    if (!S_ISDIR(info.st_mode)) {
        errno = ENOTDIR;
        return fail(err, folder, "cannot write into it");
    }
    return BLM_OK;
}
