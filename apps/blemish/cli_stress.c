// blemish stress: finds how much change of its images a model bears.
#include <stdlib.h>

#include "apps/blemish/cli_samples.h"
#include "apps/blemish/exit.h"
#include "apps/blemish/memory.h"
#include "apps/blemish/stress_print.h"
#include "apps/blemish/target.h"
#include "apps/blemish/verbs.h"

typedef struct settings {
    const char *good, *bad, *exclude, *output;
    int json, judge_anyway, threads, images;
    int64_t seed;
    double allow;
    blm_decode_options decode;
    cli_talk talk;
} settings;

#define AT(member) offsetof(settings, member)
static const cli_option options[] = {
    {"output", 'o', CLI_TEXT, "FILE", "Write plots and table as an HTML page", AT(output),
        0, 0, NULL},
    {"good", 'g', CLI_TEXT, "DIR", "Good images, instead of DIR", AT(good), 0, 0, NULL},
    {"bad", 'b', CLI_TEXT, "DIR", "Defective images, instead of DIR", AT(bad), 0, 0,
        NULL},
    {"images", 'n', CLI_INT, "N", "Use N good and N defective images at most (50)",
        AT(images), 1, 1000000, NULL},
    {"allow", 0, CLI_REAL, "X", "A change fails where a share gets worse by over X (0.1)",
        AT(allow), 0, 1, NULL},
    {"seed", 0, CLI_SIZE, "N", "Seed of directions and noise (0)", AT(seed), 0, 0x1p53,
        NULL},
    {"judge-anyway", 0, CLI_FLAG, NULL, "Judge images that cannot be judged reliably",
        AT(judge_anyway), 0, 0, NULL},
    CLI_EXCLUDE_OPTION(settings),
    CLI_LIMIT_OPTIONS(settings),
    CLI_RUNTIME_OPTIONS,
    CLI_THREADS_OPTION(settings),
    CLI_JSON_OPTION(settings),
    CLI_TALK_OPTIONS(settings),
};

// ---- the images

// A data set, or a folder of good images.
static int open_images(
    const settings *set, const char *root, const cli_choice *choice, cli_dataset *out)
{
    cli_choice of_images = *choice;
    of_images.masks = 0;
    if (set->good != NULL && set->bad != NULL)
        return cli_dataset_folders(set->good, set->bad, NULL, choice, out);
    if (set->good == NULL && cli_dataset_is_test(root))
        return cli_dataset_open(root, choice, out);
    const char *folder = set->good != NULL ? set->good : root;
    cli_files files = {0};
    *out = (cli_dataset){.layout = "good images"};
    const int code = cli_list_path(folder, &of_images, &files);
    if (code == CLI_EXIT_OK) {
        cli_samples_add_good(out, &files);
        if (!set->talk.quiet && set->good == NULL)
            cli_complain("%s: not a data set of a known layout: its %zu images are taken "
                         "as good ones",
                folder, out->count);
    }
    cli_files_free(&files);
    return code;
}

// Keeps `most` good and as many defective images, evenly spread.
static void choose(cli_dataset *data, size_t most, int quiet)
{
    size_t all[2] = {0}, seen[2] = {0}, kept = 0;
    const size_t before = data->count;
    for (size_t i = 0; i < data->count; i++)
        all[data->items[i].bad != 0]++;
    for (size_t i = 0; i < before; i++) {
        const cli_sample sample = data->items[i];
        const int kind = sample.bad != 0;
        const size_t place = seen[kind]++;
        // An image is kept if it begins a new one of `most` equal parts of the list.
        const int keep = all[kind] <= most || place == 0 ||
                         place * most / all[kind] != (place - 1) * most / all[kind];
        if (keep) {
            data->items[i] = data->items[kept];
            data->items[kept++] = sample;
        }
    }
    for (size_t i = kept; i < before; i++)
        cli_sample_clear(&data->items[i]);
    data->count = kept;
    if (kept < before && !quiet)
        cli_complain("using %zu of %zu images, evenly spread (--images)", kept, before);
}

// ---- the verb

// A model that judges unchanged images badly has little to lose.
static void remark(const cli_stress_row *unchanged, const cli_talk *talk)
{
    const cli_verdicts *good = &unchanged->good, *bad = &unchanged->defective;
    if (talk->quiet)
        return;
    if (2 * bad->ng < bad->all)
        cli_complain(
            "only %lld of %lld defective images are NG unchanged: that the model "
            "holds says little",
            (long long)bad->ng, (long long)bad->all);
    if (2 * (good->ng + good->unjudged) > good->all)
        cli_complain(
            "%lld of %lld good images are NG or CANNOT JUDGE unchanged: that the "
            "model holds says little",
            (long long)(good->ng + good->unjudged), (long long)good->all);
}

static int study(const settings *set, const blm_model *model, const cli_dataset *data,
    const char *const names[2])
{
    const cli_stress_options how = {.seed = (uint64_t)set->seed,
        .allow = set->allow,
        .judge_anyway = set->judge_anyway,
        .threads = set->threads,
        .decode = set->decode,
        .talk = &set->talk};
    cli_stress result;
    int code = cli_stress_run(&how, model, data, &result);
    if (code > CLI_EXIT_INPUT ||
        result.unchanged.good.all + result.unchanged.defective.all == 0)
        return code;
    remark(&result.unchanged, &set->talk);
    if (set->json)
        cli_stress_print_json(&result, names);
    else
        cli_stress_print(&result);
    code = cli_worse(code, cli_flush());
    if (set->output != NULL)
        code = cli_worse(code, cli_stress_write(&result, model, names, set->output));
    return code;
}

static int run(const cli_verb *verb, int argc, char **argv)
{
    settings set = {.images = 50, .allow = 0.1, .talk.progress = -1};
    cli_arguments arguments;
    int code = cli_parse(verb, argc, argv, &set, &arguments);
    if (code >= 0)
        return code;
    if (set.bad != NULL && set.good == NULL)
        return cli_usage(verb, "--bad without --good");
    if (arguments.count != (set.good != NULL ? 1u : 2u))
        return cli_usage(verb, "expected %s", verb->arguments);
    const cli_choice choice = {.exclude = set.exclude, .quiet = set.talk.quiet};
    blm_model *model = NULL;
    blm_error err;
    cli_dataset data = {0};
    const blm_status status = blm_model_open(arguments.items[0], &model, &err);
    if (status != BLM_OK)
        return cli_fail(status, &err);
    const char *root = arguments.count > 1 ? arguments.items[1] : NULL;
    if (set.output != NULL)
        code = cli_check_target(set.output);
    else
        code = CLI_EXIT_OK;
    if (code == CLI_EXIT_OK)
        code = open_images(&set, root, &choice, &data);
    if (code == CLI_EXIT_OK) {
        choose(&data, (size_t)set.images, set.talk.quiet);
        code = study(&set, model, &data,
            (const char *const[]){arguments.items[0], root != NULL ? root : set.good});
    }
    cli_dataset_free(&data);
    blm_model_free(model);
    return code;
}

const cli_verb cli_stress_verb = {
    .name = "stress",
    .arguments = "MODEL DIR | --good DIR [--bad DIR] MODEL",
    .summary = "Find how much change of its images a model bears",
    .notes = "DIR is a data set as for eval, or a folder of good images.  Each image is\n"
             "judged unchanged, and with brightness, contrast, blur, noise, JPEG, shift\n"
             "and turn of five strengths, by the thresholds of the model.",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run,
};
