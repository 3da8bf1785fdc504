// comparison.h: prints our results beside published ones.
#ifndef BLEMISH_CLI_COMPARISON_H
#define BLEMISH_CLI_COMPARISON_H

#include "apps/blemish/figures.h"

typedef enum cli_comparison_form {
    CLI_COMPARE_TEXT,
    CLI_COMPARE_MARKDOWN,
    CLI_COMPARE_CSV, // one line for each number
    CLI_COMPARE_JSON,
    CLI_COMPARE_HTML, // a page
} cli_comparison_form;

// Prints the paper's tables 2 and 3 with our columns, then F1 at the model's own
// threshold, without published results.  Returns the exit code.
int cli_compare(const cli_comparison *comparison, cli_comparison_form form);

#endif
