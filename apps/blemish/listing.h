// listing.h: lists the image files that arguments name.
#ifndef BLEMISH_CLI_LISTING_H
#define BLEMISH_CLI_LISTING_H

#include <stddef.h>

typedef struct cli_file {
    char *path;
    // The part of path below the folder that was the argument; the whole path if the file
    // was the argument.
    const char *below;
} cli_file;

typedef struct cli_files {
    cli_file *items; // (count)
    size_t count, capacity;
} cli_files;

// Which files of folders are taken.
typedef struct cli_choice {
    const char *exclude; // patterns as --exclude takes them; NULL: none
    int masks;           // 1: masks are taken too
    const char *apart;   // a folder of this name is left out silently; NULL: none
    int empty;           // 1: a folder may have no image
    int quiet;           // 1: do not report what is left out
} cli_choice;

// The row of --exclude, for a struct with the member exclude.
#define CLI_EXCLUDE_OPTION(type)                                                         \
    {                                                                                    \
        "exclude", 'x', CLI_TEXT, "GLOB", "Leave out files and folders like GLOB[,...]", \
            offsetof(type, exclude), 0, 0, NULL                                          \
    }

// Appends what the arguments name.
// - A folder: the images in it and in its subfolders, in natural order, recognised by
//   their endings.  Left out, and reported once with their number, are files with other
//   endings, hidden files, files that --exclude names, and masks and results beside their
//   image (apps/blemish/beside.h) or in a folder of masks.
// - @LIST: every line of the file LIST is an argument; @-: of standard input.
// - Anything else: the file of this name, even if it does not exist.
// Folders and lists that cannot be read or are empty are reported on stderr.  Returns 0
// or the exit code.
int cli_list(
    char *const *arguments, size_t count, const cli_choice *choice, cli_files *files);
// The same for one folder or file, without @LIST.
int cli_list_path(const char *path, const cli_choice *choice, cli_files *files);
// Their paths; the caller frees the array, which points into files.
const char **cli_paths(const cli_files *files);
void cli_files_free(cli_files *files);

#endif
