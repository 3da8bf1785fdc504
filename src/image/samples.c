#include "src/image/samples.h"

#include <math.h>
#include <string.h>

// ---- the scale -----------------------------------------------------------------------

blmi_scale blmi_scale_of_bits(int bits)
{
    blmi_scale scale = blmi_scale_of_range(0, (1 << bits) - 1);
    scale.bits = bits;
    return scale;
}

blmi_scale blmi_scale_of_range(double low, double high)
{
    return (blmi_scale){.low = low, .high = high, .least = INFINITY, .most = -INFINITY};
}

void blmi_scale_note(const blmi_scale *scale, blm_image *image)
{
    const bool any = scale->least <= scale->most; // false: all are NaN
    image->range_low = scale->low;
    image->range_high = scale->high;
    image->sample_min = any ? scale->least : scale->low;
    image->sample_max = any ? scale->most : scale->low;
}

// ---- to bytes ------------------------------------------------------------------------

static size_t size_of(blmi_sample_type type)
{
    static const uint8_t sizes[] = {[BLMI_U8] = 1,
        [BLMI_U16] = 2,
        [BLMI_U32] = 4,
        [BLMI_S8] = 1,
        [BLMI_S16] = 2,
        [BLMI_S32] = 4,
        [BLMI_F16] = 2,
        [BLMI_F32] = 4,
        [BLMI_F64] = 8};
    return sizes[type];
}

static double half_to_double(uint16_t half)
{
    const int exponent = half >> 10 & 31, fraction = half & 1023;
    double value;
    if (exponent == 31)
        value = fraction == 0 ? INFINITY : NAN;
    else if (exponent == 0)
        value = ldexp(fraction, -24);
    else
        value = ldexp(fraction + 1024, exponent - 25);
    return half >> 15 ? -value : value;
}

static double load(const uint8_t *in, blmi_sample_type type)
{
    union {
        uint8_t u8;
        uint16_t u16;
        uint32_t u32;
        int8_t s8;
        int16_t s16;
        int32_t s32;
        float f32;
        double f64;
    } v;
    memcpy(&v, in, size_of(type));
    switch (type) {
    case BLMI_U8:
        return v.u8;
    case BLMI_U16:
        return v.u16;
    case BLMI_U32:
        return v.u32;
    case BLMI_S8:
        return v.s8;
    case BLMI_S16:
        return v.s16;
    case BLMI_S32:
        return v.s32;
    case BLMI_F16:
        return half_to_double(v.u16);
    case BLMI_F32:
        return (double)v.f32;
    case BLMI_F64:
        break;
    }
    return v.f64;
}

static uint8_t to_byte(double v, double low, double high)
{
    if (!(v > low)) // also NaN
        return 0;
    return v >= high ? 255 : (uint8_t)((v - low) / (high - low) * 255 + 0.5);
}

static void convert_any(uint8_t *out, size_t out_step, const uint8_t *in,
    blmi_sample_type type, size_t in_step, size_t count, blmi_scale *scale)
{
    const size_t bytes = size_of(type) * in_step;
    double least = scale->least, most = scale->most;
    for (size_t i = 0; i < count; i++) {
        const double v = load(in + i * bytes, type);
        least = v < least ? v : least;
        most = v > most ? v : most;
        out[i * out_step] = to_byte(v, scale->low, scale->high);
    }
    scale->least = least;
    scale->most = most;
}

// The usual case: 16-bit samples whose range is that of their bits.
static void convert_16(uint8_t *out, size_t out_step, const uint8_t *in, size_t in_step,
    size_t count, blmi_scale *scale)
{
    const uint32_t top = (1u << scale->bits) - 1;
    const size_t bytes = 2 * in_step;
    uint32_t least = 65535, most = 0;
    for (size_t i = 0; i < count; i++) {
        uint16_t v;
        memcpy(&v, in + i * bytes, sizeof v);
        least = v < least ? v : least;
        most = v > most ? v : most;
        const uint32_t wide =
            top == 65535 ? v : (v < top ? (uint32_t)v * 65535 / top : 65535);
        out[i * out_step] = (uint8_t)((wide + 128) / 257);
    }
    scale->least = fmin(scale->least, least);
    scale->most = fmax(scale->most, most);
}

void blmi_convert(uint8_t *out, size_t out_step, const void *in, blmi_sample_type type,
    size_t in_step, size_t count, blmi_scale *scale)
{
    if (count == 0)
        return;
    if (type == BLMI_U16 && scale->bits > 0)
        convert_16(out, out_step, in, in_step, count, scale);
    else
        convert_any(out, out_step, in, type, in_step, count, scale);
}

// ---- packed samples ------------------------------------------------------------------

size_t blmi_packed_size(blmi_packing packing, unsigned bits, size_t count)
{
    switch (packing) {
    case BLMI_GIGE:
        return (count * 12 + 7) / 8;
    case BLMI_MIPI:
        return bits == 10 ? (count + 3) / 4 * 5 : (count + 1) / 2 * 3;
    default:
        return (count * bits + 7) / 8;
    }
}

// `bits` bits beginning at bit `at`; 1 to 16, in at most three bytes.  Nothing is read
// beyond the last bit.
static uint16_t high_first(const uint8_t *in, size_t at, unsigned bits)
{
    const size_t first = at / 8, last = (at + bits - 1) / 8;
    uint32_t window = 0;
    for (size_t i = first; i <= last; i++)
        window = window << 8 | in[i];
    return (uint16_t)(window >> ((last + 1) * 8 - at - bits) & ((1u << bits) - 1));
}

static uint16_t low_first(const uint8_t *in, size_t at, unsigned bits)
{
    const size_t first = at / 8, last = (at + bits - 1) / 8;
    uint32_t window = 0;
    for (size_t i = last + 1; i > first; i--)
        window = window << 8 | in[i - 1];
    return (uint16_t)(window >> at % 8 & ((1u << bits) - 1));
}

// Sample i of a row.  Three bytes hold two samples: the first and the third byte are
// their upper 8 bits; the middle byte has the lower bits, first sample in its lower half.
static uint16_t gige(const uint8_t *in, size_t i, unsigned bits)
{
    const uint8_t *const group = in + i / 2 * 3;
    const unsigned high = group[i % 2 * 2], low = group[1] >> i % 2 * 4;
    return (uint16_t)(high << (bits - 8) | (low & ((1u << (bits - 8)) - 1)));
}

static uint16_t mipi(const uint8_t *in, size_t i, unsigned bits)
{
    const size_t together = bits == 10 ? 4 : 2, place = i % together;
    const uint8_t *const group = in + i / together * (together + 1);
    const unsigned low = group[together] >> place * (bits - 8);
    return (uint16_t)((unsigned)group[place] << (bits - 8) |
                      (low & ((1u << (bits - 8)) - 1)));
}

void blmi_unpack(
    uint16_t *out, const uint8_t *in, blmi_packing packing, unsigned bits, size_t count)
{
    for (size_t i = 0; i < count; i++)
        switch (packing) {
        case BLMI_HIGH_FIRST:
            out[i] = high_first(in, i * bits, bits);
            break;
        case BLMI_LOW_FIRST:
            out[i] = low_first(in, i * bits, bits);
            break;
        case BLMI_GIGE:
            out[i] = gige(in, i, bits);
            break;
        case BLMI_MIPI:
            out[i] = mipi(in, i, bits);
            break;
        }
}
