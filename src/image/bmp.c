#include <stdbool.h>
#include <string.h>

#include "src/base/cursor.h"
#include "src/base/error.h"
#include "src/image/codec.h"

enum { FILE_HEADER = 14, CORE_HEADER = 12, INFO_HEADER = 40 };
enum { RGB = 0, RLE8 = 1, RLE4 = 2, BITFIELDS = 3, ALPHABITFIELDS = 6 };

typedef struct bmp {
    const blmi_source *source;
    blmi_cursor cursor;
    int64_t width, height; // height is above 0 after read_header
    bool top_down;
    unsigned bits; // per pixel
    uint32_t compression, masks[3];
    uint32_t colours; // in the palette, at most 256
    uint8_t palette[256][3];
    uint8_t *rgb; // (height, width, 3)
} bmp;

static blm_status damaged(const bmp *b, const char *what, blm_error *err)
{
    return blmi_fail(err, BLM_EINPUT, "%s: BMP: %s", b->source->name, what);
}

// ---- headers -------------------------------------------------------------------------

// Reads the fields of the OS/2 header, or of the Windows headers.  colours is the
// declared number of colours, 0 if there is none.
static blm_status read_fields(bmp *b, uint32_t header, blm_error *err)
{
    blmi_cursor *const c = &b->cursor;
    uint32_t planes;
    if (header == CORE_HEADER) {
        b->width = blmi_cursor_u16le(c);
        b->height = blmi_cursor_u16le(c);
        planes = blmi_cursor_u16le(c);
        b->bits = blmi_cursor_u16le(c);
    } else if (header >= INFO_HEADER && header <= 124) {
        b->width = (int32_t)blmi_cursor_u32le(c);
        b->height = (int32_t)blmi_cursor_u32le(c);
        planes = blmi_cursor_u16le(c);
        b->bits = blmi_cursor_u16le(c);
        b->compression = blmi_cursor_u32le(c);
        blmi_cursor_take(c, 12); // bytes of the pixels, resolution
        b->colours = blmi_cursor_u32le(c);
        blmi_cursor_u32le(c); // important colours
    } else {
        return damaged(b, "unknown header size", err);
    }
    if (c->overrun || planes != 1)
        return damaged(b, "truncated or damaged header", err);
    b->top_down = b->height < 0;
    b->height = b->top_down ? -b->height : b->height;
    b->width = b->width < 0 ? 0 : b->width; // 0 is refused by the limits
    return BLM_OK;
}

// Sets the masks of the three channels in a pixel of 16, 24 or 32 bits.
static void read_masks(bmp *b)
{
    static const uint32_t masks_16[] = {0x7c00, 0x3e0, 0x1f};
    static const uint32_t masks_24[] = {0xff0000, 0xff00, 0xff};
    if (b->compression != RGB)
        for (int c = 0; c < 3; c++)
            b->masks[c] = blmi_cursor_u32le(&b->cursor);
    if ((b->masks[0] | b->masks[1] | b->masks[2]) == 0)
        memcpy(b->masks, b->bits == 16 ? masks_16 : masks_24, sizeof b->masks);
}

// Reads the declared colours, as far as they fit before the pixels.
static void read_palette(bmp *b, size_t pixels, size_t entry)
{
    const uint32_t most = 1u << b->bits;
    const size_t room = pixels > b->cursor.at ? (pixels - b->cursor.at) / entry : 0;
    if (b->colours == 0 || b->colours > most)
        b->colours = most;
    if (b->colours > room)
        b->colours = (uint32_t)room;
    for (uint32_t i = 0; i < b->colours; i++) {
        for (int c = 2; c >= 0; c--) // stored as B, G, R
            b->palette[i][c] = blmi_cursor_u8(&b->cursor);
        blmi_cursor_take(&b->cursor, entry - 3);
    }
}

static bool is_known_kind(const bmp *b)
{
    switch (b->compression) {
    case RGB:
        return b->bits == 1 || b->bits == 4 || b->bits == 8 || b->bits == 16 ||
               b->bits == 24 || b->bits == 32;
    case RLE8:
        return b->bits == 8;
    case RLE4:
        return b->bits == 4;
    case BITFIELDS:
    case ALPHABITFIELDS:
        return b->bits == 16 || b->bits == 24 || b->bits == 32;
    default:
        return false;
    }
}

// Reads everything before the pixels, and moves to the pixels.
static blm_status read_header(bmp *b, blm_error *err)
{
    blmi_cursor *const c = &b->cursor;
    blmi_cursor_seek(c, 10);
    const uint32_t pixels = blmi_cursor_u32le(c);
    const uint32_t header = blmi_cursor_u32le(c);
    BLMI_TRY(read_fields(b, header, err));
    if (!is_known_kind(b))
        return blmi_fail(err, BLM_EINPUT,
            "%s: BMP: %u bits per pixel with compression %u is not supported "
            "(expected 1, 4, 8, 16, 24 or 32 bits, RLE or bit fields)",
            b->source->name, b->bits, (unsigned)b->compression);
    if (b->bits > 8) {
        read_masks(b); // they follow the fields, in the header or after it
    } else {
        blmi_cursor_seek(c, FILE_HEADER + (size_t)header);
        read_palette(b, pixels, header == CORE_HEADER ? 3 : 4);
        if (b->colours == 0)
            return damaged(b, "no palette before the pixels", err);
    }
    if (pixels < c->at || pixels < FILE_HEADER + (uint64_t)header)
        return damaged(b, "the pixels overlap the header", err);
    blmi_cursor_seek(c, pixels);
    return c->overrun ? damaged(b, "truncated header", err) : BLM_OK;
}

static bool is_grey(const bmp *b)
{
    if (b->bits > 8)
        return false;
    for (uint32_t i = 0; i < b->colours; i++)
        if (b->palette[i][0] != b->palette[i][1] || b->palette[i][0] != b->palette[i][2])
            return false;
    return true;
}

// ---- pixels --------------------------------------------------------------------------

// Row y of the file in the image.
static uint8_t *row_of(const bmp *b, int64_t y)
{
    return b->rgb + (b->top_down ? y : b->height - 1 - y) * b->width * 3;
}

// Paints `count` pixels of the file's row y, beginning at x.  Returns false if one is
// outside the image or the palette.
static bool paint(bmp *b, int64_t x, int64_t y, const uint8_t *indices, int64_t count)
{
    if (y >= b->height || x + count > b->width)
        return false;
    uint8_t *rgb = row_of(b, y) + x * 3;
    for (int64_t i = 0; i < count; i++, rgb += 3) {
        if (indices[i] >= b->colours)
            return false;
        memcpy(rgb, b->palette[indices[i]], 3);
    }
    return true;
}

// Index i of a row or run of indices with 1, 4 or 8 bits.
static uint8_t index_at(const uint8_t *bytes, int64_t i, unsigned bits)
{
    const int64_t bit = i * bits;
    return (uint8_t)(bytes[bit / 8] >> (8 - bits - bit % 8) & ((1u << bits) - 1));
}

static bool decode_indexed_row(bmp *b, const uint8_t *row, int64_t y)
{
    for (int64_t x = 0; x < b->width; x++) {
        const uint8_t index = index_at(row, x, b->bits);
        if (!paint(b, x, y, &index, 1))
            return false;
    }
    return true;
}

// A channel of pixels with 16, 24 or 32 bits: its lowest bit, and the byte for each
// value.  If it has more than 8 bits, the upper 8 are used.
typedef struct channel {
    unsigned shift, top;
    uint8_t bytes[256]; // (top + 1)
} channel;

static bool channel_make(channel *out, uint32_t mask)
{
    if (mask == 0)
        return false;
    out->shift = (unsigned)__builtin_ctz(mask);
    out->top = mask >> out->shift;
    if ((out->top & (out->top + 1)) != 0)
        return false; // gaps between its bits
    for (; out->top > 255; out->top >>= 1)
        out->shift++;
    for (unsigned v = 0; v <= out->top; v++)
        out->bytes[v] = (uint8_t)(v * 255 / out->top);
    return true;
}

static void decode_direct_row(
    const bmp *b, const channel channels[3], const uint8_t *row, int64_t y)
{
    const size_t bytes = b->bits / 8;
    uint8_t *rgb = row_of(b, y);
    for (int64_t x = 0; x < b->width; x++, row += bytes) {
        uint32_t pixel = 0;
        for (size_t i = 0; i < bytes; i++)
            pixel |= (uint32_t)row[i] << 8 * i;
        for (int c = 0; c < 3; c++)
            *rgb++ = channels[c].bytes[pixel >> channels[c].shift & channels[c].top];
    }
}

// Bytes of a row without padding, and with padding to four bytes.
static size_t used_bytes(const bmp *b)
{
    return ((size_t)b->width * b->bits + 7) / 8;
}

static size_t padded_bytes(const bmp *b)
{
    return (used_bytes(b) + 3) / 4 * 4;
}

// Refuses a file that is too short for its size before allocation.  The padding of the
// last row may be missing; runs may leave out any number of pixels.
static blm_status check_size(const bmp *b, blm_error *err)
{
    if (b->compression == RLE8 || b->compression == RLE4)
        return BLM_OK;
    const uint64_t row = padded_bytes(b), missing = row - used_bytes(b);
    if (row != 0 && (blmi_cursor_left(&b->cursor) + missing) / row < (uint64_t)b->height)
        return damaged(b, "truncated pixels", err);
    return BLM_OK;
}

static blm_status decode_rows(bmp *b, blm_error *err)
{
    channel channels[3];
    for (int c = 0; c < 3 && b->bits > 8; c++)
        if (!channel_make(&channels[c], b->masks[c]))
            return damaged(b, "a channel's mask has no bits, or gaps between them", err);
    for (int64_t y = 0; y < b->height; y++) {
        const bool last = y == b->height - 1;
        const uint8_t *row =
            blmi_cursor_take(&b->cursor, last ? used_bytes(b) : padded_bytes(b));
        if (row == NULL)
            return damaged(b, "truncated pixels", err);
        if (b->bits > 8)
            decode_direct_row(b, channels, row, y);
        else if (!decode_indexed_row(b, row, y))
            return damaged(b, "a pixel's colour is not in the palette", err);
    }
    return BLM_OK;
}

// Paints a run of RLE4 or RLE8.  literal: `count` indices follow, padded to two bytes;
// otherwise `count` pixels repeat one byte.
static bool decode_run(bmp *b, int64_t x, int64_t y, unsigned count, bool literal)
{
    uint8_t indices[255], repeated[255];
    const uint8_t *bytes = repeated;
    const size_t used = (count * b->bits + 7) / 8;
    if (literal) {
        bytes = blmi_cursor_take(&b->cursor, (used + 1) / 2 * 2);
        if (bytes == NULL)
            return false;
    } else {
        memset(repeated, blmi_cursor_u8(&b->cursor), used);
    }
    for (unsigned i = 0; i < count; i++)
        indices[i] = index_at(bytes, i, b->bits);
    return !b->cursor.overrun && paint(b, x, y, indices, count);
}

// Runs, and escapes that end a row, end the image or move the position.  Pixels that are
// not painted have colour 0.
static blm_status decode_rle(bmp *b, blm_error *err)
{
    for (int64_t i = 0; i < b->width * b->height; i++)
        memcpy(b->rgb + 3 * i, b->palette[0], 3);
    blmi_cursor *const c = &b->cursor;
    int64_t x = 0, y = 0;
    while (y < b->height) {
        const unsigned count = blmi_cursor_u8(c);
        const unsigned escape = count == 0 ? blmi_cursor_u8(c) : 0;
        if (c->overrun)
            return damaged(b, "truncated pixels", err);
        if (count > 0 || escape > 2) {
            const unsigned painted = count > 0 ? count : escape;
            if (!decode_run(b, x, y, painted, count == 0))
                return damaged(b, "a run leaves the image, its palette or the file", err);
            x += painted;
        } else if (escape == 0) {
            x = 0;
            y++;
        } else if (escape == 1) {
            break;
        } else {
            x += blmi_cursor_u8(c);
            y += blmi_cursor_u8(c);
        }
    }
    return BLM_OK;
}

blm_status blmi_bmp_decode(
    const blmi_source *source, blm_image *image, int *orientation, blm_error *err)
{
    (void)orientation; // given by the order of the rows
    bmp b = {.source = source, .cursor = blmi_cursor_over(source->bytes, source->size)};
    BLMI_TRY(read_header(&b, err));
    BLMI_TRY(check_size(&b, err));
    BLMI_TRY(blmi_image_allocate(
        image, source, "BMP", (uint64_t)b.width, (uint64_t)b.height, err));
    b.rgb = image->rgb;
    image->channels = is_grey(&b) ? 1 : 3;
    image->bits = 8;
    return b.compression == RLE8 || b.compression == RLE4 ? decode_rle(&b, err)
                                                          : decode_rows(&b, err);
}
