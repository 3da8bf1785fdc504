// records.h: what detect prints, one record an image.
#ifndef BLEMISH_CLI_RECORDS_H
#define BLEMISH_CLI_RECORDS_H

#include "cli/batch.h"

typedef enum cli_form { CLI_TEXT_LINES, CLI_JSON_LINES, CLI_CSV_LINES } cli_form;

void cli_records_begin(cli_form form); // the head line, where there is one
void cli_record(cli_form form, const char *model_hash, const cli_outcome *outcome);

#endif
