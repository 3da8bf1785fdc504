// verbs.h: the verbs of blemish, one file each.
#ifndef BLEMISH_CLI_VERBS_H
#define BLEMISH_CLI_VERBS_H

#include "apps/blemish/options.h"

extern const cli_verb cli_fit;
extern const cli_verb cli_detect;
extern const cli_verb cli_eval;
extern const cli_verb cli_calibrate;
extern const cli_verb cli_sweep;
extern const cli_verb cli_tune;
extern const cli_verb cli_table;
extern const cli_verb cli_stress_verb;
extern const cli_verb cli_repeat;
extern const cli_verb cli_verify;
extern const cli_verb cli_info;
extern const cli_verb cli_import;
extern const cli_verb cli_bench;

#endif
