#include "apps/blemish/cli_recipe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/blemish/cli_text.h"
#include "apps/blemish/memory.h"

const char *cli_type_text(blm_type type)
{
    static const char *const names[] = {
        [BLM_TYPE_F32] = "f32", [BLM_TYPE_BF16] = "bf16", [BLM_TYPE_INT8] = "int8"};
    return names[type];
}

const char *cli_recipe_value(
    const blm_recipe *recipe, const char *field, char text[BLM_FIELD_TEXT])
{
    if (blm_recipe_get(recipe, field, text, NULL) != BLM_OK)
        snprintf(text, BLM_FIELD_TEXT, "?");
    return text;
}

// Appends `more` to `text`; frees both and returns the result.
static char *join(char *text, char *more)
{
    char *joined = cli_format("%s%s", text, more);
    free(text);
    free(more);
    return joined;
}

char *cli_recipe_text(const blm_recipe *recipe, blm_part from, blm_part to)
{
    const blm_field *f;
    char value[BLM_FIELD_TEXT];
    char detector[BLM_FIELD_TEXT];
    char *text = cli_format("%s", "");
    cli_recipe_value(recipe, "detector", detector);
    for (size_t i = 0; (f = blm_recipe_field(i)) != NULL; i++) {
        const int used = f->only == NULL || strcmp(f->only, detector) == 0;
        cli_recipe_value(recipe, f->name, value);
        if (f->part < from || f->part > to || !used ||
            (!f->shown && strcmp(value, f->initial) == 0))
            continue;
        const char *comma = *text != '\0' ? ", " : "";
        text = join(text, f->kind == BLM_FIELD_FLAG
                              ? cli_format("%s%s", comma, f->name)
                              : cli_format("%s%s %s", comma, f->name, value));
    }
    return text;
}

char *cli_recipe_key(const blm_recipe *recipe)
{
    const blm_field *f;
    char value[BLM_FIELD_TEXT];
    char *text = cli_format("%s", "");
    for (size_t i = 0; (f = blm_recipe_field(i)) != NULL; i++)
        text = join(text,
            cli_format("%s=%s;", f->name, cli_recipe_value(recipe, f->name, value)));
    return text;
}

// ---- JSON and CSV ---------------------------------------------------------------------

// The name with '_' for '-'.
static const char *key_of(const blm_field *field, char text[BLM_FIELD_TEXT])
{
    snprintf(text, BLM_FIELD_TEXT, "%s", field->name);
    for (char *c = text; *c != '\0'; c++)
        *c = *c == '-' ? '_' : *c;
    return text;
}

static void array_json(
    const blm_field *field, const char *key, char *value, cli_json *json)
{
    const char *word, *separator = field->kind == BLM_FIELD_SIZE ? "x" : ",";
    cli_json_open(json, key, '[');
    while ((word = strsep(&value, separator)) != NULL) {
        if (field->kind == BLM_FIELD_LIST)
            cli_json_text(json, NULL, word);
        else if (field->kind == BLM_FIELD_RANGE)
            cli_json_number(json, NULL, strtod(word, NULL));
        else
            cli_json_integer(json, NULL, strtoll(word, NULL, 10));
    }
    cli_json_close(json, ']');
}

static void field_json(
    const blm_field *field, const char *key, char *value, cli_json *json)
{
    if (field->zero != NULL && strcmp(value, field->zero) == 0) {
        cli_json_text(json, key, NULL);
        return;
    }
    switch (field->kind) {
    case BLM_FIELD_FLAG:
        cli_json_bool(json, key, strcmp(value, "yes") == 0);
        break;
    case BLM_FIELD_WHOLE:
    case BLM_FIELD_WHOLE64:
        cli_json_integer(json, key, strtoll(value, NULL, 10));
        break;
    case BLM_FIELD_REAL:
        cli_json_number(json, key, strtod(value, NULL));
        break;
    case BLM_FIELD_CHOICE:
        cli_json_text(json, key, value);
        break;
    case BLM_FIELD_SIZE:
    case BLM_FIELD_RECT:
    case BLM_FIELD_LIST:
    case BLM_FIELD_RANGE:
        array_json(field, key, value, json);
        break;
    }
}

void cli_recipe_json(const blm_recipe *recipe, cli_json *json)
{
    const blm_field *f;
    char key[BLM_FIELD_TEXT], value[BLM_FIELD_TEXT];
    for (size_t i = 0; (f = blm_recipe_field(i)) != NULL; i++) {
        cli_recipe_value(recipe, f->name, value);
        field_json(f, key_of(f, key), value, json);
    }
}

void cli_recipe_csv_names(void)
{
    const blm_field *f;
    char key[BLM_FIELD_TEXT];
    for (size_t i = 0; (f = blm_recipe_field(i)) != NULL; i++)
        printf("%s,", key_of(f, key));
}

void cli_recipe_csv(const blm_recipe *recipe)
{
    const blm_field *f;
    char value[BLM_FIELD_TEXT];
    for (size_t i = 0; (f = blm_recipe_field(i)) != NULL; i++) {
        cli_recipe_value(recipe, f->name, value);
        printf(strchr(value, ',') != NULL ? "\"%s\"," : "%s,", value);
    }
}

// ---- two recipes ----------------------------------------------------------------------

int cli_recipe_same(const blm_recipe *a, const blm_recipe *b, blm_part last)
{
    const blm_field *f;
    char x[BLM_FIELD_TEXT], y[BLM_FIELD_TEXT];
    for (size_t i = 0; (f = blm_recipe_field(i)) != NULL; i++)
        if (f->part <= last &&
            strcmp(cli_recipe_value(a, f->name, x), cli_recipe_value(b, f->name, y)) != 0)
            return 0;
    return 1;
}

static int has_word(const char *list, const char *word)
{
    const size_t size = strlen(word);
    for (const char *at = list; *at != '\0'; at += *at == ',') {
        const size_t length = strcspn(at, ",");
        if (length == size && memcmp(at, word, size) == 0)
            return 1;
        at += length;
    }
    return 0;
}

void cli_recipe_add_taps(blm_recipe *recipe, const blm_recipe *more)
{
    char taps[BLM_FIELD_TEXT], words[BLM_FIELD_TEXT];
    char *rest = words, *word;
    cli_recipe_value(more, "taps", words);
    while ((word = strsep(&rest, ",")) != NULL) {
        if (has_word(cli_recipe_value(recipe, "taps", taps), word))
            continue;
        char *longer = cli_format("%s,%s", taps, word);
        blm_recipe_set(recipe, "taps", longer, NULL);
        free(longer);
    }
}
