// sanitizer.h: what the memory sanitizer has to know about memory (see `msan` in
// CMakePresets.json).  Nothing in other builds.
//
// Libraries that are not instrumented write without its knowledge.  So memory from malloc
// counts as written (MSAN_OPTIONS=poison_in_malloc=0), ours counts as not written until
// our code writes it, or a library says that it did.
#ifndef BLMI_BASE_SANITIZER_H
#define BLMI_BASE_SANITIZER_H

#include <stddef.h>

#if defined(__has_feature)
#if __has_feature(memory_sanitizer)
#define BLMI_MEMORY_SANITIZER 1
#include <sanitizer/msan_interface.h>
#endif
#endif

// Our own memory, fresh: no byte of it was written.
static inline void blmi_note_fresh(void *memory, size_t size)
{
#ifdef BLMI_MEMORY_SANITIZER
    __msan_allocated_memory(memory, size);
#else
    (void)memory, (void)size;
#endif
}

// A library says that it has written these bytes.
static inline void blmi_note_written(const void *memory, size_t size)
{
#ifdef BLMI_MEMORY_SANITIZER
    __msan_unpoison(memory, size);
#else
    (void)memory, (void)size;
#endif
}

#endif
