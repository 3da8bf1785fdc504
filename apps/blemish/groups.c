#include "apps/blemish/groups.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "apps/blemish/exit.h"
#include "apps/blemish/memory.h"

// ---- the option

static int parse_prefix(
    const cli_verb *verb, const char *option, const char *digits, cli_grouping *out)
{
    char *end;
    const long length = strtol(digits, &end, 10);
    if (*digits < '0' || *digits > '9' || *end != '\0' || length < 1 || length > INT_MAX)
        return cli_usage(verb,
            "--%s \"prefix:%s\": should be prefix:N, "
            "N at least 1",
            option, digits);
    out->by = CLI_BY_PREFIX;
    out->prefix = (int)length;
    return CLI_EXIT_OK;
}

static int parse_pattern(
    const cli_verb *verb, const char *option, const char *pattern, cli_grouping *out)
{
    char reason[128];
    const int failure =
        *pattern == '\0' ? REG_BADPAT : regcomp(&out->pattern, pattern, REG_EXTENDED);
    if (failure == 0) {
        out->by = CLI_BY_PATTERN;
        return CLI_EXIT_OK;
    }
    regerror(failure, NULL, reason, sizeof reason);
    return cli_usage(
        verb, "--%s \"regex:%s\": not a valid pattern: %s", option, pattern, reason);
}

int cli_grouping_parse(const cli_verb *verb, const char *text, cli_grouping *out)
{
    return cli_grouping_parse_option(verb, "group-by", text, out);
}

int cli_grouping_parse_option(
    const cli_verb *verb, const char *option, const char *text, cli_grouping *out)
{
    out->by = CLI_BY_NOTHING;
    if (text == NULL)
        return CLI_EXIT_OK;
    if (strncmp(text, "prefix:", 7) == 0)
        return parse_prefix(verb, option, text + 7, out);
    if (strncmp(text, "regex:", 6) == 0)
        return parse_pattern(verb, option, text + 6, out);
    if (strcmp(text, "folder") != 0)
        return cli_usage(verb,
            "--%s \"%s\": should be prefix:N, folder "
            "or regex:PATTERN",
            option, text);
    out->by = CLI_BY_FOLDER;
    return CLI_EXIT_OK;
}

void cli_grouping_free(cli_grouping *grouping)
{
    if (grouping->by == CLI_BY_PATTERN)
        regfree(&grouping->pattern);
    grouping->by = CLI_BY_NOTHING;
}

// ---- keys: the part of a name that is the same in a group

typedef struct key {
    const char *text; // NULL: no match, a group of its own
    size_t length, index;
} key;

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

// Length in bytes of the first `characters` UTF-8 characters.
static size_t prefix_length(const char *text, int characters)
{
    size_t length = 0;
    while (text[length] != '\0' && characters-- > 0)
        do
            length++;
        while ((text[length] & 0xc0) == 0x80);
    return length;
}

static key pattern_key(const regex_t *pattern, const char *name, size_t index)
{
    regmatch_t match[2];
    if (regexec(pattern, name, 2, match, 0) != 0)
        return (key){NULL, 0, index};
    const regmatch_t *m = &match[match[1].rm_so >= 0];
    return (key){name + m->rm_so, (size_t)(m->rm_eo - m->rm_so), index};
}

static key find_key(const cli_grouping *grouping, const char *name, size_t index)
{
    const char *file = file_name(name);
    if (grouping->by == CLI_BY_PATTERN)
        return pattern_key(&grouping->pattern, name, index);
    if (grouping->by == CLI_BY_FOLDER)
        return (key){name, (size_t)(file - name), index};
    return (key){file, prefix_length(file, grouping->prefix), index};
}

// Keys without a text come first, and differ from each other.
static int compare_keys(const void *a, const void *b)
{
    const key *x = a, *y = b;
    if (x->text == NULL || y->text == NULL)
        return x->text == y->text ? (x->index > y->index) - (x->index < y->index)
                                  : (x->text != NULL) - (y->text != NULL);
    if (x->length != y->length)
        return x->length < y->length ? -1 : 1;
    return memcmp(x->text, y->text, x->length);
}

int32_t *cli_group(const cli_grouping *grouping, const char *const *names, size_t count,
    size_t *unmatched)
{
    *unmatched = 0;
    if (grouping->by == CLI_BY_NOTHING)
        return NULL;
    key *keys = cli_alloc(count, sizeof *keys);
    int32_t *group = cli_alloc(count, sizeof *group);
    int32_t number = 0;
    for (size_t i = 0; i < count; i++)
        keys[i] = find_key(grouping, names[i], i);
    qsort(keys, count, sizeof *keys, compare_keys);
    for (size_t i = 0; i < count; i++) {
        number += i > 0 && compare_keys(&keys[i - 1], &keys[i]) != 0;
        group[keys[i].index] = number;
        *unmatched += keys[i].text == NULL;
    }
    free(keys);
    return group;
}

char *cli_group_label(const cli_grouping *grouping, const char *name)
{
    const key k = find_key(grouping, name, 0);
    size_t length = k.length;
    if (k.text == NULL)
        return cli_format("%s", name);
    if (grouping->by == CLI_BY_FOLDER && length > 1)
        length--; // the slash
    return length == 0 ? cli_format(".") : cli_format("%.*s", (int)length, k.text);
}

int32_t *cli_group_model(
    const cli_grouping *grouping, const blm_model *model, size_t *unmatched)
{
    size_t count = 0;
    while (blm_model_image_name(model, count) != NULL)
        count++;
    const char **names = cli_alloc(count, sizeof *names);
    for (size_t i = 0; i < count; i++)
        names[i] = blm_model_image_name(model, i);
    int32_t *group = cli_group(grouping, names, count, unmatched);
    free(names);
    return group;
}

void cli_warn_unmatched(size_t unmatched, const cli_talk *talk)
{
    if (unmatched > 0 && !talk->quiet)
        cli_complain(
            "--group-by: the pattern does not match the names of %zu images; each "
            "of them is a group of its own",
            unmatched);
}
