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

// Appends what the arguments name.  A folder: the images in it and in its folders (told
// by name, hidden ones left out) in natural order.  @LIST: every line of the file LIST as
// an argument.  Anything else: itself, whatever its name, even if it does not exist.
// Folders and lists that cannot be read, and those that hold nothing, are told on stderr;
// returns 0 or the exit code that this leads to.
int cli_list(char *const *arguments, size_t count, cli_files *files);
// The same for one folder or file, without the @.
int cli_list_path(const char *path, cli_files *files);
// Their paths; the caller frees the array, which points into files.
const char **cli_paths(const cli_files *files);
void cli_files_free(cli_files *files);

#endif
