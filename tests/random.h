// random.h: reproducible random numbers for tests: splitmix64.
#ifndef BLEMISH_TESTS_RANDOM_H
#define BLEMISH_TESTS_RANDOM_H

#include <stdint.h>

#include "src/base/splitmix.h"

static inline uint64_t random_next(uint64_t *state)
{
    return blmi_splitmix(state);
}

// 0 to bound - 1.
static inline int random_below(uint64_t *state, int bound)
{
    return (int)(random_next(state) >> 33) % bound;
}

// 0 to below 1.
static inline double random_unit(uint64_t *state)
{
    return (double)(random_next(state) >> 11) * 0x1p-53;
}

#endif
