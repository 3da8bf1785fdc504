#include "src/base/error.h"

#include <stdarg.h>
#include <string.h>

#include "src/base/number.h"

const char *blm_status_name(blm_status status)
{
    static const char *const names[] = {
        "ok", "usage", "bad input", "system", "out of memory", "internal fault"};
    const unsigned index = (unsigned)status;
    return index < sizeof names / sizeof *names ? names[index] : "unknown status";
}

// Copies text to out, with control characters as \xNN: a file name must not break the
// line or control the terminal.
static void copy_printable(char *out, size_t size, const char *text)
{
    size_t at = 0;
    for (; *text != '\0' && at + 5 <= size; text++) {
        const unsigned char c = (unsigned char)*text;
        if (c < 0x20 || c == 0x7f)
            at += (size_t)blmi_print(out + at, size - at, "\\x%02x", c);
        else
            out[at++] = *text;
    }
    out[at] = '\0';
}

blm_status blmi_fail(blm_error *err, blm_status status, const char *format, ...)
{
    if (err != NULL) {
        char raw[sizeof err->text];
        va_list args;
        va_start(args, format);
        blmi_vprint(raw, sizeof raw, format, args);
        va_end(args);
        copy_printable(err->text, sizeof err->text, raw);
    }
    return status;
}
