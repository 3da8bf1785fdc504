// hash.h: XXH3-128, which tells damaged bytes from whole ones (not from forged ones).
#ifndef BLMI_FORMAT_HASH_H
#define BLMI_FORMAT_HASH_H

#include <stddef.h>

enum { BLMI_HASH_DIGITS = 32 };

// A hash in the making, seed 0.
typedef struct blmi_hash blmi_hash;

blmi_hash *blmi_hash_new(void); // NULL when memory is out
void blmi_hash_add(blmi_hash *hash, const void *bytes, size_t size);
// Of all bytes so far: lower-case hex, highest byte first, as `xxhsum -H2` prints it.
void blmi_hash_text(const blmi_hash *hash, char text[BLMI_HASH_DIGITS + 1]);
void blmi_hash_free(blmi_hash *hash); // NULL allowed

#endif
