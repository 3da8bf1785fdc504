// file.h: reads whole files into memory.
#ifndef BLMI_BASE_FILE_H
#define BLMI_BASE_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "blemish/status.h"

// The content of a file in memory of its own: later changes to the file do not change it.
// (A mapped file would change with every write in place, and end the process when the
// file is truncated.)
typedef struct blmi_file {
    const uint8_t *bytes; // (size), aligned to BLMI_ALIGNMENT
    size_t size;
} blmi_file;

// Reads all of path, which may be a pipe.  BLM_EINPUT: it cannot be opened or read; it
// has more than max_bytes (0: no limit; a regular file is refused before anything is
// allocated); or another program wrote to it during the read, so that old and new content
// may be mixed.  (Such a write is detected by size and time; the clock of most file
// systems ticks every 4 ms.)
blm_status blmi_file_read(
    const char *path, uint64_t max_bytes, blmi_file *out, blm_error *err);
void blmi_file_close(blmi_file *file);

#endif
