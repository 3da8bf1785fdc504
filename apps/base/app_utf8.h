// app_utf8.h: what is text in bytes that others wrote, such as names of files.
#ifndef BLEMISH_APPS_APP_UTF8_H
#define BLEMISH_APPS_APP_UTF8_H

#include <stddef.h>

// Length of the well-formed UTF-8 sequence that begins at text (Unicode 15, table 3-7), 1
// to 4; 0: none does.  text ends with a zero.
size_t app_utf8_length(const char *text);

#endif
