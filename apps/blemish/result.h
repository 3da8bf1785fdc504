// result.h: keeps the result of a category of table in a file.
#ifndef BLEMISH_CLI_RESULT_H
#define BLEMISH_CLI_RESULT_H

#include <stdint.h>

#include "blemish/blemish.h"

typedef struct cli_result {
    char *category;                          // name of its folder
    uint64_t key;                            // hash of all that the numbers depend on
    int64_t train, good, defective;          // images
    double image_auroc, pixel_auroc, au_pro; // au_pro up to 0.3; NaN: no masks
    double image_f1, pixel_f1;               // at the model's threshold; NaN: not defined
    double fit_s, image_ms; // time of the fit; time per test image, from file to metrics
} cli_result;

// FNV-1a, 64 bits: detects changes, not forgery.  Its first value:
#define CLI_HASH_START UINT64_C(0xcbf29ce484222325)
uint64_t cli_hash(uint64_t hash, const void *bytes, size_t size);
uint64_t cli_hash_text(uint64_t hash, const char *text);
// Adds the content of a file; returns 3 after an error, which has been reported.
int cli_hash_content(uint64_t *hash, const char *path);
// Adds a path and the content of the file; returns 3 after an error.
int cli_hash_file(uint64_t *hash, const char *path);

// Returns 1 and fills in all but the category if `path` holds the result with this key;
// returns 0 for anything else.
int cli_result_read(const char *path, uint64_t key, cli_result *out);
// Writes the file complete or not at all.
blm_status cli_result_write(const char *path, const cli_result *result, blm_error *err);

#endif
