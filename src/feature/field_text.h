// field_text.h: converts fields of a recipe to text and back, by their rows of the table.
#ifndef BLMI_FEATURE_FIELD_TEXT_H
#define BLMI_FEATURE_FIELD_TEXT_H

#include "src/feature/recipe_fields.h"

// The count of numbers of a field; 1 for a list, which has none.
int blmi_field_count(blm_field_kind kind);
// Whether its numbers are of type double.
int blmi_field_is_real(blm_field_kind kind);
// Number i of a field that is no list.
double blmi_field_number(const blm_recipe *recipe, const blmi_recipe_row *row, int i);
// Whether all numbers are 0, or the list is empty.
int blmi_field_is_zero(const blm_recipe *recipe, const blmi_recipe_row *row);

// Reads a value; 0 if the text is not one.  Does not call check_list.
int blmi_field_read(const blmi_recipe_row *row, const char *text, blm_recipe *out);
// Writes what a value should be.
void blmi_field_describe(const blmi_recipe_row *row, char *out, size_t size);
// Writes a value that is in the range of its field.
void blmi_field_print(
    const blm_recipe *recipe, const blmi_recipe_row *row, char text[BLM_FIELD_TEXT]);

#endif
