// writer.h: writes files that appear complete or not at all.
#ifndef BLMI_BASE_WRITER_H
#define BLMI_BASE_WRITER_H

#include <stddef.h>

#include "blemish/status.h"

// A file that appears under its name complete or not at all.  It is written to a
// temporary name in the same folder and synced; _commit renames it and syncs the folder,
// so that it survives a power cut.
//
// A symbolic link is kept, and its target is written.  A file that exists is replaced; it
// keeps its permissions, and its owner and group if the system allows that; other hard
// links keep the old content.  A file without write permission (EACCES) is not replaced.
// A new file gets the permissions that the process's umask leaves.  A path that exists
// and is not a regular file (/dev/stdout) is written directly.
//
// Failures are BLM_ESYSTEM or BLM_ENOMEM, and name path.  Every writer ends with exactly
// one _commit (which always frees it) or _abandon (which removes the temporary file).
typedef struct blmi_writer blmi_writer;

blm_status blmi_writer_open(const char *path, blmi_writer **out, blm_error *err);
blm_status blmi_writer_put(
    blmi_writer *writer, const void *bytes, size_t size, blm_error *err);
// If the folder cannot be synced, the new file is there, complete.  After any other
// failure the old content is still there.
blm_status blmi_writer_commit(blmi_writer *writer, blm_error *err);
void blmi_writer_abandon(blmi_writer *writer); // NULL allowed

// Writes all bytes at once.
blm_status blmi_file_write(
    const char *path, const void *bytes, size_t size, blm_error *err);

#endif
