#include "apps/blemish/listing.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "apps/blemish/exit.h"
#include "apps/blemish/memory.h"
#include "apps/blemish/text.h"
#include "blemish/image.h"

static void append(cli_files *files, char *path, size_t root_length)
{
    files->items =
        cli_grow(files->items, files->count, &files->capacity, sizeof(cli_file));
    files->items[files->count++] = (cli_file){.path = path, .below = path + root_length};
}

const char **cli_paths(const cli_files *files)
{
    const char **paths = cli_alloc(files->count, sizeof *paths);
    for (size_t i = 0; i < files->count; i++)
        paths[i] = files->items[i].path;
    return paths;
}

void cli_files_free(cli_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        free(files->items[i].path);
    free(files->items);
    *files = (cli_files){0};
}

// ---- folders

typedef struct folder {
    const struct folder *parent;
    dev_t device;
    ino_t inode;
} folder;

// A link that leads to a folder we are in would go on for ever.
static int is_loop(const folder *parent, const struct stat *info)
{
    for (; parent != NULL; parent = parent->parent) {
        if (parent->device == info->st_dev && parent->inode == info->st_ino)
            return 1;
    }
    return 0;
}

static int unreadable(const char *path)
{
    cli_complain("%s: cannot read the folder: %s", path, strerror(errno));
    return CLI_EXIT_INPUT;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int compare_entries(const struct dirent **a, const struct dirent **b)
{
    return cli_compare_natural((*a)->d_name, (*b)->d_name);
}

static int walk(const char *path, const struct stat *info, const folder *parent,
    size_t root_length, cli_files *files);

// One entry of a folder; `path` becomes the list's or is freed.
static int take_entry(char *path, const char *name, const folder *parent,
    size_t root_length, cli_files *files)
{
    struct stat info;
    const int known = stat(path, &info) == 0;
    int code = CLI_EXIT_OK;
    if (known && S_ISDIR(info.st_mode)) {
        if (!is_loop(parent, &info))
            code = walk(path, &info, parent, root_length, files);
    } else if ((!known || S_ISREG(info.st_mode)) && blm_image_is_name(name)) {
        append(files, path, root_length); // a broken link too: it will be told by name
        return code;
    }
    free(path);
    return code;
}

static int walk(const char *path, const struct stat *info, const folder *parent,
    size_t root_length, cli_files *files)
{
    const folder self = {.parent = parent, .device = info->st_dev, .inode = info->st_ino};
    struct dirent **entries;
    const int count = scandir(path, &entries, is_visible, compare_entries);
    if (count < 0)
        return unreadable(path);
    const char *slash = path[strlen(path) - 1] == '/' ? "" : "/";
    int code = CLI_EXIT_OK;
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        char *below = cli_format("%s%s%s", path, slash, name);
        code = cli_worse(code, take_entry(below, name, &self, root_length, files));
        free(entries[i]);
    }
    free(entries);
    return code;
}

int cli_list_path(const char *path, cli_files *files)
{
    struct stat info;
    if (stat(path, &info) != 0 || !S_ISDIR(info.st_mode)) {
        append(files, cli_format("%s", path), 0);
        return CLI_EXIT_OK;
    }
    const size_t before = files->count, length = strlen(path);
    const int code =
        walk(path, &info, NULL, length + (path[length - 1] == '/' ? 0 : 1), files);
    if (code != CLI_EXIT_OK || files->count > before)
        return code;
    cli_complain("%s: no image in this folder", path);
    return CLI_EXIT_INPUT;
}

// ---- lists

static int read_lines(FILE *in, const char *path, cli_files *files)
{
    char *line = NULL;
    size_t capacity = 0, taken = 0;
    ssize_t length;
    int code = CLI_EXIT_OK;
    while ((length = getline(&line, &capacity, in)) >= 0) {
        if (length > 0 && line[length - 1] == '\n')
            line[--length] = '\0';
        if (strlen(line) != (size_t)length) {
            cli_complain("%s: a zero byte in it, expected a path on every line", path);
            code = cli_worse(code, CLI_EXIT_INPUT);
        } else if (length > 0) {
            code = cli_worse(code, cli_list_path(line, files));
            taken++;
        }
    }
    free(line);
    if (ferror(in)) {
        cli_complain("%s: cannot read: %s", path, strerror(errno));
        return cli_worse(code, CLI_EXIT_INPUT);
    }
    if (taken == 0 && code == CLI_EXIT_OK) {
        cli_complain("%s: empty, expected a path on every line", path);
        return CLI_EXIT_INPUT;
    }
    return code;
}

static int list_lines(const char *path, cli_files *files)
{
    FILE *in = fopen(path, "re");
    if (in == NULL) {
        cli_complain("%s: cannot open: %s", path, strerror(errno));
        return CLI_EXIT_INPUT;
    }
    const int code = read_lines(in, path, files);
    fclose(in);
    return code;
}

int cli_list(char *const *arguments, size_t count, cli_files *files)
{
    int code = CLI_EXIT_OK;
    for (size_t i = 0; i < count; i++) {
        const char *word = arguments[i];
        const int list = word[0] == '@' && word[1] != '\0';
        code = cli_worse(
            code, list ? list_lines(word + 1, files) : cli_list_path(word, files));
    }
    return code;
}
