#include <math.h>

#include "blemish/render.h"

// A curve in OKLab.  Lightness rises linearly from 0.16 to 0.94, and (a, b) moves along
// an arc at constant speed, so that equal steps of a value are equal steps of colour.
// Made by tests/reference/make_colour_ramp.py.
static const uint8_t ramp[][3] = {
    {1, 3, 54},
    {21, 6, 71},
    {43, 11, 85},
    {67, 17, 96},
    {92, 22, 102},
    {117, 29, 105},
    {142, 37, 105},
    {166, 47, 102},
    {188, 61, 96},
    {207, 77, 89},
    {224, 97, 81},
    {237, 118, 74},
    {246, 141, 71},
    {252, 166, 77},
    {253, 191, 93},
    {252, 215, 118},
    {248, 239, 148},
};
enum { STEPS = sizeof ramp / sizeof *ramp - 1 };

blm_colour blm_heat_colour(double ratio)
{
    if (!(ratio >= 0))
        return (blm_colour){0, 0, 0};
    const double at = fmin(ratio / 2, 1) * STEPS;
    const int low = at < STEPS ? (int)at : STEPS - 1;
    const double share = at - low;
    uint8_t c[3];
    for (int i = 0; i < 3; i++)
        c[i] = (uint8_t)(ramp[low][i] + share * (ramp[low + 1][i] - ramp[low][i]) + 0.5);
    return (blm_colour){c[0], c[1], c[2]};
}

double blm_heat_opacity(double ratio)
{
    if (!(ratio > 0.5))
        return 0;
    if (ratio <= 1)
        return (ratio - 0.5) * (ratio - 0.5) / 2;
    return fmin(0.125 + 0.475 * (ratio - 1), 0.6);
}
