// recipe_fields.h: access to the table of the fields of a recipe inside the library.
#ifndef BLMI_FEATURE_RECIPE_FIELDS_H
#define BLMI_FEATURE_RECIPE_FIELDS_H

#include "blemish/blemish.h"
#include "src/detector/parts.h"

enum { BLMI_MAX_RECIPE_KEYS = 64, BLMI_FIELD_NUMBERS = 4 };

typedef struct blmi_recipe_row {
    blm_field field;
    size_t offset; // of the member in blm_recipe; all numbers of a field are adjacent
    // Keys in model files, one for each of its numbers.  A reader must understand keys
    // that begin with '!'; they are left out if the field has the value `absent`, so that
    // older models keep their bytes and their meaning.  NULL: other code writes it.
    const char *keys[BLMI_FIELD_NUMBERS];
    // The value that the absence of such a key means: the default when the field was new.
    // NULL: the default.
    const char *absent;
    // Checks the text of a list; BLM_EUSAGE says what is wrong.  NULL: names of taps.
    blm_status (*check_list)(const char *text, blm_error *err);
} blmi_recipe_row;

// Row number `index`, from 0; NULL after the last one.
const blmi_recipe_row *blmi_recipe_row_at(size_t index);

// Number i of a field that has keys.
blmi_number blmi_recipe_place(blm_recipe *recipe, const blmi_recipe_row *row, int i);
// Copies a caller's recipe over `own`, which has the defaults; NULL: they stay.
// BLM_EUSAGE: blm_recipe_init was not called for it.
blm_status blmi_recipe_take(const blm_recipe *recipe, blm_recipe *own, blm_error *err);
// BLM_EUSAGE: the value is not in the range of the field.
blm_status blmi_recipe_check_field(
    const blm_recipe *recipe, const blmi_recipe_row *row, blm_error *err);
// Whether the field has its default.
int blmi_recipe_is_initial(const blm_recipe *recipe, const blmi_recipe_row *row);
// Whether the recipe's detector uses the field.
int blmi_recipe_uses(const blm_recipe *recipe, const blmi_recipe_row *row);
// Sets the default of fields that the detector does not use, where they have the value
// `absent`: a tolerance of 0 is allowed with any detector.
void blmi_recipe_drop_unused(blm_recipe *recipe);
// What a model file without the field's keys means: whether the recipe has this value,
// and setting it.  The recipe's detector must be set.
int blmi_recipe_is_absent(const blm_recipe *recipe, const blmi_recipe_row *row);
void blmi_recipe_put_absent(blm_recipe *recipe, const blmi_recipe_row *row);
// Whether all fields of the parts `from` to `to` are equal.
int blmi_recipe_equal(
    const blm_recipe *a, const blm_recipe *b, blm_part from, blm_part to);

#endif
