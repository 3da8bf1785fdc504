#include "apps/blemish/cli_checks.h"

#include <math.h>
#include <stdio.h>

void cli_checks_print(const blm_model *model)
{
    blm_check c;
    if (!blm_model_check(model, 0, &c))
        return;
    printf("checks (number of a good image nearest to the limit; limit; reason):\n");
    for (size_t i = 0; blm_model_check(model, i, &c); i++)
        if (isfinite(c.limit))
            printf("    %-20s %10.4g  %c %10.4g  %s\n", c.name, c.good,
                c.above ? '>' : '<', c.limit, blm_reason_name(c.reason));
}

void cli_checks_json(const blm_model *model, cli_json *json)
{
    blm_check c;
    cli_json_open(json, "checks", '[');
    for (size_t i = 0; blm_model_check(model, i, &c); i++) {
        if (!isfinite(c.limit))
            continue;
        cli_json_open(json, NULL, '{');
        cli_json_text(json, "name", c.name);
        cli_json_text(json, "reason", blm_reason_name(c.reason));
        cli_json_text(json, "beyond", c.above ? "above" : "below");
        cli_json_number(json, "limit", c.limit);
        cli_json_number(json, "good", c.good);
        cli_json_close(json, '}');
    }
    cli_json_close(json, ']');
}

void cli_checks_failed_json(
    const blm_model *model, const blm_result *result, cli_json *json)
{
    blm_check c;
    cli_json_open(json, "checks", '[');
    for (size_t i = 0; i < result->check_count && blm_model_check(model, i, &c); i++) {
        const double x = result->checks[i];
        if (!(c.above ? x > c.limit : x < c.limit))
            continue;
        cli_json_open(json, NULL, '{');
        cli_json_text(json, "name", c.name);
        cli_json_text(json, "reason", blm_reason_name(c.reason));
        cli_json_number(json, "number", x);
        cli_json_number(json, "limit", c.limit);
        cli_json_close(json, '}');
    }
    cli_json_close(json, ']');
}
