// cli_recipe.h: options for and output of recipes, made from the library's list of
// fields.
#ifndef BLEMISH_CLI_RECIPE_H
#define BLEMISH_CLI_RECIPE_H

#include "apps/blemish/json.h"
#include "apps/blemish/options.h"

// Options of a cli_setup, whose recipe blm_recipe_init has set, the member `setup` of a
// struct: a preset, the weights, and an option for each field of the recipe.
#define CLI_SETUP_OPTIONS(type)                                                          \
    {"like", 0, CLI_LIKE, "NAME",                                                        \
        "Start from a known recipe: paper, padim, patchcore, spade, anomalydino",        \
        offsetof(type, setup), 0, 0, NULL},                                              \
        {"weights", 'w', CLI_TEXT, "FILE", "Weights of the backbone (those installed)",  \
            offsetof(type, setup.weights), 0, 0, NULL},                                  \
    {                                                                                    \
        "", 0, CLI_RECIPE, NULL, NULL, offsetof(type, setup.recipe), 0, 0, NULL          \
    }

#define CLI_TYPES "f32|bf16|int8" // in the order of blm_type
// "f32", static text
const char *cli_type_text(blm_type type);

// A field as text, such as "4" for "sigma", in `text`, which is returned.
const char *cli_recipe_value(
    const blm_recipe *recipe, const char *field, char text[BLM_FIELD_TEXT]);

// The fields of the parts from..to as text, such as "taps layer2,layer3, epsilon 0.01,
// sigma 4"; fields at their default are left out, except the important ones.  The caller
// frees it.
char *cli_recipe_text(const blm_recipe *recipe, blm_part from, blm_part to);
// All fields exactly, such as "size=224x224;resize=...".  The caller frees it.
char *cli_recipe_key(const blm_recipe *recipe);
// All fields as members of an object: "min_area": 1, "size": [224, 224]; null for "all".
void cli_recipe_json(const blm_recipe *recipe, cli_json *json);
// All fields for a table: their names, or their values, each followed by a comma.
void cli_recipe_csv_names(void);
void cli_recipe_csv(const blm_recipe *recipe);
// Whether the parts up to `last` are equal.
int cli_recipe_same(const blm_recipe *a, const blm_recipe *b, blm_part last);
// Adds the taps of another recipe.
void cli_recipe_add_taps(blm_recipe *recipe, const blm_recipe *more);

#endif
