#include "src/base/sized.h"

#include <string.h>

#include "src/base/error.h"

blm_status blmi_sized_take(const void *given, size_t given_size, void *own, size_t size,
    const char *name, blm_error *err)
{
    if (given == NULL)
        return BLM_OK;
    for (size_t i = size; i < given_size; i++)
        if (((const char *)given)[i] != 0)
            return blmi_fail(err, BLM_EUSAGE,
                "%s: byte %zu is set, but this library knows %zu bytes: the program was "
                "built for a newer library",
                name, i, size);
    memcpy(own, given, given_size < size ? given_size : size);
    return BLM_OK;
}

void blmi_sized_give(const void *own, size_t size, void *out, size_t out_size)
{
    memcpy(out, own, out_size < size ? out_size : size);
    if (out_size > size)
        memset((char *)out + size, 0, out_size - size);
}
