// field_text.c: converts fields of a recipe to text and back.
#include "src/feature/field_text.h"

#include <math.h>
#include <string.h>

#include "src/base/number.h"

// ---- numbers of a field ---------------------------------------------------------------

int blmi_field_count(blm_field_kind kind)
{
    return kind == BLM_FIELD_RECT                              ? 4
           : kind == BLM_FIELD_SIZE || kind == BLM_FIELD_RANGE ? 2
                                                               : 1;
}

int blmi_field_is_real(blm_field_kind kind)
{
    return kind == BLM_FIELD_REAL || kind == BLM_FIELD_RANGE;
}

double blmi_field_number(const blm_recipe *recipe, const blmi_recipe_row *row, int i)
{
    const void *at = (const char *)recipe + row->offset;
    switch (row->field.kind) {
    case BLM_FIELD_REAL:
    case BLM_FIELD_RANGE:
        return ((const double *)at)[i];
    case BLM_FIELD_WHOLE64:
        return (double)*(const int64_t *)at;
    default:
        return ((const int *)at)[i];
    }
}

static int put_number(blm_recipe *recipe, const blmi_recipe_row *row, int i, double value)
{
    void *at = (char *)recipe + row->offset;
    if (blmi_field_is_real(row->field.kind)) {
        ((double *)at)[i] = value;
        return isfinite(value);
    }
    const double most =
        row->field.kind == BLM_FIELD_WHOLE64 ? 9007199254740992.0 : 2147483647.0;
    if (!(value == floor(value) && fabs(value) <= most))
        return 0;
    if (row->field.kind == BLM_FIELD_WHOLE64)
        *(int64_t *)at = (int64_t)value;
    else
        ((int *)at)[i] = (int)value;
    return 1;
}

int blmi_field_is_zero(const blm_recipe *recipe, const blmi_recipe_row *row)
{
    if (row->field.kind == BLM_FIELD_LIST)
        return *((const char *)recipe + row->offset) == '\0';
    for (int i = 0; i < blmi_field_count(row->field.kind); i++)
        if (blmi_field_number(recipe, row, i) != 0)
            return 0;
    return 1;
}

// ---- from text ------------------------------------------------------------------------

static const char separators[] = {[BLM_FIELD_SIZE] = 'x',
    [BLM_FIELD_RECT] = ',',
    [BLM_FIELD_LIST] = '\0',
    [BLM_FIELD_RANGE] = ','};

// Removes K, M or G from the end of a text of that length; returns its factor.
static int64_t take_suffix(char *text, size_t length)
{
    static const char suffixes[] = "KMG";
    const char *suffix = length > 0 ? strchr(suffixes, text[length - 1]) : NULL;
    int64_t scale = 1;
    if (suffix == NULL)
        return 1;
    text[length - 1] = '\0';
    for (const char *s = suffixes; s <= suffix; s++)
        scale *= 1000;
    return scale;
}

// Reads a number that fills the first `length` bytes of text; 0 if it is none.
static int read_number(
    const blm_field *field, const char *text, size_t length, double *out)
{
    char copy[64];
    int64_t whole, scale = 1;
    if (length >= sizeof copy)
        return 0;
    memcpy(copy, text, length);
    copy[length] = '\0';
    if (blmi_field_is_real(field->kind))
        return blmi_scan_double(copy, out) && *out >= field->low && *out <= field->high;
    if (field->kind == BLM_FIELD_WHOLE64)
        scale = take_suffix(copy, length);
    if (!blmi_scan_int64(copy, &whole))
        return 0;
    *out = (double)whole * (double)scale;
    return *out >= field->low && *out <= field->high;
}

static int read_numbers(const blmi_recipe_row *row, const char *text, blm_recipe *out)
{
    const int count = blmi_field_count(row->field.kind);
    const char separator[] = {separators[row->field.kind], '\0'};
    for (int i = 0; i < count; i++, text++) {
        double value;
        const size_t length = strcspn(text, separator);
        if (!read_number(&row->field, text, length, &value) ||
            !put_number(out, row, i, value))
            return 0;
        text += length;
        if (*text != (i + 1 < count ? separator[0] : '\0'))
            return 0;
    }
    if (row->field.kind == BLM_FIELD_RANGE)
        return blmi_field_number(out, row, 0) < blmi_field_number(out, row, 1);
    return row->field.kind != BLM_FIELD_RECT ||
           (out->crop.width > 0 && out->crop.height > 0);
}

static int read_word(const blmi_recipe_row *row, const char *text, blm_recipe *out)
{
    const size_t length = strlen(text);
    double value = row->field.low;
    for (const char *word = row->field.words;; word++, value++) {
        const size_t size = strcspn(word, "|");
        if (size == length && memcmp(word, text, size) == 0)
            return put_number(out, row, 0, value);
        word += size;
        if (*word == '\0')
            return 0;
    }
}

static int is_list_character(char c, const blmi_recipe_row *row)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c != '\0' && strchr("_.:-/#", c) != NULL) ||
           (c == '%' && row->check_list != NULL);
}

// Words with one comma between them.
static int read_list(const blmi_recipe_row *row, const char *text, blm_recipe *out)
{
    char *at = (char *)out + row->offset;
    if (strlen(text) >= BLM_FIELD_TEXT)
        return 0;
    for (size_t i = 0; text[i] != '\0'; i++) {
        const int comma_may_stand = i > 0 && text[i - 1] != ',' && text[i + 1] != '\0';
        if (!is_list_character(text[i], row) && !(text[i] == ',' && comma_may_stand))
            return 0;
    }
    strcpy(at, text);
    return *text != '\0';
}

int blmi_field_read(const blmi_recipe_row *row, const char *text, blm_recipe *out)
{
    if (row->field.zero != NULL && strcmp(text, row->field.zero) == 0) {
        for (int i = 0; i < blmi_field_count(row->field.kind); i++)
            if (row->field.kind != BLM_FIELD_LIST)
                put_number(out, row, i, 0);
        if (row->field.kind == BLM_FIELD_LIST)
            *((char *)out + row->offset) = '\0';
        return 1;
    }
    switch (row->field.kind) {
    case BLM_FIELD_FLAG:
    case BLM_FIELD_CHOICE:
        return read_word(row, text, out);
    case BLM_FIELD_LIST:
        return read_list(row, text, out);
    default:
        return read_numbers(row, text, out);
    }
}

void blmi_field_describe(const blmi_recipe_row *row, char *out, size_t size)
{
    const blm_field *f = &row->field;
    const char *zero = f->zero != NULL ? f->zero : "";
    const char * or = f->zero != NULL ? ", or " : "";
    switch (f->kind) {
    case BLM_FIELD_FLAG:
    case BLM_FIELD_CHOICE:
        blmi_print(out, size, "one of %s", f->words);
        break;
    case BLM_FIELD_WHOLE:
    case BLM_FIELD_WHOLE64:
        blmi_print(
            out, size, "a whole number from %.0f to %.0f%s%s", f->low, f->high, or, zero);
        break;
    case BLM_FIELD_REAL:
        blmi_print(out, size, "a number from %g to %g", f->low, f->high);
        break;
    case BLM_FIELD_SIZE:
        blmi_print(out, size, "WxH, such as 224x224, each from %.0f to %.0f%s%s", f->low,
            f->high, or, zero);
        break;
    case BLM_FIELD_RECT:
        blmi_print(out, size, "X,Y,W,H, in pixels, W and H 1 or more%s%s", or, zero);
        break;
    case BLM_FIELD_RANGE:
        blmi_print(out, size, "LOW,HIGH, two numbers, the first smaller%s%s", or, zero);
        break;
    case BLM_FIELD_LIST:
        blmi_print(out, size, "%s%s%s",
            row->check_list != NULL
                ? "words of letters, digits and .:%- with commas between them"
                : "names or numbers with commas between them, such as layer2,layer3 or "
                  "2,3",
            or, zero);
        break;
    }
}

// ---- to text --------------------------------------------------------------------------

// Writes the shortest text that reads back as the same number; returns its length.
static size_t print_real(double value, char *text, size_t size)
{
    double read;
    size_t length = 0;
    for (int digits = 6; digits <= 17; digits++) {
        length = (size_t)blmi_print(text, size, "%.*g", digits, value);
        if (blmi_scan_double(text, &read) && read == value)
            break;
    }
    return length;
}

static void print_word(const blm_field *field, int value, char text[BLM_FIELD_TEXT])
{
    const char *word = field->words;
    for (int i = (int)field->low; i < value; i++)
        word += strcspn(word, "|") + 1;
    blmi_print(text, BLM_FIELD_TEXT, "%.*s", (int)strcspn(word, "|"), word);
}

static void print_numbers(
    const blm_recipe *recipe, const blmi_recipe_row *row, char text[BLM_FIELD_TEXT])
{
    const int count = blmi_field_count(row->field.kind);
    size_t at = 0;
    for (int i = 0; i < count; i++) {
        if (i > 0)
            text[at++] = separators[row->field.kind];
        const double value = blmi_field_number(recipe, row, i);
        at += blmi_field_is_real(row->field.kind)
                  ? print_real(value, text + at, BLM_FIELD_TEXT - at)
                  : (size_t)blmi_print(text + at, BLM_FIELD_TEXT - at, "%.0f", value);
    }
}

void blmi_field_print(
    const blm_recipe *recipe, const blmi_recipe_row *row, char text[BLM_FIELD_TEXT])
{
    const blm_field *field = &row->field;
    if (field->zero != NULL && blmi_field_is_zero(recipe, row))
        blmi_print(text, BLM_FIELD_TEXT, "%s", field->zero);
    else if (field->words != NULL)
        print_word(field, (int)blmi_field_number(recipe, row, 0), text);
    else if (field->kind == BLM_FIELD_LIST)
        blmi_print(text, BLM_FIELD_TEXT, "%s", (const char *)recipe + row->offset);
    else
        print_numbers(recipe, row, text);
}
