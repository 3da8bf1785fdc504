#include "src/map/sort.h"

enum {
    PASSES = 3,
    DIGIT = 11, // bits; three digits hold the 32 bits of a key
    VALUES = 1 << DIGIT
};

static unsigned digit(uint64_t item, int pass)
{
    return (unsigned)(item >> (32 + pass * DIGIT)) & (VALUES - 1);
}

void blmi_sort(uint64_t *items, uint64_t *spare, size_t count)
{
    size_t at[PASSES][VALUES] = {{0}};
    for (size_t i = 0; i < count; i++)
        for (int pass = 0; pass < PASSES; pass++)
            at[pass][digit(items[i], pass)]++;
    uint64_t *from = items, *to = spare;
    for (int pass = 0; pass < PASSES; pass++) {
        size_t sum = 0;
        for (int value = 0; value < VALUES; value++) {
            const size_t here = at[pass][value];
            at[pass][value] = sum;
            sum += here;
        }
        for (size_t i = 0; i < count; i++)
            to[at[pass][digit(from[i], pass)]++] = from[i];
        uint64_t *const swap = from;
        from = to;
        to = swap;
    }
    memcpy(items, from, count * sizeof *items); // an odd number of passes ends in spare
}
