// app_utf8.h: checks UTF-8, for bytes from outside such as names of files.
#ifndef BLEMISH_APPS_APP_UTF8_H
#define BLEMISH_APPS_APP_UTF8_H

#include <stddef.h>

// Length of the well-formed UTF-8 sequence at the start of text (Unicode 15, table 3-7),
// 1 to 4; 0: not well-formed.  text ends with a zero.
size_t app_utf8_length(const char *text);

#endif
