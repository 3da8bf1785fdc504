// safetensors.h: reads and writes the file form of weights and models (doc/format.md).
#ifndef BLMI_FORMAT_SAFETENSORS_H
#define BLMI_FORMAT_SAFETENSORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "blemish/status.h"
#include "src/base/tensor.h"
#include "src/format/hash.h"

// The "format_version" of blemish files: MAJOR.MINOR.
#define BLMI_FORMAT_VERSION "1.0"

typedef struct blmi_pair { // an entry of __metadata__
    const char *key, *value;
} blmi_pair;

typedef struct blmi_safetensors {
    blmi_tensors tensors;      // sorted by name; data points into the file's bytes
    const blmi_pair *metadata; // sorted by key
    size_t metadata_count;
    bool checked;                        // the file had a checksum, and it was right
    char checksum[BLMI_HASH_DIGITS + 1]; // XXH3-128 of the file, its own field blank
    struct blmi_safetensors_state *state;
} blmi_safetensors;

// Reads a file and checks everything in it: header length, JSON, names, types, shapes,
// offsets (in bounds, no hole, no overlap), alignment of items, and the checksum if there
// is one.  Refuses metadata keys that begin with '!' and are not in `understood`
// (NULL-terminated; NULL: empty), and another major number in format_version if "format"
// begins with "blemish-".  All faults of the file are BLM_EINPUT.  The result is
// immutable: any number of threads may read it.
blm_status blmi_safetensors_open(const char *path, const char *const *understood,
    blmi_safetensors *out, blm_error *err);
// Reads the checksum that a file says it has, without checking it.  False: it has none,
// or cannot be read.
bool blmi_safetensors_said_checksum(
    const char *path, char checksum[BLMI_HASH_DIGITS + 1]);
void blmi_safetensors_close(blmi_safetensors *file); // all zeros allowed
const char *blmi_safetensors_meta(
    const blmi_safetensors *file, const char *key); // NULL if absent

// Writes tensors and metadata to path, complete or not at all.  Data begins at a multiple
// of 64.  Tensors are in order of falling alignment, then name.  The alignment is the
// largest power of two, at most 64, that divides a tensor's bytes; each tensor begins at
// a multiple of it, and at a multiple of its items.  The key "checksum" is added.  Equal
// input, in any order, gives equal bytes.  BLM_EINPUT: a name or text is not UTF-8, or
// the header is longer than BLMI_HEADER_LIMIT; BLM_EBUG: a name or key occurs twice;
// BLM_ESYSTEM: as in writer.h.
blm_status blmi_safetensors_write(const char *path, const blmi_tensor *tensors,
    size_t count, const blmi_pair *metadata, size_t metadata_count, blm_error *err);

#endif
