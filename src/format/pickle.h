// pickle.h: reads the part of Python's pickle that state dicts use.  No code is run: the
// few known globals are recognised by name, all others are refused.
//
// The opcodes are those that Python's pickler uses in protocols 2 to 5 for numbers,
// strings, tuples, lists, dicts and the objects below (see Python's pickletools.py).
#ifndef BLMI_FORMAT_PICKLE_H
#define BLMI_FORMAT_PICKLE_H

#include <stddef.h>
#include <stdint.h>

#include "blemish/status.h"

typedef enum blmi_value_kind {
    BLMI_OTHER,  // None, True, False, floats, integers beyond 64 bits, bytes, and the
                 // objects that are ignored
    BLMI_INT,    // integer
    BLMI_TEXT,   // text
    BLMI_TUPLE,  // tuple
    BLMI_LIST,   // its items are not kept
    BLMI_DICT,   // dict or OrderedDict
    BLMI_GLOBAL, // global
    BLMI_STORAGE,
    BLMI_TENSOR, // tensor or Parameter
} blmi_value_kind;

// The known globals.
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
    BLMI_PASSED_OVER, // from here: objects of training, which are ignored
} blmi_global;

typedef struct blmi_text { // not zero-terminated; any bytes
    const char *bytes;
    size_t size;
} blmi_text;

// An entry of a dict, in order of insertion.
typedef struct blmi_entry {
    blmi_text key; // only entries with string keys are kept
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
            const struct blmi_value *strides; // like shape, of the same length, in items
            int64_t offset;                   // of the first item
        } tensor;
    } as;
} blmi_value;

typedef struct blmi_pickle blmi_pickle;

// Reads a pickle, which may end before the bytes do.  The bytes must outlive the result.
// path: for messages.  Time and memory are proportional to size for any bytes.
// BLM_EINPUT.
blm_status blmi_pickle_read(
    const char *path, const void *bytes, size_t size, blmi_pickle **out, blm_error *err);
const blmi_value *blmi_pickle_root(const blmi_pickle *pickle);
size_t blmi_pickle_length(const blmi_pickle *pickle); // bytes that were read
// All values of the pickle, in the order in which they were made.
const blmi_value *blmi_pickle_values(const blmi_pickle *pickle, size_t *count);
void blmi_pickle_free(blmi_pickle *pickle); // NULL allowed

// The name of a global: "torch.FloatStorage".  Static text.
const char *blmi_global_name(blmi_global global);

#endif
