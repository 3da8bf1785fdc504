// safetensors.h: the one file form of weights and models (doc/format.md).
#ifndef BLMI_FORMAT_SAFETENSORS_H
#define BLMI_FORMAT_SAFETENSORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "blemish/status.h"
#include "src/base/tensor.h"
#include "src/format/hash.h"

// What files of blemish's say under "format_version": MAJOR.MINOR.
#define BLMI_FORMAT_VERSION "1.0"

typedef struct blmi_pair { // an entry of __metadata__
    const char *key, *value;
} blmi_pair;

typedef struct blmi_safetensors {
    blmi_tensors tensors;      // sorted by name; data lies in the mapping
    const blmi_pair *metadata; // sorted by key
    size_t metadata_count;
    bool checked;                        // the file carried a checksum, and it was right
    char checksum[BLMI_HASH_DIGITS + 1]; // XXH3-128 of the file, its own field blank
    struct blmi_safetensors_state *state;
} blmi_safetensors;

// Maps a file and believes nothing of it before it is checked: header length, JSON,
// names, types, shapes, offsets (in bounds, no hole, no overlap), alignment of items,
// checksum where the metadata has one.  Metadata keys that begin with '!' and are not
// in `understood` (NULL-terminated; NULL: none is) are refused, so is format_version
// with another major number where "format" begins with "blemish-".  All faults of the
// file are BLM_EINPUT.  The file must not be shortened by others while it is open;
// replacing it, as blmi_safetensors_write does, is harmless.  What was opened is
// immutable: any number of threads may read it.
blm_status blmi_safetensors_open(const char *path, const char *const *understood,
    blmi_safetensors *out, blm_error *err);
void blmi_safetensors_close(blmi_safetensors *file); // all zeros allowed
const char *blmi_safetensors_meta(
    const blmi_safetensors *file, const char *key); // NULL if absent

// Writes tensors and metadata to path, complete or not at all.  Data begins at a multiple
// of 64.  Tensors stand in order of falling alignment, then name, where the alignment is
// the largest power of two, at most 64, that divides their bytes; so each begins at a
// multiple of it, and at a multiple of its items in any case.  The key "checksum" is
// added.  Equal input, in whatever order, gives equal bytes.  BLM_EINPUT: a name or text
// is not UTF-8, or the header becomes longer than a reader takes; BLM_EBUG: a name or key
// occurs twice; BLM_ESYSTEM: as in file.h.
blm_status blmi_safetensors_write(const char *path, const blmi_tensor *tensors,
    size_t count, const blmi_pair *metadata, size_t metadata_count, blm_error *err);

#endif
