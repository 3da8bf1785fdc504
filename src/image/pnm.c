#include <math.h>
#include <stdbool.h>

#include "src/base/alloc.h"
#include "src/base/cursor.h"
#include "src/base/error.h"
#include "src/image/codec.h"

enum { MAX_VALUE = 65535 };

typedef struct pnm {
    const blmi_source *source;
    blmi_cursor cursor;
    bool plain;  // samples in decimal
    bool bitmap; // one bit per pixel, 1 is black
    int channels;
    uint32_t width, height, max_value;
    uint32_t least, most; // of the samples so far
} pnm;

static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

// The next byte that is neither white space nor in a comment; 0 at the end.
static uint8_t next_visible(blmi_cursor *c)
{
    uint8_t byte;
    do {
        byte = blmi_cursor_u8(c);
        if (byte == '#')
            while (byte != '\n' && byte != '\r' && !c->overrun)
                byte = blmi_cursor_u8(c);
    } while (is_space(byte));
    return byte;
}

// Reads a number and the byte of white space after it, which may be missing at the end.
static bool read_number(blmi_cursor *c, uint32_t *out)
{
    uint8_t byte = next_visible(c);
    uint32_t value = 0;
    int digits = 0;
    for (; byte >= '0' && byte <= '9' && digits < 9; digits++) {
        value = value * 10 + (byte - '0');
        byte = blmi_cursor_left(c) > 0 ? blmi_cursor_u8(c) : ' ';
    }
    *out = value;
    return digits > 0 && is_space(byte);
}

static blm_status read_header(pnm *p, blm_error *err)
{
    const int kind = p->source->bytes[1] - '0'; // 1 to 6
    p->plain = kind <= 3;
    p->bitmap = kind == 1 || kind == 4;
    p->channels = kind == 3 || kind == 6 ? 3 : 1;
    p->max_value = 1;
    blmi_cursor_seek(&p->cursor, 2);
    if (!read_number(&p->cursor, &p->width) || !read_number(&p->cursor, &p->height) ||
        (!p->bitmap && !read_number(&p->cursor, &p->max_value)))
        return blmi_fail(err, BLM_EINPUT,
            "%s: PNM: the header lacks a number (width, height, maximum)",
            p->source->name);
    if (p->max_value < 1 || p->max_value > MAX_VALUE)
        return blmi_fail(err, BLM_EINPUT, "%s: PNM: a maximum of %u, expected 1 to %d",
            p->source->name, (unsigned)p->max_value, MAX_VALUE);
    return BLM_OK;
}

static size_t row_bytes(const pnm *p)
{
    const size_t samples = (size_t)p->width * (size_t)p->channels;
    return p->bitmap ? (samples + 7) / 8 : samples * (p->max_value > 255 ? 2 : 1);
}

// Refuses a file that is too short for its pixels, before allocation.
static blm_status check_size(const pnm *p, blm_error *err)
{
    const uint64_t row =
        p->plain ? (uint64_t)p->width * (uint64_t)p->channels : (uint64_t)row_bytes(p);
    const uint64_t left = blmi_cursor_left(&p->cursor);
    if (row != 0 && left / row < p->height)
        return blmi_fail(err, BLM_EINPUT,
            "%s: PNM: truncated: %llu bytes of pixels, expected %u rows of %llu",
            p->source->name, (unsigned long long)left, (unsigned)p->height,
            (unsigned long long)row);
    return BLM_OK;
}

// The scale of samples above 255.
static blmi_scale wide_scale(const pnm *p)
{
    const bool own_range =
        p->max_value < MAX_VALUE && !(p->source->range_low < p->source->range_high);
    return own_range ? blmi_scale_of_range(0, p->max_value)
                     : blmi_source_scale(p->source, 16);
}

// Fills table (max_value + 1) with the byte for each sample value.  If the maximum comes
// from the file, values above 255 go through 16 bits, and every step rounds halves to
// even, as Pillow does.
static void fill_table(const pnm *p, uint8_t *table)
{
    blmi_scale scale = wide_scale(p);
    if (p->bitmap) {
        table[0] = 255;
        table[1] = 0;
        return;
    }
    for (uint32_t v = 0; v <= p->max_value; v++) {
        const double part = (double)v / p->max_value;
        uint16_t wide = (uint16_t)v;
        if (p->max_value <= 255) {
            table[v] = (uint8_t)lrint(part * 255);
        } else if (scale.high == p->max_value && scale.bits == 0 && scale.low == 0) {
            wide = (uint16_t)lrint(part * MAX_VALUE);
            table[v] = (uint8_t)((wide + 128) / 257);
        } else {
            blmi_convert(&table[v], 1, &wide, BLMI_U16, 1, 1, &scale);
        }
    }
}

// Sample i of a binary row.
static uint32_t binary_sample(const pnm *p, const uint8_t *row, size_t i)
{
    if (p->bitmap)
        return row[i / 8] >> (7 - i % 8) & 1;
    return p->max_value > 255 ? (uint32_t)(row[2 * i] << 8 | row[2 * i + 1]) : row[i];
}

// The next sample in decimal; in a bitmap the digits need no space between.  A value
// above max_value: invalid.
static uint32_t plain_sample(pnm *p)
{
    uint32_t value;
    if (p->bitmap)
        value = (uint32_t)(next_visible(&p->cursor) - '0');
    else if (!read_number(&p->cursor, &value))
        value = UINT32_MAX;
    return value;
}

static blm_status read_row(pnm *p, const uint8_t *table, uint8_t *rgb, blm_error *err)
{
    const uint8_t *row = p->plain ? NULL : blmi_cursor_take(&p->cursor, row_bytes(p));
    const size_t samples = (size_t)p->width * (size_t)p->channels;
    const size_t copies = p->channels == 1 ? 3 : 1;
    for (size_t i = 0; i < samples; i++) {
        const uint32_t v = p->plain ? plain_sample(p) : binary_sample(p, row, i);
        if (p->cursor.overrun)
            return blmi_fail(
                err, BLM_EINPUT, "%s: PNM: truncated pixels", p->source->name);
        if (v > p->max_value)
            return blmi_fail(err, BLM_EINPUT,
                "%s: PNM: a sample is not a number from 0 to %u", p->source->name,
                (unsigned)p->max_value);
        p->least = v < p->least ? v : p->least;
        p->most = v > p->most ? v : p->most;
        for (size_t k = 0; k < copies; k++)
            *rgb++ = table[v];
    }
    return BLM_OK;
}

static blm_status read_raster(
    pnm *p, const uint8_t *table, blm_image *image, blm_error *err)
{
    for (size_t y = 0; y < p->height; y++)
        BLMI_TRY(read_row(p, table, image->rgb + y * p->width * 3, err));
    return BLM_OK;
}

// One file may hold several images.
static blm_status check_end(pnm *p, blm_error *err)
{
    blmi_cursor *const c = &p->cursor;
    if (blmi_cursor_left(c) < 3)
        return BLM_OK;
    const uint8_t first = p->plain ? next_visible(c) : blmi_cursor_u8(c);
    const uint8_t kind = blmi_cursor_u8(c), space = blmi_cursor_u8(c);
    const bool more = first == 'P' && kind >= '1' && kind <= '7' && is_space(space);
    return more
               ? blmi_fail(err, BLM_EINPUT,
                     "%s: PNM: several images in one file, expected one", p->source->name)
               : BLM_OK;
}

blm_status blmi_pnm_decode(
    const blmi_source *source, blm_image *image, int *orientation, blm_error *err)
{
    (void)orientation; // the format has none
    pnm p = {.source = source,
        .least = MAX_VALUE,
        .cursor = blmi_cursor_over(source->bytes, source->size)};
    BLMI_TRY(read_header(&p, err));
    BLMI_TRY(check_size(&p, err));
    BLMI_TRY(blmi_image_allocate(image, source, "PNM", p.width, p.height, err));
    image->channels = p.channels;
    image->bits = p.max_value > 255 ? 16 : 8;
    uint8_t table[MAX_VALUE + 1];
    fill_table(&p, table);
    BLMI_TRY(read_raster(&p, table, image, err));
    if (p.max_value > 255) {
        blmi_scale scale = wide_scale(&p);
        scale.least = p.least;
        scale.most = p.most;
        blmi_scale_note(&scale, image);
    }
    return check_end(&p, err);
}
