// alloc.h: the one way to get memory: overflow-checked, aligned for vectors.
#ifndef BLMI_BASE_ALLOC_H
#define BLMI_BASE_ALLOC_H

#include <stddef.h>

#include "blemish/status.h"

enum { BLMI_ALIGNMENT = 64 };

// count * size bytes, aligned to 64, contents undefined; NULL when the product overflows
// or memory is out.  At least one byte is allocated.  Released with blmi_free (NULL
// allowed).
void *blmi_alloc(size_t count, size_t size) __attribute__((malloc));
// The same, all bytes zero.
void *blmi_alloc_zero(size_t count, size_t size) __attribute__((malloc));
void blmi_free(void *memory);
// Makes room for `count` items in place of `have`, which keep their content; the new ones
// are zero.  NULL: memory is out, and the block is as it was.
void *blmi_grow_zero(void *memory, size_t have, size_t count, size_t size);

// A copy of a string in memory of its own; NULL when memory is out.
char *blmi_strdup(const char *text) __attribute__((malloc));

// Writes the usual text ("out of memory for WHAT (BYTES bytes)") and returns BLM_ENOMEM.
blm_status blmi_no_memory(blm_error *err, const char *what, size_t count, size_t size);

#endif
