// records.h: what detect prints, one record an image.
#ifndef BLEMISH_CLI_RECORDS_H
#define BLEMISH_CLI_RECORDS_H

#include "apps/blemish/batch.h"

typedef struct cli_records {
    enum { CLI_TEXT_LINES, CLI_JSON_LINES, CLI_CSV_LINES } form;
    const char *model_hash;
    double mm_per_pixel; // millimetres beside pixels; 0: none
} cli_records;

void cli_records_begin(const cli_records *records); // the head line, where there is one
void cli_record(const cli_records *records, const cli_outcome *outcome);

// In words, how an image differs from all that the model was fitted on: the bits of
// BLM_UNSEEN_.  The caller frees it.
char *cli_unseen_text(unsigned unseen);

#endif
