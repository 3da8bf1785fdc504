#include "apps/blemish/listing.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "apps/blemish/beside.h"
#include "apps/blemish/cli_text.h"
#include "apps/blemish/exit.h"
#include "apps/blemish/memory.h"
#include "blemish/image.h"

// Why something in a folder is left out.
typedef enum reason { ENDING, HIDDEN, MASK, EXCLUDED, REASONS } reason;

typedef struct listing {
    const cli_choice *choice;
    cli_files *files;
    size_t root_length; // of the folder that is walked through
    size_t left_out[REASONS];
    char *example[REASONS]; // the first path of each
} listing;

static void append(listing *l, char *path, size_t root_length)
{
    cli_files *files = l->files;
    files->items =
        cli_grow(files->items, files->count, &files->capacity, sizeof(cli_file));
    files->items[files->count++] = (cli_file){.path = path, .below = path + root_length};
}

// Appends a file, and each further page of it as FILE#2 and so on.  Errors in the file
// are reported when it is read.
static void append_pages(listing *l, char *path, size_t root_length)
{
    int count;
    append(l, path, root_length);
    if (blm_image_page_count(path, &count, NULL) != BLM_OK)
        return;
    for (int page = 2; page <= count; page++)
        append(l, cli_format("%s#%d", path, page), root_length);
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

// ---- what is left out

static void leave_out(listing *l, reason why, const char *path)
{
    if (l->left_out[why]++ == 0)
        l->example[why] = cli_format("%s", path);
}

// Reports what was left out, in one line.
static void report_left_out(listing *l)
{
    static const char *const what[REASONS] = {[ENDING] = "not named like an image",
        [HIDDEN] = "hidden",
        [MASK] = "masks or results of blemish",
        [EXCLUDED] = "excluded"};
    char *text = NULL;
    for (int why = 0; why < REASONS; why++) {
        if (l->left_out[why] > 0) {
            char *longer = cli_format("%s%s%zu %s (%s%s)", text != NULL ? text : "",
                text != NULL ? ", " : "", l->left_out[why], what[why],
                l->left_out[why] > 1 ? "such as " : "", l->example[why]);
            free(text);
            text = longer;
        }
        free(l->example[why]);
    }
    if (text != NULL && !l->choice->quiet)
        cli_complain("left out: %s", text);
    free(text);
}

// A pattern with a slash is compared with the path below the folder, any other pattern
// with each name in that path, or with the last name if the file was an argument itself.
static int matches(const char *pattern, const char *below, int itself)
{
    if (strchr(pattern, '/') != NULL)
        return fnmatch(pattern, below, FNM_LEADING_DIR) == 0;
    if (itself && strrchr(below, '/') != NULL)
        below = strrchr(below, '/') + 1;
    char *names = cli_format("%s", below), *rest = names, *name;
    int found = 0;
    while (!found && (name = strsep(&rest, "/")) != NULL)
        found = fnmatch(pattern, name, 0) == 0;
    free(names);
    return found;
}

static int is_excluded(const listing *l, const char *below, int itself)
{
    if (l->choice->exclude == NULL)
        return 0;
    char *patterns = cli_format("%s", l->choice->exclude), *rest = patterns, *pattern;
    int found = 0;
    while (!found && (pattern = strsep(&rest, ",")) != NULL)
        found = *pattern != '\0' && matches(pattern, below, itself);
    free(patterns);
    return found;
}

// ---- folders

typedef struct folder {
    const struct folder *parent;
    dev_t device;
    ino_t inode;
} folder;

// Whether a link leads to a folder that is being walked, which would never end.
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

static int is_no_dot(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static int compare_entries(const struct dirent **a, const struct dirent **b)
{
    return cli_compare_natural((*a)->d_name, (*b)->d_name);
}

static int walk(
    listing *l, const char *path, const struct stat *info, const folder *parent);

// Handles one entry of a folder; takes ownership of `path`.  beside: the entry is a mask
// or result of another one.
static int take_entry(
    listing *l, char *path, const char *name, int beside, const folder *parent)
{
    struct stat info;
    const int known = stat(path, &info) == 0;
    const int is_folder = known && S_ISDIR(info.st_mode);
    const int apart =
        is_folder && l->choice->apart != NULL && strcmp(name, l->choice->apart) == 0;
    int code = CLI_EXIT_OK;
    if (apart)
        ; // the caller reads it
    else if (name[0] == '.')
        leave_out(l, HIDDEN, path);
    else if (is_excluded(l, path + l->root_length, 0))
        leave_out(l, EXCLUDED, path);
    else if (!l->choice->masks && (is_folder ? cli_is_mask_folder(name) : beside))
        leave_out(l, MASK, path);
    else if (is_folder) {
        if (!is_loop(parent, &info))
            code = walk(l, path, &info, parent);
    } else if ((known && !S_ISREG(info.st_mode)) || !blm_image_is_name(name))
        leave_out(l, ENDING, path);
    else { // also a broken link, which is reported when it is read
        append_pages(l, path, l->root_length);
        return code;
    }
    free(path);
    return code;
}

// Marks the entries that are masks or results of others.
static unsigned char *find_beside(struct dirent *const *entries, size_t count)
{
    const char **names = cli_alloc(count, sizeof *names);
    unsigned char *marks = cli_alloc(count, 1);
    for (size_t i = 0; i < count; i++)
        names[i] = entries[i]->d_name;
    cli_beside(names, count, marks);
    free(names);
    return marks;
}

static int walk(
    listing *l, const char *path, const struct stat *info, const folder *parent)
{
    const folder self = {.parent = parent, .device = info->st_dev, .inode = info->st_ino};
    struct dirent **entries;
    const int count = scandir(path, &entries, is_no_dot, compare_entries);
    if (count < 0)
        return unreadable(path);
    const char *slash = path[strlen(path) - 1] == '/' ? "" : "/";
    unsigned char *beside = find_beside(entries, (size_t)count);
    int code = CLI_EXIT_OK;
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        char *below = cli_format("%s%s%s", path, slash, name);
        code = cli_worse(code, take_entry(l, below, name, beside[i], &self));
        free(entries[i]);
    }
    free(beside);
    free(entries);
    return code;
}

static int list_path(listing *l, const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0 || !S_ISDIR(info.st_mode)) {
        if (is_excluded(l, path, 1))
            leave_out(l, EXCLUDED, path);
        else
            append_pages(l, cli_format("%s", path), 0);
        return CLI_EXIT_OK;
    }
    const size_t before = l->files->count, length = strlen(path);
    l->root_length = length + (path[length - 1] == '/' ? 0 : 1);
    const int code = walk(l, path, &info, NULL);
    if (code != CLI_EXIT_OK || l->files->count > before || l->choice->empty)
        return code;
    cli_complain("%s: no image in this folder", path);
    return CLI_EXIT_INPUT;
}

int cli_list_path(const char *path, const cli_choice *choice, cli_files *files)
{
    listing l = {.choice = choice, .files = files};
    const int code = list_path(&l, path);
    report_left_out(&l);
    return code;
}

// ---- lists

// Removes a byte order mark before the first line, and line feed and carriage return at
// the end.  Returns the line and sets *length to its length.
static char *bare_line(char *line, ssize_t *length, int first)
{
    if (*length > 0 && line[*length - 1] == '\n')
        line[--*length] = '\0';
    if (*length > 0 && line[*length - 1] == '\r')
        line[--*length] = '\0';
    if (!first || *length < 3 || memcmp(line, "\xef\xbb\xbf", 3) != 0)
        return line;
    *length -= 3;
    return line + 3;
}

static int refuse_line(const char *path, const char *line, ssize_t length, int first)
{
    const unsigned char *at = (const unsigned char *)line;
    const int utf16 = first && length >= 2 && (at[0] ^ at[1]) == 1 && (at[0] | 1) == 0xff;
    cli_complain("%s: %s, expected a path on every line", path,
        utf16 ? "UTF-16 text" : "contains a zero byte");
    return CLI_EXIT_INPUT;
}

static int read_lines(listing *l, FILE *in, const char *path)
{
    char *memory = NULL;
    size_t capacity = 0, taken = 0;
    ssize_t length;
    int code = CLI_EXIT_OK;
    for (int first = 1; (length = getline(&memory, &capacity, in)) >= 0; first = 0) {
        const char *line = bare_line(memory, &length, first);
        if (strlen(line) != (size_t)length) {
            code = cli_worse(code, refuse_line(path, line, length, first));
            break;
        }
        if (length > 0) {
            code = cli_worse(code, list_path(l, line));
            taken++;
        }
    }
    free(memory);
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

static int list_lines(listing *l, const char *path)
{
    if (strcmp(path, "-") == 0)
        return read_lines(l, stdin, "standard input");
    FILE *in = fopen(path, "re");
    if (in == NULL) {
        cli_complain("%s: cannot open: %s", path, strerror(errno));
        return CLI_EXIT_INPUT;
    }
    const int code = read_lines(l, in, path);
    fclose(in);
    return code;
}

int cli_list(
    char *const *arguments, size_t count, const cli_choice *choice, cli_files *files)
{
    listing l = {.choice = choice, .files = files};
    int code = CLI_EXIT_OK;
    for (size_t i = 0; i < count; i++) {
        const char *word = arguments[i];
        const int list = word[0] == '@' && word[1] != '\0';
        code = cli_worse(code, list ? list_lines(&l, word + 1) : list_path(&l, word));
    }
    report_left_out(&l);
    return code;
}
