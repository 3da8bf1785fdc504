#include "src/fit/levels.h"

#include <string.h>

enum { LEVELS = 256, DRAWN = 1 << 14, LEAST_BITS = 9, MOST_BITS = 14 };

void blmi_levels_of(const blm_image *image, blmi_levels *out)
{
    const uint64_t samples = (uint64_t)image->width * (uint64_t)image->height * 3;
    memset(out, 0, sizeof *out);
    for (uint64_t i = 0; i < DRAWN; i++)
        out->counts[image->rgb[i * samples / DRAWN]]++;
    out->deep = image->bits == 16;
}

void blmi_levels_add(blmi_levels *levels, const blmi_levels *more)
{
    for (int v = 0; v < LEVELS; v++)
        levels->counts[v] += more->counts[v];
    levels->deep |= more->deep;
}

// The level that `share` of the samples do not reach, from below.
static int level_at(const blmi_levels *levels, double share)
{
    uint64_t sum = 0, below = 0;
    int v = 0;
    for (int i = 0; i < LEVELS; i++)
        sum += levels->counts[i];
    for (; v < LEVELS - 1; v++) {
        below += levels->counts[v];
        if ((double)below > share * (double)sum)
            break;
    }
    return v;
}

// The fewest bits whose largest value becomes at least that level, as 16 bits are read;
// 0: more than a few of the uppermost bits are in use.
static int bits_for(int level)
{
    for (int bits = LEAST_BITS; bits <= MOST_BITS; bits++)
        if (((1 << bits) - 1 + 128) / 257 >= level)
            return bits;
    return 0;
}

blm_levels blmi_levels_result(const blmi_levels *levels, int bits)
{
    int highest = LEVELS - 1;
    while (highest > 0 && levels->counts[highest] == 0)
        highest--;
    if (levels->counts[highest] == 0)
        return (blm_levels){0};
    return (blm_levels){.low = level_at(levels, 0.001),
        .high = level_at(levels, 0.999),
        .bits = levels->deep && bits == 16 ? bits_for(highest) : 0};
}
