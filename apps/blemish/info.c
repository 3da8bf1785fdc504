// blemish info: what is inside of a model or of weights.
#include <stdio.h>

#include "apps/blemish/describe.h"
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
        cli_json_close(&out, '}');
        cli_json_end_line(&out);
    } else
        cli_describe(model);
    blm_model_free(model);
    return cli_flush();
}

static void weights_json(const blm_weights_info *info)
{
    cli_json out = {0};
    cli_json_open(&out, NULL, '{');
    cli_json_text(&out, "kind", "weights");
    cli_json_text(&out, "backbone", info->backbone);
    cli_json_text(&out, "norm", info->norm == BLM_NORM_PRE ? "pre" : "post");
    cli_json_bool(&out, "relative", info->relative);
    cli_json_bool(&out, "qkv_bias", info->qkv_bias);
    cli_json_bool(&out, "avgdown", info->avgdown);
    cli_json_integer(&out, "stages", info->stages);
    cli_json_integer(&out, "numbers", info->numbers);
    cli_json_text(&out, "hash", info->hash);
    cli_json_close(&out, '}');
    cli_json_end_line(&out);
}

static int print_weights(const char *path, int json)
{
    blm_weights_info info;
    blm_error err;
    const blm_status status = blm_weights_describe(path, &info, &err);
    if (status != BLM_OK)
        return cli_fail(status, &err);
    if (json)
        weights_json(&info);
    else
        printf("backbone: %s, %s-norm, %s positions, qkv %s bias, shortcuts %s\n"
               "stages: 1 to %d\nnumbers: %lld\nhash: %s\n",
            info.backbone, info.norm == BLM_NORM_PRE ? "pre" : "post",
            info.relative ? "relative" : "absolute", info.qkv_bias ? "with" : "without",
            info.avgdown ? "pooled" : "strided", info.stages, (long long)info.numbers,
            info.hash);
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
        return cli_usage(verb, "Expected %s", verb->arguments);
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
    .summary = "Say what is inside of a model or of weights",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run,
};
