#include "src/format/hash.h"

#include <xxhash.h>

#include "src/base/alloc.h"
#include "src/base/number.h"

struct blmi_hash {
    XXH3_state_t *state;
};

blmi_hash *blmi_hash_new(void)
{
    blmi_hash *hash = blmi_alloc(1, sizeof *hash);
    if (hash == NULL)
        return NULL;
    hash->state = XXH3_createState();
    if (hash->state == NULL || XXH3_128bits_reset(hash->state) != XXH_OK) {
        blmi_hash_free(hash);
        return NULL;
    }
    return hash;
}

void blmi_hash_add(blmi_hash *hash, const void *bytes, size_t size)
{
    if (size > 0) // it only fails if bytes == NULL
        XXH3_128bits_update(hash->state, bytes, size);
}

void blmi_hash_text(const blmi_hash *hash, char text[BLMI_HASH_DIGITS + 1])
{
    const XXH128_hash_t value = XXH3_128bits_digest(hash->state);
    blmi_print(text, BLMI_HASH_DIGITS + 1, "%016llx%016llx",
        (unsigned long long)value.high64, (unsigned long long)value.low64);
}

void blmi_hash_free(blmi_hash *hash)
{
    if (hash == NULL)
        return;
    XXH3_freeState(hash->state);
    blmi_free(hash);
}
