// listing.h: from arguments to image files.
#ifndef BLEMISH_CLI_LISTING_H
#define BLEMISH_CLI_LISTING_H

#include <stddef.h>

typedef struct cli_file {
    char *path;
    const char
        *below; // tail of path: below the folder that was named; the path itself if
                // the file was
} cli_file;

typedef struct cli_files {
    cli_file *items; // (count)
    size_t count, capacity;
} cli_files;

// Which files of folders are images to look at.
typedef struct cli_choice {
    const char *exclude; // patterns as --exclude takes them; NULL: none
    int masks;           // 1: a folder of masks is listed, none is left out
    const char *apart;   // a folder of this name is left out without a word; NULL: none
    int empty;           // 1: a folder may have no image
    int quiet;           // 1: do not say what is left out
} cli_choice;

// The row of --exclude, for a struct with the member exclude.
#define CLI_EXCLUDE_OPTION(type)                                                         \
    {                                                                                    \
        "exclude", 'x', CLI_TEXT, "GLOB", "Leave out files and folders like GLOB[,...]", \
            offsetof(type, exclude), 0, 0, NULL                                          \
    }

// Appends what the arguments name.  A folder: the images in it and in its folders, in
// natural order; images are recognised by their endings.  Left out, counted and said once
// on stderr are files with other endings, hidden ones, those that --exclude names, and
// masks and results that lie beside their image (apps/blemish/beside.h) or in a folder of
// masks.  @LIST: every line of the file LIST as an argument, @-: of standard input.
// Anything else: itself, whatever its name, even if it does not exist.  Folders and lists
// that cannot be read, and those that hold nothing, are reported on stderr; returns 0 or
// the exit code that this leads to.
int cli_list(
    char *const *arguments, size_t count, const cli_choice *choice, cli_files *files);
// The same for one folder or file, without the @.
int cli_list_path(const char *path, const cli_choice *choice, cli_files *files);
// Their paths; the caller frees the array, which points into files.
const char **cli_paths(const cli_files *files);
void cli_files_free(cli_files *files);

#endif
