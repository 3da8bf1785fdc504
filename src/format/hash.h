// hash.h: computes XXH3-128, which detects damaged files (but not forged ones).
#ifndef BLMI_FORMAT_HASH_H
#define BLMI_FORMAT_HASH_H

#include <stddef.h>

enum { BLMI_HASH_DIGITS = 32 };

// The state of a hash with seed 0.
typedef struct blmi_hash blmi_hash;

blmi_hash *blmi_hash_new(void); // NULL if memory is out
void blmi_hash_add(blmi_hash *hash, const void *bytes, size_t size);
// The hash of all bytes so far: lower-case hex, highest byte first, as `xxhsum -H2`
// prints it.
void blmi_hash_text(const blmi_hash *hash, char text[BLMI_HASH_DIGITS + 1]);
void blmi_hash_free(blmi_hash *hash); // NULL allowed

#endif
