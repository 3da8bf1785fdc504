// file.h: whole files in, whole files out.
#ifndef BLMI_BASE_FILE_H
#define BLMI_BASE_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "blemish/status.h"

// A file in memory, read-only.  Regular files are mapped; anything else (a pipe) is read.
typedef struct blmi_file {
    const uint8_t *bytes;
    size_t size;
    int mapped; // 1: bytes is a mapping, 0: bytes is allocated
} blmi_file;

// Opens path and takes in all of it.  A file larger than max_bytes (0: no limit) is
// refused before anything is allocated.  What cannot be opened or read is BLM_EINPUT.
blm_status blmi_file_read(
    const char *path, uint64_t max_bytes, blmi_file *out, blm_error *err);
void blmi_file_close(blmi_file *file);

// A file that appears under its name complete or not at all: written to a temporary name
// in the same folder, synced, renamed by _commit.  Failures are BLM_ESYSTEM and name
// path.  Every writer ends in exactly one _commit (which frees it whatever comes of it)
// or _abandon (which removes the temporary file).  A path that exists and is no regular
// file (/dev/stdout) is written directly.
typedef struct blmi_writer blmi_writer;

blm_status blmi_writer_open(const char *path, blmi_writer **out, blm_error *err);
blm_status blmi_writer_put(
    blmi_writer *writer, const void *bytes, size_t size, blm_error *err);
blm_status blmi_writer_commit(blmi_writer *writer, blm_error *err);
void blmi_writer_abandon(blmi_writer *writer); // NULL allowed

// The usual case: all bytes at hand.
blm_status blmi_file_write(
    const char *path, const void *bytes, size_t size, blm_error *err);

#endif
