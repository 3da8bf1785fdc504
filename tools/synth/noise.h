// noise.h: makes random numbers and noise with equal bits on every machine.  Uses only
// integers and + - * / of doubles, since functions of the C library may differ in their
// last bits.
//
// C does not define the order of calls in an argument list or initialiser: draw only one
// random number per statement.
#ifndef BLEMISH_SYNTH_NOISE_H
#define BLEMISH_SYNTH_NOISE_H

#include <stdint.h>

// A new seed from two others (splitmix64's finaliser).
uint64_t synth_mix(uint64_t a, uint64_t b);
uint64_t synth_mix_text(uint64_t a, const char *text);

// A sequence of random numbers; starts at any value.
typedef uint64_t synth_random;
double synth_between(synth_random *state, double low, double high); // high exclusive
int synth_below(synth_random *state, int bound);                    // 0 to bound - 1

// The value of the cell (x, y) of a grid: 0 to below 1, independent of its neighbours.
double synth_cell(uint64_t seed, int x, int y);
// Smooth noise of wavelength about 2, 0 to 1, and the sum of `octaves` of it, each half
// as strong and twice as fine as the one before, scaled to 0 to 1.
double synth_noise(uint64_t seed, double x, double y);
double synth_clouds(uint64_t seed, double x, double y, int octaves);

// Sine of a number of full turns, to 1e-4.
double synth_sine(double turns);

static inline int synth_floor(double x)
{
    const int i = (int)x;
    return x < i ? i - 1 : i;
}

static inline double synth_clamp(double x)
{
    return x < 0 ? 0 : x > 1 ? 1 : x;
}

// 0 at `from` and below, 1 at `to` and above, smooth between; falling if from > to.
static inline double synth_step(double from, double to, double x)
{
    const double t = synth_clamp((x - from) / (to - from));
    return t * t * (3 - 2 * t);
}

static inline double synth_blend(double a, double b, double share)
{
    return a + (b - a) * share;
}

#endif
