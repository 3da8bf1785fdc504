// sized.h: structs of callers that begin with their size in bytes.
//
// They can grow at the end without breaking programs that are older than the library.  A
// release leaves no padding at their end, where the next member would hide.
#ifndef BLMI_BASE_SIZED_H
#define BLMI_BASE_SIZED_H

#include <stddef.h>

#include "blemish/status.h"

// Copies a caller's struct over `own`, which has `size` bytes, holds the defaults and
// keeps its own size.  given NULL: the defaults stay.  What an older program does not
// know keeps its default.  BLM_EUSAGE, if it was not initialised (its size is below
// `least`, that of the struct in its first release), or if a newer program has set a
// member that this library does not have.  name: "blm_recipe".
blm_status blmi_sized_take(const void *given, size_t least, void *own, size_t size,
    const char *name, blm_error *err);

// Copies `own` to a caller's struct, as far as that knows it.
void blmi_sized_give(const void *own, size_t size, void *out);

#endif
