// sanitizer.h: tells the memory sanitizer which memory is written (see `msan` in
// CMakePresets.json), and says whether the address sanitizer is used.  Empty otherwise.
//
// The sanitizer does not see writes by libraries that are not instrumented.  So memory
// from malloc counts as written (the options in alloc.c).  Memory from blmi_alloc counts
// as not written until our code writes it, or calls blmi_note_written after a library has
// written it.  What a library fills in on the stack is initialised first.  Whether a
// library wrote everything that it reported is checked by tests that decode twice, into
// memory with two different fillings (src/image/corpus_test.c).
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

// Fresh memory of our own: none of its bytes is written.
static inline void blmi_note_fresh(void *memory, size_t size)
{
#ifdef BLMI_MEMORY_SANITIZER
    __msan_poison(memory, size);
#else
    (void)memory, (void)size;
#endif
}

// A library has reported that it wrote these bytes.
static inline void blmi_note_written(const void *memory, size_t size)
{
#ifdef BLMI_MEMORY_SANITIZER
    __msan_unpoison(memory, size);
#else
    (void)memory, (void)size;
#endif
}

// Reports bytes that are not written.
static inline void blmi_check_written(const void *memory, size_t size)
{
#ifdef BLMI_MEMORY_SANITIZER
    __msan_check_mem_is_initialized(memory, size);
#else
    (void)memory, (void)size;
#endif
}

#endif
