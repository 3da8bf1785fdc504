// tally.h: counts the images that cannot be judged, by reason.
#ifndef BLEMISH_CLI_TALLY_H
#define BLEMISH_CLI_TALLY_H

#include <stddef.h>

enum { CLI_MAX_REASONS = 32 };

// All zeros: no image.
typedef struct cli_tally {
    size_t images, with_reasons;
    size_t by[CLI_MAX_REASONS]; // bit k of blm_result.reasons
} cli_tally;

void cli_tally_add(cli_tally *tally, unsigned reasons);
// Prints a line on stderr if an image has reasons: "3 of 120 images cannot be judged:
// 2 out of focus, 1 frozen".  judged: they were judged anyway.
void cli_tally_print(const cli_tally *tally, int judged);

#endif
