// archive.h: the zip archive that torch.save writes: entries below one top folder.
#ifndef BLMI_FORMAT_ARCHIVE_H
#define BLMI_FORMAT_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "blemish/status.h"

typedef struct blmi_archive blmi_archive;

// The top folder is the one that holds data.pkl.  BLM_EINPUT: no zip archive, or one
// without that entry.
blm_status blmi_archive_open(const char *path, blmi_archive **out, blm_error *err);
void blmi_archive_close(blmi_archive *archive); // NULL allowed

// name: below the top folder, "data/0".
bool blmi_archive_has(const blmi_archive *archive, const char *name);
// Takes an entry out, stored or deflated; its CRC-32 is checked.  *bytes is aligned to 64
// and released with blmi_free.  An entry of more than max_bytes is refused before
// anything is allocated.  BLM_EINPUT.
blm_status blmi_archive_read(blmi_archive *archive, const char *name, uint64_t max_bytes,
    uint8_t **bytes, size_t *size, blm_error *err);

#endif
