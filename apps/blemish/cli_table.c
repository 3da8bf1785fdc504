// blemish table: fits and measures every category of a data set, beside published
// results.
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "apps/base/app_clock.h"
#include "apps/blemish/cli_recipe.h"
#include "apps/blemish/cli_text.h"
#include "apps/blemish/comparison.h"
#include "apps/blemish/dataset.h"
#include "apps/blemish/evaluate.h"
#include "apps/blemish/exit.h"
#include "apps/blemish/fingerprint.h"
#include "apps/blemish/memory.h"
#include "apps/blemish/progress.h"
#include "apps/blemish/training.h"
#include "apps/blemish/verbs.h"
#include "blemish/weights.h"

typedef struct settings {
    const char *output; // folder for results; NULL: none
    cli_setup setup;
    const char *exclude;
    int native, format, force, threads;
    blm_decode_options decode;
    cli_talk talk;
} settings;

#define AT(member) offsetof(settings, member)
static const cli_option options[] = {
    {"output", 'o', CLI_TEXT, "FOLDER", "Keep results there and reuse them", AT(output),
        0, 0, NULL},
    {"format", 'f', CLI_CHOICE, "NAME", "text, markdown, csv or json (text)", AT(format),
        0, 0, "text|markdown|csv|json"},
    {"native", 'n', CLI_FLAG, NULL, "Pixel metrics at the size of the images", AT(native),
        0, 0, NULL},
    CLI_SETUP_OPTIONS(settings),
    CLI_FORCE_OPTION(settings),
    CLI_EXCLUDE_OPTION(settings),
    CLI_LIMIT_OPTIONS(settings),
    CLI_RUNTIME_OPTIONS,
    CLI_THREADS_OPTION(settings),
    CLI_TALK_OPTIONS(settings),
};

// ---- the categories -------------------------------------------------------------------

static int by_name(const void *a, const void *b)
{
    const cli_result *x = a, *y = b;
    return cli_compare_natural(x->category, y->category);
}

// Finds the folders that are data sets with training images.
static int find_categories(const char *root, cli_result **out, size_t *count)
{
    size_t capacity = 0;
    DIR *folder = opendir(root);
    if (folder == NULL) {
        cli_complain("%s: cannot list: %s", root, strerror(errno));
        return CLI_EXIT_INPUT;
    }
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char *path = cli_format("%s/%s", root, entry->d_name);
        const int found = entry->d_name[0] != '.' && cli_dataset_is(path);
        free(path);
        if (!found)
            continue;
        *out = cli_grow(*out, *count, &capacity, sizeof **out);
        (*out)[(*count)++] = (cli_result){.category = cli_format("%s", entry->d_name)};
    }
    closedir(folder);
    if (*count == 0) {
        cli_complain("%s: no folder in it is a data set, expected train/good and test or "
                     "the like in each (see blemish-eval(1))",
            root);
        return CLI_EXIT_INPUT;
    }
    qsort(*out, *count, sizeof **out, by_name);
    return CLI_EXIT_OK;
}

// ---- a category -----------------------------------------------------------------------

// Hash of everything except the images that a result depends on.
static uint64_t key_of_settings(const settings *set, const blm_weights_info *weights)
{
    char *recipe = cli_recipe_key(&set->setup.recipe);
    char *text = cli_format("%s|%s|%d", weights->hash, recipe, set->native);
    const uint64_t key = cli_hash_text(cli_fingerprint(CLI_HASH_START), text);
    free(text);
    free(recipe);
    return key;
}

static int evaluate(
    const settings *set, const cli_dataset *c, const blm_model *model, cli_result *out)
{
    const cli_evaluation how = {.native = set->native,
        .threads = set->threads,
        .decode = set->decode,
        .talk = &set->talk};
    cli_metrics metrics;
    const double start = app_clock_ms();
    const int code = cli_evaluate(&how, model, c, &metrics);
    if (metrics.count > 0 && metrics.failed == 0) {
        const cli_metrics_row *all = &metrics.rows[0];
        out->good = all->image.good;
        out->defective = all->image.defective;
        out->image_auroc = all->image.auroc;
        out->pixel_auroc = all->pixel.auroc;
        out->au_pro = all->pixel.au_pro[0];
        out->image_f1 = all->image_f1;
        out->pixel_f1 = all->pixel_f1;
        out->image_ms = (app_clock_ms() - start) / (double)c->count;
    }
    free(metrics.rows);
    return code;
}

static int fit_and_evaluate(const settings *set, const cli_dataset *c, cli_result *out)
{
    cli_training training = {.options = {.recipe = &set->setup.recipe,
                                 .weights = set->setup.weights,
                                 .decode = &set->decode,
                                 .threads = set->threads},
        .force = set->force,
        .talk = &set->talk};
    blm_model *model = NULL;
    blm_error err;
    const double start = app_clock_ms();
    const blm_status status = cli_train(&training, &c->train, &model, &err);
    out->train = (int64_t)c->train.count;
    out->fit_s = 1e-3 * (app_clock_ms() - start);
    const int code =
        status == BLM_OK ? evaluate(set, c, model, out) : cli_fail(status, &err);
    blm_model_free(model);
    return code;
}

// Adds all files of a category to a key.
static int hash_images(uint64_t *key, const cli_dataset *c)
{
    int code = CLI_EXIT_OK;
    for (size_t i = 0; code == CLI_EXIT_OK && i < c->train.count; i++)
        code = cli_hash_file(key, c->train.items[i].path);
    for (size_t i = 0; code == CLI_EXIT_OK && i < c->count; i++) {
        const cli_sample *sample = &c->items[i];
        *key = cli_hash_text(*key, sample->kind);
        code = cli_hash_file(key, sample->path);
        for (size_t k = 0; code == CLI_EXIT_OK && k < sample->mask_count; k++)
            code = cli_hash_file(key, sample->masks[k]);
    }
    return code;
}

// Reads the result from its file, or computes and keeps it.
static int find_result(const settings *set, const char *root, uint64_t key,
    const char *label, cli_result *out)
{
    const cli_choice choice = {.exclude = set->exclude, .quiet = set->talk.quiet};
    cli_dataset c = {0};
    blm_error err;
    char *folder = cli_format("%s/%s", root, out->category);
    char *path = set->output == NULL
                     ? NULL
                     : cli_format("%s/%s.result", set->output, out->category);
    int code = cli_dataset_train(folder, &choice, &c);
    out->key = cli_hash_text(key, out->category);
    if (code == CLI_EXIT_OK && path != NULL)
        code = hash_images(&out->key, &c);
    const int kept =
        code == CLI_EXIT_OK && path != NULL && cli_result_read(path, out->key, out);
    if (code == CLI_EXIT_OK && !kept) {
        cli_progress_name(label, "images");
        code = fit_and_evaluate(set, &c, out);
        if (code == CLI_EXIT_OK && path != NULL) {
            const blm_status status = cli_result_write(path, out, &err);
            code = status == BLM_OK ? CLI_EXIT_OK : cli_fail(status, &err);
        }
    }
    code = cli_worse(code, c.incomplete);
    cli_dataset_free(&c);
    free(path);
    free(folder);
    return code;
}

// ---- the verb -------------------------------------------------------------------------

// Results of all categories; *good of them succeeded and are moved to the front.
static int find_results(const settings *set, const char *root, uint64_t key,
    cli_result *results, size_t count, size_t *good)
{
    int code = CLI_EXIT_OK;
    *good = 0;
    for (size_t i = 0; i < count && cli_interrupted() == 0; i++) {
        char *label = cli_format("%s (%zu of %zu)", results[i].category, i + 1, count);
        const int found = find_result(set, root, key, label, &results[i]);
        free(label);
        code = cli_worse(code, found);
        if (results[i].good + results[i].defective > 0) {
            const cli_result swap = results[*good];
            results[(*good)++] = results[i];
            results[i] = swap;
        }
    }
    return cli_worse(code, cli_interrupted());
}

static int make_folder(const char *path)
{
    if (path == NULL || mkdir(path, 0777) == 0 || errno == EEXIST)
        return CLI_EXIT_OK;
    cli_complain("%s: cannot create: %s", path, strerror(errno));
    return CLI_EXIT_SYSTEM;
}

static int table(const settings *set, const char *root, uint64_t key)
{
    cli_result *results = NULL;
    size_t count = 0, good = 0;
    int code = find_categories(root, &results, &count);
    if (code == CLI_EXIT_OK)
        code = make_folder(set->output);
    if (code == CLI_EXIT_OK)
        code = find_results(set, root, key, results, count, &good);
    if (good > 0 && code < CLI_EXIT_SIGNAL) {
        cli_compare(results, good, (cli_comparison_form)set->format);
        code = cli_worse(code, cli_flush());
    }
    for (size_t i = 0; i < count; i++)
        free(results[i].category);
    free(results);
    return code;
}

static int run(const cli_verb *verb, int argc, char **argv)
{
    settings set = {.talk.progress = -1};
    cli_arguments arguments;
    blm_weights_info weights;
    blm_error err;
    blm_recipe_init(&set.setup.recipe);
    const int code = cli_parse(verb, argc, argv, &set, &arguments);
    if (code >= 0)
        return code;
    if (arguments.count != 1)
        return cli_usage(verb, "expected %s", verb->arguments);
    const blm_status status =
        blm_weights_describe(set.setup.weights, &set.setup.recipe, &weights, &err);
    if (status != BLM_OK)
        return cli_fail(status, &err);
    return table(&set, arguments.items[0], key_of_settings(&set, &weights));
}

const cli_verb cli_table = {
    .name = "table",
    .arguments = "ROOT",
    .summary = "Fit and measure every category, beside published results",
    .notes =
        "Each folder in ROOT is a category: a data set that eval reads.  A second call\n"
        "with the same -o FOLDER computes only what is new or changed.",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run,
};
