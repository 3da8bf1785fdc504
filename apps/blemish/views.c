#include "apps/blemish/views.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/blemish/exit.h"
#include "apps/blemish/memory.h"

static const char blanks[] = " \t\r\n";

// ---- a line

static int fail_line(const char *path, size_t line, const char *what)
{
    cli_complain("%s: line %zu: %s, expected NAME PATTERN [MODEL]", path, line, what);
    return CLI_EXIT_INPUT;
}

// Cuts the next word off a text; NULL: there is none.
static char *next_word(char **text)
{
    char *word = *text + strspn(*text, blanks);
    if (*word == '\0')
        return NULL;
    *text = word + strcspn(word, blanks);
    if (**text != '\0')
        *(*text)++ = '\0';
    return word;
}

// The rest of a line without blanks around it; NULL: there is none.
static char *rest_of(char *text)
{
    text += strspn(text, blanks);
    size_t length = strlen(text);
    while (length > 0 && strchr(blanks, text[length - 1]) != NULL)
        text[--length] = '\0';
    return length > 0 ? text : NULL;
}

static int open_model(const char *views_path, const char *name, blm_model **out)
{
    const char *slash = strrchr(views_path, '/');
    blm_error err;
    char *path = *name == '/' || slash == NULL
                     ? cli_format("%s", name)
                     : cli_format("%.*s/%s", (int)(slash - views_path), views_path, name);
    const blm_status status = blm_model_open(path, out, &err);
    free(path);
    return status == BLM_OK ? CLI_EXIT_OK : cli_fail(status, &err);
}

static int compile(const char *path, size_t line, const char *pattern, cli_view *view)
{
    char reason[128];
    const int failure = regcomp(&view->pattern, pattern, REG_EXTENDED | REG_NOSUB);
    view->has_pattern = failure == 0;
    if (failure == 0)
        return CLI_EXIT_OK;
    regerror(failure, NULL, reason, sizeof reason);
    cli_complain(
        "%s: line %zu: \"%s\" is not a valid pattern: %s", path, line, pattern, reason);
    return CLI_EXIT_INPUT;
}

static int read_line(
    const char *path, size_t line, char *text, const blm_model *model, cli_views *out)
{
    char *name = next_word(&text);
    if (name == NULL || *name == '#')
        return CLI_EXIT_OK;
    const char *pattern = next_word(&text);
    if (pattern == NULL)
        return fail_line(path, line, "no pattern");
    for (size_t v = 0; v < out->count; v++)
        if (strcmp(out->items[v].name, name) == 0)
            return fail_line(path, line, "a name that is there already");
    if (out->count == CLI_MOST_VIEWS)
        return fail_line(path, line, "more than 64 views");
    cli_view *view = &out->items[out->count++];
    *view = (cli_view){.name = cli_format("%s", name)};
    int code = compile(path, line, pattern, view);
    const char *own = rest_of(text);
    if (code == CLI_EXIT_OK && own != NULL)
        code = open_model(path, own, &view->model);
    else if (code == CLI_EXIT_OK)
        view->model = blm_model_share(model);
    blm_model_describe(view->model, &view->info);
    return code;
}

// ---- all of it

static int read_file(const char *path, const blm_model *model, cli_views *out)
{
    FILE *file = fopen(path, "re");
    char *text = NULL;
    size_t room = 0, line = 0;
    int code = CLI_EXIT_OK;
    if (file == NULL) {
        cli_complain("%s: cannot read the views: %s", path, strerror(errno));
        return CLI_EXIT_INPUT;
    }
    while (code == CLI_EXIT_OK && getline(&text, &room, file) > 0)
        code = read_line(path, ++line, text, model, out);
    free(text);
    fclose(file);
    if (code == CLI_EXIT_OK && out->count == 0) {
        cli_complain("%s: no views, expected lines NAME PATTERN [MODEL]", path);
        return CLI_EXIT_INPUT;
    }
    return code;
}

int cli_views_open(const char *path, const blm_model *model, cli_views *out)
{
    out->count = 0;
    if (path != NULL)
        return read_file(path, model, out);
    out->count = 1;
    out->items[0] =
        (cli_view){.name = cli_format("%s", ""), .model = blm_model_share(model)};
    blm_model_describe(model, &out->items[0].info);
    return CLI_EXIT_OK;
}

void cli_views_free(cli_views *views)
{
    for (size_t v = 0; v < views->count; v++) {
        if (views->items[v].has_pattern)
            regfree(&views->items[v].pattern);
        blm_model_free(views->items[v].model);
        free(views->items[v].name);
    }
    views->count = 0;
}

int cli_views_find(const cli_views *views, const char *name)
{
    for (size_t v = 0; v < views->count; v++)
        if (!views->items[v].has_pattern ||
            regexec(&views->items[v].pattern, name, 0, NULL, 0) == 0)
            return (int)v;
    return -1;
}
