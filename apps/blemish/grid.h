// grid.h: expands lists of values to all recipes that combine them.
#ifndef BLEMISH_CLI_GRID_H
#define BLEMISH_CLI_GRID_H

#include "apps/blemish/options.h"

// A list of values for each field of a recipe, in their order; NULL: the usual values.
// Values are separated by commas, or by slashes if they contain commas: "2,3/1,2,3".
typedef struct cli_grid {
    const char *lists[CLI_MAX_FIELDS];
    const char *usual; // see cli_grid_usual
} cli_grid;

// Stands for an option for each field, for a struct whose member `grid` is a cli_grid.
#define CLI_GRID_OPTIONS(type, usual)                                                    \
    {                                                                                    \
        "", 0, CLI_GRID, NULL, NULL, offsetof(type, grid), 0, 0, usual                   \
    }

// The values of a field that a verb tries if none are given; NULL: only its default.
// usual: names and values in turn, each ending in a zero byte, and another at the end.
// (Each is a string by itself in the source: a digit after \0 would belong to it.)
const char *cli_grid_usual(const char *usual, const char *field);

// All combinations; those that share features follow each other.  The caller frees them.
// Returns 0, or 2 after an error.
int cli_grid_expand(
    const cli_verb *verb, const cli_grid *grid, blm_recipe **out, size_t *count);

#endif
