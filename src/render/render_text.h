// render_text.h: text that grows, for SVG.
#ifndef BLMI_RENDER_TEXT_H
#define BLMI_RENDER_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "blemish/render.h"

// Starts as all zeros.  If memory is out, later text is dropped, and _finish returns
// BLM_ENOMEM.
typedef struct blmi_text {
    char *at; // (size), no zero at the end
    size_t size, capacity;
    bool failed;
} blmi_text;

// Appends as printf does in the locale "C".
void blmi_text_put(blmi_text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
// Appends a number, |value| at most 1e12, rounded to hundredths.
void blmi_text_put_number(blmi_text *text, double value);
// Appends UTF-8 as XML text or attribute value: markup is escaped; control characters and
// invalid UTF-8 become U+FFFD.
void blmi_text_put_escaped(blmi_text *text, const char *utf8);
// Returns the text, or frees it and returns BLM_ENOMEM.  The text is empty afterwards.
blm_status blmi_text_finish(blmi_text *text, blm_bytes *out, blm_error *err);

#endif
