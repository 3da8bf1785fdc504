// writer.h: files that appear complete or not at all.
#ifndef BLMI_BASE_WRITER_H
#define BLMI_BASE_WRITER_H

#include <stddef.h>

#include "blemish/status.h"

// A file that appears under its name complete or not at all: written to a temporary name
// in the same folder, synced, renamed by _commit, and the folder synced, so that it is
// also there after a power cut.
//
// A symbolic link stays one: what it leads to is written.  A file that was there before
// is replaced, and keeps its permissions, and its owner and group where the system allows
// that; other hard links keep the old content.  One that may not be written (EACCES) is
// not replaced either.  A new one gets the permissions that the process's umask leaves.
// A path that exists and is no regular file (/dev/stdout) is written directly.
//
// Failures are BLM_ESYSTEM, or BLM_ENOMEM, and name path.  Every writer ends in exactly
// one _commit (which frees it whatever comes of it) or _abandon (which removes the
// temporary file).
typedef struct blmi_writer blmi_writer;

blm_status blmi_writer_open(const char *path, blmi_writer **out, blm_error *err);
blm_status blmi_writer_put(
    blmi_writer *writer, const void *bytes, size_t size, blm_error *err);
// After a failure to sync the folder the new file is there, complete; after any other,
// what was there before.
blm_status blmi_writer_commit(blmi_writer *writer, blm_error *err);
void blmi_writer_abandon(blmi_writer *writer); // NULL allowed

// The usual case: all bytes at hand.
blm_status blmi_file_write(
    const char *path, const void *bytes, size_t size, blm_error *err);

#endif
