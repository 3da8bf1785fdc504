// grid.h: from lists of values to all recipes that combine them.
#ifndef BLEMISH_CLI_GRID_H
#define BLEMISH_CLI_GRID_H

#include "apps/blemish/options.h"

// Values with commas between them; NULL: one, that of the base.
typedef struct cli_grid {
    const char *size, *filter, *types;
    const char *stages; // lists of stages with slashes between them: "2,3/1,2,3"
    const char *channels, *unit_variance, *epsilon, *shrinkage, *sigma;
} cli_grid;

// Rows for a struct whose member `grid` is a cli_grid.
#define CLI_GRID_OPTIONS(type)                                                           \
    {"size", 0, CLI_TEXT, "LIST", "Sizes the network sees (224x224)",                    \
        offsetof(type, grid.size), 0, 0, NULL},                                          \
        {"filter", 0, CLI_TEXT, "LIST", "bilinear, bicubic (bilinear)",                  \
            offsetof(type, grid.filter), 0, 0, NULL},                                    \
        {"type", 0, CLI_TEXT, "LIST", "f32, bf16, int8 (f32)",                           \
            offsetof(type, grid.types), 0, 0, NULL},                                     \
        {"stages", 0, CLI_TEXT, "LISTS", "Stages, such as 2,3/1,2,3 (2,3)",              \
            offsetof(type, grid.stages), 0, 0, NULL},                                    \
        {"channels", 0, CLI_TEXT, "LIST", "all, or how many to draw (all)",              \
            offsetof(type, grid.channels), 0, 0, NULL},                                  \
        {"unit-variance", 0, CLI_TEXT, "LIST", "no, yes (no,yes)",                       \
            offsetof(type, grid.unit_variance), 0, 0, NULL},                             \
        {"epsilon", 0, CLI_TEXT, "LIST", "Added to the variances (0.001,0.01,0.1)",      \
            offsetof(type, grid.epsilon), 0, 0, NULL},                                   \
        {"shrinkage", 0, CLI_TEXT, "LIST", "Of the covariances (0)",                     \
            offsetof(type, grid.shrinkage), 0, 0, NULL},                                 \
    {                                                                                    \
        "sigma", 0, CLI_TEXT, "LIST", "Blur of the map (4)", offsetof(type, grid.sigma), \
            0, 0, NULL                                                                   \
    }

// All combinations, those that share features together; the caller frees them.  Returns
// 0, or 2 after a complaint.
int cli_grid_expand(const cli_verb *verb, const cli_grid *grid, const blm_recipe *base,
    blm_recipe **out, size_t *count);

#endif
