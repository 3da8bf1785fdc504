// records.h: prints the results of detect, one record per image, and one per part.
#ifndef BLEMISH_CLI_RECORDS_H
#define BLEMISH_CLI_RECORDS_H

#include "apps/blemish/part_views.h"

typedef struct cli_records {
    enum { CLI_TEXT_LINES, CLI_JSON_LINES, CLI_CSV_LINES } form;
    const blm_model *model;
    const char *model_hash;
    double mm_per_pixel;       // 0: no millimetres
    const cli_part_set *parts; // NULL: no parts
} cli_records;

void cli_records_begin(const cli_records *records); // the header line of CSV
void cli_record(const cli_records *records, const cli_outcome *outcome);
// The record of a part, all of whose images have been recorded.
void cli_record_part(const cli_records *records, const cli_part_views *part);

// The BLM_REASON_ bits as words, such as "out of focus, torn".  The caller frees it.
char *cli_reasons_text(unsigned reasons);
// The BLM_UNSEEN_ bits as words, such as "size, brightness".  The caller frees it.
char *cli_unseen_text(unsigned unseen);

#endif
