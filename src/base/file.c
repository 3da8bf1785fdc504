#include "src/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/base/number.h"

// ---- reading --------------------------------------------------------------------------

static blm_status too_large(
    const char *path, uint64_t size, uint64_t limit, blm_error *err)
{
    return blmi_fail(err, BLM_EINPUT,
        "%s: more than %llu bytes (%llu seen), which is the limit", path,
        (unsigned long long)limit, (unsigned long long)size);
}

// Reads fd to its end into growing memory.
static blm_status read_stream(
    int fd, const char *path, uint64_t max_bytes, blmi_file *out, blm_error *err)
{
    uint8_t *bytes = NULL;
    size_t size = 0, capacity = 0;
    blm_status status = BLM_OK;
    for (;;) {
        if (size == capacity) {
            capacity = capacity == 0 ? 65536 : capacity * 2;
            uint8_t *grown = realloc(bytes, capacity);
            if (grown == NULL) {
                status = blmi_no_memory(err, path, capacity, 1);
                goto done;
            }
            bytes = grown;
        }
        const ssize_t got = read(fd, bytes + size, capacity - size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            status = blmi_fail(
                err, BLM_EINPUT, "%s: cannot read: %s", path, blmi_system_text(errno));
            goto done;
        }
        if (got == 0)
            break;
        size += (size_t)got;
        if (max_bytes != 0 && size > max_bytes) {
            status = too_large(path, size, max_bytes, err);
            goto done;
        }
    }
    *out = (blmi_file){.bytes = bytes, .size = size};
    bytes = NULL;
done:
    free(bytes);
    return status;
}

static blm_status read_open(
    int fd, const char *path, uint64_t max_bytes, blmi_file *out, blm_error *err)
{
    struct stat info;
    if (fstat(fd, &info) != 0)
        return blmi_fail(err, BLM_EINPUT, "%s: %s", path, blmi_system_text(errno));
    if (S_ISDIR(info.st_mode))
        return blmi_fail(err, BLM_EINPUT, "%s: a folder, expected a file", path);
    if (!S_ISREG(info.st_mode) || info.st_size == 0)
        return read_stream(fd, path, max_bytes, out, err);
    const uint64_t size = (uint64_t)info.st_size;
    if (max_bytes != 0 && size > max_bytes)
        return too_large(path, size, max_bytes, err);
    void *bytes = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED)
        return read_stream(fd, path, max_bytes, out, err);
    *out = (blmi_file){.bytes = bytes, .size = (size_t)size, .mapped = 1};
    return BLM_OK;
}

blm_status blmi_file_read(
    const char *path, uint64_t max_bytes, blmi_file *out, blm_error *err)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return blmi_fail(
            err, BLM_EINPUT, "%s: cannot open: %s", path, blmi_system_text(errno));
    const blm_status status = read_open(fd, path, max_bytes, out, err);
    close(fd);
    return status;
}

void blmi_file_close(blmi_file *file)
{
    if (file->mapped)
        munmap((void *)(uintptr_t)file->bytes, file->size);
    else
        free((void *)(uintptr_t)file->bytes);
    *file = (blmi_file){0};
}

// ---- writing --------------------------------------------------------------------------

struct blmi_writer {
    int fd;
    char *path;      // the name in the end
    char *temporary; // the name until then; NULL: written directly
};

static blm_status write_failed(const char *path, blm_error *err)
{
    return blmi_fail(
        err, BLM_ESYSTEM, "%s: cannot write: %s", path, blmi_system_text(errno));
}

// Creates the temporary file beside path, with the permissions a new file would get.
static int open_temporary(const char *path, char **name)
{
    const size_t size = strlen(path) + sizeof ".XXXXXX";
    *name = blmi_alloc(size, 1);
    if (*name == NULL) {
        errno = ENOMEM;
        return -1;
    }
    blmi_print(*name, size, "%s.XXXXXX", path);
    const int fd = mkostemp(*name, O_CLOEXEC);
    if (fd >= 0) {
        const mode_t mask = umask(0);
        umask(mask);
        fchmod(fd, 0666 & ~mask);
    }
    return fd;
}

blm_status blmi_writer_open(const char *path, blmi_writer **out, blm_error *err)
{
    struct stat info;
    blmi_writer *writer = blmi_alloc_zero(1, sizeof *writer);
    if (writer == NULL || (writer->path = blmi_strdup(path)) == NULL) {
        blmi_free(writer);
        return blmi_no_memory(err, path, 1, sizeof *writer);
    }
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode))
        writer->fd = open(path, O_WRONLY | O_CLOEXEC);
    else
        writer->fd = open_temporary(path, &writer->temporary);
    if (writer->fd < 0) {
        const blm_status status = write_failed(path, err);
        blmi_free(writer->temporary);
        blmi_free(writer->path);
        blmi_free(writer);
        return status;
    }
    *out = writer;
    return BLM_OK;
}

blm_status blmi_writer_put(
    blmi_writer *writer, const void *bytes, size_t size, blm_error *err)
{
    const uint8_t *from = bytes;
    while (size > 0) {
        const ssize_t put = write(writer->fd, from, size);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return write_failed(writer->path, err);
        from += put;
        size -= (size_t)put;
    }
    return BLM_OK;
}

// Closes the file, removes it if it is a temporary one still, and frees the writer.
static void end_writer(blmi_writer *writer)
{
    if (writer->fd >= 0)
        close(writer->fd);
    if (writer->temporary != NULL)
        unlink(writer->temporary);
    blmi_free(writer->temporary);
    blmi_free(writer->path);
    blmi_free(writer);
}

blm_status blmi_writer_commit(blmi_writer *writer, blm_error *err)
{
    blm_status status = BLM_OK;
    if (writer->temporary != NULL && fsync(writer->fd) != 0)
        status = write_failed(writer->path, err);
    const int fd = writer->fd;
    writer->fd = -1;
    if (close(fd) != 0 && status == BLM_OK)
        status = write_failed(writer->path, err);
    if (status == BLM_OK && writer->temporary != NULL) {
        if (rename(writer->temporary, writer->path) != 0)
            status = write_failed(writer->path, err);
        else {
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
