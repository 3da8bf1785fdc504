// blemish detect: scores, verdicts and maps of images.
#include <math.h>
#include <omp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "cli/exit.h"
#include "cli/listing.h"
#include "cli/memory.h"
#include "cli/outputs.h"
#include "cli/progress.h"
#include "cli/records.h"
#include "cli/verbs.h"

typedef struct settings {
    int json, csv, exit_status, threads, map_format;
    const char *maps; // folder; NULL: none
    double threshold; // 0: the model's
    blm_decode_options decode;
    cli_talk talk;
} settings;

#define AT(member) offsetof(settings, member)
static const cli_option options[] = {
    CLI_JSON_OPTION(settings),
    {"csv", 0, CLI_FLAG, NULL, "Print CSV with a head line", AT(csv), 0, 0, NULL},
    {"maps", 'm', CLI_TEXT, "DIR", "Write map, heat picture and mask of each image",
        AT(maps), 0, 0, NULL},
    {"map-format", 0, CLI_CHOICE, "NAME", "tiff16, tiff32, png16 or npy (tiff16)",
        AT(map_format), 0, 0, CLI_MAP_FORMATS},
    {"threshold", 'T', CLI_REAL, "X", "NG from this score on (the model's)",
        AT(threshold), 0, INFINITY, NULL},
    {"exit-status", 'e', CLI_FLAG, NULL, "Exit with 1 if an image is NG", AT(exit_status),
        0, 0, NULL},
    CLI_LIMIT_OPTIONS(settings),
    CLI_THREADS_OPTION(settings),
    CLI_TALK_OPTIONS(settings),
};

// All that the threads share; `done` and `code` change in the ordered part alone.
typedef struct batch {
    const settings *set;
    const cli_files *files;
    cli_form form;
    const char *model_hash;
    cli_outputs outputs; // with set->maps
    size_t done;
    int code;        // the worst so far
    atomic_int stop; // 1: the reader is gone or a signal arrived; read by all
} batch;

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return 1e3 * (double)now.tv_sec + 1e-6 * (double)now.tv_nsec;
}

// ---- one image

// The library's texts about files name them; those about a picture in memory cannot.
static void put_name(const char *name, blm_error *err)
{
    const blm_error text = *err;
    snprintf(err->text, sizeof err->text, "%s: %.*s", name, (int)sizeof text.text / 2,
        text.text);
}

static void score(const batch *all, size_t index, blm_scorer *scorer, cli_outcome *out)
{
    const char *path = all->files->items[index].path;
    blm_image *image = NULL;
    *out = (cli_outcome){.name = path};
    const double start = now_ms();
    out->status = blm_image_read(path, &all->set->decode, &image, &out->err);
    out->read_ms = now_ms() - start;
    if (out->status != BLM_OK)
        return;
    out->width = image->width;
    out->height = image->height;
    out->status = blm_scorer_run(scorer, image, &out->result, &out->err);
    if (out->status != BLM_OK)
        put_name(path, &out->err);
    else if (all->set->maps != NULL)
        out->status = cli_outputs_write(
            &all->outputs, index, scorer, image, &out->result, &out->err);
    blm_image_free(image);
}

// Prints an outcome; called in the order of the images.
static void report(batch *all, const cli_outcome *outcome)
{
    if (all->stop)
        return;
    if (outcome->status != BLM_OK)
        all->code = cli_worse(all->code, cli_fail(outcome->status, &outcome->err));
    else if (all->set->exit_status && outcome->result.verdict == BLM_VERDICT_NG)
        all->code = cli_worse(all->code, CLI_EXIT_NG);
    cli_record(all->form, all->model_hash, outcome);
    const int flushed = cli_flush();
    all->code = cli_worse(all->code, cli_worse(flushed, cli_interrupted()));
    all->stop = flushed != CLI_EXIT_OK || cli_interrupted() != 0;
    cli_progress_step(++all->done, all->files->count);
}

// ---- all images: one a thread, which waits for nothing but its turn to print

static void score_all(batch *all, blm_scorer **scorers, int threads)
{
    const size_t count = all->files->count;
    cli_progress_begin(&all->set->talk, 1);
#pragma omp parallel for ordered schedule(dynamic, 1) num_threads(threads)
    for (size_t i = 0; i < count; i++) {
        cli_outcome outcome = {.status = BLM_OK};
        const int wanted = !all->stop && cli_interrupted() == 0;
        if (wanted)
            score(all, i, scorers[omp_get_thread_num()], &outcome);
#pragma omp ordered
        if (wanted)
            report(all, &outcome);
    }
    cli_progress_clear();
    all->code = cli_worse(all->code, cli_interrupted());
}

static blm_status new_scorers(const settings *set, const blm_model *model, int threads,
    blm_scorer **scorers, blm_error *err)
{
    const blm_scorer_options wanted = {
        .threads = threads == 1 ? 0 : 1, .threshold = set->threshold};
    blm_status status = blm_scorer_new(model, &wanted, &scorers[0], err);
    for (int t = 1; status == BLM_OK && t < threads; t++)
        status = blm_scorer_clone(scorers[0], &scorers[t], err);
    return status;
}

static int detect(batch *all, const blm_model *model)
{
    const int cores = omp_get_max_threads();
    const int threads =
        all->files->count < (size_t)cores ? (int)all->files->count : cores;
    blm_scorer **scorers = cli_alloc((size_t)threads, sizeof *scorers);
    blm_error err;
    blm_status status = new_scorers(all->set, model, threads, scorers, &err);
    if (status == BLM_OK && all->set->maps != NULL)
        status = cli_outputs_new(
            all->set->maps, all->set->map_format, all->files, &all->outputs, &err);
    if (status == BLM_OK) {
        cli_records_begin(all->form);
        score_all(all, scorers, threads);
        cli_outputs_free(&all->outputs);
    } else
        all->code = cli_fail(status, &err);
    for (int t = 0; t < threads; t++)
        blm_scorer_free(scorers[t]);
    free(scorers);
    return all->code;
}

static int run(const cli_verb *verb, int argc, char **argv)
{
    settings set = {.talk.progress = -1};
    cli_arguments arguments;
    const int parsed = cli_parse(verb, argc, argv, &set, &arguments);
    if (parsed >= 0)
        return parsed;
    if (arguments.count < 2)
        return cli_usage(verb, "Expected %s", verb->arguments);
    if (set.json && set.csv)
        return cli_usage(verb, "Expected one of --json and --csv");
    if (set.threads > 0)
        omp_set_num_threads(set.threads);

    blm_model *model = NULL;
    blm_error err;
    blm_model_info info;
    const blm_status status = blm_model_open(arguments.items[0], &model, &err);
    if (status != BLM_OK)
        return cli_fail(status, &err);
    blm_model_describe(model, &info);
    cli_files files = {0};
    batch all = {.set = &set,
        .files = &files,
        .form = set.json  ? CLI_JSON_LINES
                : set.csv ? CLI_CSV_LINES
                          : CLI_TEXT_LINES,
        .model_hash = info.hash};
    all.code = cli_list(arguments.items + 1, arguments.count - 1, &files);
    if (files.count > 0)
        detect(&all, model);
    blm_model_free(model);
    cli_files_free(&files);
    return all.code;
}

const cli_verb cli_detect = {
    .name = "detect",
    .arguments = "MODEL DIR|FILE|@LIST...",
    .summary = "Score images and say OK or NG",
    .notes = "Prints name, score, threshold and verdict, with tabs between them.",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run,
};
