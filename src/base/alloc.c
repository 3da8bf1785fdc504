#include "src/base/alloc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/error.h"
#include "src/base/sanitizer.h"

#ifdef BLMI_MEMORY_SANITIZER
#include <malloc.h>

// Memory that other libraries allocate, and what they compare, counts as written.
BLM_API const char *__msan_default_options(void)
{
    return "poison_in_malloc=0:poison_in_free=0:intercept_memcmp=0";
}

// Other libraries may get our memory after it is freed.
static void forget(void *memory)
{
    if (memory != NULL)
        blmi_note_written(memory, malloc_usable_size(memory));
}
#else
static void forget(void *memory)
{
    (void)memory;
}
#endif

void *blmi_alloc(size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) ||
        bytes > PTRDIFF_MAX - BLMI_ALIGNMENT)
        return NULL;
    const size_t rounded = (bytes / BLMI_ALIGNMENT + 1) * BLMI_ALIGNMENT;
    void *const memory = aligned_alloc(BLMI_ALIGNMENT, rounded);
    if (memory != NULL)
        blmi_note_fresh(memory, rounded);
    return memory;
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
    forget(memory);
    free(memory);
}

void *blmi_grow_zero(void *memory, size_t have, size_t count, size_t size)
{
    void *grown = blmi_alloc_zero(count, size);
    if (grown == NULL)
        return NULL;
    if (have > 0)
        memcpy(grown, memory, have * size);
    blmi_free(memory);
    return grown;
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
