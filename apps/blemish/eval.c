// blemish eval: measures a model on labelled images.
#include <stdlib.h>

#include "apps/blemish/evaluate.h"
#include "apps/blemish/exit.h"
#include "apps/blemish/verbs.h"

typedef struct settings {
    const char *good, *bad, *masks, *exclude;
    const char *report;
    int native, json, judge_anyway, threads, report_images;
    blm_decode_options decode;
    cli_talk talk;
} settings;

#define AT(member) offsetof(settings, member)
static const cli_option options[] = {
    {"good", 'g', CLI_TEXT, "DIR", "Good images, instead of DATASET", AT(good), 0, 0,
        NULL},
    {"bad", 'b', CLI_TEXT, "DIR", "Defective images; its folders are the kinds", AT(bad),
        0, 0, NULL},
    {"masks", 'm', CLI_TEXT, "DIR", "Masks of the defective images (no pixel metrics)",
        AT(masks), 0, 0, NULL},
    {"native", 'n', CLI_FLAG, NULL, "Pixel metrics at the size of the images", AT(native),
        0, 0, NULL},
    {"judge-anyway", 0, CLI_FLAG, NULL, "Judge images that cannot be judged reliably",
        AT(judge_anyway), 0, 0, NULL},
    CLI_EXCLUDE_OPTION(settings),
    CLI_REPORT_OPTIONS(settings, "300"),
    CLI_LIMIT_OPTIONS(settings),
    CLI_RUNTIME_OPTIONS,
    CLI_THREADS_OPTION(settings),
    CLI_JSON_OPTION(settings),
    CLI_TALK_OPTIONS(settings),
};

// ---- the verb

// names: of the model and of the data.
static int evaluate(const settings *set, const blm_model *model, const cli_dataset *data,
    const char *const names[2])
{
    if (set->report != NULL) {
        const int prepared = cli_report_prepare(set->report);
        if (prepared != CLI_EXIT_OK)
            return prepared;
    }
    cli_report *report = set->report != NULL
                             ? cli_report_new(data->count, (size_t)set->report_images)
                             : NULL;
    const cli_evaluation how = {.native = set->native,
        .report = report,
        .judge_anyway = set->judge_anyway,
        .threads = set->threads,
        .decode = set->decode,
        .talk = &set->talk};
    cli_metrics metrics;
    int code = cli_evaluate(&how, model, data, &metrics);
    if (metrics.count > 0) {
        if (set->json)
            cli_metrics_print_json(&metrics);
        else
            cli_metrics_print(&metrics);
        code = cli_worse(code, cli_flush());
        if (report != NULL)
            code = cli_worse(code,
                cli_report_write(report, set->report, names[0], names[1], &metrics));
    }
    cli_report_free(report);
    free(metrics.rows);
    return code;
}

// The images are given by DATASET, or by --good and --bad.
static int check_usage(
    const cli_verb *verb, const settings *set, const cli_arguments *arguments)
{
    const int folders = set->good != NULL || set->bad != NULL || set->masks != NULL;
    if (arguments->count != (folders ? 1u : 2u))
        return cli_usage(verb, "expected %s", verb->arguments);
    if (folders && (set->good == NULL || set->bad == NULL))
        return cli_usage(verb, "expected both --good and --bad");
    return CLI_EXIT_OK;
}

static int run(const cli_verb *verb, int argc, char **argv)
{
    settings set = {.report_images = 300, .talk.progress = -1};
    cli_arguments arguments;
    int code = cli_parse(verb, argc, argv, &set, &arguments);
    if (code >= 0)
        return code;
    code = check_usage(verb, &set, &arguments);
    if (code != CLI_EXIT_OK)
        return code;

    const cli_choice choice = {.exclude = set.exclude, .quiet = set.talk.quiet};
    blm_model *model = NULL;
    blm_error err;
    cli_dataset data = {0};
    const blm_status status = blm_model_open(arguments.items[0], &model, &err);
    if (status != BLM_OK)
        return cli_fail(status, &err);
    code = set.good != NULL
               ? cli_dataset_folders(set.good, set.bad, set.masks, &choice, &data)
               : cli_dataset_open(arguments.items[1], &choice, &data);
    if (code == CLI_EXIT_OK)
        code = evaluate(&set, model, &data,
            (const char *const[]){
                arguments.items[0], set.good != NULL ? set.bad : arguments.items[1]});
    cli_dataset_free(&data);
    blm_model_free(model);
    return code;
}

const cli_verb cli_eval = {
    .name = "eval",
    .arguments = "MODEL DATASET | --good DIR --bad DIR [--masks DIR] MODEL",
    .summary = "Measure a model on labelled images",
    .notes = "DATASET has the layout of MVTec AD: test/good, test/KIND/NAME.png and\n"
             "ground_truth/KIND/NAME_mask.png; or of MVTec LOCO AD, MVTec AD 2, BTAD,\n"
             "VisA, Real-IAD (a category of them) or KolektorSDD2.",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run,
};
