// Writes curves and histograms of a report.
#include <math.h>
#include <stdlib.h>

#include "apps/base/fault.h"
#include "apps/report/report_parts.h"

// ---- figures --------------------------------------------------------------------------

void report_open_figure(html_text *html, blm_bytes *svg, const char *label)
{
    html_put(html,
        "<figure class=\"plot\"><div role=\"img\" aria-label=\"%s\">%.*s</div>\n"
        "<figcaption><b>%s.</b> ",
        label, (int)svg->size, (const char *)svg->data, label);
    blm_bytes_free(svg);
}

void report_close_figure(html_text *html)
{
    html_put(html, "</figcaption></figure>\n");
}

static void put_value(html_text *html, const char *name, double value)
{
    html_put(html, "%s ", name);
    report_put_fixed(html, value, 3);
}

// ---- curves ---------------------------------------------------------------------------

typedef enum plot { ROC, PR, PRO } plot;

// Computes x and y (count) of the cuts; the last cut contains all samples.
static void find_points(
    plot which, const blm_cut *cuts, size_t count, double *x, double *y)
{
    const double good = count > 0 ? (double)cuts[count - 1].false_alarms : 0;
    const double bad = count > 0 ? (double)cuts[count - 1].hits : 0;
    for (size_t i = 0; i < count; i++) {
        const double hits = (double)cuts[i].hits, alarms = (double)cuts[i].false_alarms;
        x[i] = which == PR ? hits / bad : alarms / good;
        y[i] = which == ROC  ? hits / bad
               : which == PR ? hits / (hits + alarms)
                             : cuts[i].overlap;
    }
}

// Pixels come first, so that they have the same colour in all plots.
static blm_status plot_cuts(
    plot which, const report_eval *data, double *numbers, blm_bytes *svg, blm_error *err)
{
    static const struct {
        blm_axis x, y;
    } axes[] = {
        [ROC] = {{"false positive rate", 0, 1}, {"true positive rate", 0, 1}},
        [PR] = {{"recall", 0, 1}, {"precision", 0, 1}},
        [PRO] = {{"false positive rate", 0, 0.3}, {"share of each defect found", 0, 1}},
    };
    const size_t pixels = data->pixel_cut_count, images = data->image_cut_count;
    double *const image_numbers = numbers + 2 * pixels;
    const blm_curve curves[] = {{"pixels", numbers, numbers + pixels, pixels},
        {"images", image_numbers, image_numbers + images, images}};
    const size_t first = pixels > 0 ? 0 : 1, end = which == PRO ? 1 : 2;
    find_points(which, data->pixel_cuts, pixels, numbers, numbers + pixels);
    find_points(which, data->image_cuts, images, image_numbers, image_numbers + images);
    return blm_plot_curves(
        NULL, &axes[which].x, &axes[which].y, curves + first, end - first, svg, err);
}

static void put_caption(html_text *html, plot which, const report_eval *data)
{
    const blm_metrics *image = &data->rows[0].image, *pixel = &data->rows[0].pixel;
    switch (which) {
    case ROC:
        put_value(html, "Area: images", image->auroc);
        if (data->has_pixels)
            put_value(html, ", pixels", pixel->auroc);
        break;
    case PR:
        put_value(html, "Average precision: images", image->average_precision);
        if (data->has_pixels)
            put_value(html, ", pixels", pixel->average_precision);
        break;
    case PRO:
        put_value(html, "Area up to 0.3:", pixel->au_pro[0]);
        put_value(html, ", up to 0.05:", pixel->au_pro[1]);
        break;
    }
    html_put(html, ".");
}

static blm_status put_curve(
    html_text *html, plot which, const report_eval *data, double *numbers, blm_error *err)
{
    static const char *const names[] = {
        [ROC] = "ROC curve", [PR] = "Precision and recall", [PRO] = "PRO curve"};
    blm_bytes svg;
    APP_TRY(plot_cuts(which, data, numbers, &svg, err));
    report_open_figure(html, &svg, names[which]);
    put_caption(html, which, data);
    report_close_figure(html);
    return BLM_OK;
}

blm_status report_put_curves(html_text *html, const report_eval *data, blm_error *err)
{
    const size_t count = 2 * (data->image_cut_count + data->pixel_cut_count);
    double *numbers = calloc(count + 1, sizeof *numbers);
    if (numbers == NULL)
        return app_no_memory(err, "curves", count, sizeof *numbers);
    blm_status status = put_curve(html, ROC, data, numbers, err);
    if (status == BLM_OK)
        status = put_curve(html, PR, data, numbers, err);
    if (status == BLM_OK && data->pixel_cut_count > 0)
        status = put_curve(html, PRO, data, numbers, err);
    free(numbers);
    return status;
}

// ---- histogram ------------------------------------------------------------------------

blm_status report_put_histogram(html_text *html, const blm_model_info *model,
    const blm_sample_set *sets, size_t count, blm_error *err)
{
    const double marks[] = {model->threshold, model->review_threshold};
    const int with_review = model->review_threshold > 0;
    blm_bytes svg;
    APP_TRY(blm_plot_histogram(
        NULL, "score", sets, count, marks, with_review ? 2 : 1, &svg, err));
    report_open_figure(html, &svg, "Scores");
    html_put(html, "Dashed: the threshold, ");
    report_put_score(html, model->threshold);
    if (with_review) {
        html_put(html, ", and the review threshold, ");
        report_put_score(html, model->review_threshold);
    }
    html_put(html, ".");
    report_close_figure(html);
    return BLM_OK;
}
