// utf8.h: checks and prints UTF-8 text from outside.
#ifndef BLMI_BASE_UTF8_H
#define BLMI_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

// Bytes of the printable UTF-8 sequence at the start of text (zero-terminated).  0 for
// control characters, noncharacters, surrogates, and bytes that are not UTF-8.
size_t blmi_utf8_printable(const char *text);
// Whether all of text is printable.
bool blmi_utf8_is_printable(const char *text);
// Copies text, with every byte that is not printable as \xNN.  out has room for four
// times its length and a zero.  Returns the length of the copy.
size_t blmi_utf8_show(const char *text, char *out);

#endif
