// archive.h: reads the zip archives of torch.save: entries below one top folder.
#ifndef BLMI_FORMAT_ARCHIVE_H
#define BLMI_FORMAT_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "blemish/status.h"

typedef struct blmi_archive blmi_archive;

// The top folder is the one that contains data.pkl.  BLM_EINPUT: not a zip archive, or no
// such entry.
blm_status blmi_archive_open(const char *path, blmi_archive **out, blm_error *err);
void blmi_archive_close(blmi_archive *archive); // NULL allowed

// name: relative to the top folder, "data/0".
bool blmi_archive_has(const blmi_archive *archive, const char *name);
// Reads an entry, stored or deflated, and checks its CRC-32.  *bytes is aligned to 64 and
// freed by blmi_free.  An entry of more than max_bytes is refused before allocation.
// BLM_EINPUT.
blm_status blmi_archive_read(blmi_archive *archive, const char *name, uint64_t max_bytes,
    uint8_t **bytes, size_t *size, blm_error *err);

#endif
