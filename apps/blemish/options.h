// options.h: parses options.  One table per verb also gives --help, completion and the
// check of the man pages.
#ifndef BLEMISH_CLI_OPTIONS_H
#define BLEMISH_CLI_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

#include "blemish/blemish.h"

// The kind of value of an option, and the type of the member that receives it.
typedef enum cli_kind {
    CLI_FLAG,   // int: 1 by --name, 0 by --no-name
    CLI_INT,    // int, from low to high
    CLI_SIZE,   // int64_t, from low to high; K, M, G at the end mean powers of 1000
    CLI_REAL,   // double, above low and below high
    CLI_TEXT,   // const char *, not empty
    CLI_CHOICE, // int: index of the word in `words`
    CLI_PAIR,   // cli_pair: WxH, each from low to high
    CLI_RECT,   // blm_rect: X,Y,W,H
    CLI_RECIPE, // in a verb's table: an option for each field of a blm_recipe
    CLI_GRID,   // in a verb's table: a list of values for each, of a cli_grid
    CLI_FIELD,  // blm_recipe: one of its fields
    // Not of the verb's struct: sets the environment variable `words` for the library.
    CLI_ENVIRONMENT,
    CLI_LIKE, // cli_setup: the name of a preset, which all other options can change
} cli_kind;

typedef struct cli_pair {
    int width, height;
} cli_pair;

// A recipe and weights.
typedef struct cli_setup {
    blm_recipe recipe;
    const char *weights; // NULL: the default ones
} cli_setup;

typedef struct cli_option {
    const char *name; // without the dashes
    char letter;      // short form; 0: none
    cli_kind kind;
    const char *value; // name of the value in --help; NULL for flags
    const char *help;  // one line, default included
    size_t offset;     // of the member in the verb's struct
    double low, high;
    const char *words; // CLI_CHOICE: "tiff16|tiff32|npy"
} cli_option;

enum { CLI_MAX_FIELDS = 64 }; // of a recipe

// Rows that several verbs share, for a struct with the members named here.
#define CLI_LIMIT_OPTIONS(type)                                                          \
    {"max-pixels", 0, CLI_SIZE, "N", "Refuse images with more pixels (100M)",            \
        offsetof(type, decode.max_pixels), 1, 1e12, NULL},                               \
    {                                                                                    \
        "max-bytes", 0, CLI_SIZE, "N", "Refuse image files with more bytes (512 MiB)",   \
            offsetof(type, decode.max_bytes), 1, 1e15, NULL                              \
    }
#define CLI_RUNTIME_OPTIONS                                                              \
    {"onnxruntime", 0, CLI_ENVIRONMENT, "FILE",                                          \
        "Library that runs ONNX networks (libonnxruntime.so.1)", 0, 0, 0,                \
        "BLEMISH_ONNXRUNTIME"},                                                          \
    {                                                                                    \
        "provider", 0, CLI_ENVIRONMENT, "NAME",                                          \
            "What it computes with: cpu, cuda, tensorrt, openvino (cpu)", 0, 0, 0,       \
            "BLEMISH_PROVIDER"                                                           \
    }
#define CLI_THREADS_OPTION(type)                                                         \
    {                                                                                    \
        "threads", 't', CLI_INT, "N", "Use N threads (all cores)",                       \
            offsetof(type, threads), 1, 1024, NULL                                       \
    }
#define CLI_JSON_OPTION(type)                                                            \
    {                                                                                    \
        "json", 0, CLI_FLAG, NULL, "Print JSON, one object per line",                    \
            offsetof(type, json), 0, 0, NULL                                             \
    }
#define CLI_TALK_OPTIONS(type)                                                           \
    {"progress", 0, CLI_FLAG, NULL,                                                      \
        "Show a progress line on stderr (if that is a terminal)",                        \
        offsetof(type, talk.progress), 0, 0, NULL},                                      \
    {                                                                                    \
        "quiet", 'q', CLI_FLAG, NULL, "No progress and no remarks, errors only",         \
            offsetof(type, talk.quiet), 0, 0, NULL                                       \
    }

typedef struct cli_talk {
    int progress; // 1 always, 0 never, -1 on a terminal
    int quiet;
} cli_talk;

typedef struct cli_verb {
    const char *name;
    const char *arguments; // for the usage line
    const char *summary;   // half a line, no full stop
    const char *notes;     // text of --help after the options; NULL: none
    const cli_option *options;
    size_t option_count;
    int (*run)(const struct cli_verb *verb, int argc, char **argv); // argv[0]: the verb
} cli_verb;

// The command line without the options.
typedef struct cli_arguments {
    char **items; // (count) pointers into argv
    size_t count;
} cli_arguments;

// Parses argv into `settings` (the verb's struct, filled with defaults) and moves the
// other arguments to the front of argv.  "--" ends the options.  Returns -1 to go on, or
// the exit code: 0 after --help, 2 after an error, which has been printed on stderr.
int cli_parse(const cli_verb *verb, int argc, char **argv, void *settings,
    cli_arguments *arguments);

// Prints an error in the use of a verb on stderr, with a hint at --help.  Returns exit
// code 2.
int cli_usage(const cli_verb *verb, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// Gets option number `index` of a verb; rows that stand for many options count as many.
// *usual (may be NULL) becomes the default if `help` does not have it, else NULL.
// Returns 0 after the last one.
int cli_option_at(
    const cli_verb *verb, size_t index, cli_option *out, const char **usual);
// Whether it takes no value.
int cli_option_is_flag(const cli_option *option);

// What --help prints.
void cli_print_help(const cli_verb *verb);
// A completion script for bash.
void cli_print_completion(const cli_verb *const *verbs, size_t count);

#endif
