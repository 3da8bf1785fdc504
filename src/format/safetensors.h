// safetensors.h: the one file form of weights and models (doc/format.md).
#ifndef BLMI_FORMAT_SAFETENSORS_H
#define BLMI_FORMAT_SAFETENSORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "blemish/status.h"
#include "src/base/tensor.h"

typedef struct blmi_pair { // an entry of __metadata__
    const char *key, *value;
} blmi_pair;

typedef struct blmi_safetensors {
    blmi_tensors tensors;      // sorted by name; data lies in the mapping
    const blmi_pair *metadata; // sorted by key
    size_t metadata_count;
    bool checked;      // the file carried a checksum, and it was right
    char checksum[33]; // XXH3-128 in hex, computed over the file (its own field blank)
    struct blmi_safetensors_state *state;
} blmi_safetensors;

// Maps a file and believes nothing of it before it is checked: header length, JSON,
// names, types, shapes, offsets (in bounds, no hole, no overlap), alignment of items,
// checksum where the metadata has one.  Metadata keys that begin with '!' and are not in
// `understood` (NULL-terminated) are refused, so is format_version with a newer major
// number where metadata has "format".  All faults are BLM_EINPUT.
blm_status blmi_safetensors_open(const char *path, const char *const *understood,
    blmi_safetensors *out, blm_error *err);
void blmi_safetensors_close(blmi_safetensors *file);
const char *blmi_safetensors_meta(
    const blmi_safetensors *file, const char *key); // NULL if absent

// Writes tensors and metadata to path, complete or not at all.  Data begins at a multiple
// of 64; tensors stand in order of falling alignment, then name.  The key "checksum" is
// added.  Equal input gives equal bytes.
blm_status blmi_safetensors_write(const char *path, const blmi_tensor *tensors,
    size_t count, const blmi_pair *metadata, size_t metadata_count, blm_error *err);

#endif
