#include "apps/blemish/options.h"

#include <stdio.h>
#include <string.h>

// ---- --help

enum { HELP_COLUMN = 28 };

static void print_option(const cli_option *option, const char *usual)
{
    char left[64];
    const char letter[] = {'-', option->letter, ',', ' ', '\0'};
    const char *value = option->value == NULL ? "" : option->value;
    const int length =
        snprintf(left, sizeof left, "  %s--%s%s%s", option->letter != 0 ? letter : "    ",
            option->name, *value != '\0' ? " " : "", value);
    if (length >= HELP_COLUMN)
        printf("%s\n%*s", left, HELP_COLUMN, "");
    else
        printf("%-*s", HELP_COLUMN, left);
    printf("%s", option->help);
    if (usual != NULL)
        printf(" (%s)", usual);
    putchar('\n');
}

void cli_print_help(const cli_verb *verb)
{
    printf("Usage: blemish %s [options] %s\n\n%s.\n\nOptions:\n", verb->name,
        verb->arguments, verb->summary);
    cli_option option;
    const char *usual;
    for (size_t i = 0; cli_option_at(verb, i, &option, &usual); i++)
        print_option(&option, usual);
    printf("%-*s%s\n", HELP_COLUMN, "  -h, --help", "Print this help");
    if (verb->notes != NULL)
        printf("\n%s\n", verb->notes);
}

// ---- completion

static void print_words(const cli_verb *verb)
{
    cli_option option;
    for (size_t i = 0; cli_option_at(verb, i, &option, NULL); i++)
        printf("--%s ", option.name);
    printf("--help");
}

// The words that may follow the options with choices.
static void print_choices(const cli_verb *verb)
{
    cli_option option;
    for (size_t i = 0; cli_option_at(verb, i, &option, NULL); i++) {
        if (option.words == NULL || option.value == NULL || option.kind == CLI_TEXT ||
            option.kind == CLI_ENVIRONMENT)
            continue;
        printf("        %s:--%s) words='", verb->name, option.name);
        for (const char *c = option.words; *c != '\0'; c++)
            putchar(*c == '|' ? ' ' : *c);
        printf("' ;;\n");
    }
}

void cli_print_completion(const cli_verb *const *verbs, size_t count)
{
    printf("# bash completion for blemish, printed by: blemish completion\n"
           "_blemish() {\n"
           "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
           "    local verb=${COMP_WORDS[1]} words=\n"
           "    if [ \"$COMP_CWORD\" = 1 ]; then\n"
           "        words='");
    for (size_t i = 0; i < count; i++)
        printf("%s ", verbs[i]->name);
    printf("--help --version'\n"
           "    else\n"
           "        case $verb:$before in\n");
    for (size_t i = 0; i < count; i++)
        print_choices(verbs[i]);
    printf("        esac\n"
           "        if [ -z \"$words\" ] && [ \"${word#-}\" != \"$word\" ]; then\n"
           "            case $verb in\n");
    for (size_t i = 0; i < count; i++) {
        printf("            %s) words='", verbs[i]->name);
        print_words(verbs[i]);
        printf("' ;;\n");
    }
    printf("            esac\n"
           "        fi\n"
           "    fi\n"
           "    COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
           "}\n"
           "complete -o default -o bashdefault -F _blemish blemish\n");
}
