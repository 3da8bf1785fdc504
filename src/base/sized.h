// sized.h: copies structs of callers that may be older or newer than the library.
//
// Structs grow at their end.  The caller's size is passed by the macros of the public
// headers, or is the first member of a blm_recipe.  No release leaves padding at the end
// of a struct, because the next member would be hidden in it.
#ifndef BLMI_BASE_SIZED_H
#define BLMI_BASE_SIZED_H

#include <stddef.h>

#include "blemish/status.h"

// Copies a caller's struct of `given_size` bytes over `own`, of `size` bytes, which holds
// the defaults.  Members that an older program does not have keep their defaults; all do
// if given is NULL.  BLM_EUSAGE: a newer program has set a member that this library does
// not have.  name: "blm_recipe".
blm_status blmi_sized_take(const void *given, size_t given_size, void *own, size_t size,
    const char *name, blm_error *err);

// Copies `own` to a caller's struct of `out_size` bytes.  Bytes beyond `size` become
// zero.
void blmi_sized_give(const void *own, size_t size, void *out, size_t out_size);

// Copies a caller's struct over a variable of that type that holds the defaults.  Leaves
// the calling function if that fails.
#define BLMI_TAKE(type, own, given, given_size, err)                                     \
    BLMI_TRY(blmi_sized_take(given, given_size, &(own), sizeof(type), #type, err))

#endif
