#include "apps/blemish/evaluate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/blemish/batch.h"
#include "apps/blemish/exit.h"
#include "apps/blemish/mask.h"
#include "apps/blemish/memory.h"

// ---- scores and maps of all images

typedef struct collection {
    const cli_evaluation *how;
    const cli_dataset *data;
    const blm_recipe *recipe;
    double threshold;
    double *scores;        // (count) of the images that could be scored
    uint8_t *labels;       // (count) 1: defective
    int *kinds;            // (count) 0: good, else the kind's number
    blm_verdict *verdicts; // (count)
    blm_counts *marked;    // (count) pixels of the predicted mask; with pixels only
    size_t count;
    const char **kind_names; // (kind_count) number 1 first
    size_t kind_count;
    blm_pixel_metrics *pixels; // NULL: no masks
    cli_odd_masks odd;         // masks to report
    size_t unusable;           // masks that could not be used
} collection;

// Data of an image for pixel metrics and the report.
typedef struct pixels {
    int width, height;
    float *map;                // (height, width); NULL: the result's
    uint8_t *mask;             // (height, width); NULL: no defect
    report_pictures *pictures; // NULL: none
    blm_counts marked;         // of the predicted mask
    unsigned odd;              // CLI_MASK_ bits of the mask
    blm_status mask_status;    // of reading the mask, with mask_err
    blm_error mask_err;
} pixels;

static void free_pixels(void *extra)
{
    pixels *p = extra;
    if (p != NULL) {
        free(p->map);
        free(p->mask);
        report_pictures_free(p->pictures);
    }
    free(p);
}

// The mask at the size of the image.
static blm_status read_mask(const collection *all, const cli_sample *sample,
    const cli_outcome *outcome, uint8_t **mask, unsigned *odd, blm_error *err)
{
    int width, height;
    const blm_status status = cli_masks_read(sample->masks, sample->mask_count,
        &all->how->decode, &width, &height, mask, odd, err);
    if (status != BLM_OK)
        return status;
    if (width == outcome->width && height == outcome->height)
        return BLM_OK;
    snprintf(err->text, sizeof err->text, "%s: %d x %d pixels, but its image has %d x %d",
        sample->masks[0], width, height, outcome->width, outcome->height);
    free(*mask);
    *mask = NULL;
    return BLM_EINPUT;
}

static blm_status at_native_size(
    const blm_scorer *scorer, const cli_outcome *outcome, pixels *p, blm_error *err)
{
    const size_t count = (size_t)outcome->width * (size_t)outcome->height;
    p->width = outcome->width;
    p->height = outcome->height;
    p->map = cli_alloc(count, sizeof *p->map);
    blm_status status =
        blm_result_native_map(scorer, &outcome->result, p->width, p->height, p->map, err);
    if (status != BLM_OK)
        return status;
    uint8_t *marked = cli_alloc(count, 1);
    status = blm_result_native_mask(
        scorer, &outcome->result, p->width, p->height, marked, err);
    if (status == BLM_OK)
        status = blm_count_mask(marked, p->mask, p->width, p->height, &p->marked, err);
    free(marked);
    return status;
}

static blm_status at_model_size(
    const collection *all, const cli_outcome *outcome, pixels *p, blm_error *err)
{
    p->width = outcome->result.width;
    p->height = outcome->result.height;
    if (p->mask != NULL) {
        uint8_t *small = cli_alloc((size_t)p->width * (size_t)p->height, 1);
        const blm_status status = blm_recipe_mask(
            all->recipe, p->mask, outcome->width, outcome->height, small, err);
        free(p->mask);
        p->mask = small;
        if (status != BLM_OK)
            return status;
    }
    return blm_count_mask(
        outcome->result.mask, p->mask, p->width, p->height, &p->marked, err);
}

static blm_status prepare_pixels(void *context, cli_outcome *outcome,
    const blm_scorer *scorer, blm_image *image, blm_error *err)
{
    const collection *all = context;
    const cli_sample *sample = &all->data->items[outcome->index];
    pixels *p = cli_alloc(1, sizeof *p);
    blm_status status = BLM_OK;
    outcome->extra = p;
    if (all->data->masks && sample->mask_count > 0)
        p->mask_status = read_mask(all, sample, outcome, &p->mask, &p->odd, &p->mask_err);
    const int known = all->data->masks && p->mask_status == BLM_OK;
    if (all->how->report != NULL)
        status = cli_report_draw(
            scorer, image, &outcome->result, p->mask, known, &p->pictures, err);
    if (status == BLM_OK && all->pixels != NULL && known)
        status = all->how->native ? at_native_size(scorer, outcome, p, err)
                                  : at_model_size(all, outcome, p, err);
    return status;
}

// The number of a kind; a new kind gets the next number.
static int kind_number(collection *all, const char *kind)
{
    for (size_t k = 0; k < all->kind_count; k++) {
        if (strcmp(all->kind_names[k], kind) == 0)
            return (int)k + 1;
    }
    all->kind_names[all->kind_count] = kind;
    return (int)++all->kind_count;
}

static void add_to_report(
    const collection *all, const cli_sample *sample, const cli_outcome *outcome)
{
    cli_report *report = all->how->report;
    pixels *p = outcome->extra;
    if (outcome->status != BLM_OK) {
        cli_report_add_failure(report, outcome->err.text);
        return;
    }
    const report_image image = {.name = sample->path,
        .kind = sample->kind,
        .defective = sample->bad,
        .score = outcome->result.score,
        .verdict = outcome->result.verdict,
        .reasons = outcome->result.reasons};
    cli_report_add(report, &image, p->pictures);
    p->pictures = NULL; // they are the report's now
}

// An image whose mask cannot be used still counts for image metrics.
static void note_mask(collection *all, const cli_sample *sample, const pixels *p)
{
    if (p->mask_status == BLM_OK && sample->mask_count > 0)
        cli_odd_masks_add(&all->odd, p->odd, sample->masks[0]);
    if (p->mask_status == BLM_OK)
        return;
    cli_fail(p->mask_status, &p->mask_err);
    all->unusable++;
}

static int collect(void *context, const cli_outcome *outcome)
{
    collection *all = context;
    const cli_sample *sample = &all->data->items[outcome->index];
    pixels *p = outcome->extra;
    blm_error err;
    blm_status status = BLM_OK;
    if (outcome->status == BLM_OK) {
        const int kind = sample->bad ? kind_number(all, sample->kind) : 0;
        all->scores[all->count] = outcome->result.score;
        all->labels[all->count] = (uint8_t)sample->bad;
        all->verdicts[all->count] = outcome->result.verdict;
        all->kinds[all->count] = kind;
        if (p != NULL) {
            all->marked[all->count] = p->marked;
            note_mask(all, sample, p);
        }
        all->count++;
        if (all->pixels != NULL && p->mask_status == BLM_OK)
            status = blm_pixel_metrics_add(all->pixels,
                p->map != NULL ? p->map : outcome->result.map, p->mask, p->width,
                p->height, kind, &err);
    }
    if (all->how->report != NULL)
        add_to_report(all, sample, outcome);
    return status == BLM_OK ? CLI_EXIT_OK : cli_fail(status, &err);
}

// ---- the metrics

// The images of a kind, and all good ones; kind 0: all images.
typedef struct selection {
    int kind;
    size_t count;
    double *scores;     // (count)
    uint8_t *labels;    // (count)
    blm_counts *images; // (count) each image as one item, marked if it reaches the
                        // threshold
    blm_counts *pixels; // (count)
} selection;

static void select_kind(const collection *all, int kind, selection *out)
{
    out->kind = kind;
    out->count = 0;
    for (size_t i = 0; i < all->count; i++) {
        if (kind != 0 && all->kinds[i] != 0 && all->kinds[i] != kind)
            continue;
        const int marked = all->scores[i] >= all->threshold, defective = all->labels[i];
        out->scores[out->count] = all->scores[i];
        out->labels[out->count] = all->labels[i];
        out->images[out->count] = (blm_counts){.hits = marked && defective,
            .false_alarms = marked && !defective,
            .defective = defective};
        out->pixels[out->count++] = all->marked[i];
    }
}

static blm_status measure_pixels(
    const collection *all, const selection *s, cli_metrics_row *row, blm_error *err)
{
    const blm_pixel_options which = {.kind = s->kind, .threads = all->how->threads};
    const blm_bootstrap bootstrap = {.threads = all->how->threads};
    blm_status status = blm_pixel_metrics_result(all->pixels, &which, &row->pixel, err);
    if (status == BLM_OK)
        status = blm_counts_f1(
            s->pixels, s->count, &bootstrap, &row->pixel_f1, &row->pixel_f1_range, err);
    if (status == BLM_OK && all->how->report != NULL)
        status = blm_pixel_metrics_intervals(
            all->pixels, &which, &bootstrap, &row->pixel_range, err);
    return status;
}

static blm_status measure(
    const collection *all, const selection *s, cli_metrics_row *row, blm_error *err)
{
    const blm_bootstrap bootstrap = {.threads = all->how->threads};
    *row = (cli_metrics_row){.kind = s->kind == 0 ? NULL : all->kind_names[s->kind - 1],
        .pixel = {.auroc = NAN,
            .average_precision = NAN,
            .f1_max = NAN,
            .f1_threshold = NAN,
            .au_pro = {NAN, NAN}},
        .pixel_f1 = NAN,
        .pixel_f1_range = {NAN, NAN}};
    blm_status status =
        blm_image_metrics(s->scores, s->labels, s->count, &row->image, err);
    if (status == BLM_OK)
        status = blm_counts_f1(
            s->images, s->count, &bootstrap, &row->image_f1, &row->image_f1_range, err);
    if (status == BLM_OK && all->how->report != NULL)
        status = blm_image_intervals(
            s->scores, s->labels, s->count, &bootstrap, &row->image_range, err);
    if (status == BLM_OK && all->pixels != NULL)
        status = measure_pixels(all, s, row, err);
    return status;
}

static void count_verdict(blm_verdict verdict, cli_verdicts *out)
{
    out->ng += verdict == BLM_VERDICT_NG;
    out->review += verdict == BLM_VERDICT_REVIEW;
    out->unjudged += verdict == BLM_VERDICT_CANNOT_JUDGE;
    out->all++;
}

static blm_status measure_all(const collection *all, cli_metrics *out, blm_error *err)
{
    selection s = {.scores = cli_alloc(all->count, sizeof *s.scores),
        .labels = cli_alloc(all->count, 1),
        .images = cli_alloc(all->count, sizeof *s.images),
        .pixels = cli_alloc(all->count, sizeof *s.pixels)};
    blm_status status = BLM_OK;
    out->count = all->kind_count + 1;
    out->rows = cli_alloc(out->count, sizeof *out->rows);
    for (size_t k = 0; status == BLM_OK && k < out->count; k++) {
        select_kind(all, (int)k, &s);
        status = measure(all, &s, &out->rows[k], err);
    }
    for (size_t i = 0; i < all->count; i++)
        count_verdict(all->verdicts[i], all->labels[i] ? &out->defective : &out->good);
    free(s.pixels);
    free(s.images);
    free(s.labels);
    free(s.scores);
    return status;
}

// ---- all of it

// Reports odd masks.  If some masks cannot be used, there are no pixel metrics: they
// would not be comparable.
static int settle_masks(collection *all, cli_metrics *out)
{
    if (!all->how->talk->quiet)
        cli_odd_masks_warn(&all->odd);
    if (all->unusable == 0)
        return CLI_EXIT_OK;
    cli_complain("%zu masks cannot be used: no pixel metrics", all->unusable);
    blm_pixel_metrics_free(all->pixels);
    all->pixels = NULL;
    out->has_pixels = 0;
    return CLI_EXIT_INPUT;
}

static int score_all(collection *all, const blm_model *model)
{
    const size_t count = all->data->count;
    const char **paths = cli_alloc(count, sizeof *paths);
    for (size_t i = 0; i < count; i++)
        paths[i] = all->data->items[i].path;
    all->scores = cli_alloc(count, sizeof *all->scores);
    all->labels = cli_alloc(count, sizeof *all->labels);
    all->kinds = cli_alloc(count, sizeof *all->kinds);
    all->verdicts = cli_alloc(count, sizeof *all->verdicts);
    all->marked = cli_alloc(count, sizeof *all->marked);
    all->kind_names = cli_alloc(count, sizeof *all->kind_names);
    const cli_batch batch = {.paths = paths,
        .count = count,
        .threads = all->how->threads,
        .judge_anyway = all->how->judge_anyway,
        .decode = all->how->decode,
        .talk = all->how->talk,
        .context = all,
        .work = all->pixels != NULL || all->how->report != NULL ? prepare_pixels : NULL,
        .release = free_pixels,
        .report = collect};
    const int code = cli_batch_run(&batch, model);
    free(paths);
    return code;
}

int cli_evaluate(const cli_evaluation *how, const blm_model *model,
    const cli_dataset *data, cli_metrics *out)
{
    blm_error err;
    *out = (cli_metrics){.has_pixels = data->masks, .native = how->native};
    blm_model_describe(model, &out->model);
    collection all = {.how = how,
        .data = data,
        .recipe = out->model.recipe,
        .threshold = out->model.threshold};
    blm_status status = BLM_OK;
    if (data->masks)
        status = blm_pixel_metrics_new(&all.pixels, &err);
    int code = status == BLM_OK ? score_all(&all, model) : cli_fail(status, &err);
    out->failed = data->count - all.count;
    if (code <= CLI_EXIT_INPUT)
        code = cli_worse(cli_worse(code, data->incomplete), settle_masks(&all, out));
    if (all.count > 0 && code <= CLI_EXIT_INPUT) {
        status = measure_all(&all, out, &err);
        if (status == BLM_OK && how->report != NULL)
            status = cli_report_add_curves(how->report, all.scores, all.labels, all.count,
                all.pixels, how->threads, &err);
        if (status != BLM_OK) {
            code = cli_worse(code, cli_fail(status, &err));
            free(out->rows);
            out->rows = NULL;
            out->count = 0;
        }
    }
    blm_pixel_metrics_free(all.pixels);
    free(all.scores);
    free(all.labels);
    free(all.kinds);
    free(all.verdicts);
    free(all.marked);
    free(all.kind_names);
    return code;
}
