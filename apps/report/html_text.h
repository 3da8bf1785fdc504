// html_text.h: text that grows, for HTML and the paths of SVG.
#ifndef BLEMISH_REPORT_HTML_TEXT_H
#define BLEMISH_REPORT_HTML_TEXT_H

#include <stddef.h>

#include "blemish/status.h"

// Starts as all zeros.  After running out of memory, further text is dropped and
// html_finish returns the error.
typedef struct html_text {
    char *at; // (size), no zero at the end; free() releases it
    size_t size, capacity;
    int failed;
} html_text;

// Appends like printf.  Not for floating point, since its decimal point depends on the
// locale.
void html_put(html_text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
// Appends UTF-8 as text or attribute value: markup is escaped; control characters and
// bytes that are not UTF-8 become U+FFFD.
void html_put_escaped(html_text *text, const char *utf8);
// Hands the text over, or frees it and returns BLM_ENOMEM.  The text is empty afterwards.
blm_status html_finish(html_text *text, html_text *out, blm_error *err);

#endif
