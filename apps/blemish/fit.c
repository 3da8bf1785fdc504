// blemish fit: fits a model to good images.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "apps/blemish/cli_alignment.h"
#include "apps/blemish/cli_copies.h"
#include "apps/blemish/cli_describe.h"
#include "apps/blemish/cli_recipe.h"
#include "apps/blemish/cli_region.h"
#include "apps/blemish/cli_text.h"
#include "apps/blemish/dataset.h"
#include "apps/blemish/exit.h"
#include "apps/blemish/groups.h"
#include "apps/blemish/listing.h"
#include "apps/blemish/masters.h"
#include "apps/blemish/memory.h"
#include "apps/blemish/report.h"
#include "apps/blemish/target.h"
#include "apps/blemish/training.h"
#include "apps/blemish/verbs.h"

typedef struct settings {
    const char *output;
    cli_setup setup;
    double false_alarm, review, unjudged;
    const char *group_by, *report, *exclude, *masters;
    cli_region region;
    blm_decode_options decode;
    int weights_outside, threads, skip_bad, keep_copies, force, odd, json, report_images;
    cli_talk talk;
} settings;

#define AT(member) offsetof(settings, member)
static const cli_option options[] = {
    {"output", 'o', CLI_TEXT, "MODEL", "File to write the model to", AT(output), 0, 0,
        NULL},
    CLI_SETUP_OPTIONS(settings),
    {"weights-outside", 0, CLI_FLAG, NULL,
        "Name the weights by their hash, instead of containing them", AT(weights_outside),
        0, 0, NULL},
    {"false-alarm", 0, CLI_REAL, "RATE", "Share of good images that may be NG (0.01)",
        AT(false_alarm), 0, 1, NULL},
    {"review", 0, CLI_REAL, "RATE", "Share that may be NG or REVIEW (no REVIEW)",
        AT(review), 0, 1, NULL},
    {"cannot-judge", 0, CLI_REAL, "RATE",
        "Share of good images that may be CANNOT JUDGE (0.001)", AT(unjudged), 0, 1,
        NULL},
    {"region", 'r', CLI_TEXT, "MASK", "Mask, black outside the region of interest",
        AT(region.mask), 0, 0, NULL},
    {"include", 0, CLI_TEXT, "POLYGONS",
        "Inspect only inside \"x,y x,y x,y; ...\" (pixels)", AT(region.include), 0, 0,
        NULL},
    {"ignore", 0, CLI_TEXT, "POLYGONS", "Do not inspect inside \"x,y x,y x,y; ...\"",
        AT(region.ignore), 0, 0, NULL},
    CLI_GROUP_OPTION(settings),
    CLI_KEEP_COPIES_OPTION(settings),
    {"skip-bad", 0, CLI_FLAG, NULL, "Leave out files that are not usable images",
        AT(skip_bad), 0, 0, NULL},
    CLI_FORCE_OPTION(settings),
    CLI_MASTERS_OPTION(settings),
    {"list-odd", 0, CLI_INT, "N", "List the N images least like the others (5)", AT(odd),
        0, 1000000, NULL},
    CLI_REPORT_OPTIONS(settings, "20"),
    CLI_EXCLUDE_OPTION(settings),
    CLI_LIMIT_OPTIONS(settings),
    CLI_RUNTIME_OPTIONS,
    CLI_THREADS_OPTION(settings),
    CLI_JSON_OPTION(settings),
    CLI_TALK_OPTIONS(settings),
};

// ---- the work

// Calibrates with groups, which come from the names of the images in the model.
static blm_status group(const cli_grouping *grouping, const cli_training *training,
    size_t *unmatched, blm_model **model, blm_error *err)
{
    int32_t *groups = cli_group_model(grouping, *model, unmatched);
    if (groups == NULL)
        return BLM_OK;
    blm_calibration calibration = training->calibration;
    blm_model *grouped = NULL;
    calibration.group = groups;
    calibration.threads = training->options.threads;
    const blm_status status = blm_model_calibrate(*model, &calibration, &grouped, err);
    free(groups);
    if (status == BLM_OK) {
        blm_model_free(*model);
        *model = grouped;
    }
    return status;
}

// ---- the summary

static void print_summary(const settings *set, const blm_model *model, size_t skipped)
{
    cli_json json = {0};
    if (!set->json) {
        printf("model: ");
        cli_print_safe(stdout, set->output);
        printf("\n");
        if (skipped > 0)
            printf("skipped: %zu files that are not usable images\n", skipped);
        cli_describe(model);
        cli_list_odd(model, (size_t)set->odd);
        return;
    }
    cli_json_open(&json, NULL, '{');
    cli_json_text(&json, "model", set->output);
    cli_json_integer(&json, "skipped", (int64_t)skipped);
    cli_describe_json(model, &json);
    cli_list_odd_json(model, (size_t)set->odd, &json);
    cli_json_close(&json, '}');
    cli_json_end_line(&json);
}

// Writes the model last, so that there is none after a failure.
static int save(const settings *set, const blm_model *model, size_t skipped)
{
    int code = cli_interrupted();
    if (code == CLI_EXIT_OK && set->report != NULL)
        code = cli_report_fit(
            set->report, set->output, model, &set->decode, (size_t)set->report_images);
    if (code != CLI_EXIT_OK)
        return code;
    const cli_masters_options how = {.threads = set->threads,
        .decode = set->decode,
        .talk = &set->talk,
        .weights_outside = set->weights_outside};
    code = cli_masters_write_model(model, set->output, set->masters, &how);
    if (code != CLI_EXIT_OK)
        return code;
    print_summary(set, model, skipped);
    return cli_flush();
}

static int fit_and_save(
    const settings *set, const cli_grouping *grouping, const cli_files *files)
{
    cli_training training = {.options = {.recipe = &set->setup.recipe,
                                 .weights = set->setup.weights,
                                 .decode = &set->decode,
                                 .threads = set->threads},
        .calibration = {.false_alarm = set->false_alarm,
            .review = set->review,
            .unjudged = set->unjudged,
            .keep_copies = set->keep_copies},
        .skip_bad = set->skip_bad,
        .force = set->force,
        .talk = &set->talk};
    size_t unmatched = 0;
    blm_decode_options decode = set->decode;
    blm_mask region;
    uint8_t *include;
    blm_model *model = NULL;
    blm_error err;
    blm_recipe_decode_options(&set->setup.recipe, &decode);
    int code =
        cli_region_draw(&set->region, files->items[0].path, &decode, &region, &include);
    if (code != CLI_EXIT_OK)
        return code;
    training.options.region = include != NULL ? &region : NULL;
    blm_status status = cli_train(&training, files, &model, &err);
    if (status == BLM_OK)
        status = group(grouping, &training, &unmatched, &model, &err);
    cli_warn_unmatched(unmatched, &set->talk);
    if (status == BLM_OK)
        cli_warn_copies(model, set->keep_copies, &set->talk);
    if (status == BLM_OK)
        cli_warn_alignment(model, &set->talk);
    code = status == BLM_OK ? save(set, model, training.skipped) : cli_fail(status, &err);
    blm_model_free(model);
    free(include);
    return code;
}

// Finds the images to learn from: those that the arguments name, or the good training
// images of a data set.
static int find_images(
    const settings *set, const cli_arguments *arguments, cli_files *out)
{
    const cli_choice choice = {.exclude = set->exclude, .quiet = set->talk.quiet};
    cli_dataset data;
    if (arguments->count != 1 || !cli_dataset_is(arguments->items[0]))
        return cli_list(arguments->items, arguments->count, &choice, out);
    const int code = cli_dataset_train(arguments->items[0], &choice, &data);
    if (code == CLI_EXIT_OK && !set->talk.quiet)
        cli_complain("%s: a data set like %s: learning from its %zu good training images",
            arguments->items[0], data.layout, data.train.count);
    *out = data.train;
    data.train = (cli_files){0};
    cli_dataset_free(&data);
    return code;
}

static int run(const cli_verb *verb, int argc, char **argv)
{
    settings set = {.odd = 5, .report_images = 20, .talk.progress = -1};
    cli_arguments arguments;
    blm_recipe_init(&set.setup.recipe);
    int code = cli_parse(verb, argc, argv, &set, &arguments);
    if (code >= 0)
        return code;
    if (arguments.count == 0)
        return cli_usage(verb, "no images given, expected %s", verb->arguments);
    if (set.output == NULL)
        return cli_usage(verb, "no output given, expected -o MODEL");
    cli_grouping grouping;
    cli_files files = {0};
    code = cli_grouping_parse(verb, set.group_by, &grouping);
    if (code == CLI_EXIT_OK)
        code = cli_check_target(set.output);
    if (code == CLI_EXIT_OK)
        code = find_images(&set, &arguments, &files);
    if (code == CLI_EXIT_OK && set.report != NULL)
        code = cli_report_prepare(set.report);
    set.region.quiet = set.talk.quiet;
    if (code == CLI_EXIT_OK)
        code = fit_and_save(&set, &grouping, &files);
    cli_files_free(&files);
    cli_grouping_free(&grouping);
    return code;
}

const cli_verb cli_fit = {
    .name = "fit",
    .arguments = "DIR|FILE|@LIST... -o MODEL",
    .summary = "Fit a model to good images",
    .notes = "Images come from folders and their subfolders, or from LIST, one path per "
             "line.\n"
             "At least three are needed; a few dozen to a few hundred are usual.",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run,
};
