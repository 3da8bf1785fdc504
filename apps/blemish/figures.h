// figures.h: arranges our results beside published ones, one table for each metric.
#ifndef BLEMISH_CLI_FIGURES_H
#define BLEMISH_CLI_FIGURES_H

#include "apps/blemish/result.h"

// Our results: a column for each backbone.
typedef struct cli_comparison {
    const char *const *names; // (columns)
    int columns;
    const cli_result *results; // (categories, columns); without images: it failed
    size_t categories;
} cli_comparison;

typedef struct cli_figure_line {
    const char *label;     // category, or "average of textures"
    const char *group;     // "object", "texture", "other", "all"; static text
    int average;           // number of categories averaged; 0: a category
    const double *percent; // (columns) NaN: none
} cli_figure_line;

typedef struct cli_figures {
    int number;         // of the table in Dini & Rahtu, VISAPP 2023; 0: none
    const char *title;  // "image AUROC"
    const char *note;   // where published columns come from, or what is measured
    const char **names; // (columns) ours first, then the published ones
    int columns, ours;
    cli_figure_line *lines; // (count)
    size_t count;
    double *percent; // of all lines
} cli_figures;

enum { CLI_FIGURES = 4 }; // image and pixel AUROC, image and pixel F1

// First the paper's categories in its order, then others, and averages.  Our averages are
// over the categories that all columns have (a column without any does not count);
// published averages are as printed.  Texts belong to `comparison`.
void cli_figures_make(const cli_comparison *comparison, cli_figures out[CLI_FIGURES]);
void cli_figures_free(cli_figures figures[CLI_FIGURES]);

#endif
