#include "apps/blemish/grid.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/blemish/exit.h"
#include "apps/blemish/memory.h"
#include "apps/blemish/recipe.h"

enum { MOST_POINTS = 10000 };

// ---- a word into a recipe: each returns 1 if the word is what it should be

static int set_real(const char *word, double *out)
{
    char *end;
    *out = strtod(word, &end);
    return end != word && *end == '\0';
}

static int set_whole(const char *word, char **end, int *out)
{
    errno = 0;
    const long value = strtol(word, end, 10);
    *out = (int)value;
    return *end != word && errno == 0 && value >= 0 && value <= 100000;
}

static int set_size(const char *word, blm_recipe *r)
{
    char *end;
    if (!set_whole(word, &end, &r->width) || *end != 'x')
        return 0;
    return set_whole(end + 1, &end, &r->height) && *end == '\0';
}

static int set_filter(const char *word, blm_recipe *r)
{
    r->filter = strcmp(word, "bicubic") == 0 ? BLM_FILTER_BICUBIC : BLM_FILTER_BILINEAR;
    return strcmp(word, "bicubic") == 0 || strcmp(word, "bilinear") == 0;
}

static int set_type(const char *word, blm_recipe *r)
{
    r->type = BLM_TYPE_F32;
    while (r->type <= BLM_TYPE_INT8 && strcmp(word, cli_type_text(r->type)) != 0)
        r->type++;
    return r->type <= BLM_TYPE_INT8;
}

static int set_stages(const char *word, blm_recipe *r)
{
    r->stages = 0;
    for (;; word += 2) {
        if (word[0] < '1' || word[0] > '4')
            return 0;
        r->stages |= 1u << (word[0] - '1');
        if (word[1] != ',')
            return word[1] == '\0';
    }
}

static int set_channels(const char *word, blm_recipe *r)
{
    char *end;
    r->channels = 0;
    if (strcmp(word, "all") == 0)
        return 1;
    return set_whole(word, &end, &r->channels) && *end == '\0' && r->channels > 0;
}

static int set_unit_variance(const char *word, blm_recipe *r)
{
    r->unit_variance = strcmp(word, "yes") == 0;
    return r->unit_variance || strcmp(word, "no") == 0;
}

static int set_epsilon(const char *word, blm_recipe *r)
{
    return set_real(word, &r->epsilon) && r->epsilon > 0;
}

static int set_shrinkage(const char *word, blm_recipe *r)
{
    return set_real(word, &r->shrinkage) && r->shrinkage >= 0 && r->shrinkage < 1;
}

static int set_sigma(const char *word, blm_recipe *r)
{
    return set_real(word, &r->sigma) && r->sigma > 0;
}

// From the outermost loop to the innermost one: what costs most to change comes first.
static const struct {
    const char *name;
    size_t offset; // in cli_grid
    const char *usual, *separator;
    int (*set)(const char *word, blm_recipe *recipe);
    const char *wanted;
} dimensions[] = {
    {"size", offsetof(cli_grid, size), NULL, ",", set_size, "WxH"},
    {"filter", offsetof(cli_grid, filter), NULL, ",", set_filter, "bilinear or bicubic"},
    {"type", offsetof(cli_grid, types), NULL, ",", set_type, "f32, bf16 or int8"},
    {"stages", offsetof(cli_grid, stages), NULL, "/", set_stages,
        "stages from 1 to 4, such as 2,3"},
    {"channels", offsetof(cli_grid, channels), NULL, ",", set_channels,
        "all, or a number from 1 on"},
    {"unit-variance", offsetof(cli_grid, unit_variance), "no,yes", ",", set_unit_variance,
        "no or yes"},
    {"epsilon", offsetof(cli_grid, epsilon), "0.001,0.01,0.1", ",", set_epsilon,
        "a number above 0"},
    {"shrinkage", offsetof(cli_grid, shrinkage), NULL, ",", set_shrinkage,
        "a number from 0 to below 1"},
    {"sigma", offsetof(cli_grid, sigma), NULL, ",", set_sigma, "a number above 0"},
};
enum { DIMENSIONS = sizeof dimensions / sizeof *dimensions };

// Every recipe so far with every value of one dimension.
static int multiply(const cli_verb *verb, size_t dimension, const char *list,
    blm_recipe **recipes, size_t *count)
{
    size_t capacity = 0, made = 0;
    blm_recipe *next = NULL;
    int code = CLI_EXIT_OK;
    for (size_t i = 0; code == CLI_EXIT_OK && i < *count; i++) {
        char *words = cli_format("%s", list), *rest = words, *word;
        while (code == CLI_EXIT_OK &&
               (word = strsep(&rest, dimensions[dimension].separator)) != NULL) {
            blm_recipe recipe = (*recipes)[i];
            if (!dimensions[dimension].set(word, &recipe))
                code =
                    cli_usage(verb, "Invalid value \"%s\" for option --%s; should be %s",
                        word, dimensions[dimension].name, dimensions[dimension].wanted);
            else if (made == MOST_POINTS)
                code = cli_usage(verb, "More than %d combinations", MOST_POINTS);
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

int cli_grid_expand(const cli_verb *verb, const cli_grid *grid, const blm_recipe *base,
    blm_recipe **out, size_t *count)
{
    int code = CLI_EXIT_OK;
    *out = cli_alloc(1, sizeof **out);
    **out = *base;
    *count = 1;
    for (size_t d = 0; code == CLI_EXIT_OK && d < DIMENSIONS; d++) {
        const char *given;
        memcpy(&given, (const char *)grid + dimensions[d].offset, sizeof given);
        const char *list = given != NULL ? given : dimensions[d].usual;
        if (list != NULL)
            code = multiply(verb, d, list, out, count);
    }
    return code;
}
