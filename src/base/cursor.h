// cursor.h: reads bytes from outside within their bounds.  The only way to read them.
#ifndef BLMI_BASE_CURSOR_H
#define BLMI_BASE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A position in a block of bytes, which the cursor does not own.  Reading beyond the end
// gives zeros and sets `overrun`, which stays set: a parser reads a whole structure and
// checks once.
typedef struct blmi_cursor {
    const uint8_t *bytes;
    size_t size;
    size_t at;
    bool overrun;
} blmi_cursor;

blmi_cursor blmi_cursor_over(const void *bytes, size_t size);
size_t blmi_cursor_left(const blmi_cursor *cursor);
// Moves to an absolute position; a position beyond the end sets `overrun`.
void blmi_cursor_seek(blmi_cursor *cursor, size_t at);
// The next `size` bytes, consumed; NULL (and overrun) if fewer are left.
const uint8_t *blmi_cursor_take(blmi_cursor *cursor, size_t size);

uint8_t blmi_cursor_u8(blmi_cursor *cursor);
uint16_t blmi_cursor_u16le(blmi_cursor *cursor);
uint16_t blmi_cursor_u16be(blmi_cursor *cursor);
uint32_t blmi_cursor_u32le(blmi_cursor *cursor);
uint32_t blmi_cursor_u32be(blmi_cursor *cursor);
uint64_t blmi_cursor_u64le(blmi_cursor *cursor);

#endif
