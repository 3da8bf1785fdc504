// blemish fit: from good images to a model.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/describe.h"
#include "cli/exit.h"
#include "cli/groups.h"
#include "cli/listing.h"
#include "cli/memory.h"
#include "cli/progress.h"
#include "cli/region.h"
#include "cli/report.h"
#include "cli/target.h"
#include "cli/text.h"
#include "cli/verbs.h"

typedef struct settings {
    const char *output;
    cli_pair size, resize;
    blm_rect crop;
    int filter; // index of bilinear, bicubic
    int bits;
    unsigned stages;
    double epsilon, sigma, false_alarm, review;
    int64_t min_area;
    const char *weights, *group_by, *report;
    cli_region region;
    blm_decode_options decode;
    int threads, skip_bad, odd, json, report_images;
    cli_talk talk;
} settings;

#define AT(member) offsetof(settings, member)
static const cli_option options[] = {
    {"output", 'o', CLI_TEXT, "MODEL", "File to write the model to", AT(output), 0, 0,
        NULL},
    {"size", 0, CLI_PAIR, "WxH", "Size the network sees, multiples of 224 (224x224)",
        AT(size), 224, 14336, NULL},
    {"resize", 0, CLI_PAIR, "WxH", "Resize to this, then cut out the centre (as --size)",
        AT(resize), 224, 14336, NULL},
    {"crop", 0, CLI_RECT, "X,Y,W,H", "Look at this rectangle of the images (all of them)",
        AT(crop), 0, INT32_MAX, NULL},
    {"filter", 0, CLI_CHOICE, "NAME", "bilinear or bicubic resizing (bilinear)",
        AT(filter), 0, 0, "bilinear|bicubic"},
    {"bits", 0, CLI_INT, "N", "Bits that 16-bit sensors fill, 9 to 16 (16)", AT(bits), 9,
        16, NULL},
    {"stages", 0, CLI_STAGES, "LIST", "Stages of the network, from 1 to 4 (2,3)",
        AT(stages), 0, 0, NULL},
    {"epsilon", 0, CLI_REAL, "X", "Added to the variances (0.01)", AT(epsilon), 0,
        INFINITY, NULL},
    {"sigma", 0, CLI_REAL, "X", "Blur of the map, in pixels of --size (4)", AT(sigma), 0,
        INFINITY, NULL},
    {"min-area", 0, CLI_SIZE, "N", "Smallest defect, in pixels of --size (1)",
        AT(min_area), 1, 1e12, NULL},
    {"weights", 'w', CLI_TEXT, "FILE", "Weights of the network (those installed)",
        AT(weights), 0, 0, NULL},
    {"false-alarm", 0, CLI_REAL, "RATE", "Share of good images that may be NG (0.01)",
        AT(false_alarm), 0, 1, NULL},
    {"review", 0, CLI_REAL, "RATE", "Share that may be NG or REVIEW (no REVIEW)",
        AT(review), 0, 1, NULL},
    {"region", 'r', CLI_TEXT, "MASK", "Picture that is black where defects do not matter",
        AT(region.mask), 0, 0, NULL},
    {"include", 0, CLI_TEXT, "POLYGONS", "Look inside \"x,y x,y x,y; ...\" only (pixels)",
        AT(region.include), 0, 0, NULL},
    {"ignore", 0, CLI_TEXT, "POLYGONS", "Do not look inside \"x,y x,y x,y; ...\"",
        AT(region.ignore), 0, 0, NULL},
    CLI_GROUP_OPTION(settings),
    {"skip-bad", 0, CLI_FLAG, NULL, "Leave out files that are no usable image",
        AT(skip_bad), 0, 0, NULL},
    {"list-odd", 0, CLI_INT, "N", "List the N images least like the others (5)", AT(odd),
        0, 1000000, NULL},
    CLI_REPORT_OPTIONS(settings, "20"),
    CLI_LIMIT_OPTIONS(settings),
    CLI_THREADS_OPTION(settings),
    CLI_JSON_OPTION(settings),
    CLI_TALK_OPTIONS(settings),
};

// ---- the work

typedef struct watch {
    const settings *set;
    size_t skipped, unmatched;
} watch;

static int show_progress(void *context, size_t done, size_t total)
{
    (void)context;
    cli_progress_step(done, total);
    return cli_interrupted();
}

static int skip_bad(void *context, const char *path, const blm_error *why)
{
    watch *seen = context;
    (void)path;
    if (!seen->set->skip_bad)
        return 0;
    seen->skipped++;
    cli_complain("skipped: %s", why->text);
    return 1;
}

static blm_status add_files(
    blm_fitter *fitter, const cli_files *files, watch *seen, blm_error *err)
{
    const blm_fit_watch callbacks = {
        .context = seen, .progress = show_progress, .bad_file = skip_bad};
    const char **paths = cli_paths(files);
    cli_progress_begin(&seen->set->talk, 0);
    const blm_status status =
        blm_fitter_add_files(fitter, paths, NULL, files->count, &callbacks, err);
    cli_progress_clear();
    free(paths);
    return status;
}

static blm_fit_options library_options(const settings *set)
{
    return (blm_fit_options){
        .recipe = {.width = set->size.width,
            .height = set->size.height,
            .resize_width = set->resize.width,
            .resize_height = set->resize.height,
            .crop = set->crop,
            .filter = set->filter == 1 ? BLM_FILTER_BICUBIC : BLM_FILTER_BILINEAR,
            .bits = set->bits,
            .stages = set->stages,
            .epsilon = set->epsilon,
            .sigma = set->sigma,
            .min_area = set->min_area},
        .weights = set->weights,
        .decode = set->decode,
        .threads = set->threads,
    };
}

// Groups are told by the names of the images that were taken in, which the model knows.
static blm_status group(const settings *set, const cli_grouping *grouping, watch *seen,
    blm_model *model, blm_error *err)
{
    int32_t *groups = cli_group_model(grouping, model, &seen->unmatched);
    const blm_calibration calibration = {
        .false_alarm = set->false_alarm, .review = set->review, .group = groups};
    const blm_status status =
        groups != NULL ? blm_model_calibrate(model, &calibration, err) : BLM_OK;
    free(groups);
    return status;
}

static blm_status fit(const settings *set, const blm_mask *region, const cli_files *files,
    watch *seen, blm_model **out, blm_error *err)
{
    const blm_calibration calibration = {
        .false_alarm = set->false_alarm, .review = set->review};
    blm_fit_options wanted = library_options(set);
    wanted.region = region;
    blm_fitter *fitter = NULL;
    blm_status status = blm_fitter_new(&wanted, &fitter, err);
    if (status == BLM_OK)
        status = add_files(fitter, files, seen, err);
    if (status == BLM_OK)
        status = blm_fitter_finish(fitter, &calibration, out, err);
    blm_fitter_free(fitter);
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
            printf("skipped: %zu files that are no usable image\n", skipped);
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

static int save(const settings *set, const blm_model *model, size_t skipped)
{
    blm_error err;
    if (cli_interrupted() != 0)
        return cli_interrupted();
    const blm_status status = blm_model_save(model, set->output, &err);
    if (status != BLM_OK)
        return cli_fail(status, &err);
    print_summary(set, model, skipped);
    const int code = cli_flush();
    if (code != CLI_EXIT_OK || set->report == NULL)
        return code;
    return cli_report_fit(
        set->report, set->output, model, &set->decode, (size_t)set->report_images);
}

static int fit_and_save(
    const settings *set, const cli_grouping *grouping, const cli_files *files)
{
    watch seen = {.set = set};
    blm_mask region;
    uint8_t *include;
    blm_model *model = NULL;
    blm_error err;
    int code = cli_region_draw(
        &set->region, files->items[0].path, &set->decode, &region, &include);
    if (code != CLI_EXIT_OK)
        return code;
    blm_status status =
        fit(set, include != NULL ? &region : NULL, files, &seen, &model, &err);
    if (status == BLM_OK)
        status = group(set, grouping, &seen, model, &err);
    cli_tell_unmatched(seen.unmatched, &set->talk);
    code = status == BLM_OK ? save(set, model, seen.skipped) : cli_fail(status, &err);
    blm_model_free(model);
    free(include);
    return code;
}

static int run(const cli_verb *verb, int argc, char **argv)
{
    settings set = {.odd = 5, .report_images = 20, .talk.progress = -1};
    cli_arguments arguments;
    int code = cli_parse(verb, argc, argv, &set, &arguments);
    if (code >= 0)
        return code;
    if (arguments.count == 0)
        return cli_usage(verb, "Which images?  Expected %s", verb->arguments);
    if (set.output == NULL)
        return cli_usage(verb, "Where to?  Expected -o MODEL");
    cli_grouping grouping;
    cli_files files = {0};
    code = cli_grouping_parse(verb, set.group_by, &grouping);
    if (code == CLI_EXIT_OK)
        code = cli_check_target(set.output);
    if (code == CLI_EXIT_OK)
        code = cli_list(arguments.items, arguments.count, &files);
    if (code == CLI_EXIT_OK && set.report != NULL)
        code = cli_report_prepare(set.report);
    if (code == CLI_EXIT_OK)
        code = fit_and_save(&set, &grouping, &files);
    cli_files_free(&files);
    cli_grouping_free(&grouping);
    return code;
}

const cli_verb cli_fit = {
    .name = "fit",
    .arguments = "DIR|FILE|@LIST... -o MODEL",
    .summary = "Learn from good images what they look like",
    .notes =
        "Images are taken from folders and the folders in them, or from LIST, one path "
        "a line.\nAt least three are needed; a few dozen to a few hundred are usual.",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run,
};
