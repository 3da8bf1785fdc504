#include "src/detector/parts.h"

#include <stdbool.h>
#include <string.h>

#include "src/base/base_vector.h"
#include "src/base/error.h"

enum { STRETCH = 4096 }; // numbers that are checked together

// An exponent of all ones means infinity or NaN.  Adding the lowest bit of the exponent
// then carries into the sign, which the sum collects without a branch.
static ALWAYS_INLINE bool finite_floats(const void *data, size_t count)
{
    const char *at = data;
    uint32_t carry = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, at + i * sizeof bits, sizeof bits);
        carry |= (bits & 0x7fffffffu) + 0x00800000u;
    }
    return carry >> 31 == 0;
}

static ALWAYS_INLINE bool finite_halves(const void *data, size_t count)
{
    const char *at = data;
    uint16_t carry = 0;
    for (size_t i = 0; i < count; i++) {
        uint16_t bits;
        memcpy(&bits, at + i * sizeof bits, sizeof bits);
        carry = (uint16_t)(carry | ((bits & 0x7fffu) + 0x0400u));
    }
    return carry >> 15 == 0;
}

static ALWAYS_INLINE bool finite_bfloats(const void *data, size_t count)
{
    const char *at = data;
    uint16_t carry = 0;
    for (size_t i = 0; i < count; i++) {
        uint16_t bits;
        memcpy(&bits, at + i * sizeof bits, sizeof bits);
        carry = (uint16_t)(carry | ((bits & 0x7fffu) + 0x0080u));
    }
    return carry >> 15 == 0;
}

static ALWAYS_INLINE bool finite_doubles(const void *data, size_t count)
{
    const char *at = data;
    uint64_t carry = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t bits;
        memcpy(&bits, at + i * sizeof bits, sizeof bits);
        carry |= (bits & 0x7fffffffffffffffu) + 0x0010000000000000u;
    }
    return carry >> 63 == 0;
}

static ALWAYS_INLINE bool all_finite(blmi_dtype dtype, const void *data, size_t count)
{
    switch (dtype) {
    case BLMI_F32:
        return finite_floats(data, count);
    case BLMI_F16:
        return finite_halves(data, count);
    case BLMI_BF16:
        return finite_bfloats(data, count);
    case BLMI_F64:
        return finite_doubles(data, count);
    default:
        return true;
    }
}

// A loop of known length is vectorised.
static bool are_finite(blmi_dtype dtype, const void *data, size_t count)
{
    return count == STRETCH ? all_finite(dtype, data, STRETCH)
                            : all_finite(dtype, data, count);
}

blm_status blmi_part_check_finite(const blmi_part *part, const char *path, blm_error *err)
{
    const char *data;
    size_t count = 1;
    const size_t size = blmi_dtype_size(part->dtype);
    memcpy(&data, part->at, sizeof data);
    for (int i = 0; i < part->rank; i++)
        count *= (size_t)part->shape[i];
    for (size_t at = 0; at < count; at += STRETCH) {
        size_t length = count - at < STRETCH ? count - at : STRETCH;
        if (are_finite(part->dtype, data + at * size, length))
            continue;
        while (are_finite(part->dtype, data + at * size, 1))
            at++;
        return blmi_fail(err, BLM_EINPUT,
            "%s: tensor %s: number %zu is not finite: damaged model?", path, part->name,
            at);
    }
    return BLM_OK;
}
