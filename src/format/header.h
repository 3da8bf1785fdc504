// header.h: the JSON header of a safetensors file, both ways.  The one place of the
// library that knows JSON.
#ifndef BLMI_FORMAT_HEADER_H
#define BLMI_FORMAT_HEADER_H

#include <stddef.h>
#include <stdint.h>

#include "blemish/status.h"
#include "src/base/tensor.h"
#include "src/format/safetensors.h"

// More than ten thousand tensors fit in; JSON in memory is up to a hundred times as
// large.
enum { BLMI_HEADER_LIMIT = 1 << 20 }; // bytes

typedef struct blmi_header {
    blmi_tensor *tensors; // (count) in the order of the file's text
    size_t count;
    blmi_pair *metadata; // (metadata_count) likewise
    size_t metadata_count;
    struct json_t *json; // holds the strings
} blmi_header;

// Reads the text of a header (size bytes) whose tensors lie in data (data_size bytes,
// aligned to 8 at least).  Every tensor is of a known type, within data, as long as its
// shape says and aligned to its item; names and metadata keys are unique.  Whether the
// tensors cover data without overlap is not asked here.  path: for messages.  BLM_EINPUT.
blm_status blmi_header_parse(const char *path, const char *text, size_t size,
    const uint8_t *data, size_t data_size, blmi_header *out, blm_error *err);
void blmi_header_free(blmi_header *header); // all zeros allowed

// The text of a header, compact: the metadata in the order given, then the tensors,
// laid out one after the other in the order given.  *text is released with free().
// BLM_EINPUT: what is not UTF-8; BLM_EBUG: a name or key that occurs twice.
blm_status blmi_header_format(const char *path, const blmi_tensor *const *tensors,
    size_t count, const blmi_pair *metadata, size_t metadata_count, char **text,
    blm_error *err);

// Bytes of a tensor whose shape was checked.
size_t blmi_header_bytes(const blmi_tensor *tensor);

#endif
