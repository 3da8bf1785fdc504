// legacy.h: reads the form of torch.save before PyTorch 1.6: five pickles (magic number,
// protocol number, machine, object, keys of the storages), then each storage in the order
// of the keys: the number of items, then their bytes.
#ifndef BLMI_FORMAT_LEGACY_H
#define BLMI_FORMAT_LEGACY_H

#include <stdbool.h>

#include "src/format/pickle.h"

typedef struct blmi_legacy blmi_legacy;

// Whether a file with these first bytes has that form.
bool blmi_legacy_is(const uint8_t *bytes, size_t size);
// bytes must outlive the result.  BLM_EINPUT: truncated, or storages and pickles do not
// match.
blm_status blmi_legacy_open(const char *path, const uint8_t *bytes, size_t size,
    blmi_legacy **out, blm_error *err);
void blmi_legacy_close(blmi_legacy *legacy); // NULL allowed

const blmi_value *blmi_legacy_root(const blmi_legacy *legacy); // the object
// The bytes of a storage of that object; not aligned.
const uint8_t *blmi_legacy_storage(
    const blmi_legacy *legacy, blmi_text key, size_t *size);

#endif
