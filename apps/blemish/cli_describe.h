// cli_describe.h: prints the description of a model, as text and as members of JSON.
#ifndef BLEMISH_CLI_DESCRIBE_H
#define BLEMISH_CLI_DESCRIBE_H

#include "apps/blemish/json.h"
#include "blemish/blemish.h"

void cli_describe(const blm_model *model);
void cli_describe_json(const blm_model *model, cli_json *json);

// The thresholds, how they were found, and what they promise.
void cli_describe_threshold(const blm_model_info *info);
void cli_threshold_json(const blm_model_info *info, cli_json *json);

// The `wanted` images of the fit that are least like the others.
void cli_list_odd(const blm_model *model, size_t wanted);
void cli_list_odd_json(const blm_model *model, size_t wanted, cli_json *json);

#endif
