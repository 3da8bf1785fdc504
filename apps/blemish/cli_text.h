// cli_text.h: prints and compares names of files, which may hold any bytes.
#ifndef BLEMISH_CLI_TEXT_H
#define BLEMISH_CLI_TEXT_H

#include <stdio.h>

// Prints text with control characters as \xNN, so that a name cannot break the line or
// command the terminal.
void cli_print_safe(FILE *out, const char *text);

// A copy with every byte that is not UTF-8 replaced by U+FFFD, for JSON.  The caller
// frees it.
char *cli_utf8(const char *text);

// Natural order: img2 before img10.  Digits compare by value, the rest by bytes; only
// equal texts compare equal.
int cli_compare_natural(const char *a, const char *b);

#endif
