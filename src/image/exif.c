#include <math.h>
#include <string.h>

#include "src/base/cursor.h"
#include "src/image/codec.h"

enum { TAG_ORIENTATION = 0x0112 };

// A TIFF structure: "II*\0" or "MM\0*", then the offset of the first directory.  A
// directory is a count and entries of 12 bytes: tag, type, count, and the value, or its
// offset if it has more than four bytes.
typedef struct exif {
    blmi_cursor cursor;
    bool little;
} exif;

static uint16_t u16(exif *e)
{
    return e->little ? blmi_cursor_u16le(&e->cursor) : blmi_cursor_u16be(&e->cursor);
}

static uint32_t u32(exif *e)
{
    return e->little ? blmi_cursor_u32le(&e->cursor) : blmi_cursor_u32be(&e->cursor);
}

static uint64_t u64(exif *e)
{
    const uint64_t first = u32(e), second = u32(e);
    return e->little ? first | second << 32 : first << 32 | second;
}

// Bytes of a value of each type that can hold an orientation; 0: not accepted.  Pillow
// accepts numbers of every type except bytes.
static const uint8_t type_sizes[] = {
    [3] = 2,  // SHORT
    [4] = 4,  // LONG
    [5] = 8,  // RATIONAL
    [6] = 1,  // SBYTE
    [8] = 2,  // SSHORT
    [9] = 4,  // SLONG
    [10] = 8, // SRATIONAL
    [11] = 4, // FLOAT
    [12] = 8, // DOUBLE
    [13] = 4, // IFD
};

// The next value.  Negative values become invalid large ones.
static double read_value(exif *e, unsigned type)
{
    uint32_t bits32;
    uint64_t bits64;
    float single;
    double value;
    switch (type) {
    case 5:
    case 10:
        bits32 = u32(e);
        value = bits32;
        return value / u32(e);
    case 6:
        return blmi_cursor_u8(&e->cursor);
    case 11:
        bits32 = u32(e);
        memcpy(&single, &bits32, sizeof single);
        return single;
    case 12:
        bits64 = u64(e);
        memcpy(&value, &bits64, sizeof value);
        return value;
    default:
        return type_sizes[type] == 2 ? u16(e) : u32(e);
    }
}

// The first value of the entry whose type is next, read as Pillow does; 0 if it is beyond
// the end.
static int read_orientation(exif *e)
{
    const unsigned type = u16(e);
    const uint32_t count = u32(e);
    if (type >= sizeof type_sizes || type_sizes[type] == 0 || count == 0)
        return 1;
    if ((uint64_t)count * type_sizes[type] > 4)
        blmi_cursor_seek(&e->cursor, u32(e));
    const double value = read_value(e, type);
    if (e->cursor.overrun)
        return 0;
    return value >= 1 && value <= 8 && value == floor(value) ? (int)value : 1;
}

int blmi_directory_orientation(const uint8_t *block, size_t size, uint64_t directory)
{
    exif e = {.cursor = blmi_cursor_over(block, size), .little = block[0] == 'I'};
    blmi_cursor_seek(&e.cursor, directory);
    for (unsigned left = u16(&e); left > 0 && !e.cursor.overrun; left--) {
        if (u16(&e) == TAG_ORIENTATION && !e.cursor.overrun)
            return read_orientation(&e);
        blmi_cursor_take(&e.cursor, 10);
    }
    return 1;
}

int blmi_exif_orientation(const uint8_t *block, size_t size)
{
    while (size >= 6 && memcmp(block, "Exif\0", 6) == 0) {
        block += 6;
        size -= 6;
    }
    if (size < 8 || (memcmp(block, "II*\0", 4) != 0 && memcmp(block, "MM\0*", 4) != 0))
        return 1;
    exif e = {.cursor = blmi_cursor_over(block, size), .little = block[0] == 'I'};
    blmi_cursor_seek(&e.cursor, 4);
    const int orientation = blmi_directory_orientation(block, size, u32(&e));
    return orientation == 0 ? 1 : orientation;
}
