// weights_list.h: splits a list of weights.
#ifndef BLEMISH_CLI_WEIGHTS_LIST_H
#define BLEMISH_CLI_WEIGHTS_LIST_H

typedef struct cli_weights_list {
    const char *
        *items; // (count) each for blm_weights_describe; NULL: the default weights
    int count;  // 1 or more
    char *text; // holds the items
} cli_weights_list;

// Items are separated by slashes: "b/s/b,lite0".  A path is one item: text that begins
// with / or . and text of which a part between commas is a file.  NULL: one item, NULL.
void cli_weights_split(const char *text, cli_weights_list *out);
void cli_weights_free(cli_weights_list *list);

#endif
