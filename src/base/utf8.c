#include "src/base/utf8.h"

#include <stdint.h>
#include <string.h>

#include "src/base/number.h"

size_t blmi_utf8_printable(const char *text)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *at = (const unsigned char *)text;
    const size_t length = at[0] < 0x80                    ? 1
                          : at[0] >= 0xf0 && at[0] < 0xf8 ? 4
                          : at[0] >= 0xe0 && at[0] < 0xf0 ? 3
                          : at[0] >= 0xc0 && at[0] < 0xe0 ? 2
                                                          : 0;
    if (length == 1)
        return at[0] >= 0x20 && at[0] != 0x7f;
    uint32_t code = at[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (at[i] & 0x3fu);
    }
    const bool is_bad = code < least[length] || code > 0x10ffff ||
                        (code >= 0xd800 && code < 0xe000) || (code & 0xfffe) == 0xfffe ||
                        code < 0xa0;
    return is_bad ? 0 : length;
}

bool blmi_utf8_is_printable(const char *text)
{
    while (*text != '\0') {
        const size_t length = blmi_utf8_printable(text);
        if (length == 0)
            return false;
        text += length;
    }
    return true;
}

size_t blmi_utf8_show(const char *text, char *out)
{
    char *to = out;
    while (*text != '\0') {
        const size_t length = blmi_utf8_printable(text);
        if (length == 0) {
            to += blmi_print(to, 5, "\\x%02x", (unsigned)(unsigned char)*text++);
            continue;
        }
        memcpy(to, text, length);
        to += length;
        text += length;
    }
    *to = '\0';
    return (size_t)(to - out);
}
