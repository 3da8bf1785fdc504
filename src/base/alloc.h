// alloc.h: allocates memory: overflow-checked, aligned for vectors.  The only way to get
// memory.
#ifndef BLMI_BASE_ALLOC_H
#define BLMI_BASE_ALLOC_H

#include <stddef.h>

#include "blemish/status.h"

enum { BLMI_ALIGNMENT = 64 };

// count * size bytes, aligned to 64, contents undefined.  NULL if the product overflows
// or memory is out.  Allocates at least one byte.  Freed by blmi_free (NULL allowed).
void *blmi_alloc(size_t count, size_t size) __attribute__((malloc));
// The same, all bytes zero.
void *blmi_alloc_zero(size_t count, size_t size) __attribute__((malloc));
void blmi_free(void *memory);
// Grows a block from `have` to `count` items.  The first `have` keep their content; the
// new ones are zero.  NULL: memory is out, and the block is unchanged.
void *blmi_grow_zero(void *memory, size_t have, size_t count, size_t size);

// A copy of a string in new memory; NULL if memory is out.
char *blmi_strdup(const char *text) __attribute__((malloc));

// Writes the text "out of memory for WHAT (COUNT x SIZE bytes)" and returns BLM_ENOMEM.
blm_status blmi_no_memory(blm_error *err, const char *what, size_t count, size_t size);

#endif
