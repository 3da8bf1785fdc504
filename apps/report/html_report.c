// Builds the pages from their parts.
#include "apps/report/html_report.h"

#include <math.h>
#include <stdlib.h>

#include "apps/base/fault.h"
#include "apps/report/report_parts.h"

// Says how many images have pictures, if not all.
static void put_limit(html_text *html, const report_image *images, size_t count)
{
    size_t drawn = 0;
    for (size_t i = 0; i < count; i++)
        drawn += images[i].pictures != NULL;
    if (drawn < count)
        html_put(html,
            "<p>The first %zu of these %zu images are shown with pictures "
            "(--report-images).</p>\n",
            drawn, count);
}

static void put_model_section(html_text *html, const blm_model_info *model)
{
    report_open_section(html, "model", "Model");
    report_put_model(html, model);
    report_close_section(html);
}

static blm_status check_model(const blm_model_info *model, blm_error *err)
{
    if (!(model->threshold > 0) || !isfinite(model->threshold))
        return app_fail(err, BLM_EUSAGE,
            "report: threshold %g, expected a finite number above 0", model->threshold);
    return BLM_OK;
}

// ---- evaluation -----------------------------------------------------------------------

static void put_eval_header(html_text *html, const report_eval *data)
{
    const blm_metrics *all = &data->rows[0].image;
    report_open_page(html, data->model_name, data->data_name);
    html_put(html, "<p class=\"soft\">%lld good images", (long long)all->good);
    if (all->defective > 0)
        html_put(html, " and %lld defective ones of %zu kind%s",
            (long long)all->defective, data->row_count - 1,
            data->row_count == 2 ? "" : "s");
    html_put(html, "</p>\n</header>\n");
    report_put_tiles(html, data);
}

static void put_failures(html_text *html, const report_eval *data)
{
    if (data->failure_count == 0)
        return;
    report_open_section(html, "failures", "Left out");
    html_put(html, "<p>These images could not be scored and are not counted:</p>\n"
                   "<ul>\n");
    for (size_t i = 0; i < data->failure_count; i++) {
        html_put(html, "<li>");
        html_put_escaped(html, data->failures[i]);
        html_put(html, "</li>\n");
    }
    html_put(html, "</ul>\n");
    report_close_section(html);
}

// values (image_count) is scratch.
static blm_status put_eval_histogram(
    html_text *html, const report_eval *data, double *values, blm_error *err)
{
    size_t good = 0, bad = data->image_count; // good from the front, bad from the end
    for (size_t i = 0; i < data->image_count; i++)
        values[data->images[i].defective ? --bad : good++] = data->images[i].score;
    const blm_sample_set sets[] = {
        {"good", values, good}, {"defective", values + bad, data->image_count - bad}};
    return report_put_histogram(html, data->model, sets, 2, err);
}

static blm_status put_eval_plots(html_text *html, const report_eval *data, blm_error *err)
{
    double *values = calloc(data->image_count + 1, sizeof *values);
    if (values == NULL)
        return app_no_memory(err, "scores", data->image_count, sizeof *values);
    report_open_section(html, "plots", "Scores and curves");
    html_put(html, "<div class=\"plots\">\n");
    blm_status status = put_eval_histogram(html, data, values, err);
    if (status == BLM_OK && data->rows[0].image.defective > 0)
        status = report_put_curves(html, data, err);
    html_put(html, "</div>\n");
    report_close_section(html);
    free(values);
    return status;
}

static void put_eval_images(html_text *html, const report_eval *data)
{
    report_open_section(html, "image-list", "Images");
    html_put(html,
        "<p>Missed defects come first, then false alarms, then REVIEW, then the others; "
        "each by falling score. Contours: white for NG%s%s.</p>\n",
        data->model->review_threshold > 0 ? ", violet for REVIEW" : "",
        data->has_pixels ? ", dashed blue for the ground truth" : "");
    put_limit(html, data->images, data->image_count);
    report_put_controls(html);
    report_put_images(html, data->model, data->images, data->image_count);
    report_close_section(html);
}

blm_status report_eval_page(const report_eval *data, html_text *out, blm_error *err)
{
    html_text html = {0};
    APP_TRY(check_model(data->model, err));
    put_eval_header(&html, data);
    report_open_section(&html, "verdicts", "Verdicts");
    report_put_verdicts(&html, data);
    report_put_threshold(&html, data->model);
    report_close_section(&html);
    put_failures(&html, data);
    const blm_status status = put_eval_plots(&html, data, err);
    if (data->row_count > 1) {
        report_open_section(&html, "kinds", "Kinds of defects");
        report_put_kinds(&html, data);
        report_close_section(&html);
    }
    put_model_section(&html, data->model);
    put_eval_images(&html, data);
    report_close_page(&html);
    return report_finish(&html, status, out, err);
}

// ---- fit ------------------------------------------------------------------------------

static void put_score_tile(html_text *html, const char *label, double score)
{
    report_open_tile(html, label);
    report_put_score(html, score);
    report_end_value(html);
    report_close_tile(html);
}

static void put_fit_header(html_text *html, const report_fit *data)
{
    const blm_model_info *m = data->model;
    size_t reached = 0;
    for (size_t i = 0; i < data->score_count; i++)
        reached += blm_verdict_of(data->scores[i], m->threshold, 0) == BLM_VERDICT_NG;
    report_open_page(html, data->model_name, NULL);
    html_put(html,
        "<p class=\"soft\">Fitted on %lld good images</p>\n</header>\n"
        "<dl class=\"tiles\">\n",
        (long long)m->images);
    put_score_tile(html, "Threshold", m->threshold);
    put_score_tile(html, "Median good score", m->good_median);
    report_open_tile(html, "At or above the threshold");
    html_put(html, "%zu", reached);
    report_end_value(html);
    html_put(html, "of %zu good images", data->score_count);
    report_close_tile(html);
    html_put(html, "</dl>\n");
}

static void put_fit_images(html_text *html, const report_fit *data)
{
    if (data->image_count == 0)
        return;
    report_open_section(html, "image-list", "Least like the others");
    html_put(html,
        "<p>Each image is scored by a model of the others. If one of these is defective, "
        "turned, or shows another part, remove it and fit again.</p>\n");
    report_put_images(html, data->model, data->images, data->image_count);
    report_close_section(html);
}

blm_status report_fit_page(const report_fit *data, html_text *out, blm_error *err)
{
    const blm_sample_set scores = {NULL, data->scores, data->score_count};
    html_text html = {0};
    APP_TRY(check_model(data->model, err));
    put_fit_header(&html, data);
    report_open_section(&html, "threshold", "Threshold");
    report_put_threshold(&html, data->model);
    html_put(&html, "<div class=\"plots\">\n");
    const blm_status status = report_put_histogram(&html, data->model, &scores, 1, err);
    html_put(&html, "</div>\n");
    report_close_section(&html);
    put_fit_images(&html, data);
    put_model_section(&html, data->model);
    report_close_page(&html);
    return report_finish(&html, status, out, err);
}
