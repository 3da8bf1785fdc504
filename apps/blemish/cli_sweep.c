// blemish sweep: tries many recipes on the same images and ranks them.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/blemish/cli_recipe.h"
#include "apps/blemish/dataset.h"
#include "apps/blemish/exit.h"
#include "apps/blemish/grid.h"
#include "apps/blemish/json.h"
#include "apps/blemish/mask.h"
#include "apps/blemish/memory.h"
#include "apps/blemish/progress.h"
#include "apps/blemish/verbs.h"
#include "apps/sweep/search.h"
#include "blemish/eval.h"

enum { BY_SPREAD, BY_IMAGE, BY_PIXEL, BY_PRO, BY_NOTHING };

typedef struct settings {
    cli_grid grid;
    const char *weights, *exclude;
    double false_alarm;
    int rank, intervals, scores, json, csv, threads;
    blm_decode_options decode;
    cli_talk talk;
} settings;

// What is tried of a field if the user gives no list.
static const char usual[] = "unit-variance\0"
                            "no,yes\0"
                            "epsilon\0"
                            "0.01,0.03,0.1\0";

#define AT(member) offsetof(settings, member)
static const cli_option options[] = {
    CLI_GRID_OPTIONS(settings, usual),
    {"weights", 'w', CLI_TEXT, "FILE", "Weights of the backbone (those installed)",
        AT(weights), 0, 0, NULL},
    {"false-alarm", 0, CLI_REAL, "RATE", "Share of good images that may be NG (0.01)",
        AT(false_alarm), 0, 1, NULL},
    {"rank", 0, CLI_CHOICE, "BY", "spread, image, pixel or pro (image, or spread)",
        AT(rank), 0, 0, "spread|image|pixel|pro"},
    {"intervals", 0, CLI_FLAG, NULL, "Bootstrap intervals of the metrics (95 %)",
        AT(intervals), 0, 0, NULL},
    {"scores", 0, CLI_FLAG, NULL, "With --json: all scores", AT(scores), 0, 0, NULL},
    {"csv", 0, CLI_FLAG, NULL, "Print CSV", AT(csv), 0, 0, NULL},
    CLI_EXCLUDE_OPTION(settings),
    CLI_LIMIT_OPTIONS(settings),
    CLI_RUNTIME_OPTIONS,
    CLI_THREADS_OPTION(settings),
    CLI_JSON_OPTION(settings),
    CLI_TALK_OPTIONS(settings),
};

// The images, their labels and masks.
typedef struct images {
    const cli_files *good; // to learn from
    cli_files listed;      // `good`, if there is no data set
    cli_dataset data;      // to score; empty: no labels
    uint8_t *labels;       // (data.count) 1: defective
    int remarked;          // odd masks have been reported
    uint8_t **masks;       // (data.count) (height, width) of the input; NULL: no defect
} images;

// The result of a recipe.
typedef struct point {
    blm_recipe recipe;
    int features;
    double spread;            // of the good scores
    double threshold, found;  // found: share of defective images that are NG
    double false_alarms;      // share of good test images that are NG
    blm_metrics image, pixel; // NaN where not defined
    blm_intervals image_range, pixel_range;
    double fit_ms, score_ms;
    double *good, *test; // (good images), (test images) with --scores
} point;

typedef struct work {
    const settings *set;
    images *images;
    blm_pixel_metrics *pixels; // of the current point
    int width, height;
    blm_error err; // of the map callback
} work;

// ---- the images -----------------------------------------------------------------------

static int find_images(const settings *set, const cli_arguments *arguments, images *out)
{
    const cli_choice choice = {.exclude = set->exclude, .quiet = set->talk.quiet};
    out->good = &out->listed;
    if (arguments->count != 1 || !cli_dataset_is(arguments->items[0]))
        return cli_list(arguments->items, arguments->count, &choice, &out->listed);
    const int code = cli_dataset_train(arguments->items[0], &choice, &out->data);
    out->good = &out->data.train;
    out->labels = cli_alloc(out->data.count, 1);
    out->masks = cli_alloc(out->data.count, sizeof *out->masks);
    for (size_t i = 0; i < out->data.count; i++)
        out->labels[i] = (uint8_t)out->data.items[i].bad;
    return code;
}

static void forget_masks(images *all)
{
    for (size_t i = 0; i < all->data.count; i++) {
        free(all->masks[i]);
        all->masks[i] = NULL;
    }
}

// Reads the masks, resampled to the input of a recipe.
static blm_status read_masks(
    images *all, const settings *set, const blm_recipe *recipe, blm_error *err)
{
    cli_odd_masks odd = {0};
    blm_status status = BLM_OK;
    forget_masks(all);
    for (size_t i = 0; status == BLM_OK && i < all->data.count; i++) {
        int width, height;
        uint8_t *mask = NULL;
        const cli_sample *sample = &all->data.items[i];
        unsigned what = 0;
        if (sample->mask_count == 0)
            continue;
        status = cli_masks_read(sample->masks, sample->mask_count, &set->decode, &width,
            &height, &mask, &what, err);
        cli_odd_masks_add(&odd, what, sample->masks[0]);
        if (status == BLM_OK) {
            all->masks[i] = cli_alloc((size_t)recipe->width * (size_t)recipe->height, 1);
            status = blm_recipe_mask(recipe, mask, width, height, all->masks[i], err);
        }
        free(mask);
    }
    if (!all->remarked && !set->talk.quiet)
        cli_odd_masks_warn(&odd);
    all->remarked = 1;
    return status;
}

// ---- a point --------------------------------------------------------------------------

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// (q - m) / m of the good scores, with their median m and 95 % quantile q.
static double spread_of(const double *scores, size_t count, double median)
{
    double *sorted = cli_alloc(count, sizeof *sorted);
    memcpy(sorted, scores, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, ascending);
    const double tail = sorted[(size_t)ceil(0.95 * (double)count) - 1];
    free(sorted);
    return median > 0 ? (tail - median) / median : NAN;
}

static int take_map(void *context, size_t index, const float *map)
{
    work *w = context;
    const cli_sample *sample = &w->images->data.items[index];
    if (w->pixels == NULL)
        return cli_interrupted();
    const blm_status status = blm_pixel_metrics_add(w->pixels, map,
        w->images->masks[index], w->width, w->height, sample->bad, &w->err);
    return status != BLM_OK ? cli_fail(status, &w->err) : cli_interrupted();
}

static const blm_metrics unknown = {.auroc = NAN,
    .average_precision = NAN,
    .f1_max = NAN,
    .f1_threshold = NAN,
    .au_pro = {NAN, NAN}};

static void count_verdicts(const search_result *r, const images *all, point *out)
{
    size_t ng[2] = {0, 0}, count[2] = {0, 0};
    for (size_t i = 0; i < r->score_count; i++) {
        ng[all->labels[i]] +=
            blm_verdict_of(r->scores[i], r->threshold, 0) == BLM_VERDICT_NG;
        count[all->labels[i]]++;
    }
    out->false_alarms = (double)ng[0] / (double)count[0];
    out->found = (double)ng[1] / (double)count[1];
}

static blm_status measure(
    const work *w, const search_result *r, point *out, blm_error *err)
{
    const blm_pixel_options which = {.threads = w->set->threads};
    const blm_bootstrap bootstrap = {.threads = w->set->threads};
    blm_status status = BLM_OK;
    out->image = out->pixel = unknown;
    count_verdicts(r, w->images, out);
    if (r->score_count == 0)
        return BLM_OK;
    status =
        blm_image_metrics(r->scores, w->images->labels, r->score_count, &out->image, err);
    if (status == BLM_OK && w->pixels != NULL)
        status = blm_pixel_metrics_result(w->pixels, &which, &out->pixel, err);
    if (status == BLM_OK && w->set->intervals)
        status = blm_image_intervals(r->scores, w->images->labels, r->score_count,
            &bootstrap, &out->image_range, err);
    if (status == BLM_OK && w->set->intervals && w->pixels != NULL)
        status = blm_pixel_metrics_intervals(
            w->pixels, &which, &bootstrap, &out->pixel_range, err);
    return status;
}

static double *copy(const double *values, size_t count)
{
    double *own = cli_alloc(count, sizeof *own);
    if (count > 0)
        memcpy(own, values, count * sizeof *own);
    return own;
}

static blm_status try_recipe(
    search *sweep, work *w, const blm_recipe *recipe, point *out, blm_error *err)
{
    const search_watch watch = {.context = w, .map = take_map};
    const blm_calibration calibration = {.false_alarm = w->set->false_alarm};
    search_result r;
    blm_status status = BLM_OK;
    if (w->images->data.masks)
        status = blm_pixel_metrics_new(&w->pixels, err);
    if (status == BLM_OK)
        status = search_run(sweep, recipe, &calibration, &watch, &r, err);
    if (status == BLM_OK) {
        *out = (point){.recipe = r.recipe,
            .features = r.features,
            .spread = spread_of(r.good, r.good_count, r.good_median),
            .threshold = r.threshold,
            .fit_ms = r.fit_ms,
            .score_ms = r.score_ms};
        status = measure(w, &r, out, err);
        if (w->set->scores) {
            out->good = copy(r.good, r.good_count);
            out->test = copy(r.scores, r.score_count);
        }
    }
    blm_pixel_metrics_free(w->pixels);
    w->pixels = NULL;
    return status;
}

// ---- all points -----------------------------------------------------------------------

static int show_progress(void *context, size_t done, size_t total)
{
    (void)context;
    cli_progress_step(done, total);
    return cli_interrupted();
}

// Extracts features of all images once, for `count` recipes of the same input.
static blm_status extract(
    const work *w, const blm_recipe *recipes, size_t count, search **out, blm_error *err)
{
    const cli_files *good = w->images->good;
    const cli_dataset *data = &w->images->data;
    const search_watch watch = {.progress = show_progress};
    blm_recipe recipe = recipes[0]; // gets the taps of all
    const search_options wanted = {.recipe = &recipe,
        .weights = w->set->weights,
        .decode = w->set->decode,
        .threads = w->set->threads};
    const char **paths = cli_paths(good);
    const char **tests = cli_alloc(data->count, sizeof *tests);
    for (size_t i = 0; i < data->count; i++)
        tests[i] = data->items[i].path;
    for (size_t i = 1; i < count; i++)
        cli_recipe_add_taps(&recipe, &recipes[i]);
    cli_progress_name("features", "images");
    cli_progress_begin(&w->set->talk, 0);
    blm_status status = search_new(&wanted, out, err);
    if (status == BLM_OK)
        status = search_add_files(*out, SEARCH_GOOD, paths, good->count, &watch, err);
    if (status == BLM_OK)
        status = search_add_files(*out, SEARCH_TEST, tests, data->count, &watch, err);
    cli_progress_clear();
    free(tests);
    free(paths);
    return status;
}

// Recipes of the same input.
static blm_status try_input(
    work *w, const blm_recipe *recipes, size_t count, point *points, blm_error *err)
{
    search *sweep = NULL;
    blm_status status = extract(w, recipes, count, &sweep, err);
    if (status == BLM_OK && w->images->data.masks)
        status = read_masks(w->images, w->set, search_recipe(sweep), err);
    if (status == BLM_OK) {
        w->width = search_recipe(sweep)->width;
        w->height = search_recipe(sweep)->height;
    }
    cli_progress_name("recipes", "of this size");
    cli_progress_begin(&w->set->talk, 0);
    for (size_t i = 0; status == BLM_OK && i < count; i++) {
        status = try_recipe(sweep, w, &recipes[i], &points[i], err);
        cli_progress_step(i + 1, count);
    }
    cli_progress_clear();
    search_free(sweep);
    return status;
}

static int try_all(work *w, const blm_recipe *recipes, size_t count, point *points)
{
    blm_error err;
    for (size_t i = 0, end; i < count; i = end) {
        for (end = i + 1; end < count &&
                          cli_recipe_same(&recipes[i], &recipes[end], BLM_PART_NETWORK);)
            end++;
        const blm_status status = try_input(w, recipes + i, end - i, points + i, &err);
        if (status != BLM_OK)
            return cli_worse(cli_fail(status, &err), cli_interrupted());
    }
    return CLI_EXIT_OK;
}

// ---- the ranking ----------------------------------------------------------------------

static double key_of(const point *p, int rank)
{
    const double keys[] = {
        p->spread, -p->image.auroc, -p->pixel.auroc, -p->pixel.au_pro[0]};
    return isnan(keys[rank]) ? INFINITY : keys[rank];
}

// Best first; equal ones stay in the order of the grid.  Insertion sort, as there are
// few.
static void sort_points(point *points, size_t count, int rank)
{
    for (size_t i = 1; i < count; i++)
        for (size_t j = i;
             j > 0 && key_of(&points[j], rank) < key_of(&points[j - 1], rank); j--) {
            const point swap = points[j];
            points[j] = points[j - 1];
            points[j - 1] = swap;
        }
}

static void print_number(double number, blm_interval range, int with_range)
{
    if (isnan(number))
        printf("%8s", "-");
    else
        printf("%8.4f", number);
    if (with_range && isnan(number))
        printf(" %15s", "");
    else if (with_range)
        printf(" (%.4f-%.4f)", range.low, range.high);
}

static char *point_text(const point *p)
{
    return cli_recipe_text(&p->recipe, BLM_PART_INPUT, BLM_PART_MAP);
}

static void print_table(const settings *set, const point *points, size_t count)
{
    const int gap = set->intervals ? 16 : 0;
    printf("  spread%8s%*s%8s%*s%8s%*s   found  alarms  recipe\n", "AUROC", gap, "",
        "pixel", gap, "", "PRO 0.3", gap, "");
    for (size_t i = 0; i < count; i++) {
        const point *p = &points[i];
        const blm_interval none = {NAN, NAN};
        char *text = point_text(p);
        print_number(p->spread, none, 0);
        print_number(p->image.auroc, p->image_range.auroc, set->intervals);
        print_number(p->pixel.auroc, p->pixel_range.auroc, set->intervals);
        print_number(p->pixel.au_pro[0], p->pixel_range.au_pro[0], set->intervals);
        print_number(p->found, none, 0);
        print_number(p->false_alarms, none, 0);
        printf("  %s\n", text);
        free(text);
    }
}

static void print_csv_number(double number)
{
    if (isnan(number))
        printf(",");
    else
        printf(",%.6g", number);
}

static void print_csv(const settings *set, const point *points, size_t count)
{
    cli_recipe_csv_names();
    printf("features,spread,image_auroc,pixel_auroc,au_pro_0.3,found,false_alarms,"
           "threshold,fit_ms,score_ms%s\n",
        set->intervals ? ",image_low,image_high,pixel_low,pixel_high,pro_low,pro_high"
                       : "");
    for (size_t i = 0; i < count; i++) {
        const point *p = &points[i];
        cli_recipe_csv(&p->recipe);
        printf("%d", p->features);
        const double numbers[] = {p->spread, p->image.auroc, p->pixel.auroc,
            p->pixel.au_pro[0], p->found, p->false_alarms, p->threshold, p->fit_ms,
            p->score_ms, p->image_range.auroc.low, p->image_range.auroc.high,
            p->pixel_range.auroc.low, p->pixel_range.auroc.high,
            p->pixel_range.au_pro[0].low, p->pixel_range.au_pro[0].high};
        for (size_t k = 0; k < (set->intervals ? 15 : 9); k++)
            print_csv_number(numbers[k]);
        putchar('\n');
    }
}

static void range_json(cli_json *json, const char *key, blm_interval range)
{
    cli_json_open(json, key, '[');
    cli_json_number(json, NULL, range.low);
    cli_json_number(json, NULL, range.high);
    cli_json_close(json, ']');
}

static void scores_json(
    cli_json *json, const char *key, const double *scores, size_t count)
{
    cli_json_open(json, key, '[');
    for (size_t i = 0; i < count; i++)
        cli_json_number(json, NULL, scores[i]);
    cli_json_close(json, ']');
}

static void point_json(const work *w, const point *p, cli_json *json)
{
    cli_recipe_json(&p->recipe, json);
    cli_json_integer(json, "features", p->features);
    cli_json_number(json, "spread", p->spread);
    cli_json_number(json, "image_auroc", p->image.auroc);
    cli_json_number(json, "pixel_auroc", p->pixel.auroc);
    cli_json_number(json, "au_pro_0.3", p->pixel.au_pro[0]);
    if (w->set->intervals) {
        range_json(json, "image_auroc_interval", p->image_range.auroc);
        range_json(json, "pixel_auroc_interval", p->pixel_range.auroc);
        range_json(json, "au_pro_0.3_interval", p->pixel_range.au_pro[0]);
    }
    cli_json_number(json, "threshold", p->threshold);
    cli_json_number(json, "found", p->found);
    cli_json_number(json, "false_alarms", p->false_alarms);
    cli_json_number(json, "fit_ms", p->fit_ms);
    cli_json_number(json, "score_ms", p->score_ms);
    if (p->good != NULL) {
        scores_json(json, "good_scores", p->good, w->images->good->count);
        scores_json(json, "test_scores", p->test, w->images->data.count);
    }
}

static int print(const work *w, const point *points, size_t count)
{
    const settings *set = w->set;
    for (size_t i = 0; set->json && i < count; i++) {
        cli_json json = {0};
        cli_json_open(&json, NULL, '{');
        point_json(w, &points[i], &json);
        cli_json_close(&json, '}');
        cli_json_end_line(&json);
    }
    if (!set->json && set->csv)
        print_csv(set, points, count);
    else if (!set->json)
        print_table(set, points, count);
    return cli_flush();
}

// ---- the verb -------------------------------------------------------------------------

static int sweep(work *w, const blm_recipe *recipes, size_t count)
{
    const int known = w->images->data.count > 0;
    const int rank = w->set->rank != BY_NOTHING ? w->set->rank
                     : known                    ? BY_IMAGE
                                                : BY_SPREAD;
    point *points = cli_alloc(count, sizeof *points);
    int code = try_all(w, recipes, count, points);
    if (code == CLI_EXIT_OK) {
        sort_points(points, count, rank);
        code = print(w, points, count);
    }
    for (size_t i = 0; i < count; i++) {
        free(points[i].good);
        free(points[i].test);
    }
    free(points);
    return code;
}

static int run(const cli_verb *verb, int argc, char **argv)
{
    settings set = {.grid.usual = usual, .rank = BY_NOTHING, .talk.progress = -1};
    cli_arguments arguments;
    int code = cli_parse(verb, argc, argv, &set, &arguments);
    if (code >= 0)
        return code;
    if (arguments.count == 0)
        return cli_usage(verb, "no images given, expected %s", verb->arguments);
    if (set.scores && !set.json)
        return cli_usage(verb, "--scores needs --json");
    images all = {0};
    work w = {.set = &set, .images = &all};
    blm_recipe *recipes = NULL;
    size_t count = 0;
    code = cli_grid_expand(verb, &set.grid, &recipes, &count);
    if (code == CLI_EXIT_OK)
        code = find_images(&set, &arguments, &all);
    if (code == CLI_EXIT_OK)
        code = cli_worse(sweep(&w, recipes, count), all.data.incomplete);
    forget_masks(&all);
    free(all.masks);
    free(all.labels);
    free(recipes);
    cli_files_free(&all.listed);
    cli_dataset_free(&all.data);
    return code;
}

const cli_verb cli_sweep = {
    .name = "sweep",
    .arguments = "DATASET | DIR|FILE|@LIST...",
    .summary = "Try many recipes on the same images and rank them",
    .notes =
        "DATASET has a layout that eval reads, such as that of MVTec AD.  Other "
        "arguments\n"
        "are good images; recipes are then ranked by spread.  All values of all lists\n"
        "are combined.",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run,
};
