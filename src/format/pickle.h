// pickle.h: what a state dict needs of Python's pickle, and nothing else.  No code is
// ever run: the handful of globals known are recognised by their names, all others
// refused.
//
// The opcodes are those that Python's own pickler uses in protocols 2 to 5 for numbers,
// strings, tuples, lists, dicts and the objects below (Python's pickletools.py describes
// each).
#ifndef BLMI_FORMAT_PICKLE_H
#define BLMI_FORMAT_PICKLE_H

#include <stddef.h>
#include <stdint.h>

#include "blemish/status.h"

typedef enum blmi_value_kind {
    BLMI_OTHER,  // None, True, False, floats, integers beyond 64 bits, bytes, and the
                 // objects that are passed over
    BLMI_INT,    // integer
    BLMI_TEXT,   // text
    BLMI_TUPLE,  // tuple
    BLMI_LIST,   // what is in it is not kept
    BLMI_DICT,   // dict; an OrderedDict too
    BLMI_GLOBAL, // global
    BLMI_STORAGE,
    BLMI_TENSOR, // a Parameter too
} blmi_value_kind;

// The globals that are known.
typedef enum blmi_global {
    BLMI_ORDERED_DICT,
    BLMI_REBUILD_TENSOR,
    BLMI_REBUILD_OLD_TENSOR, // before PyTorch 0.4
    BLMI_REBUILD_PARAMETER,
    BLMI_STORAGE_F32, // this and all that follow are storages
    BLMI_STORAGE_F16,
    BLMI_STORAGE_BF16,
    BLMI_STORAGE_F64,
    BLMI_STORAGE_I64,
    BLMI_STORAGE_I32,
    BLMI_STORAGE_U8,
    BLMI_STORAGE_I16,
    BLMI_STORAGE_I8,
    BLMI_STORAGE_BOOL,
    BLMI_PASSED_OVER, // this and all that follow: what a training leaves beside weights
} blmi_global;

typedef struct blmi_text { // not ended by a zero; may hold any byte
    const char *bytes;
    size_t size;
} blmi_text;

// An entry of a dict, in the order in which they were put in.
typedef struct blmi_entry {
    blmi_text key; // entries under other keys than strings are not kept
    const struct blmi_value *value;
    struct blmi_entry *next;
} blmi_entry;

typedef struct blmi_value {
    blmi_value_kind kind;
    union {
        int64_t integer;
        blmi_text text;
        struct {
            const struct blmi_value **items;
            size_t count;
        } tuple;
        struct {
            blmi_entry *first, *last;
        } dict;
        blmi_global global;
        struct {
            const struct blmi_value *key; // BLMI_TEXT: the entry of the archive
            blmi_global type;             // BLMI_STORAGE_...
            int64_t count;                // items, 0 or more
        } storage;
        struct {
            const struct blmi_value *storage; // BLMI_STORAGE
            const struct blmi_value
                *shape; // BLMI_TUPLE of at most BLMI_MAX_RANK BLMI_INT
            const struct blmi_value *strides; // likewise, of the same length, in items
            int64_t offset;                   // of the first item
        } tensor;
    } as;
} blmi_value;

typedef struct blmi_pickle blmi_pickle;

// Reads a pickle, which may end before the bytes do; its bytes must outlive it.  path:
// for messages.  Takes time and
// memory in proportion to size, whatever the bytes are.  BLM_EINPUT.
blm_status blmi_pickle_read(
    const char *path, const void *bytes, size_t size, blmi_pickle **out, blm_error *err);
const blmi_value *blmi_pickle_root(const blmi_pickle *pickle);
size_t blmi_pickle_length(const blmi_pickle *pickle); // bytes that were read
// All values in it, in the order in which they were made.
const blmi_value *blmi_pickle_values(const blmi_pickle *pickle, size_t *count);
void blmi_pickle_free(blmi_pickle *pickle); // NULL allowed

// The name of a global: "torch.FloatStorage".  Static text.
const char *blmi_global_name(blmi_global global);

#endif
