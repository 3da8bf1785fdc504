// cli_checks.h: prints the checks that decide whether an image can be judged.
#ifndef BLEMISH_CLI_CHECKS_H
#define BLEMISH_CLI_CHECKS_H

#include "apps/blemish/json.h"
#include "blemish/blemish.h"

// The checks of a model with their limits: a table, or the JSON member "checks".
void cli_checks_print(const blm_model *model);
void cli_checks_json(const blm_model *model, cli_json *json);

// The JSON member "checks" of a result: those whose number is beyond the limit.
void cli_checks_failed_json(
    const blm_model *model, const blm_result *result, cli_json *json);

#endif
