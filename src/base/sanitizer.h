// sanitizer.h: what the memory sanitizer has to know about memory (see `msan` in
// CMakePresets.json), and whether the address sanitizer is used.  Empty otherwise.
//
// Libraries that are not instrumented write without its knowledge.  So memory from malloc
// counts as written (the options in alloc.c), ours (blmi_alloc) counts as not written
// until our code writes it, or a library says that it did: blmi_note_written stands at
// every such place, pixels and structures alike, and what a library fills in on the stack
// is initialised before.
// Whether a library wrote all that it said is not seen here, but by the tests that decode
// twice, with fresh memory of two fillings (src/image/corpus_test.c).
#ifndef BLMI_BASE_SANITIZER_H
#define BLMI_BASE_SANITIZER_H

#include <stddef.h>

#if defined(__has_feature)
#if __has_feature(memory_sanitizer)
#define BLMI_MEMORY_SANITIZER 1
#include <sanitizer/msan_interface.h>
#endif
#endif

#ifdef __SANITIZE_ADDRESS__ // gcc
#define BLMI_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define BLMI_ADDRESS_SANITIZER 1
#endif
#endif

// Our own memory, fresh: no byte of it was written.
static inline void blmi_note_fresh(void *memory, size_t size)
{
#ifdef BLMI_MEMORY_SANITIZER
    __msan_poison(memory, size);
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

// Reports bytes that were not written.
static inline void blmi_check_written(const void *memory, size_t size)
{
#ifdef BLMI_MEMORY_SANITIZER
    __msan_check_mem_is_initialized(memory, size);
#else
    (void)memory, (void)size;
#endif
}

#endif
