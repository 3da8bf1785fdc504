// header.h: reads and writes the JSON header of a safetensors file.  Only this module
// uses JSON.
#ifndef BLMI_FORMAT_HEADER_H
#define BLMI_FORMAT_HEADER_H

#include <stddef.h>
#include <stdint.h>

#include "blemish/status.h"
#include "src/base/tensor.h"
#include "src/format/safetensors.h"

// Room for more than ten thousand tensors.  JSON in memory takes up to a hundred times as
// much.
enum { BLMI_HEADER_LIMIT = 1 << 20 }; // bytes

typedef struct blmi_header {
    blmi_tensor *tensors; // (count) in the order of the header
    size_t count;
    blmi_pair *metadata; // (metadata_count) in the order of the header
    size_t metadata_count;
    struct json_t *json; // holds the strings
} blmi_header;

// Reads the text of a header (size bytes) for tensors in data (data_size bytes, aligned
// to 8 or better).  Checks that every tensor has a known type, is inside data, is as long
// as its shape requires and is aligned to its items, and that names and metadata keys are
// unique.  Does not check that the tensors cover data without overlap.  path: for
// messages.  BLM_EINPUT.
blm_status blmi_header_parse(const char *path, const char *text, size_t size,
    const uint8_t *data, size_t data_size, blmi_header *out, blm_error *err);
void blmi_header_free(blmi_header *header); // all zeros allowed

// Writes a header, compact: the metadata, then the tensors, both in the order given; the
// tensors are laid out in that order.  *text is freed by free().  BLM_EINPUT: not UTF-8;
// BLM_EBUG: a name or key occurs twice.
blm_status blmi_header_format(const char *path, const blmi_tensor *const *tensors,
    size_t count, const blmi_pair *metadata, size_t metadata_count, char **text,
    blm_error *err);

// Bytes of a tensor whose shape is checked.
size_t blmi_header_bytes(const blmi_tensor *tensor);

#endif
