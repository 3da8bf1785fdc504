// recipe_fields.h: the rows of the table of fields, for those inside the library that go
// through all fields.
#ifndef BLMI_FEATURE_RECIPE_FIELDS_H
#define BLMI_FEATURE_RECIPE_FIELDS_H

#include "blemish/blemish.h"
#include "src/detector/parts.h"

enum { BLMI_MOST_RECIPE_KEYS = 64, BLMI_FIELD_NUMBERS = 4 };

typedef struct blmi_recipe_row {
    blm_field field;
    size_t offset; // of the member in blm_recipe; numbers of one field follow each other
    // Its metadata in model files, one for each of its numbers.  A key that begins with
    // '!' must be understood by a reader, and stands only where the value is not the
    // default, so that older models keep their bytes.  NULL: written by other code.
    const char *keys[BLMI_FIELD_NUMBERS];
} blmi_recipe_row;

// NULL after the last one.
const blmi_recipe_row *blmi_recipe_row_at(size_t index);

// Number i of a field that has keys, as model files hold it.
blmi_number blmi_recipe_place(blm_recipe *recipe, const blmi_recipe_row *row, int i);
// Takes a caller's recipe over one that holds the defaults; NULL: they stay.  BLM_EUSAGE
// if it was not initialised.
blm_status blmi_recipe_take(const blm_recipe *recipe, blm_recipe *own, blm_error *err);
// BLM_EUSAGE unless the value is in the field's range.
blm_status blmi_recipe_check_field(
    const blm_recipe *recipe, const blmi_recipe_row *row, blm_error *err);
int blmi_recipe_is_initial(const blm_recipe *recipe, const blmi_recipe_row *row);
// Whether two recipes agree in all fields of these parts.
int blmi_recipe_equal(
    const blm_recipe *a, const blm_recipe *b, blm_part from, blm_part to);

#endif
