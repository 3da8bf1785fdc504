// sized.h: structs of callers, which may be older or newer than the library.
//
// They grow at their end.  A caller's size comes with them: through the macros of the
// public headers, or as the first member of a blm_recipe.  A release leaves no padding at
// the end of a struct, where the next member would hide.
#ifndef BLMI_BASE_SIZED_H
#define BLMI_BASE_SIZED_H

#include <stddef.h>

#include "blemish/status.h"

// Copies a caller's struct of `given_size` bytes over `own`, of `size` bytes, which holds
// the defaults: what an older program does not know keeps them.  given NULL: all does.
// BLM_EUSAGE: a newer program has set a member that this library does not have.  name:
// "blm_recipe".
blm_status blmi_sized_take(const void *given, size_t given_size, void *own, size_t size,
    const char *name, blm_error *err);

// Copies `own` to a caller's struct of `out_size` bytes; what the library does not know
// of it becomes zero.
void blmi_sized_give(const void *own, size_t size, void *out, size_t out_size);

// Takes a caller's struct over a variable of that type that holds the defaults; leaves
// the calling function where that fails.
#define BLMI_TAKE(type, own, given, given_size, err)                                     \
    BLMI_TRY(blmi_sized_take(given, given_size, &(own), sizeof(type), #type, err))

#endif
