#include "tools/synth/noise.h"

static uint64_t finish(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

uint64_t synth_mix(uint64_t a, uint64_t b)
{
    return finish(finish(a + 0x9e3779b97f4a7c15u) ^ (b + 0x9e3779b97f4a7c15u));
}

uint64_t synth_mix_text(uint64_t a, const char *text)
{
    for (; *text != '\0'; text++)
        a = synth_mix(a, (unsigned char)*text);
    return a;
}

static uint64_t next(synth_random *state)
{
    return finish(*state += 0x9e3779b97f4a7c15u);
}

static double unit(uint64_t bits)
{
    return (double)(bits >> 11) * 0x1p-53;
}

double synth_between(synth_random *state, double low, double high)
{
    return low + (high - low) * unit(next(state));
}

int synth_below(synth_random *state, int bound)
{
    return (int)(next(state) >> 33) % bound;
}

double synth_cell(uint64_t seed, int x, int y)
{
    return unit(finish(seed + (uint64_t)(uint32_t)x * 0x9e3779b97f4a7c15u +
                       (uint64_t)(uint32_t)y * 0xd1b54a32d192ed03u));
}

double synth_noise(uint64_t seed, double x, double y)
{
    const int ix = synth_floor(x), iy = synth_floor(y);
    const double fx = synth_step(0, 1, x - ix), fy = synth_step(0, 1, y - iy);
    const double upper =
        synth_blend(synth_cell(seed, ix, iy), synth_cell(seed, ix + 1, iy), fx);
    const double lower =
        synth_blend(synth_cell(seed, ix, iy + 1), synth_cell(seed, ix + 1, iy + 1), fx);
    return synth_blend(upper, lower, fy);
}

double synth_clouds(uint64_t seed, double x, double y, int octaves)
{
    double sum = 0, weight = 1, weights = 0;
    for (int i = 0; i < octaves; i++) {
        sum += weight * synth_noise(seed + (uint64_t)i, x, y);
        weights += weight;
        weight /= 2;
        x *= 2;
        y *= 2;
    }
    return sum / weights;
}

double synth_sine(double turns)
{
    // Folded to a quarter turn, where four terms of the series are enough.
    double t = turns - synth_floor(turns);
    const double sign = t < 0.5 ? 1 : -1;
    t = t < 0.5 ? t : t - 0.5;
    t = t < 0.25 ? t : 0.5 - t;
    const double x = t * 6.283185307179586, x2 = x * x;
    return sign * x * (1 - x2 / 6 * (1 - x2 / 20 * (1 - x2 / 42 * (1 - x2 / 72))));
}
