#include "src/base/sized.h"

#include <string.h>

#include "src/base/error.h"

enum { MOST = 1 << 16 }; // bytes of any struct, ever

static size_t size_of(const void *given)
{
    size_t size;
    memcpy(&size, given, sizeof size);
    return size;
}

blm_status blmi_sized_take(const void *given, size_t least, void *own, size_t size,
    const char *name, blm_error *err)
{
    if (given == NULL)
        return BLM_OK;
    const size_t theirs = size_of(given);
    if (theirs < least || theirs > MOST)
        return blmi_fail(err, BLM_EUSAGE,
            "%s: its size is %zu bytes, expected %zu or more: %s_init comes first", name,
            theirs, least, name);
    for (size_t i = size; i < theirs; i++)
        if (((const char *)given)[i] != 0)
            return blmi_fail(err, BLM_EUSAGE,
                "%s: byte %zu is set, this library knows %zu: the program was built for "
                "a newer one",
                name, i, size);
    memcpy(own, given, theirs < size ? theirs : size);
    memcpy(own, &size, sizeof size);
    return BLM_OK;
}

void blmi_sized_give(const void *own, size_t size, void *out)
{
    const size_t theirs = size_of(out);
    if (theirs < sizeof theirs || theirs > MOST)
        return;
    memcpy((char *)out + sizeof theirs, (const char *)own + sizeof theirs,
        (theirs < size ? theirs : size) - sizeof theirs);
}
