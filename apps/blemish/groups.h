// groups.h: finds which images show the same part, by their names.
#ifndef BLEMISH_CLI_GROUPS_H
#define BLEMISH_CLI_GROUPS_H

#include <regex.h>
#include <stddef.h>
#include <stdint.h>

#include "apps/blemish/options.h"

typedef struct cli_grouping {
    enum { CLI_BY_NOTHING, CLI_BY_PREFIX, CLI_BY_FOLDER, CLI_BY_PATTERN } by;
    int prefix; // characters of the file's name, without its folders
    regex_t
        pattern; // POSIX extended; the key is its first sub-expression, else the match
} cli_grouping;

#define CLI_GROUP_OPTION(type)                                                           \
    {                                                                                    \
        "group-by", 0, CLI_TEXT, "HOW",                                                  \
            "Images of one part: prefix:N, folder or regex:PATTERN",                     \
            offsetof(type, group_by), 0, 0, NULL                                         \
    }

// Parses the option's value; NULL: no grouping.  Returns 0, or 2 after an error.  Call
// cli_grouping_free in either case.
int cli_grouping_parse(const cli_verb *verb, const char *text, cli_grouping *out);
// The same for another option of that form, such as "part-by".
int cli_grouping_parse_option(
    const cli_verb *verb, const char *option, const char *text, cli_grouping *out);
void cli_grouping_free(cli_grouping *grouping);

// Group numbers of images with these names, equal within a group; the caller frees them.
// NULL: no grouping.  Each name that the pattern does not match is a group of its own;
// *unmatched is the number of such names.
int32_t *cli_group(const cli_grouping *grouping, const char *const *names, size_t count,
    size_t *unmatched);
// What the names of a group have in common: the text that the grouping takes from a name,
// a folder without its last slash; the whole name if the pattern does not match it.  The
// caller frees it.
char *cli_group_label(const cli_grouping *grouping, const char *name);
// The same as cli_group for the good images of a model.
int32_t *cli_group_model(
    const cli_grouping *grouping, const blm_model *model, size_t *unmatched);
// Reports such names on stderr, if there were any.
void cli_warn_unmatched(size_t unmatched, const cli_talk *talk);

#endif
