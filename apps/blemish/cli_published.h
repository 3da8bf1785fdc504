// cli_published.h: published results on the 15 categories of MVTec AD.
#ifndef BLEMISH_CLI_PUBLISHED_H
#define BLEMISH_CLI_PUBLISHED_H

#include <stddef.h>

enum { CLI_METHODS = 6, CLI_CATEGORIES = 15 };

typedef enum cli_group { CLI_OBJECT, CLI_TEXTURE, CLI_UNKNOWN } cli_group;

typedef struct cli_published_row {
    const char *category; // name of its folder in MVTec AD
    cli_group group;
    double percent[CLI_METHODS];
} cli_published_row;

typedef struct cli_published {
    int number; // of the table in the paper
    const char *title, *source;
    const char *methods[CLI_METHODS]; // names of the columns
    cli_published_row rows[CLI_CATEGORIES];
    double averages[3][CLI_METHODS]; // as printed: objects, textures, all; NaN: none
} cli_published;

extern const cli_published cli_published_images; // table 2
extern const cli_published cli_published_pixels; // table 3

// The row of a category; NULL: not one of the 15.
const cli_published_row *cli_published_find(
    const cli_published *table, const char *category);

#endif
