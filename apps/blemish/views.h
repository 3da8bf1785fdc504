// views.h: the views of a part, each with its own model if wanted.
//
// A file of views has a line for each:
//
//     # name  pattern   model
//     top     /top/
//     side    _side\.   side.model
//
// The pattern (POSIX extended) recognises the view in the name of an image; the first one
// that matches counts.  The model is a path from the folder of the file; a view without
// one has the model of the command line.
#ifndef BLEMISH_CLI_VIEWS_H
#define BLEMISH_CLI_VIEWS_H

#include <regex.h>

#include "blemish/blemish.h"

enum { CLI_MOST_VIEWS = 64 };

typedef struct cli_view {
    char *name; // "": the only view
    regex_t pattern;
    int has_pattern;
    blm_model *model;
    blm_model_info info; // of the model
} cli_view;

typedef struct cli_views {
    cli_view items[CLI_MOST_VIEWS]; // (count)
    size_t count;
} cli_views;

// Reads a file of views; path NULL: a single view without a name, for all images.  model:
// that of the command line, which the views share.  Errors are reported; returns 0 or the
// exit code.  Call cli_views_free in either case.
int cli_views_open(const char *path, const blm_model *model, cli_views *out);
void cli_views_free(cli_views *views);

// Index of the view of an image; -1: none.
int cli_views_find(const cli_views *views, const char *name);

#endif
