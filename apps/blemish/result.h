// result.h: what table found out about a category, kept in a file.
#ifndef BLEMISH_CLI_RESULT_H
#define BLEMISH_CLI_RESULT_H

#include <stdint.h>

#include "blemish/blemish.h"

typedef struct cli_result {
    char *category;                          // name of its folder
    uint64_t key;                            // of all that the numbers depend on
    int64_t train, good, defective;          // images
    double image_auroc, pixel_auroc, au_pro; // au_pro up to 0.3; NaN: no masks
    double fit_s, image_ms; // a fit; an image of the test, from file to metrics, all
                            // threads at work
} cli_result;

// FNV-1a, 64 bits: tells inputs apart that were changed, not forged.  Begins with:
#define CLI_HASH_START UINT64_C(0xcbf29ce484222325)
uint64_t cli_hash(uint64_t hash, const void *bytes, size_t size);
uint64_t cli_hash_text(uint64_t hash, const char *text);
// Of a path and the content there; 3 after a complaint.
int cli_hash_file(uint64_t *hash, const char *path);

// 1 if `path` holds the result with this key, which is then filled in, but for the
// category.  Anything else there counts as nothing.
int cli_result_read(const char *path, uint64_t key, cli_result *out);
// Complete or not at all.
blm_status cli_result_write(const char *path, const cli_result *result, blm_error *err);

#endif
