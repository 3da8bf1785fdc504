// cli_text.h: names of files are bytes; what is printed must be one line of text.
#ifndef BLEMISH_CLI_TEXT_H
#define BLEMISH_CLI_TEXT_H

#include <stdio.h>

// Prints text with control characters as \xNN, so that a name cannot break the line or
// command the terminal.
void cli_print_safe(FILE *out, const char *text);

// A copy in which every byte that is no UTF-8 became U+FFFD, for JSON.  The caller frees
// it.
char *cli_utf8(const char *text);

// Compares like people do: img2 before img10.  Digits by value, all else by bytes; only
// equal texts compare equal.
int cli_compare_natural(const char *a, const char *b);

#endif
