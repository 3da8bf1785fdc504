// sort.h: maps floats to integers in the same order, and sorts by them in linear time.
#ifndef BLMI_MAP_SORT_H
#define BLMI_MAP_SORT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

// An integer key with the order of the floats, without NaN.  -0.0 and 0.0 have the same
// key.
static inline uint32_t blmi_float_key(float value)
{
    const float unsigned_zero = value + 0.0f;
    uint32_t bits;
    memcpy(&bits, &unsigned_zero, sizeof bits);
    return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

// The float that has this key.
static inline float blmi_key_float(uint32_t key)
{
    const uint32_t bits = key & 0x80000000u ? key & 0x7fffffffu : ~key;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

// Sorts items (count) by their upper 32 bits, in rising order; equal ones keep their
// order.  spare (count) is scratch.  Radix sort in three passes.
void blmi_sort(uint64_t *items, uint64_t *spare, size_t count);

#endif
