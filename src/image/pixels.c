#include <math.h>

#include "src/base/error.h"
#include "src/image/codec.h"

blm_status blmi_check_range(
    const char *where, double low, double high, int bits, blm_error *err)
{
    if (low == 0 && high == 0)
        return BLM_OK;
    if (!isfinite(low) || !isfinite(high) || !(low < high))
        return blmi_fail(err, BLM_EUSAGE,
            "%s: a range from %g to %g, expected LOW below HIGH, both finite", where, low,
            high);
    if (bits != 0 && bits != 16)
        return blmi_fail(err, BLM_EUSAGE,
            "%s: both a range and %d significant bits, expected one of them", where,
            bits);
    return BLM_OK;
}

blmi_scale blmi_source_scale(const blmi_source *source, int bits)
{
    if (source->range_low < source->range_high)
        return blmi_scale_of_range(source->range_low, source->range_high);
    return blmi_scale_of_bits(bits == 16 ? source->bits : bits);
}

void blmi_pixels_16(
    uint8_t *rgb, const void *samples, size_t channels, size_t count, blmi_scale *scale)
{
    const uint8_t *const in = samples;
    for (size_t c = 0; c < 3; c++)
        blmi_convert(rgb + c, 3, in + (channels < 3 ? 0 : 2 * c), BLMI_U16, channels,
            count, scale);
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
