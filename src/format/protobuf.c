// protobuf.c: reads and writes fields of Protocol Buffers messages
// (protobuf.dev/programming-guides/encoding).
#include "src/format/protobuf.h"

#include <string.h>

static uint64_t read_varint(blmi_cursor *cursor)
{
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        const uint8_t byte = blmi_cursor_u8(cursor);
        value |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0)
            return value;
    }
    cursor->overrun = true;
    return 0;
}

// Reads the content of a field; false if its wire is unknown.
static bool read_content(blmi_cursor *cursor, blmi_protobuf_field *field)
{
    const size_t start = cursor->at;
    uint64_t size;
    switch (field->wire) {
    case BLMI_WIRE_NUMBER:
        field->value = read_varint(cursor);
        field->bytes = cursor->bytes + start;
        field->size = cursor->at - start;
        return true;
    case BLMI_WIRE_8_BYTES:
        size = 8;
        break;
    case BLMI_WIRE_4_BYTES:
        size = 4;
        break;
    case BLMI_WIRE_BYTES:
        size = read_varint(cursor);
        break;
    default:
        return false;
    }
    if (size > blmi_cursor_left(cursor))
        return false;
    field->size = (size_t)size;
    field->bytes = blmi_cursor_take(cursor, field->size);
    return true;
}

bool blmi_protobuf_next(blmi_cursor *cursor, blmi_protobuf_field *out)
{
    if (cursor->overrun || blmi_cursor_left(cursor) == 0)
        return false;
    const size_t start = cursor->at;
    const uint64_t key = read_varint(cursor);
    *out = (blmi_protobuf_field){
        .number = (uint32_t)(key >> 3), .wire = (blmi_wire)(key & 7)};
    if (key >> 3 == 0 || key >> 32 != 0 || !read_content(cursor, out))
        cursor->overrun = true;
    out->whole = cursor->bytes + start;
    out->whole_size = cursor->at - start;
    return !cursor->overrun;
}

void blmi_protobuf_copy(blmi_protobuf_writer *to, const void *bytes, size_t size)
{
    if (to->bytes != NULL && size > 0)
        memcpy(to->bytes + to->size, bytes, size);
    to->size += size;
}

static void write_varint(blmi_protobuf_writer *to, uint64_t value)
{
    do {
        const uint8_t byte = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
        blmi_protobuf_copy(to, &byte, 1);
        value >>= 7;
    } while (value > 0);
}

void blmi_protobuf_begin(blmi_protobuf_writer *to, uint32_t number, size_t size)
{
    write_varint(to, (uint64_t)number << 3 | BLMI_WIRE_BYTES);
    write_varint(to, size);
}
