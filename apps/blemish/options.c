#include "apps/blemish/options.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/blemish/exit.h"
#include "apps/blemish/grid.h"

int cli_usage(const cli_verb *verb, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    cli_complain("%s: %s (see: blemish %s --help)", verb->name, text, verb->name);
    return CLI_EXIT_USAGE;
}

// ---- values: each reader returns 1 if the text is valid

static int read_int(const char *text, const char **end, double low, double high, int *out)
{
    char *stop;
    errno = 0;
    const long value = strtol(text, &stop, 10);
    if (stop == text || errno != 0 || (double)value < low || (double)value > high)
        return 0;
    *end = stop;
    *out = (int)value;
    return 1;
}

static int read_size(const cli_option *option, const char *text, int64_t *out)
{
    static const char suffixes[] = "KMG";
    char *end;
    errno = 0;
    const long long value = strtoll(text, &end, 10);
    if (end == text || errno != 0)
        return 0;
    double scale = 1;
    const char *suffix = *end == '\0' ? NULL : strchr(suffixes, *end);
    if (suffix != NULL) {
        scale = pow(1000, (double)(suffix - suffixes + 1));
        end++;
    }
    const double scaled = (double)value * scale;
    if (*end != '\0' || scaled < option->low || scaled > option->high)
        return 0;
    *out = value * (int64_t)scale;
    return 1;
}

static int read_real(const cli_option *option, const char *text, double *out)
{
    char *end;
    const double value = strtod(text, &end);
    if (end == text || *end != '\0' || !(value > option->low && value < option->high))
        return 0;
    *out = value;
    return 1;
}

static int read_choice(const cli_option *option, const char *text, int *out)
{
    const size_t length = strlen(text);
    int index = 0;
    for (const char *word = option->words;; word++, index++) {
        const size_t size = strcspn(word, "|");
        if (size == length && strncmp(word, text, size) == 0) {
            *out = index;
            return 1;
        }
        word += size;
        if (*word == '\0')
            return 0;
    }
}

// `count` integers with `separator` between them.
static int read_ints(const cli_option *option, const char *text, char separator,
    int *const *out, int count)
{
    for (int i = 0; i < count; i++) {
        if (!read_int(text, &text, option->low, option->high, out[i]))
            return 0;
        if (*text != (i + 1 < count ? separator : '\0'))
            return 0;
        text++;
    }
    return 1;
}

static int read_value(const cli_option *option, const char *text, void *member)
{
    const char *end = text;
    cli_pair *pair = member;
    blm_rect *rect = member;
    switch (option->kind) {
    case CLI_FLAG:
        return 0;
    case CLI_INT:
        return read_int(text, &end, option->low, option->high, member) && *end == '\0';
    case CLI_SIZE:
        return read_size(option, text, member);
    case CLI_REAL:
        return read_real(option, text, member);
    case CLI_TEXT:
        *(const char **)member = text;
        return *text != '\0';
    case CLI_CHOICE:
        return read_choice(option, text, member);
    case CLI_PAIR:
        return read_ints(option, text, 'x', (int *[]){&pair->width, &pair->height}, 2);
    case CLI_RECT:
        return read_ints(option, text, ',',
                   (int *[]){&rect->x, &rect->y, &rect->width, &rect->height}, 4) &&
               rect->width > 0 && rect->height > 0;
    case CLI_RECIPE:
    case CLI_GRID:
    case CLI_FIELD:
    case CLI_ENVIRONMENT:
    case CLI_LIKE:
        break;
    }
    return 0;
}

// Describes the expected value.
static void describe(const cli_option *option, char *out, size_t size)
{
    switch (option->kind) {
    case CLI_FLAG:
        snprintf(out, size, "left out");
        break;
    case CLI_INT:
    case CLI_SIZE:
        snprintf(
            out, size, "a whole number from %.0f to %.0f", option->low, option->high);
        break;
    case CLI_REAL:
        if (isinf(option->high))
            snprintf(out, size, "a number above %g", option->low);
        else
            snprintf(
                out, size, "a number above %g and below %g", option->low, option->high);
        break;
    case CLI_TEXT:
        snprintf(out, size, "a text that is not empty");
        break;
    case CLI_CHOICE:
        snprintf(out, size, "one of %s", option->words);
        break;
    case CLI_PAIR:
        snprintf(out, size, "WxH, such as 224x224, each from %.0f to %.0f", option->low,
            option->high);
        break;
    case CLI_RECT:
        snprintf(out, size, "X,Y,W,H, in pixels, W and H at least 1");
        break;
    case CLI_RECIPE:
    case CLI_GRID:
    case CLI_ENVIRONMENT:
    case CLI_FIELD: // described by the library
    case CLI_LIKE:
        break;
    }
}

// ---- the table

int cli_option_is_flag(const cli_option *option)
{
    return option->kind == CLI_FLAG ||
           (option->kind == CLI_FIELD && option->value == NULL);
}

static cli_option option_of_field(
    const cli_option *row, const blm_field *field, size_t index, const char **usual)
{
    cli_option out = {.name = field->name,
        .kind = CLI_FIELD,
        .value = field->value,
        .help = field->text,
        .offset = row->offset,
        .words = field->words};
    *usual = cli_option_is_flag(&out) ? NULL : field->initial;
    if (row->kind == CLI_GRID) {
        const char *values = cli_grid_usual(row->words, field->name);
        *usual = values != NULL ? values : field->initial;
        out.kind = CLI_TEXT;
        out.value = "LIST";
        out.offset += index * sizeof(const char *);
    }
    return out;
}

int cli_option_at(const cli_verb *verb, size_t index, cli_option *out, const char **usual)
{
    const char *unused;
    usual = usual != NULL ? usual : &unused;
    for (size_t i = 0; i < verb->option_count; i++) {
        const cli_option *row = &verb->options[i];
        const blm_field *field;
        if (row->kind != CLI_RECIPE && row->kind != CLI_GRID) {
            if (index-- > 0)
                continue;
            *out = *row;
            *usual = NULL;
            return 1;
        }
        for (size_t k = 0; (field = blm_recipe_field(k)) != NULL; k++)
            if (index-- == 0) {
                *out = option_of_field(row, field, k, usual);
                return 1;
            }
    }
    return 0;
}

// ---- the command line

typedef struct command {
    const cli_verb *verb;
    int argc, at; // argv[at] is the current argument
    int likes;    // 1: only --like is handled; 0: all other options
    char **argv;
    void *settings;
} command;

static void *member_of(const command *line, const cli_option *option)
{
    return (char *)line->settings + option->offset;
}

static int set_like(const command *line, const cli_option *option, const char *name)
{
    cli_setup *setup = member_of(line, option);
    const blm_preset *preset;
    blm_error err;
    if (blm_recipe_like(&setup->recipe, name, &preset, &err) != BLM_OK)
        return cli_usage(line->verb, "--%s", err.text);
    setup->weights = preset->weights;
    return -1;
}

static int set_value(const command *line, const cli_option *option, const char *text)
{
    char wanted[256];
    blm_error err;
    if ((option->kind == CLI_LIKE) != line->likes)
        return -1;
    if (option->kind == CLI_LIKE)
        return set_like(line, option, text);
    if (option->kind == CLI_ENVIRONMENT) {
        if (*text == '\0' || setenv(option->words, text, 1) != 0)
            return cli_usage(
                line->verb, "--%s \"%s\": should be a text", option->name, text);
        return -1;
    }
    if (option->kind == CLI_FIELD) {
        if (blm_recipe_set(member_of(line, option), option->name, text, &err) == BLM_OK)
            return -1;
        return cli_usage(line->verb, "--%s", err.text);
    }
    if (read_value(option, text, member_of(line, option)))
        return -1;
    describe(option, wanted, sizeof wanted);
    return cli_usage(line->verb, "--%s \"%s\": should be %s", option->name, text, wanted);
}

static int set_flag(const command *line, const cli_option *option, int on)
{
    if (option->kind == CLI_FIELD)
        return set_value(line, option, on ? "yes" : "no");
    *(int *)member_of(line, option) = on;
    return -1;
}

// Takes the next argument as the value.
static int take_next(command *line, const cli_option *option)
{
    if (line->at + 1 >= line->argc)
        return cli_usage(
            line->verb, "option --%s needs a value (%s)", option->name, option->value);
    return set_value(line, option, line->argv[++line->at]);
}

// Finds an option by its name or, if that is NULL, by its letter; returns 0 for none.
static int find_option(
    const cli_verb *verb, const char *name, size_t length, char letter, cli_option *out)
{
    for (size_t i = 0; cli_option_at(verb, i, out, NULL); i++) {
        if (name == NULL
                ? out->letter == letter
                : strlen(out->name) == length && strncmp(out->name, name, length) == 0)
            return 1;
    }
    return 0;
}

// Finds an option by its name or by the alias of a field.
static int find_long(
    const cli_verb *verb, const char *name, size_t length, cli_option *out)
{
    const blm_field *field;
    if (find_option(verb, name, length, 0, out))
        return 1;
    for (size_t i = 0; (field = blm_recipe_field(i)) != NULL; i++)
        if (field->alias != NULL && strlen(field->alias) == length &&
            strncmp(field->alias, name, length) == 0)
            return find_option(verb, field->name, strlen(field->name), 0, out);
    return 0;
}

// --name, --name=value, --name value, --no-name
static int parse_long(command *line)
{
    const char *name = line->argv[line->at] + 2;
    const size_t length = strcspn(name, "=");
    const char *value = name[length] == '=' ? name + length + 1 : NULL;
    cli_option option;
    int known = find_long(line->verb, name, length, &option);
    if (known && !cli_option_is_flag(&option))
        return value != NULL ? set_value(line, &option, value) : take_next(line, &option);
    int on = 1;
    if (!known && strncmp(name, "no-", 3) == 0) {
        known = find_long(line->verb, name + 3, length - 3, &option);
        on = 0;
    }
    if (!known || !cli_option_is_flag(&option))
        return cli_usage(line->verb, "unknown option --%.*s", (int)length, name);
    if (value != NULL)
        return cli_usage(line->verb, "option --%.*s takes no value", (int)length, name);
    return set_flag(line, &option, on);
}

// -q, -qt2, -t 2
static int parse_short(command *line)
{
    for (const char *letter = line->argv[line->at] + 1; *letter != '\0'; letter++) {
        cli_option option;
        if (!find_option(line->verb, NULL, 0, *letter, &option))
            return cli_usage(line->verb, "unknown option -%c", *letter);
        if (!cli_option_is_flag(&option))
            return letter[1] != '\0' ? set_value(line, &option, letter + 1)
                                     : take_next(line, &option);
        set_flag(line, &option, 1);
    }
    return -1;
}

// Parses all arguments once.  The last pass moves those that are not options to the front
// of argv.
static int parse(command *line, size_t *kept)
{
    int options = 1; // 0 after "--"
    for (line->at = 1; line->at < line->argc; line->at++) {
        char *word = line->argv[line->at];
        int code = -1;
        if (!options || word[0] != '-' || word[1] == '\0') {
            if (!line->likes)
                line->argv[(*kept)++] = word;
        } else if (strcmp(word, "--") == 0)
            options = 0;
        else if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
            cli_print_help(line->verb);
            return cli_flush();
        } else
            code = word[1] == '-' ? parse_long(line) : parse_short(line);
        if (code >= 0)
            return code;
    }
    return -1;
}

int cli_parse(
    const cli_verb *verb, int argc, char **argv, void *settings, cli_arguments *arguments)
{
    command line = {.verb = verb, .argc = argc, .argv = argv, .settings = settings};
    size_t kept = 0;
    line.likes = 1;
    int code = parse(&line, &kept);
    line.likes = 0;
    if (code < 0)
        code = parse(&line, &kept);
    if (code < 0)
        *arguments = (cli_arguments){.items = argv, .count = kept};
    return code;
}
