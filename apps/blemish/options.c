#include "apps/blemish/options.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/blemish/exit.h"

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

// ---- values: each reader returns 1 if the text is what it should be

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

static int read_stages(const char *text, unsigned *out)
{
    unsigned stages = 0;
    for (;; text++) {
        int layer;
        if (!read_int(text, &text, 1, 4, &layer))
            return 0;
        stages |= 1u << (layer - 1);
        if (*text == '\0')
            break;
        if (*text != ',')
            return 0;
    }
    *out = stages;
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
    case CLI_STAGES:
        return read_stages(text, member);
    }
    return 0;
}

// What the value should be, in words.
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
    case CLI_STAGES:
        snprintf(out, size, "a list of stages from 1 to 4, such as 2,3");
        break;
    }
}

// ---- the command line

typedef struct command {
    const cli_verb *verb;
    int argc, at; // argv[at] is looked at
    char **argv;
    void *settings;
} command;

static int set_value(const command *line, const cli_option *option, const char *text)
{
    char wanted[256];
    if (read_value(option, text, (char *)line->settings + option->offset))
        return -1;
    describe(option, wanted, sizeof wanted);
    return cli_usage(line->verb, "Invalid argument \"%s\" for option --%s; should be %s",
        text, option->name, wanted);
}

static int set_flag(const command *line, const cli_option *option, int on)
{
    *(int *)((char *)line->settings + option->offset) = on;
    return -1;
}

// The value that follows as an argument of its own.
static int take_next(command *line, const cli_option *option)
{
    if (line->at + 1 >= line->argc)
        return cli_usage(
            line->verb, "Option --%s needs a value (%s)", option->name, option->value);
    return set_value(line, option, line->argv[++line->at]);
}

static const cli_option *find_long(const cli_verb *verb, const char *name, size_t length)
{
    for (size_t i = 0; i < verb->option_count; i++) {
        const cli_option *option = &verb->options[i];
        if (strlen(option->name) == length && strncmp(option->name, name, length) == 0)
            return option;
    }
    return NULL;
}

static const cli_option *find_short(const cli_verb *verb, char letter)
{
    for (size_t i = 0; i < verb->option_count; i++) {
        if (verb->options[i].letter == letter)
            return &verb->options[i];
    }
    return NULL;
}

// --name, --name=value, --name value, --no-name
static int parse_long(command *line)
{
    const char *name = line->argv[line->at] + 2;
    const size_t length = strcspn(name, "=");
    const char *value = name[length] == '=' ? name + length + 1 : NULL;
    const cli_option *option = find_long(line->verb, name, length);
    if (option != NULL && option->kind != CLI_FLAG)
        return value != NULL ? set_value(line, option, value) : take_next(line, option);
    int on = 1;
    if (option == NULL && strncmp(name, "no-", 3) == 0) {
        option = find_long(line->verb, name + 3, length - 3);
        on = 0;
    }
    if (option == NULL || option->kind != CLI_FLAG)
        return cli_usage(line->verb, "Unknown option --%.*s", (int)length, name);
    if (value != NULL)
        return cli_usage(line->verb, "Option --%.*s takes no value", (int)length, name);
    return set_flag(line, option, on);
}

// -q, -qt2, -t 2
static int parse_short(command *line)
{
    for (const char *letter = line->argv[line->at] + 1; *letter != '\0'; letter++) {
        const cli_option *option = find_short(line->verb, *letter);
        if (option == NULL)
            return cli_usage(line->verb, "Unknown option -%c", *letter);
        if (option->kind != CLI_FLAG)
            return letter[1] != '\0' ? set_value(line, option, letter + 1)
                                     : take_next(line, option);
        set_flag(line, option, 1);
    }
    return -1;
}

int cli_parse(
    const cli_verb *verb, int argc, char **argv, void *settings, cli_arguments *arguments)
{
    command line = {.verb = verb, .argc = argc, .argv = argv, .settings = settings};
    int options = 1; // 0 after "--"
    size_t kept = 0;
    for (line.at = 1; line.at < argc; line.at++) {
        char *word = argv[line.at];
        int code = -1;
        if (!options || word[0] != '-' || word[1] == '\0')
            argv[kept++] = word;
        else if (strcmp(word, "--") == 0)
            options = 0;
        else if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
            cli_print_help(verb);
            return cli_flush();
        } else
            code = word[1] == '-' ? parse_long(&line) : parse_short(&line);
        if (code >= 0)
            return code;
    }
    *arguments = (cli_arguments){.items = argv, .count = kept};
    return -1;
}
