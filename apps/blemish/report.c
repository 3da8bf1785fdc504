#include "apps/blemish/report.h"

#include <stdlib.h>

#include "apps/blemish/exit.h"
#include "apps/blemish/memory.h"
#include "apps/blemish/target.h"

enum { CUTS = 1024 }; // points of a curve, more than a plot can show

struct cli_report {
    report_image *images;       // (capacity)
    report_pictures **pictures; // (capacity) NULL: none
    size_t count, drawn, limit;
    char **failures; // (failure_count)
    size_t failure_count, failure_capacity;
    blm_cut image_cuts[CUTS], pixel_cuts[CUTS];
    size_t image_cut_count, pixel_cut_count;
};

// ---- the file

static char *page_path(const char *folder)
{
    return cli_format("%s/index.html", folder);
}

int cli_report_prepare(const char *folder)
{
    blm_error err;
    const blm_status status = cli_make_folder(folder, &err);
    if (status != BLM_OK)
        return cli_fail(status, &err);
    char *path = page_path(folder);
    const int code = cli_check_target(path);
    free(path);
    return code;
}

// Writes a page, if status is BLM_OK, and frees it.
static int write_page(
    const char *folder, blm_status status, html_text *page, blm_error *err)
{
    if (status != BLM_OK)
        return cli_fail(status, err);
    char *path = page_path(folder);
    status = blm_bytes_write(&(blm_bytes){(uint8_t *)page->at, page->size}, path, err);
    free(path);
    free(page->at);
    return status == BLM_OK ? CLI_EXIT_OK : cli_fail(status, err);
}

// ---- images

cli_report *cli_report_new(size_t images, size_t limit)
{
    cli_report *report = cli_alloc(1, sizeof *report);
    report->images = cli_alloc(images, sizeof *report->images);
    report->pictures = cli_alloc(images, sizeof *report->pictures);
    report->limit = limit;
    return report;
}

void cli_report_free(cli_report *report)
{
    if (report == NULL)
        return;
    for (size_t i = 0; i < report->count; i++)
        report_pictures_free(report->pictures[i]);
    for (size_t i = 0; i < report->failure_count; i++)
        free(report->failures[i]);
    free(report->images);
    free(report->pictures);
    free(report->failures);
    free(report);
}

// Drops the pictures of the last image that has some, in the order of the page.
static void drop_last(cli_report *report)
{
    size_t last = report->count;
    for (size_t i = 0; i < report->count; i++)
        if (report->pictures[i] != NULL &&
            (last == report->count ||
                report_image_order(&report->images[last], &report->images[i]) < 0))
            last = i;
    report_pictures_free(report->pictures[last]);
    report->pictures[last] = NULL;
    report->images[last].pictures = NULL;
    report->drawn--;
}

void cli_report_add(
    cli_report *report, const report_image *image, report_pictures *pictures)
{
    report->images[report->count] = *image;
    report->images[report->count].pictures = pictures;
    report->pictures[report->count++] = pictures;
    report->drawn += pictures != NULL;
    if (report->drawn > report->limit)
        drop_last(report);
}

void cli_report_add_failure(cli_report *report, const char *why)
{
    report->failures = cli_grow(report->failures, report->failure_count,
        &report->failure_capacity, sizeof *report->failures);
    report->failures[report->failure_count++] = cli_format("%s", why);
}

blm_status cli_report_draw(const blm_scorer *scorer, const blm_image *image,
    const blm_result *result, const uint8_t *truth, int known, report_pictures **out,
    blm_error *err)
{
    const int width = image->width, height = image->height;
    const size_t pixels = (size_t)width * (size_t)height;
    float *map = cli_alloc(pixels, sizeof *map);
    uint8_t *mask = cli_alloc(pixels, 1);
    uint8_t *none = known && truth == NULL ? cli_alloc(pixels, 1) : NULL;
    blm_status status = blm_result_native_map(scorer, result, width, height, map, err);
    if (status == BLM_OK)
        status = blm_result_native_mask(scorer, result, width, height, mask, err);
    if (status == BLM_OK)
        status = report_pictures_new(
            image, map, mask, truth != NULL ? truth : none, result->threshold, out, err);
    free(none);
    free(mask);
    free(map);
    return status;
}

// ---- evaluation

blm_status cli_report_add_curves(cli_report *report, const double *scores,
    const uint8_t *labels, size_t count, const blm_pixel_metrics *pixels, int threads,
    blm_error *err)
{
    const blm_status status = blm_image_curve(
        scores, labels, count, report->image_cuts, CUTS, &report->image_cut_count, err);
    if (status != BLM_OK || pixels == NULL)
        return status;
    const blm_pixel_options which = {.threads = threads};
    return blm_pixel_metrics_curve(
        pixels, &which, report->pixel_cuts, CUTS, &report->pixel_cut_count, err);
}

int cli_report_write(cli_report *report, const char *folder, const char *model_name,
    const char *data_name, const cli_metrics *metrics)
{
    const cli_verdicts *good = &metrics->good;
    report_eval data = {.model_name = model_name,
        .data_name = data_name,
        .model = &metrics->model,
        .row_count = metrics->count,
        .has_pixels = metrics->has_pixels,
        .native = metrics->native,
        .image_cuts = report->image_cuts,
        .image_cut_count = report->image_cut_count,
        .pixel_cuts = report->pixel_cuts,
        .pixel_cut_count = report->pixel_cut_count,
        .images = report->images,
        .image_count = report->count,
        .failures = (const char *const *)report->failures,
        .failure_count = report->failure_count};
    if (good->all > 0) {
        data.ng_range = cli_share_interval(good->ng, good->all);
        data.review_range = cli_share_interval(good->ng + good->review, good->all);
    }
    report_row *rows = cli_alloc(metrics->count, sizeof *rows);
    for (size_t i = 0; i < metrics->count; i++) {
        const cli_metrics_row *row = &metrics->rows[i];
        rows[i] = (report_row){row->kind, row->image, row->pixel, row->image_range,
            row->pixel_range, row->image_f1, row->pixel_f1, row->image_f1_range,
            row->pixel_f1_range};
    }
    data.rows = rows;
    qsort(report->images, report->count, sizeof *report->images, report_image_order);
    html_text page;
    blm_error err;
    const blm_status status = report_eval_page(&data, &page, &err);
    free(rows);
    return write_page(folder, status, &page, &err);
}

// ---- fit

// The result of good image number `index`, scored by a model of the others.
static blm_status find_result(const blm_model *model, const blm_model_info *info,
    size_t index, float *map, uint8_t *mask, blm_result *out, blm_error *err)
{
    const blm_recipe *r = info->recipe;
    const blm_status status = blm_model_good_map(model, index, map, mask, err);
    if (status != BLM_OK)
        return status;
    *out = (blm_result){.threshold = info->threshold,
        .width = r->width,
        .height = r->height,
        .map = map,
        .mask = mask};
    return BLM_OK;
}

static blm_status draw_good(const blm_model *model, const blm_model_info *info,
    const blm_good_score *good, const blm_scorer *scorer,
    const blm_decode_options *decode, report_pictures **out, blm_error *err)
{
    const size_t pixels = (size_t)info->recipe->width * (size_t)info->recipe->height;
    blm_image *image = NULL;
    blm_result result;
    blm_decode_options as_fitted = *decode;
    blm_recipe_decode_options(info->recipe, &as_fitted);
    blm_status status = blm_image_read(good->name, &as_fitted, &image, err);
    if (status != BLM_OK)
        return status;
    float *map = cli_alloc(pixels, sizeof *map);
    uint8_t *mask = cli_alloc(pixels, 1);
    status = find_result(model, info, good->index, map, mask, &result, err);
    if (status == BLM_OK)
        status = cli_report_draw(scorer, image, &result, NULL, 0, out, err);
    free(mask);
    free(map);
    blm_image_free(image);
    return status;
}

// Adds the images of the first `limit` scores with their pictures.
static blm_status add_good(cli_report *report, const blm_model *model,
    const blm_model_info *info, const blm_good_score *good,
    const blm_decode_options *decode, blm_error *err)
{
    blm_scorer *scorer = NULL; // for the position of the map on the image
    blm_status status = blm_scorer_new(model, NULL, &scorer, err);
    for (size_t i = 0; i < report->limit && status == BLM_OK; i++) {
        report_pictures *pictures = NULL;
        const report_image image = {.name = good[i].name,
            .score = good[i].score,
            .verdict =
                blm_verdict_of(good[i].score, info->threshold, info->review_threshold)};
        status = draw_good(model, info, &good[i], scorer, decode, &pictures, err);
        if (status == BLM_OK)
            cli_report_add(report, &image, pictures);
    }
    blm_scorer_free(scorer);
    return status;
}

int cli_report_fit(const char *folder, const char *model_name, const blm_model *model,
    const blm_decode_options *decode, size_t limit)
{
    blm_model_info info;
    html_text page;
    blm_error err;
    blm_model_describe(model, &info);
    const size_t count = info.good_scores;
    blm_good_score *good = cli_alloc(count, sizeof *good);
    double *scores = cli_alloc(count, sizeof *scores);
    limit = limit < count ? limit : count;
    cli_report *report = cli_report_new(limit, limit);
    blm_model_good_scores(model, good, count);
    for (size_t i = 0; i < count; i++)
        scores[i] = good[i].score;
    blm_status status = add_good(report, model, &info, good, decode, &err);
    if (status == BLM_OK)
        status = report_fit_page(&(report_fit){.model_name = model_name,
                                     .model = &info,
                                     .scores = scores,
                                     .score_count = count,
                                     .images = report->images,
                                     .image_count = report->count},
            &page, &err);
    const int code = write_page(folder, status, &page, &err);
    cli_report_free(report);
    free(scores);
    free(good);
    return code;
}
