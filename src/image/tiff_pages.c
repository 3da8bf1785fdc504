// Finds the pages of a TIFF file by its chain of directories, and reads nothing else.
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include <sys/stat.h>

#include "src/base/cursor.h"
#include "src/base/error.h"
#include "src/image/codec.h"

enum { TAG_SUBFILE = 254, TAG_OLD_SUBFILE = 255, REDUCED = 1, MASK = 4, OLD_REDUCED = 2 };
enum { MAX_DIRECTORIES = 1000 * 1000 };

// A TIFF structure in memory or in a file.
typedef struct chain {
    const char *name;
    const uint8_t *bytes; // (size); NULL: in the file
    uint64_t size;
    int file;
    bool little, big; // byte order; BigTIFF
} chain;

static blm_status damaged(const chain *c, const char *what, blm_error *err)
{
    return blmi_fail(err, BLM_EINPUT, "%s: TIFF: %s", c->name, what);
}

// Reads `count` bytes, at most 20; false if they are beyond the end.
static bool read_at(const chain *c, uint64_t at, size_t count, uint8_t *out)
{
    if (at > c->size || count > c->size - at)
        return false;
    if (c->bytes == NULL)
        return pread(c->file, out, count, (off_t)at) == (ssize_t)count;
    memcpy(out, c->bytes + at, count);
    return true;
}

// The number of `count` bytes at `in`.
static uint64_t number(const chain *c, const uint8_t *in, size_t count)
{
    uint64_t value = 0;
    for (size_t i = 0; i < count; i++)
        value = value << 8 | in[c->little ? count - 1 - i : i];
    return value;
}

// Moves *offset to the next directory, 0 after the last.  *page: whether it is a page,
// and not a reduced copy or the transparency of another one.
static bool next_directory(const chain *c, uint64_t *offset, bool *page)
{
    const size_t wide = c->big ? 8 : 4, entry = c->big ? 20 : 12;
    uint8_t bytes[20];
    if (!read_at(c, *offset, c->big ? 8 : 2, bytes))
        return false;
    const uint64_t count = number(c, bytes, c->big ? 8 : 2);
    const uint64_t first = *offset + (c->big ? 8 : 2);
    if (count > c->size / entry)
        return false;
    *page = true;
    for (uint64_t i = 0; i < count; i++) { // in rising order of tags
        if (!read_at(c, first + i * entry, entry, bytes))
            return false;
        const uint64_t tag = number(c, bytes, 2), type = number(c, bytes + 2, 2);
        const uint64_t value = number(c, bytes + 4 + wide, type == 3 ? 2 : 4);
        if (tag > TAG_OLD_SUBFILE)
            break;
        if ((tag == TAG_SUBFILE && (value & (REDUCED | MASK)) != 0) ||
            (tag == TAG_OLD_SUBFILE && value == OLD_REDUCED))
            *page = false;
    }
    if (!read_at(c, first + count * entry, wide, bytes))
        return false;
    *offset = number(c, bytes, wide);
    return true;
}

// Goes to page `wanted` and sets *found to its offset; 0: goes to the end, *found is the
// first page.  *count: pages passed.  A file whose directories are all copies has one
// page, the first.
static blm_status walk(chain *c, int wanted, uint64_t *found, int *count, blm_error *err)
{
    uint8_t header[16] = {0};
    if (!read_at(c, 0, 8, header))
        return damaged(c, "truncated header", err);
    c->little = header[0] == 'I';
    c->big = header[2] == '+' || header[3] == '+';
    if (c->big && !read_at(c, 0, 16, header))
        return damaged(c, "truncated header", err);
    const uint64_t first = c->big ? number(c, header + 8, 8) : number(c, header + 4, 4);
    uint64_t offset = first;
    *found = first;
    *count = 0;
    uint64_t most = c->size / 18; // of directories of the smallest size
    if (most > MAX_DIRECTORIES)
        most = MAX_DIRECTORIES;
    for (; offset != 0 && (wanted == 0 || *count < wanted); most--) {
        const uint64_t at = offset;
        bool page;
        if (most == 0)
            return damaged(
                c, "its directories form a loop, or are more than a million", err);
        if (!next_directory(c, &offset, &page))
            return damaged(c, "truncated, or a directory is beyond the end", err);
        if (page && (++*count == 1 || wanted > 0))
            *found = at;
    }
    if (*count == 0 && first != 0)
        *count = 1;
    return BLM_OK;
}

blm_status blmi_tiff_find_page(
    const blmi_source *source, uint64_t *offset, blm_error *err)
{
    chain c = {.name = source->name, .bytes = source->bytes, .size = source->size};
    int count;
    BLMI_TRY(walk(&c, source->page, offset, &count, err));
    if (source->page > count)
        return blmi_fail(err, BLM_EINPUT, "%s: TIFF: no page %d, the file has %d",
            source->name, source->page, count);
    return BLM_OK;
}

blm_status blmi_tiff_count_pages(const char *name, int file, int *count, blm_error *err)
{
    struct stat info;
    uint64_t offset;
    if (fstat(file, &info) != 0)
        return blmi_fail(err, BLM_EINPUT, "%s: cannot get its size", name);
    chain c = {.name = name, .size = (uint64_t)info.st_size, .file = file};
    return walk(&c, 0, &offset, count, err);
}
