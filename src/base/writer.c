#include "src/base/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/base/number.h"

enum { MAX_LINKS = 40, MAX_NAMES = 100 };

struct blmi_writer {
    int fd;
    char *path;      // as the caller gave it
    char *target;    // the final name, links followed
    char *temporary; // the name until _commit; NULL: written directly
};

static blm_status write_failed(const blmi_writer *writer, blm_error *err)
{
    return blmi_fail(err, errno == ENOMEM ? BLM_ENOMEM : BLM_ESYSTEM,
        "%s: cannot write: %s", writer->path, blmi_system_text(errno));
}

// ---- the target -----------------------------------------------------------------------

// The length of the folder part of a path, including the slash; 0 for the current folder.
static size_t folder_length(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? (size_t)(slash - path) + 1 : 0;
}

// The path that the link at path points to; NULL and errno on failure.
static char *read_link(const char *path)
{
    const size_t folder = folder_length(path);
    char *target = blmi_alloc(folder + PATH_MAX, 1);
    if (target == NULL) {
        errno = ENOMEM;
        return NULL;
    }
    const ssize_t length = readlink(path, target + folder, PATH_MAX - 1);
    if (length < 0) {
        const int reason = errno;
        blmi_free(target);
        errno = reason;
        return NULL;
    }
    target[folder + (size_t)length] = '\0';
    if (target[folder] == '/')
        memmove(target, target + folder, (size_t)length + 1);
    else
        memcpy(target, path, folder);
    return target;
}

// Follows links to a name that is not a link; the name need not exist.  False and errno
// on failure.
static bool find_target(blmi_writer *writer)
{
    writer->target = blmi_strdup(writer->path);
    for (int i = 0; i < MAX_LINKS; i++) {
        struct stat info;
        if (writer->target == NULL) {
            errno = ENOMEM;
            return false;
        }
        if (lstat(writer->target, &info) != 0)
            return errno == ENOENT;
        if (!S_ISLNK(info.st_mode))
            return true;
        char *next = read_link(writer->target);
        if (next == NULL)
            return false;
        blmi_free(writer->target);
        writer->target = next;
    }
    errno = ELOOP;
    return false;
}

// ---- opening --------------------------------------------------------------------------

// Creates a file beside the target, with permissions `mode` less the umask.  Returns its
// descriptor or -1.
static int create_temporary(blmi_writer *writer, mode_t mode)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    enum { LETTERS = sizeof letters - 1, DRAWN = 8 };
    const size_t length = strlen(writer->target);
    char *name = writer->temporary = blmi_alloc(length + DRAWN + 2, 1);
    if (name == NULL) {
        errno = ENOMEM;
        return -1;
    }
    memcpy(name, writer->target, length);
    name[length] = '.';
    name[length + 1 + DRAWN] = '\0';
    for (int i = 0; i < MAX_NAMES; i++) {
        uint8_t random[DRAWN];
        if (getrandom(random, sizeof random, 0) != sizeof random)
            break;
        for (int k = 0; k < DRAWN; k++)
            name[length + 1 + (size_t)k] = letters[random[k] % LETTERS];
        const int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
        if (fd >= 0 || errno != EEXIST)
            return fd;
    }
    return -1;
}

// Gives the new file the owner and permissions of the old one.  If the system does not
// allow the owner, only the group and permissions are set.
static bool keep_owner(int fd, const struct stat *old)
{
    struct stat own;
    if (fstat(fd, &own) != 0)
        return false;
    if (own.st_uid != old->st_uid || own.st_gid != old->st_gid)
        if (fchown(fd, old->st_uid, old->st_gid) != 0 &&
            fchown(fd, (uid_t)-1, old->st_gid) != 0 && errno != EPERM)
            return false;
    return fchmod(fd, old->st_mode & 0777) == 0;
}

static bool open_target(blmi_writer *writer)
{
    struct stat old;
    const bool exists = stat(writer->path, &old) == 0;
    writer->fd = -1;
    if (exists && !S_ISREG(old.st_mode)) {
        writer->fd = open(writer->path, O_WRONLY | O_CLOEXEC);
        return writer->fd >= 0;
    }
    if (!find_target(writer) || (exists && access(writer->target, W_OK) != 0))
        return false;
    writer->fd = create_temporary(writer, exists ? 0600 : 0666);
    if (writer->fd < 0) {
        const int reason = errno;
        blmi_free(writer->temporary); // it does not exist, or belongs to another program
        writer->temporary = NULL;
        errno = reason;
        return false;
    }
    return !exists || keep_owner(writer->fd, &old);
}

// Closes the file, removes it if it is still temporary, and frees the writer.
static void end_writer(blmi_writer *writer)
{
    if (writer->fd >= 0)
        close(writer->fd);
    if (writer->temporary != NULL)
        unlink(writer->temporary);
    blmi_free(writer->temporary);
    blmi_free(writer->target);
    blmi_free(writer->path);
    blmi_free(writer);
}

blm_status blmi_writer_open(const char *path, blmi_writer **out, blm_error *err)
{
    blmi_writer *writer = blmi_alloc_zero(1, sizeof *writer);
    if (writer == NULL || (writer->path = blmi_strdup(path)) == NULL) {
        blmi_free(writer);
        return blmi_no_memory(err, path, 1, sizeof *writer);
    }
    if (!open_target(writer)) {
        const blm_status status = write_failed(writer, err);
        end_writer(writer);
        return status;
    }
    *out = writer;
    return BLM_OK;
}

// ---- writing --------------------------------------------------------------------------

blm_status blmi_writer_put(
    blmi_writer *writer, const void *bytes, size_t size, blm_error *err)
{
    const uint8_t *from = bytes;
    while (size > 0) {
        const ssize_t put = write(writer->fd, from, size);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return write_failed(writer, err);
        from += put;
        size -= (size_t)put;
    }
    return BLM_OK;
}

// Makes the rename durable.  A folder that cannot be opened for lack of rights, or whose
// file system cannot sync it, is accepted.
static bool sync_folder(const blmi_writer *writer)
{
    char *folder = writer->temporary; // no longer needed
    const size_t length = folder_length(folder);
    folder[length] = '\0';
    const int fd = open(length > 0 ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno == EACCES;
    const bool synced = fsync(fd) == 0 || errno == EINVAL || errno == ENOTSUP;
    const int reason = errno;
    close(fd);
    errno = reason;
    return synced;
}

blm_status blmi_writer_commit(blmi_writer *writer, blm_error *err)
{
    blm_status status = BLM_OK;
    if (writer->temporary != NULL && fsync(writer->fd) != 0)
        status = write_failed(writer, err);
    const int fd = writer->fd;
    writer->fd = -1;
    if (close(fd) != 0 && status == BLM_OK)
        status = write_failed(writer, err);
    if (status == BLM_OK && writer->temporary != NULL) {
        if (rename(writer->temporary, writer->target) != 0)
            status = write_failed(writer, err);
        else {
            if (!sync_folder(writer))
                status = blmi_fail(err, BLM_ESYSTEM, "%s: written, but cannot sync: %s",
                    writer->path, blmi_system_text(errno));
            blmi_free(writer->temporary);
            writer->temporary = NULL;
        }
    }
    end_writer(writer);
    return status;
}

void blmi_writer_abandon(blmi_writer *writer)
{
    if (writer != NULL)
        end_writer(writer);
}

blm_status blmi_file_write(
    const char *path, const void *bytes, size_t size, blm_error *err)
{
    blmi_writer *writer;
    BLMI_TRY(blmi_writer_open(path, &writer, err));
    const blm_status status = blmi_writer_put(writer, bytes, size, err);
    if (status != BLM_OK) {
        blmi_writer_abandon(writer);
        return status;
    }
    return blmi_writer_commit(writer, err);
}
