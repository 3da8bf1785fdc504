// Reads the lists of VisA (CSV) and Real-IAD (JSON).
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/blemish/cli_samples.h"
#include "apps/blemish/exit.h"
#include "apps/blemish/layouts.h"
#include "apps/blemish/memory.h"

// The folder of all categories, and the name of one.
typedef struct place {
    char *parent, *name;
} place;

static place find_place(const char *root)
{
    char *whole = realpath(root, NULL);
    char *slash = whole != NULL ? strrchr(whole, '/') : NULL;
    place out = {0};
    if (slash != NULL) {
        // Keep the path as the user wrote it if it ends in the category's name.
        const size_t length = strlen(root), tail = strlen(slash + 1);
        const size_t bare = length > 0 && root[length - 1] == '/' ? length - 1 : length;
        const int named = bare > tail && root[bare - tail - 1] == '/' &&
                          strncmp(root + bare - tail, slash + 1, tail) == 0;
        out.name = cli_format("%s", slash + 1);
        out.parent = named ? cli_format("%.*s", (int)(bare - tail - 1), root)
                           : cli_format("%.*s", (int)(slash - whole), whole);
    }
    free(whole);
    return out;
}

static void free_place(place *p)
{
    free(p->parent);
    free(p->name);
}

static void add_train(cli_dataset *out, const char *path)
{
    const cli_choice as_it_is = {.quiet = 1};
    cli_list_path(path, &as_it_is, &out->train);
}

// ---- VisA -----------------------------------------------------------------------------

enum { OBJECT, SPLIT, LABEL, IMAGE, MASK, COLUMNS };

// Cuts a line into its columns; missing columns are empty.
static void cut(char *line, const char *column[COLUMNS])
{
    line[strcspn(line, "\r\n")] = '\0';
    for (int i = 0; i < COLUMNS; i++) {
        const char *word = strsep(&line, ",");
        column[i] = word != NULL ? word : "";
    }
}

static void take_row(const place *at, const char *const column[COLUMNS], cli_dataset *out)
{
    const int bad = strcmp(column[LABEL], "normal") != 0;
    char *image = cli_format("%s/%s", at->parent, column[IMAGE]);
    char *mask =
        column[MASK][0] != '\0' ? cli_format("%s/%s", at->parent, column[MASK]) : NULL;
    if (strcmp(column[SPLIT], "train") == 0 && !bad)
        add_train(out, image);
    else if (strcmp(column[SPLIT], "test") == 0)
        cli_sample_add(out, image, bad ? column[LABEL] : NULL, bad ? mask : NULL);
    free(mask);
    free(image);
}

int cli_list_visa(const char *root, cli_dataset *out)
{
    place at = find_place(root);
    char *path =
        at.parent != NULL ? cli_format("%s/split_csv/1cls.csv", at.parent) : NULL;
    FILE *list = path != NULL ? fopen(path, "re") : NULL;
    int code = list != NULL ? CLI_EXIT_OK : -1;
    char *line = NULL;
    const char *column[COLUMNS];
    size_t capacity = 0;
    while (list != NULL && getline(&line, &capacity, list) >= 0) {
        cut(line, column);
        if (strcmp(column[OBJECT], at.name) == 0)
            take_row(&at, column, out);
    }
    if (list != NULL && ferror(list)) {
        cli_complain("%s: cannot read: %s", path, strerror(errno));
        code = CLI_EXIT_INPUT;
    } else if (list != NULL && out->count == 0) {
        cli_complain("%s: no test image of \"%s\" in this list", path, at.name);
        code = CLI_EXIT_INPUT;
    }
    if (code == CLI_EXIT_OK)
        cli_samples_finish(out, "one in the list of VisA");
    free(line);
    if (list != NULL)
        fclose(list);
    free(path);
    free_place(&at);
    return code;
}

// ---- Real-IAD -------------------------------------------------------------------------

// State of reading the JSON.  Strings are taken by the key before them, at any depth; the
// end of an object ends a row of the array whose key came last.
typedef struct scanner {
    const char *at, *end;
    char *key, *text;          // the last two strings
    char *split;               // key of the current array
    char *kind, *image, *mask; // of the current object
} scanner;

static void set(char **to, char *text)
{
    free(*to);
    *to = text;
}

// Reads the string after a quotation mark.  An escape becomes the character after the
// backslash, which is enough for paths.
static char *scan_string(scanner *s)
{
    const size_t left = (size_t)(s->end - s->at);
    size_t size = 0, length = 0;
    while (size < left && s->at[size] != '"')
        size += s->at[size] == '\\' && size + 1 < left ? 2 : 1;
    char *text = cli_alloc(size + 1, 1);
    for (size_t i = 0; i < size; i++) {
        i += s->at[i] == '\\' && i + 1 < size;
        text[length++] = s->at[i];
    }
    s->at += size < left ? size + 1 : left;
    return text;
}

static void take_pair(scanner *s)
{
    char **to = s->key == NULL                         ? NULL
                : strcmp(s->key, "anomaly_class") == 0 ? &s->kind
                : strcmp(s->key, "image_path") == 0    ? &s->image
                : strcmp(s->key, "mask_path") == 0     ? &s->mask
                                                       : NULL;
    if (to != NULL) {
        set(to, s->text);
        s->text = NULL;
    }
    set(&s->key, NULL);
}

static void take_object(scanner *s, const char *root, cli_dataset *out)
{
    if (s->image != NULL && s->kind != NULL && s->split != NULL) {
        const int bad = strcmp(s->kind, "OK") != 0;
        char *image = cli_format("%s/%s", root, s->image);
        char *mask = s->mask != NULL ? cli_format("%s/%s", root, s->mask) : NULL;
        if (strcmp(s->split, "train") == 0 && !bad)
            add_train(out, image);
        else if (strcmp(s->split, "test") == 0)
            cli_sample_add(out, image, bad ? s->kind : NULL, bad ? mask : NULL);
        free(mask);
        free(image);
    }
    set(&s->kind, NULL);
    set(&s->image, NULL);
    set(&s->mask, NULL);
}

static void scan(scanner *s, const char *root, cli_dataset *out)
{
    while (s->at < s->end) {
        const char c = *s->at++;
        if (c == '"') {
            set(&s->text, scan_string(s));
            if (s->key != NULL)
                take_pair(s);
        } else if (c == ':') {
            set(&s->key, s->text);
            s->text = NULL;
        } else if (c == '[') {
            set(&s->split, s->key);
            s->key = NULL;
        } else if (c == '}')
            take_object(s, root, out);
        else if (c == ',' || c == '{')
            set(&s->key, NULL);
    }
    char **const owned[] = {&s->key, &s->text, &s->split, &s->kind, &s->image, &s->mask};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
        set(owned[i], NULL);
}

static FILE *open_json(const place *at, char **path)
{
    static const char *const folders[] = {"../realiad_jsons/realiad_jsons",
        "../realiad_jsons", "realiad_jsons/realiad_jsons", "realiad_jsons"};
    FILE *list = NULL;
    for (size_t i = 0; list == NULL && i < sizeof folders / sizeof *folders; i++) {
        set(path, cli_format("%s/%s/%s.json", at->parent, folders[i], at->name));
        list = fopen(*path, "re");
    }
    return list;
}

int cli_list_realiad(const char *root, cli_dataset *out)
{
    place at = find_place(root);
    char *path = NULL, *text = NULL;
    size_t capacity = 0;
    FILE *list = at.parent != NULL ? open_json(&at, &path) : NULL;
    int code = list != NULL ? CLI_EXIT_OK : -1;
    const ssize_t length = list != NULL ? getdelim(&text, &capacity, '\0', list) : 0;
    if (list != NULL && length < 0) {
        cli_complain("%s: cannot read, expected a list in JSON", path);
        code = CLI_EXIT_INPUT;
    } else if (list != NULL) {
        scanner s = {.at = text, .end = text + length};
        scan(&s, root, out);
        cli_samples_finish(out, "one in the list of Real-IAD");
    }
    if (code == CLI_EXIT_OK && out->count == 0) {
        cli_complain("%s: no test image in this list", path);
        code = CLI_EXIT_INPUT;
    }
    if (list != NULL)
        fclose(list);
    free(text);
    free(path);
    free_place(&at);
    return code;
}
