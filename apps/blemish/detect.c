// blemish detect: prints scores and verdicts of images, and writes their maps.
#include <math.h>
#include <stdlib.h>

#include "apps/blemish/batch.h"
#include "apps/blemish/cli_series.h"
#include "apps/blemish/exit.h"
#include "apps/blemish/listing.h"
#include "apps/blemish/memory.h"
#include "apps/blemish/outputs.h"
#include "apps/blemish/records.h"
#include "apps/blemish/tally.h"
#include "apps/blemish/verbs.h"

typedef struct settings {
    int json, csv, exit_status, judge_anyway, threads, map_format;
    const char *maps, *exclude; // folder; NULL: none
    const char *part_by, *views;
    int view_count;
    double threshold; // 0: the model's
    double mm_per_pixel;
    blm_decode_options decode;
    cli_talk talk;
} settings;

#define AT(member) offsetof(settings, member)
static const cli_option options[] = {
    CLI_JSON_OPTION(settings),
    {"csv", 0, CLI_FLAG, NULL, "Print CSV with a header line", AT(csv), 0, 0, NULL},
    {"maps", 'm', CLI_TEXT, "DIR", "Write map, heat map and mask of each image", AT(maps),
        0, 0, NULL},
    {"map-format", 0, CLI_CHOICE, "NAME", "tiff16, tiff32, png16 or npy (tiff16)",
        AT(map_format), 0, 0, CLI_MAP_FORMATS},
    {"threshold", 'T', CLI_REAL, "X", "NG if score >= X (the model's threshold)",
        AT(threshold), 0, INFINITY, NULL},
    {"mm-per-pixel", 0, CLI_REAL, "X", "Print areas and positions in millimetres too",
        AT(mm_per_pixel), 0, INFINITY, NULL},
    {"exit-status", 'e', CLI_FLAG, NULL,
        "Exit with 1 if an image is NG, 5 if one cannot be judged", AT(exit_status), 0, 0,
        NULL},
    {"judge-anyway", 0, CLI_FLAG, NULL, "Judge images that cannot be judged reliably",
        AT(judge_anyway), 0, 0, NULL},
    {"part-by", 0, CLI_TEXT, "HOW",
        "One verdict per part: prefix:N, folder or regex:PATTERN", AT(part_by), 0, 0,
        NULL},
    {"views", 0, CLI_TEXT, "FILE", "Views of a part: lines NAME PATTERN [MODEL]",
        AT(views), 0, 0, NULL},
    {"view-count", 0, CLI_INT, "N", "A part must have N images (any number)",
        AT(view_count), 1, 1000000, NULL},
    CLI_EXCLUDE_OPTION(settings),
    CLI_LIMIT_OPTIONS(settings),
    CLI_RUNTIME_OPTIONS,
    CLI_THREADS_OPTION(settings),
    CLI_TALK_OPTIONS(settings),
};

typedef struct job {
    const settings *set;
    cli_records records;
    cli_outputs outputs; // with set->maps
    int code;            // with --exit-status: the worst of the verdicts
    unsigned reported;   // bits of `unseen` that have been reported
    size_t doubtful;     // images that fit the reference at another angle, too
    cli_tally tally;
    cli_views views;
    cli_series *series; // of each view
    cli_part_set parts; // with set->part_by
    int *view_of;       // (files)
} job;

// Notes the hash of the image, and writes its maps.
static blm_status work(void *context, cli_outcome *outcome, const blm_scorer *scorer,
    blm_image *image, blm_error *err)
{
    const job *self = context;
    uint64_t *hash = outcome->extra = cli_alloc(1, sizeof *hash);
    *hash = cli_series_hash(image);
    if (self->set->maps == NULL)
        return BLM_OK;
    return cli_outputs_write(
        &self->outputs, outcome->index, scorer, image, &outcome->result, err);
}

// Compares an image with those before it.
static void watch(job *self, cli_outcome *outcome)
{
    blm_result *result = &outcome->result;
    const uint64_t *hash = outcome->extra;
    cli_series *series = &self->series[self->view_of[outcome->index]];
    double x, y;
    if (cli_series_add(series, *hash, outcome->width, outcome->height, result)) {
        result->reasons |= BLM_REASON_FROZEN;
        if (!self->set->judge_anyway)
            result->verdict = BLM_VERDICT_CANNOT_JUDGE;
    }
    if (cli_series_spot(series, outcome->width, outcome->height, &x, &y) &&
        !self->set->talk.quiet)
        cli_complain("%s: a spot near %.0f,%.0f is NG on %d images in a row: dirt on the "
                     "lens? (reported once)",
            outcome->name, x, y, CLI_SPOT_RUN);
}

// Reports once for each bit of `unseen` that an image has properties no good image had.
static void report_unseen(job *self, const cli_outcome *outcome)
{
    const unsigned news = outcome->result.unseen & ~self->reported;
    if (news == 0 || self->set->talk.quiet)
        return;
    char *ways = cli_unseen_text(news);
    cli_complain("%s: differs from all images of the fit in %s: its score is unreliable "
                 "(reported once)",
        outcome->name, ways);
    free(ways);
    self->reported |= news;
}

// The exit code for a verdict, with --exit-status.
static int verdict_code(blm_verdict verdict)
{
    switch (verdict) {
    case BLM_VERDICT_NG:
        return CLI_EXIT_NG;
    case BLM_VERDICT_CANNOT_JUDGE:
        return CLI_EXIT_UNJUDGED;
    case BLM_VERDICT_OK:
    case BLM_VERDICT_REVIEW:
        break;
    }
    return CLI_EXIT_OK;
}

static int print(void *context, const cli_outcome *given)
{
    job *self = context;
    cli_outcome outcome = *given;
    const cli_view *view = &self->views.items[self->view_of[outcome.index]];
    const int by_part = self->records.parts != NULL;
    if (outcome.status == BLM_OK) {
        watch(self, &outcome);
        if (!by_part)
            self->code = cli_worse(self->code, verdict_code(outcome.result.verdict));
        report_unseen(self, &outcome);
        self->doubtful += (size_t)outcome.result.alignment.doubtful;
        cli_tally_add(&self->tally, outcome.result.reasons);
    }
    self->records.model = view->model;
    self->records.model_hash = view->info.hash;
    cli_record(&self->records, &outcome);
    const cli_part_views *part =
        by_part ? cli_part_set_add(&self->parts, &outcome) : NULL;
    if (part != NULL) {
        self->code = cli_worse(self->code, verdict_code(part->verdict));
        cli_record_part(&self->records, part);
    }
    return cli_flush();
}

// Finds the view of each file.  Files without one are left out, and reported once.
static void find_views(job *self, cli_files *files)
{
    size_t kept = 0;
    char *first = NULL;
    self->view_of = cli_alloc(files->count, sizeof *self->view_of);
    for (size_t i = 0; i < files->count; i++) {
        const int view = cli_views_find(&self->views, files->items[i].path);
        if (view >= 0) {
            self->view_of[kept] = view;
            files->items[kept++] = files->items[i];
        } else if (first == NULL)
            first = files->items[i].path;
        else
            free(files->items[i].path);
    }
    if (first != NULL && !self->set->talk.quiet)
        cli_complain("%s: no view of %s matches its name: left out, %zu such images in "
                     "all",
            first, self->set->views, files->count - kept);
    free(first);
    files->count = kept;
}

// What is said at the end.
static void remark(const job *self)
{
    if (self->set->talk.quiet)
        return;
    cli_tally_print(&self->tally, self->set->judge_anyway);
    if (self->doubtful > 0)
        cli_complain(
            "%zu of %zu images fit the reference nearly as well at another angle",
            self->doubtful, self->tally.images);
}

// Scores files, each with the model of its view.
static int detect(job *self, const char *const *paths, size_t count)
{
    const settings *set = self->set;
    const blm_model *models[CLI_MOST_VIEWS];
    for (size_t v = 0; v < self->views.count; v++)
        models[v] = self->views.items[v].model;
    self->series = cli_alloc(self->views.count, sizeof *self->series);
    const cli_batch batch = {.paths = paths,
        .count = count,
        .decode = set->decode,
        .threads = set->threads,
        .judge_anyway = set->judge_anyway,
        .threshold = set->threshold,
        .models = models,
        .model_count = self->views.count,
        .model_of = self->view_of,
        .talk = &set->talk,
        .context = self,
        .work = work,
        .release = free,
        .report = print};
    cli_records_begin(&self->records);
    const int code = cli_batch_run(&batch, NULL);
    remark(self);
    free(self->series);
    return set->exit_status ? cli_worse(code, self->code) : code;
}

static int detect_files(job *self, const cli_grouping *grouping, cli_files *files)
{
    const settings *set = self->set;
    blm_error err;
    find_views(self, files);
    if (files->count == 0) {
        cli_complain("%s: no image has a name that one of its views matches", set->views);
        return CLI_EXIT_INPUT;
    }
    if (set->maps != NULL) {
        const blm_status status =
            cli_outputs_new(set->maps, set->map_format, files, &self->outputs, &err);
        if (status != BLM_OK)
            return cli_fail(status, &err);
    }
    const char **paths = cli_paths(files);
    if (grouping->by != CLI_BY_NOTHING) {
        cli_part_set_new(grouping, paths, &self->views, (size_t)set->view_count,
            files->count, &set->talk, &self->parts);
        self->records.parts = &self->parts;
    }
    const int code = detect(self, paths, files->count);
    cli_part_set_free(&self->parts);
    free(paths);
    cli_outputs_free(&self->outputs);
    return code;
}

// ---- the verb

static int check_usage(
    const cli_verb *verb, const settings *set, const cli_arguments *arguments)
{
    if (arguments->count < 2)
        return cli_usage(verb, "expected %s", verb->arguments);
    if (set->json && set->csv)
        return cli_usage(verb, "expected one of --json and --csv");
    if (set->part_by == NULL && (set->views != NULL || set->view_count > 0))
        return cli_usage(verb, "--views and --view-count need --part-by");
    if (set->views != NULL && set->view_count > 0)
        return cli_usage(verb, "expected one of --views and --view-count");
    return CLI_EXIT_OK;
}

static int detect_all(
    const settings *set, const cli_grouping *grouping, const cli_arguments *arguments)
{
    blm_model *model = NULL;
    blm_error err;
    const blm_status status = blm_model_open(arguments->items[0], &model, &err);
    if (status != BLM_OK)
        return cli_fail(status, &err);
    const cli_choice choice = {.exclude = set->exclude, .quiet = set->talk.quiet};
    cli_files files = {0};
    job self = {.set = set,
        .records = {.form = set->json  ? CLI_JSON_LINES
                            : set->csv ? CLI_CSV_LINES
                                       : CLI_TEXT_LINES,
            .mm_per_pixel = set->mm_per_pixel}};
    int code = cli_views_open(set->views, model, &self.views);
    if (code == CLI_EXIT_OK) {
        code = cli_list(arguments->items + 1, arguments->count - 1, &choice, &files);
        if (files.count > 0)
            code = cli_worse(code, detect_files(&self, grouping, &files));
    }
    free(self.view_of);
    cli_views_free(&self.views);
    cli_files_free(&files);
    blm_model_free(model);
    return code;
}

static int run(const cli_verb *verb, int argc, char **argv)
{
    settings set = {.talk.progress = -1};
    cli_arguments arguments;
    cli_grouping grouping;
    const int parsed = cli_parse(verb, argc, argv, &set, &arguments);
    if (parsed >= 0)
        return parsed;
    int code = check_usage(verb, &set, &arguments);
    if (code != CLI_EXIT_OK)
        return code;
    code = cli_grouping_parse_option(verb, "part-by", set.part_by, &grouping);
    if (code == CLI_EXIT_OK)
        code = detect_all(&set, &grouping, &arguments);
    cli_grouping_free(&grouping);
    return code;
}

const cli_verb cli_detect = {
    .name = "detect",
    .arguments = "MODEL DIR|FILE|@LIST...",
    .summary = "Score images and decide OK or NG",
    .notes =
        "Prints name, score, threshold and verdict, separated by tabs; with\n"
        "--mm-per-pixel also the area of all regions and the position of the peak;\n"
        "last, why the image cannot be judged, if that is so.  With --part-by also a\n"
        "line for each part, part:NAME, with the score of its worst image.",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run,
};
