#include <string.h>

#include "src/image/codec.h"

// A sample of `bits` significant bits, scaled to 16.
static uint32_t widen(uint32_t v, int bits)
{
    const uint32_t top = (1u << bits) - 1;
    return v < top ? v * 65535 / top : 65535;
}

void blmi_narrow(uint8_t *out, const void *in, size_t count, int bits)
{
    const uint8_t *from = in;
    for (size_t i = 0; i < count; i++) {
        uint16_t v;
        memcpy(&v, from + 2 * i, sizeof v);
        out[i] = (uint8_t)(((bits == 16 ? v : widen(v, bits)) + 128) / 257);
    }
}

void blmi_spread(
    uint8_t *rgb, const uint8_t *in, size_t count, size_t step, const uint8_t order[3])
{
    const size_t r = order[0], g = order[1], b = order[2];
    for (size_t i = 0; i < count; i++, in += step, rgb += 3) {
        rgb[0] = in[r];
        rgb[1] = in[g];
        rgb[2] = in[b];
    }
}

// a * b / 255, rounded to nearest; exact for bytes.
static uint32_t multiply_255(uint32_t a, uint32_t b)
{
    const uint32_t product = a * b + 128;
    return (product + (product >> 8)) >> 8;
}

void blmi_cmyk_to_rgb(uint8_t *rgb, const uint8_t *cmyk, size_t count)
{
    for (size_t i = 0; i < count; i++, cmyk += 4, rgb += 3) {
        const uint32_t light = 255u - cmyk[3];
        for (int c = 0; c < 3; c++)
            rgb[c] = (uint8_t)(light - multiply_255(cmyk[c], light));
    }
}
