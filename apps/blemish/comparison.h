// comparison.h: prints our results beside published ones.
#ifndef BLEMISH_CLI_COMPARISON_H
#define BLEMISH_CLI_COMPARISON_H

#include "apps/blemish/result.h"

typedef enum cli_comparison_form {
    CLI_COMPARE_TEXT,
    CLI_COMPARE_MARKDOWN,
    CLI_COMPARE_CSV, // one line for each number
    CLI_COMPARE_JSON,
} cli_comparison_form;

// Prints the paper's tables 2 and 3 with a column for our results: first the paper's
// categories in its order, then others, and averages.  Our averages are over the
// categories present; published averages are as printed.  Then F1 at the model's own
// threshold, without published results.
void cli_compare(const cli_result *results, size_t count, cli_comparison_form form);

#endif
