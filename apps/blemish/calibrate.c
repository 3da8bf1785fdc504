// blemish calibrate: finds new thresholds for a model, without fitting it again.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/blemish/batch.h"
#include "apps/blemish/cli_copies.h"
#include "apps/blemish/cli_describe.h"
#include "apps/blemish/cli_text.h"
#include "apps/blemish/exit.h"
#include "apps/blemish/groups.h"
#include "apps/blemish/listing.h"
#include "apps/blemish/masters.h"
#include "apps/blemish/memory.h"
#include "apps/blemish/target.h"
#include "apps/blemish/verbs.h"

typedef struct settings {
    const char *output, *group_by, *exclude, *masters;
    double false_alarm, review, unjudged;
    int64_t min_area;
    blm_decode_options decode;
    int threads, skip_bad, keep_copies, json;
    cli_talk talk;
} settings;

#define AT(member) offsetof(settings, member)
static const cli_option options[] = {
    {"output", 'o', CLI_TEXT, "MODEL2", "Write to this file (MODEL itself)", AT(output),
        0, 0, NULL},
    {"false-alarm", 0, CLI_REAL, "RATE",
        "Share of good images that may be NG (unchanged)", AT(false_alarm), 0, 1, NULL},
    {"review", 0, CLI_REAL, "RATE", "Share that may be NG or REVIEW (no REVIEW)",
        AT(review), 0, 1, NULL},
    {"cannot-judge", 0, CLI_REAL, "RATE",
        "Share of good images that may be CANNOT JUDGE (unchanged)", AT(unjudged), 0, 1,
        NULL},
    {"min-area", 0, CLI_SIZE, "N", "Smallest defect, in pixels of --size (unchanged)",
        AT(min_area), 1, 1e12, NULL},
    CLI_GROUP_OPTION(settings),
    CLI_KEEP_COPIES_OPTION(settings),
    CLI_MASTERS_OPTION(settings),
    {"skip-bad", 0, CLI_FLAG, NULL, "Leave out files that are not usable images",
        AT(skip_bad), 0, 0, NULL},
    CLI_EXCLUDE_OPTION(settings),
    CLI_LIMIT_OPTIONS(settings),
    CLI_RUNTIME_OPTIONS,
    CLI_THREADS_OPTION(settings),
    CLI_JSON_OPTION(settings),
    CLI_TALK_OPTIONS(settings),
};

// ---- held-out images

typedef struct held_out {
    double *scores;     // (count)
    const char **names; // (count)
    size_t count;
} held_out;

static int collect(void *context, const cli_outcome *outcome)
{
    held_out *all = context;
    if (outcome->status != BLM_OK)
        return CLI_EXIT_OK;
    all->names[all->count] = outcome->name;
    all->scores[all->count++] = outcome->result.score;
    return CLI_EXIT_OK;
}

// Refuses images of the fit: their scores allow no promise.
static int check_unknown(const blm_model *model, const cli_files *files)
{
    const char *name;
    for (size_t m = 0; (name = blm_model_image_name(model, m)) != NULL; m++)
        for (size_t i = 0; i < files->count; i++)
            if (strcmp(name, files->items[i].path) == 0) {
                cli_complain("%s: the model was fitted on this image; expected other "
                             "images, or none for leave-one-out scores",
                    name);
                return CLI_EXIT_INPUT;
            }
    return CLI_EXIT_OK;
}

// Scores all files, none of which may be an image of the fit.
static int score_files(
    const settings *set, const blm_model *model, const cli_files *files, held_out *all)
{
    const char **paths = cli_paths(files);
    const cli_batch batch = {.paths = paths,
        .count = files->count,
        .threads = set->threads,
        .decode = set->decode,
        .talk = &set->talk,
        .context = all,
        .report = collect};
    all->scores = cli_alloc(files->count, sizeof *all->scores);
    all->names = cli_alloc(files->count, sizeof *all->names);
    int code = check_unknown(model, files);
    if (code == CLI_EXIT_OK)
        code = cli_batch_run(&batch, model);
    free(paths);
    if (code == CLI_EXIT_INPUT && set->skip_bad && all->count > 0)
        return CLI_EXIT_OK; // they were named
    return code;
}

static int calibrate_held_out(const settings *set, const cli_grouping *grouping,
    const cli_files *files, blm_calibration *calibration, const blm_model *model,
    blm_model **out)
{
    held_out all = {0};
    int32_t *group = NULL;
    blm_model *sized = NULL;
    size_t unmatched;
    blm_error err;
    // The scores below depend on the smallest defect.
    blm_status status = blm_model_calibrate(model, calibration, &sized, &err);
    int code =
        status == BLM_OK ? score_files(set, sized, files, &all) : cli_fail(status, &err);
    if (code == CLI_EXIT_OK) {
        group = cli_group(grouping, all.names, all.count, &unmatched);
        calibration->group = group;
        calibration->held_out = all.scores;
        calibration->held_out_count = all.count;
        status = blm_model_calibrate(sized, calibration, out, &err);
        code = status == BLM_OK ? CLI_EXIT_OK : cli_fail(status, &err);
    }
    if (code == CLI_EXIT_OK)
        cli_warn_unmatched(unmatched, &set->talk);
    blm_model_free(sized);
    free(group);
    free(all.scores);
    free(all.names);
    return code;
}

// ---- the images of the fit

static int calibrate_left_out(const settings *set, const cli_grouping *grouping,
    blm_calibration *calibration, const blm_model *model, blm_model **out)
{
    size_t unmatched;
    blm_error err;
    int32_t *group = cli_group_model(grouping, model, &unmatched);
    calibration->group = group;
    const blm_status status = blm_model_calibrate(model, calibration, out, &err);
    free(group);
    if (status != BLM_OK)
        return cli_fail(status, &err);
    cli_warn_unmatched(unmatched, &set->talk);
    return CLI_EXIT_OK;
}

// ---- the verb

// Without --false-alarm and --review both rates stay.
static blm_calibration wanted(const settings *set, const blm_model *model)
{
    blm_model_info info;
    blm_model_describe(model, &info);
    const int same = set->false_alarm == 0 && set->review == 0;
    return (blm_calibration){
        .false_alarm = set->false_alarm != 0 ? set->false_alarm : info.false_alarm,
        .review = same ? info.review : set->review,
        .min_area = set->min_area,
        .unjudged = set->unjudged != 0 ? set->unjudged : info.unjudged,
        .keep_copies = set->keep_copies,
        .threads = set->threads};
}

static void print_summary(const settings *set, const char *path, const blm_model *model)
{
    cli_json json = {0};
    blm_model_info info;
    blm_model_describe(model, &info);
    if (!set->json) {
        printf("model: ");
        cli_print_safe(stdout, path);
        printf("\nsmallest defect: %lld pixels\n", (long long)info.recipe->min_area);
        cli_describe_threshold(&info);
        return;
    }
    cli_json_open(&json, NULL, '{');
    cli_json_text(&json, "model", path);
    cli_json_integer(&json, "min_area", info.recipe->min_area);
    cli_threshold_json(&info, &json);
    cli_json_close(&json, '}');
    cli_json_end_line(&json);
}

static int calibrate(const settings *set, const cli_grouping *grouping,
    const cli_arguments *arguments, const char *output)
{
    blm_model *model = NULL, *next = NULL;
    blm_error err;
    blm_status status = blm_model_open(arguments->items[0], &model, &err);
    if (status != BLM_OK)
        return cli_fail(status, &err);
    const cli_choice choice = {.exclude = set->exclude, .quiet = set->talk.quiet};
    cli_files files = {0};
    blm_calibration calibration = wanted(set, model);
    int code = cli_list(arguments->items + 1, arguments->count - 1, &choice, &files);
    if (code == CLI_EXIT_OK)
        code = files.count > 0
                   ? calibrate_held_out(set, grouping, &files, &calibration, model, &next)
                   : calibrate_left_out(set, grouping, &calibration, model, &next);
    code = cli_worse(code, cli_interrupted());
    if (code == CLI_EXIT_OK) {
        const cli_masters_options how = {
            .threads = set->threads, .decode = set->decode, .talk = &set->talk};
        code = cli_masters_write_model(next, output, set->masters, &how);
    }
    if (code == CLI_EXIT_OK) {
        print_summary(set, output, next);
        code = cli_flush();
    }
    blm_model_free(next);
    blm_model_free(model);
    cli_files_free(&files);
    return code;
}

static int run(const cli_verb *verb, int argc, char **argv)
{
    settings set = {.talk.progress = -1};
    cli_arguments arguments;
    cli_grouping grouping;
    int code = cli_parse(verb, argc, argv, &set, &arguments);
    if (code >= 0)
        return code;
    if (arguments.count == 0)
        return cli_usage(verb, "no model given, expected %s", verb->arguments);
    const char *output = set.output != NULL ? set.output : arguments.items[0];
    code = cli_grouping_parse(verb, set.group_by, &grouping);
    if (code == CLI_EXIT_OK)
        code = cli_check_target(output);
    if (code == CLI_EXIT_OK)
        code = calibrate(&set, &grouping, &arguments, output);
    cli_grouping_free(&grouping);
    return code;
}

const cli_verb cli_calibrate = {
    .name = "calibrate",
    .arguments = "MODEL [DIR|FILE|@LIST...]",
    .summary = "Set a model's thresholds again, without fitting",
    .notes =
        "With images: from their scores; they must be good images that were not in the "
        "fit.\nWithout: from the images of the fit, each scored by a model of the "
        "others.",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run,
};
