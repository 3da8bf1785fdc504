#include <string.h>

#include "src/base/cursor.h"
#include "src/image/codec.h"

enum { TAG_ORIENTATION = 0x0112, TYPE_SHORT = 3 };

// A TIFF structure: "II*\0" or "MM\0*", the offset of the first directory; there a count
// and entries of 12 bytes: tag, type, count, value.
int blmi_exif_orientation(const uint8_t *block, size_t size)
{
    if (size >= 6 && memcmp(block, "Exif\0", 6) == 0) {
        block += 6;
        size -= 6;
    }
    if (size < 8 || (memcmp(block, "II*\0", 4) != 0 && memcmp(block, "MM\0*", 4) != 0))
        return 1;
    const bool little = block[0] == 'I';
    uint16_t (*const u16)(blmi_cursor *) = little ? blmi_cursor_u16le : blmi_cursor_u16be;
    uint32_t (*const u32)(blmi_cursor *) = little ? blmi_cursor_u32le : blmi_cursor_u32be;

    blmi_cursor c = blmi_cursor_over(block, size);
    blmi_cursor_seek(&c, 4);
    blmi_cursor_seek(&c, u32(&c));
    for (unsigned left = u16(&c); left > 0 && !c.overrun; left--) {
        const unsigned tag = u16(&c), type = u16(&c);
        const uint32_t count = u32(&c);
        const unsigned value = u16(&c);
        u16(&c); // the rest of the value's four bytes
        if (tag == TAG_ORIENTATION && !c.overrun)
            return type == TYPE_SHORT && count == 1 && value >= 1 && value <= 8
                       ? (int)value
                       : 1;
    }
    return 1;
}
