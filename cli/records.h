// records.h: what detect prints, one record an image.
#ifndef BLEMISH_CLI_RECORDS_H
#define BLEMISH_CLI_RECORDS_H

#include "blemish/blemish.h"

typedef enum cli_form { CLI_TEXT_LINES, CLI_JSON_LINES, CLI_CSV_LINES } cli_form;

// What became of one image.
typedef struct cli_outcome {
    const char *name;
    blm_status status;
    blm_error err;     // of a status that is not BLM_OK; what follows is then empty
    blm_result result; // its arrays are the scorer's
    int width, height; // of the upright image
    double read_ms;    // reading and decoding
} cli_outcome;

void cli_records_begin(cli_form form); // the head line, where there is one
void cli_record(cli_form form, const char *model_hash, const cli_outcome *outcome);

#endif
