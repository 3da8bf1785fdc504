#include "src/base/cursor.h"

blmi_cursor blmi_cursor_over(const void *bytes, size_t size)
{
    return (blmi_cursor){.bytes = bytes, .size = size};
}

size_t blmi_cursor_left(const blmi_cursor *cursor)
{
    return cursor->size - cursor->at;
}

void blmi_cursor_seek(blmi_cursor *cursor, size_t at)
{
    if (at > cursor->size) {
        cursor->overrun = true;
        at = cursor->size;
    }
    cursor->at = at;
}

const uint8_t *blmi_cursor_take(blmi_cursor *cursor, size_t size)
{
    if (size > blmi_cursor_left(cursor)) {
        cursor->overrun = true;
        cursor->at = cursor->size;
        return NULL;
    }
    const uint8_t *bytes = cursor->bytes + cursor->at;
    cursor->at += size;
    return bytes;
}

// The next `size` (at most 8) bytes as a number, least significant byte first; 0 beyond
// the end.
static uint64_t little_endian(blmi_cursor *cursor, size_t size)
{
    const uint8_t *bytes = blmi_cursor_take(cursor, size);
    uint64_t value = 0;
    for (size_t i = size; bytes != NULL && i-- > 0;)
        value = value << 8 | bytes[i];
    return value;
}

static uint64_t big_endian(blmi_cursor *cursor, size_t size)
{
    const uint8_t *bytes = blmi_cursor_take(cursor, size);
    uint64_t value = 0;
    for (size_t i = 0; bytes != NULL && i < size; i++)
        value = value << 8 | bytes[i];
    return value;
}

uint8_t blmi_cursor_u8(blmi_cursor *cursor)
{
    return (uint8_t)little_endian(cursor, 1);
}

uint16_t blmi_cursor_u16le(blmi_cursor *cursor)
{
    return (uint16_t)little_endian(cursor, 2);
}

uint16_t blmi_cursor_u16be(blmi_cursor *cursor)
{
    return (uint16_t)big_endian(cursor, 2);
}

uint32_t blmi_cursor_u32le(blmi_cursor *cursor)
{
    return (uint32_t)little_endian(cursor, 4);
}

uint32_t blmi_cursor_u32be(blmi_cursor *cursor)
{
    return (uint32_t)big_endian(cursor, 4);
}

uint64_t blmi_cursor_u64le(blmi_cursor *cursor)
{
    return little_endian(cursor, 8);
}
