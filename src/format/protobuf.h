// protobuf.h: reads and writes fields of Protocol Buffers messages.
#ifndef BLMI_FORMAT_PROTOBUF_H
#define BLMI_FORMAT_PROTOBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/cursor.h"

typedef enum blmi_wire {
    BLMI_WIRE_NUMBER = 0,
    BLMI_WIRE_8_BYTES = 1,
    BLMI_WIRE_BYTES = 2, // a text or a message
    BLMI_WIRE_4_BYTES = 5,
} blmi_wire;

// A field of a message.  It points into the message's bytes.
typedef struct blmi_protobuf_field {
    uint32_t number;
    blmi_wire wire;
    uint64_t value;       // BLMI_WIRE_NUMBER
    const uint8_t *bytes; // (size) the content; whatever the wire is
    size_t size;
    const uint8_t *whole; // (whole_size) with number and length
    size_t whole_size;
} blmi_protobuf_field;

// Reads the next field.  False: there is none, or it is damaged, which sets
// cursor->overrun.  Groups, which have been out of use since 2008, count as damage.
bool blmi_protobuf_next(blmi_cursor *cursor, blmi_protobuf_field *out);

// Appends fields.  bytes NULL: only counts them.
typedef struct blmi_protobuf_writer {
    uint8_t *bytes;
    size_t size;
} blmi_protobuf_writer;

void blmi_protobuf_copy(blmi_protobuf_writer *to, const void *bytes, size_t size);
// The beginning of a field of `size` bytes, which the caller appends.
void blmi_protobuf_begin(blmi_protobuf_writer *to, uint32_t number, size_t size);

#endif
