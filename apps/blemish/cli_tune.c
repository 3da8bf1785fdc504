// blemish tune: finds a good recipe without defective images, by defects that it makes on
// good ones, and fits it.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/base/app_clock.h"
#include "apps/blemish/cli_describe.h"
#include "apps/blemish/cli_recipe.h"
#include "apps/blemish/cli_text.h"
#include "apps/blemish/dataset.h"
#include "apps/blemish/exit.h"
#include "apps/blemish/grid.h"
#include "apps/blemish/json.h"
#include "apps/blemish/memory.h"
#include "apps/blemish/progress.h"
#include "apps/blemish/target.h"
#include "apps/blemish/training.h"
#include "apps/blemish/verbs.h"
#include "apps/blemish/weights_list.h"
#include "apps/sweep/search.h"
#include "apps/tune/made.h"
#include "apps/tune/rank.h"
#include "blemish/weights.h"

// Good images to learn from and to leave out, and defects to make, at most.
enum { MOST_LEARNT = 120, MOST_LEFT_OUT = 40, DEFECTS = 120, LEAST_IMAGES = 8 };

typedef struct settings {
    const char *output, *weights, *exclude;
    cli_grid grid;
    double minutes, false_alarm;
    int64_t seed;
    int check, top, json, threads, force;
    blm_decode_options decode;
    cli_talk talk;
} settings;

// What is tried of a field if the user gives no list.
static const char usual[] = "detector\0"
                            "gauss,memory,subspace\0"
                            "unit-variance\0"
                            "no,yes\0"
                            "coreset\0"
                            "0.1\0"
                            "tolerance\0"
                            "0,2\0"
                            "epsilon\0"
                            "0.03,0.3\0"
                            "sigma\0"
                            "2,4\0";

#define AT(member) offsetof(settings, member)
static const cli_option options[] = {
    {"output", 'o', CLI_TEXT, "MODEL", "File to write the best model to", AT(output), 0,
        0, NULL},
    {"minutes", 0, CLI_REAL, "X", "Time for trying recipes (10)", AT(minutes), 0, 1e5,
        NULL},
    CLI_GRID_OPTIONS(settings, usual),
    {"weights", 'w', CLI_TEXT, "LIST", "Backbones to try, with slashes between (b)",
        AT(weights), 0, 0, NULL},
    {"false-alarm", 0, CLI_REAL, "RATE", "Share of good images that may be NG (0.01)",
        AT(false_alarm), 0, 1, NULL},
    {"made-seed", 0, CLI_SIZE, "N", "Seed of the made defects (0)", AT(seed), 0, 9e15,
        NULL},
    {"check", 0, CLI_FLAG, NULL, "Compare with the labelled images of a data set",
        AT(check), 0, 0, NULL},
    {"top", 0, CLI_INT, "N", "Print the N best recipes (20)", AT(top), 1, 1000000, NULL},
    CLI_FORCE_OPTION(settings),
    CLI_EXCLUDE_OPTION(settings),
    CLI_LIMIT_OPTIONS(settings),
    CLI_RUNTIME_OPTIONS,
    CLI_THREADS_OPTION(settings),
    CLI_JSON_OPTION(settings),
    CLI_TALK_OPTIONS(settings),
};

// The images.
typedef struct images {
    cli_files good;      // all
    cli_dataset data;    // labelled ones; empty: none
    const char **learnt; // (learnt_count) paths into good
    const char **left;   // (left_count) left out
    size_t learnt_count, left_count, made_count;
    const char **tests; // (data.count)
} images;

// A recipe and what was measured.
typedef struct point {
    blm_recipe given, recipe; // the second one is complete
    const char *weights;
    rank_measure made, labelled; // NaN where there are no labels
    double key;                  // by which points are ranked
    size_t order;                // of trying
} point;

typedef struct work {
    const settings *set;
    images all;
    point *points; // those that were tried first
    size_t tried, count, capacity;
    double deadline; // see app_clock_ms
    cli_weights_list weights;
} work;

// ---- the images -----------------------------------------------------------------------

// Every fourth image is left out, and no more than are wanted, evenly spaced.
static void split(images *all)
{
    const size_t count = all->good.count;
    all->learnt = cli_alloc(count, sizeof *all->learnt);
    all->left = cli_alloc(count, sizeof *all->left);
    const size_t fourths = count / 4, others = count - fourths;
    const size_t left = fourths < MOST_LEFT_OUT ? fourths : MOST_LEFT_OUT;
    const size_t learnt = others < MOST_LEARNT ? others : MOST_LEARNT;
    for (size_t i = 0, other = 0; i < count; i++) {
        const size_t fourth = i / 4;
        if (i % 4 == 3 && fourth * left / fourths < (fourth + 1) * left / fourths)
            all->left[all->left_count++] = all->good.items[i].path;
        if (i % 4 == 3)
            continue;
        if (other * learnt / others < (other + 1) * learnt / others)
            all->learnt[all->learnt_count++] = all->good.items[i].path;
        other++;
    }
    const size_t each = (DEFECTS + all->left_count - 1) / all->left_count;
    all->made_count = each * all->left_count;
}

static int find_images(const settings *set, const cli_arguments *arguments, images *all)
{
    const cli_choice choice = {.exclude = set->exclude, .quiet = set->talk.quiet};
    int code = CLI_EXIT_OK;
    if (arguments->count == 1 && cli_dataset_is(arguments->items[0])) {
        code = cli_dataset_train(arguments->items[0], &choice, &all->data);
        all->good = all->data.train;
        all->data.train = (cli_files){0};
    } else
        code = cli_list(arguments->items, arguments->count, &choice, &all->good);
    if (code != CLI_EXIT_OK)
        return code;
    if (all->good.count < LEAST_IMAGES) {
        cli_complain(
            "%zu good images, expected %d or more, since a fourth of them is left "
            "out of the fits",
            all->good.count, LEAST_IMAGES);
        return CLI_EXIT_INPUT;
    }
    if (set->check && all->data.count == 0) {
        cli_complain("--check: expected a data set with labelled images");
        return CLI_EXIT_USAGE;
    }
    if (!set->check) {
        cli_dataset_free(&all->data);
        all->data = (cli_dataset){0};
    }
    all->tests = cli_alloc(all->data.count, sizeof *all->tests);
    for (size_t i = 0; i < all->data.count; i++)
        all->tests[i] = all->data.items[i].path;
    split(all);
    return CLI_EXIT_OK;
}

static void free_images(images *all)
{
    free(all->learnt);
    free(all->left);
    free(all->tests);
    cli_files_free(&all->good);
    cli_dataset_free(&all->data);
}

// ---- made defects, as a source of the search ------------------------------------------

static const char *made_path(void *context, size_t index)
{
    const images *all = &((const work *)context)->all;
    return all->left[index % all->left_count];
}

static blm_status make_image(void *context, size_t index,
    const blm_decode_options *decode, blm_image **out, blm_error *err)
{
    const work *w = context;
    const images *all = &w->all;
    const made_kind kind = (made_kind)(index % MADE_KINDS);
    // Another image of those learnt; 7919 is a prime that no count here divides.
    const char *path = all->learnt[index * 7919 % all->learnt_count];
    blm_image *good = NULL, *other = NULL;
    blm_status status = blm_image_read(made_path(context, index), decode, &good, err);
    if (status == BLM_OK)
        status = blm_image_read(path, decode, &other, err);
    if (status == BLM_OK)
        status = made_defect(
            good, other, kind, (uint64_t)w->set->seed * 1000003 + index, out, NULL, err);
    blm_image_free(good);
    blm_image_free(other);
    return status;
}

static int show_progress(void *context, size_t done, size_t total)
{
    (void)context;
    cli_progress_step(done, total);
    return cli_interrupted();
}

// Learns and scores: the left-out images, the made defects, the labelled images.
static blm_status extract(
    work *w, const point *points, size_t count, search **out, blm_error *err)
{
    const images *all = &w->all;
    const search_watch watch = {.progress = show_progress};
    const search_source made = {.context = w, .image = make_image, .name = made_path};
    blm_recipe recipe = points[0].given; // gets the taps of all
    const search_options wanted = {.recipe = &recipe,
        .weights = points[0].weights,
        .decode = w->set->decode,
        .threads = w->set->threads};
    for (size_t i = 1; i < count; i++)
        cli_recipe_add_taps(&recipe, &points[i].given);
    cli_progress_name("features", "images");
    cli_progress_begin(&w->set->talk, 0);
    blm_status status = search_new(&wanted, out, err);
    if (status == BLM_OK)
        status = search_add_files(
            *out, SEARCH_GOOD, all->learnt, all->learnt_count, &watch, err);
    if (status == BLM_OK)
        status =
            search_add_files(*out, SEARCH_TEST, all->left, all->left_count, &watch, err);
    if (status == BLM_OK)
        status =
            search_add_images(*out, SEARCH_TEST, &made, all->made_count, &watch, err);
    if (status == BLM_OK)
        status =
            search_add_files(*out, SEARCH_TEST, all->tests, all->data.count, &watch, err);
    cli_progress_clear();
    return status;
}

// ---- trying recipes -------------------------------------------------------------------

static blm_status measure_labelled(const work *w, const double *scores, double threshold,
    rank_measure *out, blm_error *err)
{
    const cli_dataset *data = &w->all.data;
    double *sorted = cli_alloc(data->count, sizeof *sorted);
    size_t good = 0, bad = 0;
    for (size_t i = 0; i < data->count; i++)
        if (!data->items[i].bad)
            sorted[good++] = scores[i];
    for (size_t i = 0; i < data->count; i++)
        if (data->items[i].bad)
            sorted[good + bad++] = scores[i];
    const blm_status status =
        good > 0 && bad > 0
            ? rank_scores(sorted, good, sorted + good, bad, threshold, out, err)
            : BLM_OK;
    free(sorted);
    return status;
}

static int stop(void *context, size_t index, const float *map)
{
    (void)context, (void)index, (void)map;
    return cli_interrupted();
}

// Good scores are those of leave-one-out and of the images that were left out.
static blm_status try_point(work *w, search *tries, point *p, blm_error *err)
{
    const images *all = &w->all;
    const search_watch watch = {.map = stop};
    const blm_calibration calibration = {.false_alarm = w->set->false_alarm};
    search_result r;
    const rank_measure unknown = {NAN, NAN, NAN};
    blm_status status = search_run(tries, &p->given, &calibration, &watch, &r, err);
    if (status != BLM_OK)
        return status;
    const size_t count = r.good_count + all->left_count;
    double *good = cli_alloc(count, sizeof *good);
    memcpy(good, r.good, r.good_count * sizeof *good);
    memcpy(good + r.good_count, r.scores, all->left_count * sizeof *good);
    const double *made = r.scores + all->left_count;
    p->recipe = r.recipe;
    p->labelled = unknown;
    status = rank_scores(good, count, made, all->made_count, r.threshold, &p->made, err);
    if (status == BLM_OK)
        status =
            measure_labelled(w, made + all->made_count, r.threshold, &p->labelled, err);
    p->key = p->made.found - p->made.alarms;
    free(good);
    return status;
}

// Recipes of the same input and backbone, until their time is over.
static blm_status try_group(
    work *w, point *points, size_t count, double until, blm_error *err)
{
    search *tries = NULL;
    blm_status status = extract(w, points, count, &tries, err);
    cli_progress_name("recipes", "of this backbone and size");
    cli_progress_begin(&w->set->talk, 0);
    for (size_t i = 0;
         status == BLM_OK && i < count && (i == 0 || app_clock_ms() < until); i++) {
        status = try_point(w, tries, &points[i], err);
        if (status == BLM_OK)
            w->points[w->tried++] = points[i];
        cli_progress_step(i + 1, count);
    }
    cli_progress_clear();
    search_free(tries);
    return status;
}

static int same_group(const point *a, const point *b)
{
    return a->weights == b->weights &&
           cli_recipe_same(&a->given, &b->given, BLM_PART_NETWORK);
}

// Each group gets an equal share of the time that is left.
static int try_all(work *w)
{
    size_t groups = 0;
    blm_error err;
    for (size_t i = 0; i < w->count; i++)
        groups += i == 0 || !same_group(&w->points[i - 1], &w->points[i]);
    for (size_t i = 0, end; i < w->count; i = end, groups--) {
        for (end = i + 1; end < w->count && same_group(&w->points[i], &w->points[end]);)
            end++;
        const double now = app_clock_ms();
        if (w->tried > 0 && now >= w->deadline)
            break;
        const double until = now + (w->deadline - now) / (double)groups;
        const blm_status status = try_group(w, w->points + i, end - i, until, &err);
        if (status != BLM_OK)
            return cli_worse(cli_fail(status, &err), cli_interrupted());
    }
    return CLI_EXIT_OK;
}

// ---- the recipes ----------------------------------------------------------------------

// Whether weights have the outputs layer2 and layer3.
static int has_layers(const blm_weights_info *info)
{
    int found = 0;
    for (int i = 0; i < info->tap_count && i < BLM_MAX_TAPS; i++)
        found += strcmp(info->taps[i].name, "layer2") == 0 ||
                 strcmp(info->taps[i].name, "layer3") == 0;
    return found == 2;
}

// Appends all recipes for weights.
static int add_recipes(const cli_verb *verb, work *w, const char *weights)
{
    cli_grid grid = w->set->grid;
    const blm_field *field;
    blm_weights_info info;
    blm_error err;
    blm_recipe *recipes = NULL;
    size_t count = 0;
    const blm_status status = blm_weights_describe(weights, NULL, &info, &err);
    if (status != BLM_OK)
        return cli_fail(status, &err);
    for (size_t i = 0; (field = blm_recipe_field(i)) != NULL; i++)
        if (grid.lists[i] == NULL && strcmp(field->name, "taps") == 0 &&
            has_layers(&info))
            grid.lists[i] = "auto/layer2,layer3";
    const int code = cli_grid_expand(verb, &grid, &recipes, &count);
    for (size_t i = 0; i < count; i++) {
        w->points = cli_grow(w->points, w->count, &w->capacity, sizeof *w->points);
        w->points[w->count++] = (point){.given = recipes[i], .weights = weights};
    }
    free(recipes);
    return code;
}

static int list_recipes(const cli_verb *verb, work *w)
{
    int code = CLI_EXIT_OK;
    for (int i = 0; code == CLI_EXIT_OK && i < w->weights.count; i++)
        code = add_recipes(verb, w, w->weights.items[i]);
    return code;
}

// ---- the ranking ----------------------------------------------------------------------

static int by_key(const void *a, const void *b)
{
    const point *x = a, *y = b;
    if (x->key != y->key)
        return x->key > y->key ? -1 : 1;
    if (x->made.auroc != y->made.auroc)
        return x->made.auroc > y->made.auroc ? -1 : 1;
    return (x->order > y->order) - (x->order < y->order);
}

// What distinguishes it; the caller frees it.
static char *point_text(const point *p)
{
    char *input = cli_recipe_text(&p->given, BLM_PART_INPUT, BLM_PART_NETWORK);
    char *rest = cli_recipe_text(&p->recipe, BLM_PART_FEATURES, BLM_PART_MAP);
    const char *comma = *input != '\0' ? ", " : "";
    char *all = p->weights == NULL
                    ? cli_format("%s%s%s", input, comma, rest)
                    : cli_format("weights %s, %s%s%s", p->weights, input, comma, rest);
    free(input);
    free(rest);
    return all;
}

static void print_points(const work *w)
{
    const size_t top = (size_t)w->set->top;
    printf("    made   found  alarms%s  recipe\n",
        w->set->check ? "   AUROC   found  alarms" : "");
    for (size_t i = 0; i < w->tried && i < top; i++) {
        const point *p = &w->points[i];
        char *text = point_text(p);
        printf("%8.4f%8.3f%8.3f", p->made.auroc, p->made.found, p->made.alarms);
        if (w->set->check)
            printf("%8.4f%8.3f%8.3f", p->labelled.auroc, p->labelled.found,
                p->labelled.alarms);
        printf("  %s\n", text);
        free(text);
    }
}

// Rank correlations between made defects and labelled images.
typedef struct agreement {
    double key, auroc;   // of `found` less `alarms`; of AUROC
    double chosen, best; // labelled `found` less `alarms` of the first, and of the best
} agreement;

static agreement agree(const work *w)
{
    double *values = cli_alloc(4 * w->tried, sizeof *values);
    double *labelled = values + w->tried, *auroc = labelled + w->tried;
    double *labelled_auroc = auroc + w->tried;
    agreement out = {.best = -1};
    for (size_t i = 0; i < w->tried; i++) {
        const point *p = &w->points[i];
        values[i] = p->key;
        labelled[i] = p->labelled.found - p->labelled.alarms;
        auroc[i] = p->made.auroc;
        labelled_auroc[i] = p->labelled.auroc;
        out.best = fmax(out.best, labelled[i]);
    }
    out.chosen = labelled[0];
    out.key = rank_correlation(values, labelled, w->tried);
    out.auroc = rank_correlation(auroc, labelled_auroc, w->tried);
    free(values);
    return out;
}

static void print_agreement(const work *w)
{
    const agreement a = agree(w);
    printf("rank correlation (Spearman) of made and labelled: found less alarms %.2f, "
           "AUROC %.2f\n"
           "labelled, found less alarms: %.3f of the first, %.3f of the best\n",
        a.key, a.auroc, a.chosen, a.best);
}

static void measure_json(cli_json *json, const char *key, const rank_measure *m)
{
    cli_json_open(json, key, '{');
    cli_json_number(json, "image_auroc", m->auroc);
    cli_json_number(json, "found", m->found);
    cli_json_number(json, "false_alarms", m->alarms);
    cli_json_close(json, '}');
}

static void print_json(const work *w)
{
    for (size_t i = 0; i < w->tried; i++) {
        cli_json json = {0};
        cli_json_open(&json, NULL, '{');
        cli_json_text(&json, "weights", w->points[i].weights);
        cli_recipe_json(&w->points[i].recipe, &json);
        measure_json(&json, "made", &w->points[i].made);
        if (w->set->check)
            measure_json(&json, "labelled", &w->points[i].labelled);
        cli_json_close(&json, '}');
        cli_json_end_line(&json);
    }
}

static void print(const work *w)
{
    if (w->tried < w->count && !w->set->talk.quiet)
        cli_complain("%zu of %zu recipes were tried in the time: expected more --minutes "
                     "for all",
            w->tried, w->count);
    if (w->set->json) {
        print_json(w);
        return;
    }
    printf("experimental: ranks by the share of made defects found, not by AUROC (see "
           "blemish-tune(1))\n"
           "%zu recipes, %zu good images learnt, %zu left out, %zu made defects\n",
        w->tried, w->all.learnt_count, w->all.left_count, w->all.made_count);
    print_points(w);
    if (w->set->check)
        print_agreement(w);
}

// ---- the verb -------------------------------------------------------------------------

// Fits the best recipe to all good images.
static int fit_best(const work *w)
{
    const point *best = &w->points[0];
    cli_training training = {.options = {.recipe = &best->given,
                                 .weights = best->weights,
                                 .decode = &w->set->decode,
                                 .threads = w->set->threads},
        .calibration = {.false_alarm = w->set->false_alarm},
        .force = w->set->force,
        .talk = &w->set->talk};
    blm_model *model = NULL;
    blm_error err;
    cli_progress_name(NULL, NULL);
    blm_status status = cli_train(&training, &w->all.good, &model, &err);
    int code = cli_interrupted();
    if (status == BLM_OK && code == CLI_EXIT_OK)
        status = blm_model_save(model, w->set->output, &err);
    if (status != BLM_OK)
        code = cli_worse(cli_fail(status, &err), code);
    else if (code == CLI_EXIT_OK && !w->set->json) {
        printf("model: ");
        cli_print_safe(stdout, w->set->output);
        printf("\n");
        cli_describe(model);
    }
    blm_model_free(model);
    return code;
}

static int tune(const cli_verb *verb, work *w)
{
    int code = list_recipes(verb, w);
    for (size_t i = 0; i < w->count; i++)
        w->points[i].order = i;
    w->deadline = app_clock_ms() + 6e4 * w->set->minutes;
    if (code == CLI_EXIT_OK)
        code = try_all(w);
    if (code != CLI_EXIT_OK)
        return code;
    qsort(w->points, w->tried, sizeof *w->points, by_key);
    print(w);
    if (w->set->output != NULL)
        code = fit_best(w);
    return cli_worse(code, cli_flush());
}

static int run(const cli_verb *verb, int argc, char **argv)
{
    settings set = {.grid.usual = usual, .minutes = 10, .top = 20, .talk.progress = -1};
    cli_arguments arguments;
    int code = cli_parse(verb, argc, argv, &set, &arguments);
    if (code >= 0)
        return code;
    if (arguments.count == 0)
        return cli_usage(verb, "no images given, expected %s", verb->arguments);
    if (set.output == NULL && !set.check)
        return cli_usage(verb, "no output given, expected -o MODEL, or --check");
    work w = {.set = &set};
    code = set.output != NULL ? cli_check_target(set.output) : CLI_EXIT_OK;
    if (code == CLI_EXIT_OK)
        code = find_images(&set, &arguments, &w.all);
    cli_weights_split(set.weights, &w.weights);
    if (code == CLI_EXIT_OK)
        code = cli_worse(tune(verb, &w), w.all.data.incomplete);
    free_images(&w.all);
    cli_weights_free(&w.weights);
    free(w.points);
    return code;
}

const cli_verb cli_tune = {
    .name = "tune",
    .arguments = "DIR|FILE|@LIST... -o MODEL",
    .summary = "Choose a recipe by made defects, and fit it (experimental)",
    .notes =
        "A fourth of the good images is left out of the fits; defects are made on them,\n"
        "and recipes are ranked by how well they find these.  All values of all lists\n"
        "are combined.",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run,
};
