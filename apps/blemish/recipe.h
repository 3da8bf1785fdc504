// recipe.h: the options that say how to learn, for all verbs that do.
#ifndef BLEMISH_CLI_RECIPE_H
#define BLEMISH_CLI_RECIPE_H

#include "apps/blemish/options.h"

typedef struct cli_recipe {
    cli_pair size, resize;
    blm_rect crop;
    int filter;       // index of bilinear, bicubic
    int product_type; // blm_type
    int bits;
    unsigned stages;
    double epsilon, sigma, shrinkage;
    int64_t min_area, seed;
    int channels, unit_variance, half;
} cli_recipe;

#define CLI_TYPES "f32|bf16|int8" // in the order of blm_type

// Rows for a struct whose member `recipe` is a cli_recipe.
#define CLI_RECIPE_OPTIONS(type)                                                         \
    {"size", 0, CLI_PAIR, "WxH", "Size the network sees (the network's own)",            \
        offsetof(type, recipe.size), 1, 65535, NULL},                                    \
        {"resize", 0, CLI_PAIR, "WxH",                                                   \
            "Resize to this, then cut out the centre (as --size)",                       \
            offsetof(type, recipe.resize), 1, 65535, NULL},                              \
        {"crop", 0, CLI_RECT, "X,Y,W,H",                                                 \
            "Look at this rectangle of the images (all of them)",                        \
            offsetof(type, recipe.crop), 0, INT32_MAX, NULL},                            \
        {"filter", 0, CLI_CHOICE, "NAME", "bilinear or bicubic resizing (bilinear)",     \
            offsetof(type, recipe.filter), 0, 0, "bilinear|bicubic"},                    \
        {"bits", 0, CLI_INT, "N", "Bits that 16-bit sensors fill, 9 to 16 (16)",         \
            offsetof(type, recipe.bits), 9, 16, NULL},                                   \
        {"type", 0, CLI_CHOICE, "NAME", "f32, bf16 or int8 products (f32)",              \
            offsetof(type, recipe.product_type), 0, 0, CLI_TYPES},                       \
        {"stages", 0, CLI_STAGES, "LIST", "Stages of the network, from 1 to 4 (2,3)",    \
            offsetof(type, recipe.stages), 0, 0, NULL},                                  \
        {"channels", 0, CLI_INT, "N", "Use N channels of the stages, drawn (all)",       \
            offsetof(type, recipe.channels), 1, 16384, NULL},                            \
        {"seed", 0, CLI_SIZE, "N", "Of the draw of channels (0)",                        \
            offsetof(type, recipe.seed), 0, 9007199254740992.0, NULL},                   \
        {"unit-variance", 0, CLI_FLAG, NULL, "Bring channels to unit variance",          \
            offsetof(type, recipe.unit_variance), 0, 0, NULL},                           \
        {"shrinkage", 0, CLI_REAL, "X", "Shrink covariances towards the identity (0)",   \
            offsetof(type, recipe.shrinkage), 0, 1, NULL},                               \
        {"half", 0, CLI_FLAG, NULL, "Keep the Gaussians in half precision",              \
            offsetof(type, recipe.half), 0, 0, NULL},                                    \
        {"epsilon", 0, CLI_REAL, "X", "Added to the variances (0.01)",                   \
            offsetof(type, recipe.epsilon), 0, INFINITY, NULL},                          \
        {"sigma", 0, CLI_REAL, "X", "Blur of the map, in pixels of --size (4)",          \
            offsetof(type, recipe.sigma), 0, INFINITY, NULL},                            \
    {                                                                                    \
        "min-area", 0, CLI_SIZE, "N", "Smallest defect, in pixels of --size (1)",        \
            offsetof(type, recipe.min_area), 1, 1e12, NULL                               \
    }

blm_recipe cli_recipe_of(const cli_recipe *set);

// In a few words, such as "stages 2,3, epsilon 0.01, sigma 4": what it says about
// statistics and map.  The caller frees it.
char *cli_recipe_text(const blm_recipe *recipe);
// "f32", static text
const char *cli_type_text(blm_type type);
// "2,3"
const char *cli_stages_text(unsigned stages, char text[8]);

#endif
