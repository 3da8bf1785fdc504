// fields.h: the fields of a recipe by name, and recipes from the literature.  Included by
// blemish.h.
#ifndef BLEMISH_FIELDS_H
#define BLEMISH_FIELDS_H

#include "blemish/blemish.h"

#ifdef __cplusplus
extern "C" {
#endif

// ---- the fields of a recipe, by name

// The text of a field; the type of its member in blm_recipe.
typedef enum blm_field_kind {
    BLM_FIELD_FLAG = 0,    // "no" or "yes"; int
    BLM_FIELD_WHOLE = 1,   // a whole number; int
    BLM_FIELD_WHOLE64 = 2, // the same, may end with K, M or G: powers of 1000; int64_t
    BLM_FIELD_REAL = 3,    // a number; double
    BLM_FIELD_CHOICE = 4,  // one of `words`; an enum, `low` being the first word
    BLM_FIELD_SIZE = 5,    // "224x224"; two int
    BLM_FIELD_RECT = 6,    // "X,Y,W,H"; blm_rect
    BLM_FIELD_LIST = 7,    // words with commas between them; char [BLM_FIELD_TEXT]
    BLM_FIELD_RANGE = 8,   // "LOW,HIGH", LOW being smaller; two double
} blm_field_kind;

// The first step that must be repeated when a field changes; all later ones follow.
typedef enum blm_part {
    BLM_PART_INPUT = 0,      // decode and resize images
    BLM_PART_NETWORK = 1,    // run the network
    BLM_PART_FEATURES = 2,   // assemble features
    BLM_PART_STATISTICS = 3, // fit the detector
    BLM_PART_SPREAD = 4,     // regularise the covariances
    BLM_PART_MAP = 5,        // compute maps and scores
} blm_part;

// A field.  Static; may grow at its end.
typedef struct blm_field {
    const char *name; // "min-area"
    blm_field_kind kind;
    blm_part part;
    const char *initial; // its default, as text
    const char *value;   // placeholder of a value in help texts, "N"; NULL for flags
    const char *text;    // one line of help
    double low, high;    // range of numbers, ends included
    const char *words;   // allowed words with '|' between them; NULL: any value
    const char *zero;    // the word for all zeros: "all", "auto"; NULL: none
    const char *alias;   // a second name for _set and _get; NULL: none
    int shown;           // 1: descriptions show it even at its default
    const char *only;    // the only detector that uses it; NULL: all do
} blm_field;

// Field number `index`, from 0; NULL after the last one.  Static.
BLM_API const blm_field *blm_recipe_field(size_t index);
// Sets a field from text; in names '_' equals '-'.  BLM_EUSAGE: there is no such field,
// or it cannot have that value; the recipe is unchanged.
BLM_API blm_status blm_recipe_set(
    blm_recipe *recipe, const char *name, const char *text, blm_error *err);
// Writes a field as text, from which _set makes the same value.  BLM_EUSAGE: there is no
// such field, or its value is out of range.
BLM_API blm_status blm_recipe_get(const blm_recipe *recipe, const char *name,
    char text[BLM_FIELD_TEXT], blm_error *err);

// ---- presets: recipes from the literature

// A preset.  Static.
typedef struct blm_preset {
    const char *name; // "padim"
    // Name of the weights that the paper used (weights.h); NULL: the default weights.
    const char *weights;
    const char *fields; // the fields that it sets: "NAME=VALUE NAME=VALUE ..."
    const char *text;   // one line of help
} blm_preset;

// Preset number `index`, from 0; NULL after the last one.
BLM_API const blm_preset *blm_preset_at(size_t index);
// Sets the fields of a preset and leaves the others unchanged.  out: receives the preset;
// NULL: not wanted.  BLM_EUSAGE: there is no preset of that name.
BLM_API blm_status blm_recipe_like(
    blm_recipe *recipe, const char *name, const blm_preset **out, blm_error *err);

// Copies bits and range from a recipe to decode options and leaves the others unchanged.
// Does nothing if an argument is NULL.
BLM_API void blm_recipe_decode_options(
    const blm_recipe *recipe, blm_decode_options *options);

#ifdef __cplusplus
}
#endif
#endif
