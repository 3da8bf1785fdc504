#include "src/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/base/number.h"

enum { FIRST_CAPACITY = 65536, LARGE = 4 << 20 };

// A file that is being read.
typedef struct source {
    int fd;
    const char *path;
    uint64_t max_bytes; // 0: no limit
    uint8_t *bytes;     // (capacity)
    size_t size, capacity;
} source;

static blm_status check_size(const source *s, uint64_t size, blm_error *err)
{
    if (s->max_bytes == 0 || size <= s->max_bytes)
        return BLM_OK;
    return blmi_fail(err, BLM_EINPUT, "%s: %llu bytes or more, expected at most %llu",
        s->path, (unsigned long long)size, (unsigned long long)s->max_bytes);
}

// Asks for large pages: without them, a third of the time to open a large model is spent
// by the system on small ones (doc/performance.md).  Only a hint: failure is ignored.
static void ask_for_large_pages(uint8_t *bytes, size_t size)
{
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    const uintptr_t begin = ((uintptr_t)bytes + page - 1) / page * page;
    if (size >= LARGE)
        madvise((void *)begin, (uintptr_t)bytes + size - begin, MADV_HUGEPAGE);
}

static blm_status reserve(source *s, size_t capacity, blm_error *err)
{
    uint8_t *grown = blmi_alloc(capacity, 1);
    if (grown == NULL)
        return blmi_no_memory(err, s->path, capacity, 1);
    ask_for_large_pages(grown, capacity);
    if (s->size > 0)
        memcpy(grown, s->bytes, s->size);
    blmi_free(s->bytes);
    s->bytes = grown;
    s->capacity = capacity;
    return BLM_OK;
}

// Reads until the end of the file, also if the file grows.
static blm_status read_to_end(source *s, blm_error *err)
{
    for (;;) {
        if (s->size == s->capacity)
            BLMI_TRY(reserve(s, 2 * s->capacity, err));
        const ssize_t got = read(s->fd, s->bytes + s->size, s->capacity - s->size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return blmi_fail(
                err, BLM_EINPUT, "%s: cannot read: %s", s->path, blmi_system_text(errno));
        if (got == 0)
            return BLM_OK;
        s->size += (size_t)got;
        BLMI_TRY(check_size(s, s->size, err));
    }
}

static bool is_same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static blm_status read_source(source *s, blm_error *err)
{
    struct stat before, after;
    if (fstat(s->fd, &before) != 0)
        return blmi_fail(err, BLM_EINPUT, "%s: %s", s->path, blmi_system_text(errno));
    if (S_ISDIR(before.st_mode))
        return blmi_fail(err, BLM_EINPUT, "%s: a folder, expected a file", s->path);
    // Files of the system (/proc) report size 0, but are not empty.
    const bool is_sized = S_ISREG(before.st_mode) && before.st_size > 0;
    const uint64_t size = is_sized ? (uint64_t)before.st_size : 0;
    BLMI_TRY(check_size(s, size, err));
    BLMI_TRY(reserve(s, is_sized ? (size_t)size + 1 : FIRST_CAPACITY, err));
    BLMI_TRY(read_to_end(s, err));
    if (is_sized && (fstat(s->fd, &after) != 0 || s->size != size ||
                        after.st_size != before.st_size ||
                        !is_same_time(after.st_mtim, before.st_mtim)))
        return blmi_fail(err, BLM_EINPUT,
            "%s: changed while it was read; expected a complete file (write it "
            "under another name, then rename it)",
            s->path);
    return BLM_OK;
}

blm_status blmi_file_read(
    const char *path, uint64_t max_bytes, blmi_file *out, blm_error *err)
{
    source s = {.path = path, .max_bytes = max_bytes};
    s.fd = open(path, O_RDONLY | O_CLOEXEC);
    if (s.fd < 0)
        return blmi_fail(
            err, BLM_EINPUT, "%s: cannot open: %s", path, blmi_system_text(errno));
    const blm_status status = read_source(&s, err);
    close(s.fd);
    if (status == BLM_OK)
        *out = (blmi_file){s.bytes, s.size};
    else
        blmi_free(s.bytes);
    return status;
}

void blmi_file_close(blmi_file *file)
{
    blmi_free((void *)(uintptr_t)file->bytes);
    *file = (blmi_file){0};
}
