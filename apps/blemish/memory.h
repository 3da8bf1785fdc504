// memory.h: memory for a program that ends when there is none.
#ifndef BLEMISH_CLI_MEMORY_H
#define BLEMISH_CLI_MEMORY_H

#include <stddef.h>

// Zeroed memory for count items; complains and exits with 4 where there is none.  free()
// releases it.
void *cli_alloc(size_t count, size_t size);
// Room for one more item in a growing array: returns `items`, moved if need be.
void *cli_grow(void *items, size_t count, size_t *capacity, size_t size);
// printf into new memory.
char *cli_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
