// Writes maps to files with a short header in front of the values: TIFF 6.0 (baseline,
// uncompressed, one strip) and .npy 1.0.
#include <math.h>
#include <string.h>

#include "blemish/render.h"
#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/base/number.h"

enum { MAX_SIDE = 1 << 24 }; // of a map, the same as of an image

// ---- little-endian bytes --------------------------------------------------------------

static uint8_t *put16(uint8_t *at, uint32_t v)
{
    at[0] = (uint8_t)v;
    at[1] = (uint8_t)(v >> 8);
    return at + 2;
}

static uint8_t *put32(uint8_t *at, uint32_t v)
{
    return put16(put16(at, v), v >> 16);
}

// Rounds value / full, clamped to 0..1, to 0..65535; 0 for NaN.
static uint16_t quantise(float value, double full)
{
    const double share = value / full;
    if (!(share > 0))
        return 0;
    return share < 1 ? (uint16_t)(share * 65535 + 0.5) : 65535;
}

static void put_floats(uint8_t *at, const float *map, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &map[i], sizeof bits);
        at = put32(at, bits);
    }
}

static void put_shorts(uint8_t *at, const float *map, size_t count, double full)
{
    for (size_t i = 0; i < count; i++)
        at = put16(at, quantise(map[i], full));
}

// ---- headers --------------------------------------------------------------------------

enum { TIFF_TAGS = 11, TIFF_HEADER = 8 + 2 + 12 * TIFF_TAGS + 4 + 2 };

// The header, padded so that the pixels begin at a multiple of 4.
static void put_tiff_header(
    uint8_t *at, uint32_t width, uint32_t height, uint32_t bits, uint32_t sample_format)
{
    enum { SHORT = 3, LONG = 4 };
    const struct {
        uint32_t tag, type, value;
    } tags[TIFF_TAGS] = {
        {256, LONG, width}, {257, LONG, height}, {258, SHORT, bits},
        {259, SHORT, 1},          // no compression
        {262, SHORT, 1},          // 0 is black
        {273, LONG, TIFF_HEADER}, // offset of the strip
        {274, SHORT, 1},          // upright
        {277, SHORT, 1},          // samples per pixel
        {278, LONG, height},      // rows of the strip
        {279, LONG, width * height * (bits / 8)},
        {339, SHORT, sample_format}, // 1: unsigned, 3: IEEE float
    };
    at = put32(at, 0x002a4949); // "II", 42
    at = put32(at, 8);          // offset of the tags
    at = put16(at, TIFF_TAGS);
    for (int i = 0; i < TIFF_TAGS; i++) {
        at = put16(at, tags[i].tag);
        at = put16(at, tags[i].type);
        at = put32(at, 1);
        at = put32(at, tags[i].value);
    }
    at = put32(at, 0); // no further image
    put16(at, 0);
}

enum { NPY_HEADER = 128 };

static void put_npy_header(uint8_t *at, int width, int height)
{
    char text[NPY_HEADER - 10 + 1];
    const int used = blmi_print(text, sizeof text,
        "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }", height, width);
    memcpy(at, "\x93NUMPY\x01\x00", 8);
    put16(at + 8, NPY_HEADER - 10);
    memset(at + 10, ' ', NPY_HEADER - 10);
    memcpy(at + 10, text, (size_t)used);
    at[NPY_HEADER - 1] = '\n';
}

// ---- files ----------------------------------------------------------------------------

static blm_status encode_png16(
    const float *map, int width, int height, double full, blm_bytes *out, blm_error *err)
{
    const size_t count = (size_t)width * (size_t)height;
    uint16_t *grey = blmi_alloc(count, sizeof *grey); // (height, width)
    if (grey == NULL)
        return blmi_no_memory(err, "a map in 16 bits", count, sizeof *grey);
    for (size_t i = 0; i < count; i++)
        grey[i] = quantise(map[i], full);
    const blm_buffer picture = {
        .pixels = grey, .width = width, .height = height, .layout = BLM_MONO16};
    const blm_status status = blm_png_encode(&picture, out, err);
    blmi_free(grey);
    return status;
}

blm_status blm_map_encode(const float *map, int width, int height, blm_map_format format,
    double full, blm_bytes *out, blm_error *err)
{
    BLMI_NEED(map, err);
    BLMI_NEED(out, err);
    if (width < 1 || height < 1 || width > MAX_SIDE || height > MAX_SIDE)
        return blmi_fail(err, BLM_EUSAGE,
            "map of %d x %d values, expected 1 to %d per side", width, height, MAX_SIDE);
    const int shorts = format == BLM_MAP_TIFF16 || format == BLM_MAP_PNG16;
    if (shorts && !(full > 0 && isfinite(full)))
        return blmi_fail(err, BLM_EUSAGE,
            "full value %g of a 16-bit map, expected a finite number above 0", full);
    if (format == BLM_MAP_PNG16)
        return encode_png16(map, width, height, full, out, err);
    if (format != BLM_MAP_TIFF32 && format != BLM_MAP_TIFF16 && format != BLM_MAP_NPY)
        return blmi_fail(err, BLM_EUSAGE, "unknown map format %d", (int)format);

    const size_t count = (size_t)width * (size_t)height;
    const size_t header = format == BLM_MAP_NPY ? NPY_HEADER : TIFF_HEADER;
    const size_t size = header + count * (shorts ? 2 : 4);
    if (format != BLM_MAP_NPY && size > UINT32_MAX)
        return blmi_fail(err, BLM_EUSAGE,
            "map of %d x %d values: %zu bytes, more than a TIFF file can hold", width,
            height, size);
    uint8_t *const data = blmi_alloc(size, 1);
    if (data == NULL)
        return blmi_no_memory(err, "a map file", size, 1);
    if (format == BLM_MAP_NPY)
        put_npy_header(data, width, height);
    else
        put_tiff_header(
            data, (uint32_t)width, (uint32_t)height, shorts ? 16 : 32, shorts ? 1 : 3);
    if (shorts)
        put_shorts(data + header, map, count, full);
    else
        put_floats(data + header, map, count);
    *out = (blm_bytes){data, size};
    return BLM_OK;
}
