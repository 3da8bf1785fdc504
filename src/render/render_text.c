#include "src/render/render_text.h"

#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/base/number.h"
#include "src/base/utf8.h"

// Makes room for `more` bytes and a zero after them.  Returns false if memory is out.
static bool reserve(blmi_text *text, size_t more)
{
    if (text->failed)
        return false;
    if (more < text->capacity - text->size)
        return true;
    const size_t capacity = 2 * (text->size + more) + 1024;
    char *const grown = blmi_alloc(capacity, 1);
    if (grown == NULL) {
        text->failed = true;
        return false;
    }
    if (text->size > 0)
        memcpy(grown, text->at, text->size);
    blmi_free(text->at);
    text->at = grown;
    text->capacity = capacity;
    return true;
}

static void put_bytes(blmi_text *text, const char *bytes, size_t size)
{
    if (!reserve(text, size))
        return;
    memcpy(text->at + text->size, bytes, size);
    text->size += size;
}

void blmi_text_put(blmi_text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int size = blmi_vprint(NULL, 0, format, arguments);
    va_end(arguments);
    if (size < 0 || !reserve(text, (size_t)size))
        return;
    va_start(arguments, format);
    blmi_vprint(text->at + text->size, (size_t)size + 1, format, arguments);
    va_end(arguments);
    text->size += (size_t)size;
}

void blmi_text_put_number(blmi_text *text, double value)
{
    const long long hundredths = llround(value * 100);
    const long long size = hundredths < 0 ? -hundredths : hundredths;
    blmi_text_put(text, "%s%lld", hundredths < 0 ? "-" : "", size / 100);
    if (size % 100 != 0)
        blmi_text_put(text, size % 10 == 0 ? ".%lld" : ".%02lld",
            size % 10 == 0 ? size % 100 / 10 : size % 100);
}

void blmi_text_put_escaped(blmi_text *text, const char *utf8)
{
    static const struct {
        char letter;
        const char *name;
    } names[] = {
        {'<', "&lt;"}, {'>', "&gt;"}, {'&', "&amp;"}, {'"', "&quot;"}, {'\'', "&#39;"}};
    enum { NAMES = sizeof names / sizeof *names };
    while (*utf8 != '\0') {
        const size_t length = blmi_utf8_printable(utf8);
        size_t i = 0;
        while (i < NAMES && names[i].letter != *utf8)
            i++;
        if (i < NAMES)
            put_bytes(text, names[i].name, strlen(names[i].name));
        else if (length == 0)
            put_bytes(text, "\xef\xbf\xbd", 3);
        else
            put_bytes(text, utf8, length);
        utf8 += length == 0 ? 1 : length;
    }
}

blm_status blmi_text_finish(blmi_text *text, blm_bytes *out, blm_error *err)
{
    const blmi_text done = *text;
    *text = (blmi_text){0};
    if (done.failed) {
        blmi_free(done.at);
        return blmi_no_memory(err, "a text", done.size, 1);
    }
    *out = (blm_bytes){(uint8_t *)done.at, done.size};
    return BLM_OK;
}
