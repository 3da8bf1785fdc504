// blemish info: prints the content of a model or of weights.
#include <stdio.h>

#include "apps/blemish/cli_checks.h"
#include "apps/blemish/cli_describe.h"
#include "apps/blemish/exit.h"
#include "apps/blemish/verbs.h"
#include "blemish/weights.h"

typedef struct settings {
    int json;
} settings;

static const cli_option options[] = {CLI_JSON_OPTION(settings)};

static int print_model(const char *path, int json)
{
    blm_model *model = NULL;
    blm_error err;
    cli_json out = {0};
    const blm_status status = blm_model_open(path, &model, &err);
    if (status != BLM_OK)
        return cli_fail(status, &err);
    if (json) {
        cli_json_open(&out, NULL, '{');
        cli_json_text(&out, "kind", "model");
        cli_describe_json(model, &out);
        cli_checks_json(model, &out);
        cli_json_close(&out, '}');
        cli_json_end_line(&out);
    } else {
        cli_describe(model);
        cli_checks_print(model);
    }
    blm_model_free(model);
    return cli_flush();
}

static void weights_json(const blm_weights_info *info)
{
    cli_json out = {0};
    cli_json_open(&out, NULL, '{');
    cli_json_text(&out, "kind", "weights");
    cli_json_text(&out, "backbone", info->backbone);
    if (info->form[0] != '\0')
        cli_json_text(&out, "form", info->form);
    cli_json_integer(&out, "unit", info->unit);
    cli_json_integer(&out, "size", info->size);
    cli_json_open(&out, "outputs", '[');
    for (int i = 0; i < info->tap_count; i++) {
        cli_json_open(&out, NULL, '{');
        cli_json_text(&out, "name", info->taps[i].name);
        cli_json_integer(&out, "channels", info->taps[i].channels);
        cli_json_integer(&out, "stride", info->taps[i].stride);
        cli_json_close(&out, '}');
    }
    cli_json_close(&out, ']');
    cli_json_integer(&out, "numbers", info->numbers);
    cli_json_text(&out, "hash", info->hash);
    cli_json_close(&out, '}');
    cli_json_end_line(&out);
}

static void weights_text(const blm_weights_info *info)
{
    printf("backbone: %s%s%s, input %dx%d or other multiples of %d\n", info->backbone,
        info->form[0] != '\0' ? ", " : "", info->form, info->size, info->size,
        info->unit);
    for (int i = 0; i < info->tap_count; i++)
        printf("output: %s, %d channels, a position every %d pixels\n",
            info->taps[i].name, info->taps[i].channels, info->taps[i].stride);
    printf("numbers: %lld\nhash: %s\n", (long long)info->numbers, info->hash);
}

static int print_weights(const char *path, int json)
{
    blm_weights_info info;
    blm_error err;
    const blm_status status = blm_weights_describe(path, NULL, &info, &err);
    if (status != BLM_OK)
        return cli_fail(status, &err);
    if (json)
        weights_json(&info);
    else
        weights_text(&info);
    return cli_flush();
}

static int run(const cli_verb *verb, int argc, char **argv)
{
    settings set = {0};
    cli_arguments arguments;
    const int parsed = cli_parse(verb, argc, argv, &set, &arguments);
    if (parsed >= 0)
        return parsed;
    if (arguments.count != 1)
        return cli_usage(verb, "expected %s", verb->arguments);
    const char *path = arguments.items[0];
    blm_file_kind kind;
    blm_error err;
    const blm_status status = blm_file_identify(path, &kind, &err);
    if (status != BLM_OK)
        return cli_fail(status, &err);
    return kind == BLM_FILE_MODEL ? print_model(path, set.json)
                                  : print_weights(path, set.json);
}

const cli_verb cli_info = {
    .name = "info",
    .arguments = "FILE",
    .summary = "Print the content of a model or of weights",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run,
};
