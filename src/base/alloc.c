#include "src/base/alloc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/error.h"

void *blmi_alloc(size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) ||
        bytes > PTRDIFF_MAX - BLMI_ALIGNMENT)
        return NULL;
    const size_t rounded = (bytes / BLMI_ALIGNMENT + 1) * BLMI_ALIGNMENT;
    return aligned_alloc(BLMI_ALIGNMENT, rounded);
}

void *blmi_alloc_zero(size_t count, size_t size)
{
    void *memory = blmi_alloc(count, size);
    if (memory != NULL)
        memset(memory, 0, count * size);
    return memory;
}

void blmi_free(void *memory)
{
    free(memory);
}

char *blmi_strdup(const char *text)
{
    const size_t size = strlen(text) + 1;
    char *copy = blmi_alloc(size, 1);
    return copy == NULL ? NULL : memcpy(copy, text, size);
}

blm_status blmi_no_memory(blm_error *err, const char *what, size_t count, size_t size)
{
    return blmi_fail(
        err, BLM_ENOMEM, "out of memory for %s (%zu x %zu bytes)", what, count, size);
}
