#include "apps/blemish/grid.h"

#include <stdlib.h>
#include <string.h>

#include "apps/blemish/cli_recipe.h"
#include "apps/blemish/exit.h"
#include "apps/blemish/memory.h"

enum { MAX_POINTS = 10000 };

const char *cli_grid_usual(const char *usual, const char *field)
{
    while (*usual != '\0') {
        const char *values = usual + strlen(usual) + 1;
        if (strcmp(usual, field) == 0)
            return values;
        usual = values + strlen(values) + 1;
    }
    return NULL;
}

static const char *separator_of(const blm_field *field)
{
    return field->kind == BLM_FIELD_RECT || field->kind == BLM_FIELD_LIST ||
                   field->kind == BLM_FIELD_RANGE
               ? "/"
               : ",";
}

static int is_used(const blm_field *field, const blm_recipe *recipe)
{
    char detector[BLM_FIELD_TEXT];
    return field->only == NULL ||
           strcmp(cli_recipe_value(recipe, "detector", detector), field->only) == 0;
}

// Refuses a list that no recipe so far uses.
static int check_used(
    const cli_verb *verb, const blm_field *field, const blm_recipe *recipes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (is_used(field, &recipes[i]))
            return CLI_EXIT_OK;
    return cli_usage(
        verb, "--%s: only the detector %s uses it", field->name, field->only);
}

// Combines every recipe so far with every value of one field, if its detector uses it.
static int multiply(const cli_verb *verb, const blm_field *field, const char *list,
    blm_recipe **recipes, size_t *count)
{
    size_t capacity = 0, made = 0;
    blm_recipe *next = NULL;
    blm_error err;
    int code = CLI_EXIT_OK;
    for (size_t i = 0; code == CLI_EXIT_OK && i < *count; i++) {
        if (!is_used(field, &(*recipes)[i])) {
            next = cli_grow(next, made, &capacity, sizeof *next);
            next[made++] = (*recipes)[i];
            continue;
        }
        char *words = cli_format("%s", list), *rest = words, *word;
        while (
            code == CLI_EXIT_OK && (word = strsep(&rest, separator_of(field))) != NULL) {
            blm_recipe recipe = (*recipes)[i];
            if (blm_recipe_set(&recipe, field->name, word, &err) != BLM_OK)
                code = cli_usage(verb, "--%s", err.text);
            else if (made == MAX_POINTS)
                code = cli_usage(verb, "more than %d combinations", MAX_POINTS);
            else {
                next = cli_grow(next, made, &capacity, sizeof *next);
                next[made++] = recipe;
            }
        }
        free(words);
    }
    free(*recipes);
    *recipes = next;
    *count = made;
    return code;
}

int cli_grid_expand(
    const cli_verb *verb, const cli_grid *grid, blm_recipe **out, size_t *count)
{
    const blm_field *field;
    int code = CLI_EXIT_OK;
    *out = cli_alloc(1, sizeof **out);
    blm_recipe_init(*out);
    *count = 1;
    // Fields are in the order of the cost of changing them, most expensive first.
    for (size_t i = 0; code == CLI_EXIT_OK && (field = blm_recipe_field(i)) != NULL;
         i++) {
        const char *list = grid->lists[i] != NULL
                               ? grid->lists[i]
                               : cli_grid_usual(grid->usual, field->name);
        if (grid->lists[i] != NULL)
            code = check_used(verb, field, *out, *count);
        if (code == CLI_EXIT_OK && list != NULL)
            code = multiply(verb, field, list, out, count);
    }
    return code;
}
