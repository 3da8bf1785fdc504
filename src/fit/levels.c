#include "src/fit/levels.h"

#include <stdbool.h>
#include <string.h>

enum { LEVELS = 256, DRAWN = 1 << 14, MIN_BITS = 9, MAX_BITS = 14 };

void blmi_levels_of(const blm_image *image, blmi_levels *out)
{
    const uint64_t samples = (uint64_t)image->width * (uint64_t)image->height * 3;
    memset(out, 0, sizeof *out);
    for (uint64_t i = 0; i < DRAWN; i++)
        out->counts[image->rgb[i * samples / DRAWN]]++;
    const bool whole_range =
        image->bits == 16 && image->range_low == 0 && image->range_high == 65535;
    out->most = whole_range ? image->sample_max : 0;
}

void blmi_levels_add(blmi_levels *levels, const blmi_levels *more)
{
    for (int v = 0; v < LEVELS; v++)
        levels->counts[v] += more->counts[v];
    levels->most = more->most > levels->most ? more->most : levels->most;
}

// The level that a share of the samples is below.
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

// The number of bits that can hold a sample, at least MIN_BITS; 0: more than MAX_BITS,
// or there is no 16-bit sample.
static int bits_for(double most)
{
    for (int bits = MIN_BITS; bits <= MAX_BITS && most > 0; bits++)
        if ((1 << bits) > most)
            return bits;
    return 0;
}

blm_levels blmi_levels_result(const blmi_levels *levels)
{
    int highest = LEVELS - 1;
    while (highest > 0 && levels->counts[highest] == 0)
        highest--;
    if (levels->counts[highest] == 0)
        return (blm_levels){0};
    return (blm_levels){.low = level_at(levels, 0.001),
        .high = level_at(levels, 0.999),
        .bits = bits_for(levels->most)};
}
