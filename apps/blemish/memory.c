#include "apps/blemish/memory.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "apps/blemish/exit.h"

static void *checked(void *memory)
{
    if (memory == NULL) {
        cli_complain("out of memory");
        exit(CLI_EXIT_SYSTEM);
    }
    return memory;
}

void *cli_alloc(size_t count, size_t size)
{
    return checked(calloc(count == 0 ? 1 : count, size));
}

void *cli_grow(void *items, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return items;
    *capacity = *capacity == 0 ? 64 : *capacity * 2;
    return checked(reallocarray(items, *capacity, size));
}

char *cli_format(const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    const int length = vasprintf(&text, format, args);
    va_end(args);
    return checked(length < 0 ? NULL : text);
}
