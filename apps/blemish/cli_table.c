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
#include "apps/blemish/weights_list.h"
#include "blemish/weights.h"

typedef struct settings {
    const char *output; // folder for results; NULL: none
    cli_setup setup;
    const char *exclude;
    int native, format, force, threads;
    blm_decode_options decode;
    cli_talk talk;
} settings;

// A column of the tables.
typedef struct table_column {
    const char *weights; // NULL: the default ones
    const char *name;    // as printed
    uint64_t key;        // hash of everything except the images that a result depends on
} table_column;

#define AT(member) offsetof(settings, member)
static const cli_option options[] = {
    {"output", 'o', CLI_TEXT, "FOLDER", "Keep results there and reuse them", AT(output),
        0, 0, NULL},
    {"format", 'f', CLI_CHOICE, "NAME", "text, markdown, csv, json or html (text)",
        AT(format), 0, 0, "text|markdown|csv|json|html"},
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

// Finds the folders that are data sets with training images: out (count), sorted.
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

static int fit_and_evaluate(
    const settings *set, const char *weights, const cli_dataset *c, cli_result *out)
{
    cli_training training = {.options = {.recipe = &set->setup.recipe,
                                 .weights = weights,
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

// The file of a result: CATEGORY.result, or with several columns CATEGORY.WEIGHTS.result.
static char *result_path(
    const settings *set, const table_column *column, int several, const cli_result *r)
{
    char *path =
        several ? cli_format("%s/%s.%s.result", set->output, r->category, column->name)
                : cli_format("%s/%s.result", set->output, r->category);
    for (char *c = path + strlen(set->output) + 1; *c != '\0'; c++)
        if (*c == '/')
            *c = '_';
    return path;
}

// Reads the result from its file, or computes and keeps it.
static int find_result(const settings *set, const char *root, const table_column *column,
    int several, const char *label, cli_result *out)
{
    const cli_choice choice = {.exclude = set->exclude, .quiet = set->talk.quiet};
    cli_dataset c = {0};
    blm_error err;
    char *folder = cli_format("%s/%s", root, out->category);
    char *path = set->output == NULL ? NULL : result_path(set, column, several, out);
    int code = cli_dataset_train(folder, &choice, &c);
    out->key = cli_hash_text(column->key, out->category);
    if (code == CLI_EXIT_OK && path != NULL)
        code = hash_images(&out->key, &c);
    const int kept =
        code == CLI_EXIT_OK && path != NULL && cli_result_read(path, out->key, out);
    if (code == CLI_EXIT_OK && !kept) {
        cli_progress_name(label, "images");
        code = fit_and_evaluate(set, column->weights, &c, out);
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

// results (categories, columns)
static int find_results(const settings *set, const char *root,
    const table_column *columns, const cli_comparison *all, cli_result *results)
{
    int code = CLI_EXIT_OK;
    for (size_t i = 0; i < all->categories * (size_t)all->columns; i++) {
        const size_t category = i / (size_t)all->columns;
        const table_column *column = &columns[i % (size_t)all->columns];
        char *of = cli_format(
            "%s (%zu of %zu)", results[i].category, category + 1, all->categories);
        char *label = all->columns > 1 ? cli_format("%s, %s", of, column->name)
                                       : cli_format("%s", of);
        if (cli_interrupted() == 0)
            code = cli_worse(code,
                find_result(set, root, column, all->columns > 1, label, &results[i]));
        free(label);
        free(of);
    }
    return cli_worse(code, cli_interrupted());
}

// Moves the categories that have a result to the front.  Returns their number.
static size_t keep_good(const cli_comparison *all, cli_result *results)
{
    const size_t columns = (size_t)all->columns;
    size_t kept = 0;
    for (size_t i = 0; i < all->categories; i++) {
        int64_t images = 0;
        for (size_t c = 0; c < columns; c++)
            images += results[i * columns + c].good + results[i * columns + c].defective;
        if (images > 0)
            memmove(&results[columns * kept++], &results[columns * i],
                columns * sizeof *results);
    }
    return kept;
}

static int make_folder(const char *path)
{
    if (path == NULL || mkdir(path, 0777) == 0 || errno == EEXIST)
        return CLI_EXIT_OK;
    cli_complain("%s: cannot create: %s", path, strerror(errno));
    return CLI_EXIT_SYSTEM;
}

static int table(
    const settings *set, const char *root, const table_column *columns, int column_count)
{
    cli_result *found = NULL;
    size_t count = 0;
    int code = find_categories(root, &found, &count);
    if (code == CLI_EXIT_OK)
        code = make_folder(set->output);
    const char **names = cli_alloc((size_t)column_count, sizeof *names);
    cli_result *results = cli_alloc(count * (size_t)column_count, sizeof *results);
    for (int c = 0; c < column_count; c++)
        names[c] = columns[c].name;
    for (size_t i = 0; i < count * (size_t)column_count; i++)
        results[i].category = found[i / (size_t)column_count].category;
    cli_comparison all = {names, column_count, results, count};
    if (code == CLI_EXIT_OK)
        code = find_results(set, root, columns, &all, results);
    all.categories = keep_good(&all, results);
    if (all.categories > 0 && code < CLI_EXIT_SIGNAL) {
        code = cli_worse(code, cli_compare(&all, (cli_comparison_form)set->format));
        code = cli_worse(code, cli_flush());
    }
    for (size_t i = 0; i < count; i++)
        free(found[i].category);
    free(found);
    free(results);
    free(names);
    return code;
}

// columns (list->count).  A single column is that of blemish.
static int describe_columns(
    const settings *set, const cli_weights_list *list, table_column *columns)
{
    for (int c = 0; c < list->count; c++) {
        blm_weights_info weights;
        blm_error err;
        for (int i = 0; i < c; i++)
            if (strcmp(list->items[i], list->items[c]) == 0) {
                cli_complain("--weights: \"%s\" is there twice", list->items[c]);
                return CLI_EXIT_USAGE;
            }
        const blm_status status =
            blm_weights_describe(list->items[c], &set->setup.recipe, &weights, &err);
        if (status != BLM_OK)
            return cli_fail(status, &err);
        columns[c] =
            (table_column){list->items[c], list->count == 1 ? "blemish" : list->items[c],
                key_of_settings(set, &weights)};
    }
    return CLI_EXIT_OK;
}

static int run(const cli_verb *verb, int argc, char **argv)
{
    settings set = {.talk.progress = -1};
    cli_arguments arguments;
    cli_weights_list list;
    blm_recipe_init(&set.setup.recipe);
    int code = cli_parse(verb, argc, argv, &set, &arguments);
    if (code >= 0)
        return code;
    if (arguments.count != 1)
        return cli_usage(verb, "expected %s", verb->arguments);
    cli_weights_split(set.setup.weights, &list);
    table_column *columns = cli_alloc((size_t)list.count, sizeof *columns);
    code = describe_columns(&set, &list, columns);
    if (code == CLI_EXIT_OK)
        code = table(&set, arguments.items[0], columns, list.count);
    free(columns);
    cli_weights_free(&list);
    return code;
}

const cli_verb cli_table = {
    .name = "table",
    .arguments = "ROOT",
    .summary = "Fit and measure every category, beside published results",
    .notes =
        "Each folder in ROOT is a category: a data set that eval reads.  A second call\n"
        "with the same -o FOLDER computes only what is new or changed.  Several "
        "weights,\n"
        "with slashes between them, give a column each: -w b/s/b,lite0.",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run,
};
