#include "apps/blemish/beside.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "apps/blemish/memory.h"

size_t cli_stem_length(const char *name)
{
    const char *dot = strrchr(name, '.'), *slash = strrchr(name, '/');
    if (dot == NULL || dot == name || (slash != NULL && dot <= slash + 1))
        return strlen(name);
    return (size_t)(dot - name);
}

// A part of a name.
typedef struct part {
    const char *at;
    size_t length;
} part;

static int compare_parts(const void *a, const void *b)
{
    const part *x = a, *y = b;
    const size_t shorter = x->length < y->length ? x->length : y->length;
    const int order = memcmp(x->at, y->at, shorter);
    return order != 0 ? order : (x->length > y->length) - (x->length < y->length);
}

// The stem or name of the image whose mask or result this name is; length 0: of none.
static part owner_of(const char *name)
{
    static const char *const tails[] = {
        "_mask", "-mask", "_gt", "_label", ".mask", ".heat", ".map"};
    const size_t stem = cli_stem_length(name);
    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
        const size_t length = strlen(tails[i]);
        if (stem > length && strncasecmp(name + stem - length, tails[i], length) == 0)
            return (part){name, stem - length};
    }
    return (part){name, 0};
}

void cli_beside(const char *const *names, size_t count, unsigned char *marks)
{
    part *known = cli_alloc(2 * count, sizeof *known); // stems and whole names
    for (size_t i = 0; i < count; i++) {
        known[2 * i] = (part){names[i], cli_stem_length(names[i])};
        known[2 * i + 1] = (part){names[i], strlen(names[i])};
    }
    qsort(known, 2 * count, sizeof *known, compare_parts);
    for (size_t i = 0; i < count; i++) {
        const part owner = owner_of(names[i]);
        marks[i] = owner.length > 0 && bsearch(&owner, known, 2 * count, sizeof *known,
                                           compare_parts) != NULL;
    }
    free(known);
}

int cli_is_mask_folder(const char *name)
{
    static const char *const names[] = {"ground_truth", "groundtruth", "gt", "masks"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcasecmp(name, names[i]) == 0)
            return 1;
    return 0;
}
