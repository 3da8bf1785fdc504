// memory.h: allocates memory; the program ends if there is none.
#ifndef BLEMISH_CLI_MEMORY_H
#define BLEMISH_CLI_MEMORY_H

#include <stddef.h>

// Zeroed memory for count items, released by free().  If there is none, prints an error
// and exits with 4.
void *cli_alloc(size_t count, size_t size);
// Makes room for one more item in an array; returns `items`, moved if needed.
void *cli_grow(void *items, size_t count, size_t *capacity, size_t size);
// printf into new memory.
char *cli_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
