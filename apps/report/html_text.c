#include "apps/report/html_text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/base/app_utf8.h"
#include "apps/base/fault.h"

// Makes room for `more` bytes and a zero after them; returns 0 if there is no memory.
static int reserve(html_text *text, size_t more)
{
    if (text->failed)
        return 0;
    if (more < text->capacity - text->size)
        return 1;
    const size_t capacity = 2 * (text->size + more) + 1024;
    char *grown = realloc(text->at, capacity);
    if (grown == NULL) {
        text->failed = 1;
        return 0;
    }
    text->at = grown;
    text->capacity = capacity;
    return 1;
}

static void put_bytes(html_text *text, const char *bytes, size_t size)
{
    if (!reserve(text, size))
        return;
    memcpy(text->at + text->size, bytes, size);
    text->size += size;
}

void html_put(html_text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int size = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (size < 0 || !reserve(text, (size_t)size))
        return;
    va_start(arguments, format);
    vsnprintf(text->at + text->size, (size_t)size + 1, format, arguments);
    va_end(arguments);
    text->size += (size_t)size;
}

// Length of the UTF-8 sequence at text; 0 if it is not valid, a control character, or one
// of Unicode's 66 noncharacters.
static size_t character_length(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    const size_t length = app_utf8_length(text);
    if (length == 1)
        return at[0] >= 0x20 && at[0] != 0x7f;
    if (length == 2)
        return at[0] == 0xc2 && at[1] < 0xa0 ? 0 : 2;
    // U+FFFE and U+FFFF, and their like in every plane
    const int last_two = length > 0 && at[length - 1] >= 0xbe && at[length - 2] == 0xbf &&
                         (length == 3 ? at[0] == 0xef : (at[1] & 0x0f) == 0x0f);
    return last_two ? 0 : length;
}

void html_put_escaped(html_text *text, const char *utf8)
{
    static const struct {
        char letter;
        const char *name;
    } names[] = {
        {'<', "&lt;"}, {'>', "&gt;"}, {'&', "&amp;"}, {'"', "&quot;"}, {'\'', "&#39;"}};
    enum { NAMES = sizeof names / sizeof *names };
    while (*utf8 != '\0') {
        const size_t length = character_length(utf8);
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

blm_status html_finish(html_text *text, html_text *out, blm_error *err)
{
    const html_text done = *text;
    *text = (html_text){0};
    if (done.failed) {
        free(done.at);
        return app_no_memory(err, "a text", done.size, 1);
    }
    *out = done;
    return BLM_OK;
}
