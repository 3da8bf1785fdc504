#include "apps/blemish/stems.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "apps/blemish/memory.h"
#include "blemish/image.h"

enum { LONGEST = 200 }; // bytes of a component, so that suffixes fit into NAME_MAX

// ---- one path

static int is(const char *component, size_t length, const char *text)
{
    return strlen(text) == length && strncmp(component, text, length) == 0;
}

// Copies a component.  A folder named like an image gets "_", so that it cannot take the
// name of an output.
static char *put_component(char *to, const char *component, size_t length, int is_folder)
{
    char *const start = to;
    const size_t kept = length < LONGEST ? length : LONGEST;
    memcpy(to, is(component, length, "..") ? "__" : component, kept);
    to += kept;
    *to = '\0';
    if (is_folder && blm_image_is_name(start))
        *to++ = '_';
    return to;
}

static char *contained(const char *path)
{
    char *stem = cli_alloc(2 * strlen(path) + 8, 1), *to = stem;
    while (*path != '\0') {
        const size_t length = strcspn(path, "/");
        const char *next = path + length + (path[length] == '/');
        if (length > 0 && !is(path, length, ".")) {
            if (to > stem)
                *to++ = '/';
            to = put_component(to, path, length, *next != '\0');
        }
        path = next;
    }
    if (to == stem)
        strcpy(stem, "image");
    return stem;
}

// ---- all paths: a hash table of the names that are taken

typedef struct table {
    const char **slots; // (size) NULL: free
    size_t size;        // a power of two, more than twice the number of names
} table;

static uint64_t hash(const char *text) // FNV-1a
{
    uint64_t h = 0xcbf29ce484222325;
    for (; *text != '\0'; text++)
        h = (h ^ (unsigned char)*text) * 0x100000001b3;
    return h;
}

// Adds a name; returns 0 if it is taken already.
static int take(table *taken, const char *name)
{
    size_t at = hash(name) & (taken->size - 1);
    for (; taken->slots[at] != NULL; at = (at + 1) & (taken->size - 1)) {
        if (strcmp(taken->slots[at], name) == 0)
            return 0;
    }
    taken->slots[at] = name;
    return 1;
}

static char *unique(table *taken, char *stem)
{
    char *name = stem;
    for (int i = 2; !take(taken, name); i++) {
        if (name != stem)
            free(name);
        name = cli_format("%s~%d", stem, i);
    }
    if (name != stem)
        free(stem);
    return name;
}

char **cli_stems_new(const cli_files *files)
{
    table taken = {.size = 16};
    while (taken.size <= 2 * files->count)
        taken.size *= 2;
    taken.slots = cli_alloc(taken.size, sizeof *taken.slots);
    char **stems = cli_alloc(files->count, sizeof *stems);
    for (size_t i = 0; i < files->count; i++)
        stems[i] = unique(&taken, contained(files->items[i].below));
    free(taken.slots);
    return stems;
}

void cli_stems_free(char **stems, size_t count)
{
    for (size_t i = 0; stems != NULL && i < count; i++)
        free(stems[i]);
    free(stems);
}
