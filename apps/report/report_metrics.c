// Writes the numbers of an evaluation: tiles, verdicts, and metrics of each kind.
#include <math.h>
#include <string.h>

#include "apps/report/report_parts.h"

// ---- verdicts -------------------------------------------------------------------------

typedef struct verdicts {
    size_t by[4]; // blm_verdict
    size_t all;
} verdicts;

static verdicts count_verdicts(const report_eval *data, int defective)
{
    verdicts v = {{0}, 0};
    for (size_t i = 0; i < data->image_count; i++)
        if (!data->images[i].defective == !defective) {
            v.by[data->images[i].verdict]++;
            v.all++;
        }
    return v;
}

static double share(size_t count, size_t all)
{
    return all > 0 ? (double)count / (double)all : NAN;
}

// ---- tiles ----------------------------------------------------------------------------

void report_open_tile(html_text *html, const char *label)
{
    html_put(html, "<div class=\"tile\"><dt>%s</dt><dd><span class=\"value\">", label);
}

void report_end_value(html_text *html)
{
    html_put(html, "</span><span class=\"soft\">");
}

void report_close_tile(html_text *html)
{
    html_put(html, "</span></dd></div>\n");
}

static void put_range(html_text *html, const blm_interval *range)
{
    report_put_fixed(html, range->low, 3);
    html_put(html, "\xe2\x80\x93"); // an en dash
    report_put_fixed(html, range->high, 3);
}

static void put_metric_tile(
    html_text *html, const char *label, double value, const blm_interval *range)
{
    if (isnan(value))
        return;
    report_open_tile(html, label);
    report_put_fixed(html, value, 3);
    report_end_value(html);
    put_range(html, range);
    report_close_tile(html);
}

static void put_count_tile(
    html_text *html, const char *label, size_t count, size_t all, const char *of)
{
    if (all == 0)
        return;
    report_open_tile(html, label);
    html_put(html, "%zu", count);
    report_end_value(html);
    html_put(html, "of %zu %s", all, of);
    report_close_tile(html);
}

// F1 at the model's own threshold.
static void put_own_f1_tile(
    html_text *html, const char *label, double value, const blm_interval *range)
{
    if (isnan(value))
        return;
    report_open_tile(html, label);
    report_put_fixed(html, value, 3);
    report_end_value(html);
    put_range(html, range);
    html_put(html, ", at the model's threshold");
    report_close_tile(html);
}

void report_put_tiles(html_text *html, const report_eval *data)
{
    const verdicts good = count_verdicts(data, 0), bad = count_verdicts(data, 1);
    const report_row *all = &data->rows[0];
    html_put(html, "<dl class=\"tiles\">\n");
    put_count_tile(html, "Missed defects", bad.by[BLM_VERDICT_OK], bad.all,
        "defective images are OK");
    put_count_tile(
        html, "False alarms", good.by[BLM_VERDICT_NG], good.all, "good images are NG");
    put_metric_tile(html, "Image AUROC", all->image.auroc, &all->image_range.auroc);
    put_metric_tile(html, "Image F1, best", all->image.f1_max, &all->image_range.f1_max);
    put_own_f1_tile(html, "Image F1", all->image_f1, &all->image_f1_range);
    put_own_f1_tile(html, "Pixel F1", all->pixel_f1, &all->pixel_f1_range);
    put_metric_tile(html, "Pixel AUROC", all->pixel.auroc, &all->pixel_range.auroc);
    put_metric_tile(html, "Pixel AP", all->pixel.average_precision,
        &all->pixel_range.average_precision);
    put_metric_tile(
        html, "AU-PRO to 0.3", all->pixel.au_pro[0], &all->pixel_range.au_pro[0]);
    put_metric_tile(
        html, "AU-PRO to 0.05", all->pixel.au_pro[1], &all->pixel_range.au_pro[1]);
    html_put(html,
        "</dl>\n<p class=\"soft\">The ranges are 95 %% intervals: bootstrap over "
        "images.%s</p>\n",
        !data->has_pixels ? ""
        : data->native    ? " Pixel metrics are at the size of the images."
                          : " Pixel metrics are at the model's input size.");
}

// ---- verdicts -------------------------------------------------------------------------

// Columns that are shown besides OK and NG.
typedef struct shown_columns {
    int review, unjudged;
} shown_columns;

static void put_verdict_row(
    html_text *html, const char *name, const verdicts *v, shown_columns with)
{
    html_put(
        html, "<tr><th scope=\"row\">%s</th><td>%zu</td>", name, v->by[BLM_VERDICT_OK]);
    if (with.review)
        html_put(html, "<td>%zu</td>", v->by[BLM_VERDICT_REVIEW]);
    if (with.unjudged)
        html_put(html, "<td>%zu</td>", v->by[BLM_VERDICT_CANNOT_JUDGE]);
    html_put(html, "<td>%zu</td><td>%zu</td></tr>\n", v->by[BLM_VERDICT_NG], v->all);
}

// The rate of good images beside the one that was asked for.
static void put_rate(html_text *html, const char *what, double asked, size_t count,
    size_t all, const blm_interval *range)
{
    html_put(html, "<p>%s: <b>", what);
    report_put_percent(html, share(count, all));
    html_put(html, "</b> of good images (%zu of %zu; 95 %% interval ", count, all);
    report_put_percent(html, range->low);
    html_put(html, " to ");
    report_put_percent(html, range->high);
    html_put(html, "), asked for at most <b>");
    report_put_percent(html, asked);
    html_put(html, "</b>.</p>\n");
}

void report_put_verdicts(html_text *html, const report_eval *data)
{
    const blm_model_info *m = data->model;
    const verdicts good = count_verdicts(data, 0), bad = count_verdicts(data, 1);
    const shown_columns with = {m->review_threshold > 0,
        good.by[BLM_VERDICT_CANNOT_JUDGE] + bad.by[BLM_VERDICT_CANNOT_JUDGE] > 0};
    html_put(html,
        "<div class=\"wide\"><table><thead><tr><th scope=\"col\">Images</th>"
        "<th scope=\"col\">OK</th>%s%s<th scope=\"col\">NG</th>"
        "<th scope=\"col\">all</th></tr></thead>\n<tbody>\n",
        with.review ? "<th scope=\"col\">REVIEW</th>" : "",
        with.unjudged ? "<th scope=\"col\">CANNOT JUDGE</th>" : "");
    put_verdict_row(html, "good", &good, with);
    put_verdict_row(html, "defective", &bad, with);
    html_put(html, "</tbody></table></div>\n");
    if (good.all == 0)
        return;
    put_rate(html, "False alarms", m->false_alarm, good.by[BLM_VERDICT_NG], good.all,
        &data->ng_range);
    if (with.review)
        put_rate(html, "With REVIEW", m->review,
            good.by[BLM_VERDICT_NG] + good.by[BLM_VERDICT_REVIEW], good.all,
            &data->review_range);
}

// ---- kinds ----------------------------------------------------------------------------

static void put_cell(html_text *html, double value, const blm_interval *range)
{
    report_put_fixed(html, value, 3);
    if (!isnan(value)) {
        html_put(html, "<span class=\"soft\">");
        put_range(html, range);
        html_put(html, "</span>");
    }
    html_put(html, "</td>");
}

// AUROC, average precision and F1.
static void put_metric_cells(html_text *html, const blm_metrics *metrics,
    const blm_intervals *range, const char *first)
{
    html_put(html, "%s", first);
    put_cell(html, metrics->auroc, &range->auroc);
    html_put(html, "<td>");
    put_cell(html, metrics->average_precision, &range->average_precision);
    html_put(html, "<td>");
    put_cell(html, metrics->f1_max, &range->f1_max);
}

// How many images of a kind are NG.  kind: NULL: all.
static size_t count_found(const report_eval *data, const char *kind)
{
    size_t found = 0;
    for (size_t i = 0; i < data->image_count; i++) {
        const report_image *image = &data->images[i];
        found += image->defective && image->verdict == BLM_VERDICT_NG &&
                 (kind == NULL || strcmp(image->kind, kind) == 0);
    }
    return found;
}

static void put_kind(html_text *html, const report_eval *data, const report_row *row)
{
    html_put(html, "<tr><th scope=\"row\">");
    html_put_escaped(html, row->kind == NULL ? "all kinds" : row->kind);
    html_put(html, "</th><td>%lld</td><td>%zu</td>", (long long)row->image.defective,
        count_found(data, row->kind));
    put_metric_cells(html, &row->image, &row->image_range, "<td>");
    if (data->has_pixels) {
        put_metric_cells(html, &row->pixel, &row->pixel_range, "<td class=\"pixels\">");
        html_put(html, "<td>");
        put_cell(html, row->pixel.au_pro[0], &row->pixel_range.au_pro[0]);
        html_put(html, "<td>");
        put_cell(html, row->pixel.au_pro[1], &row->pixel_range.au_pro[1]);
    }
    html_put(html, "</tr>\n");
}

static void put_columns(html_text *html, int with_pixels)
{
    static const char *const columns[] = {"all", "NG", "AUROC", "AP", "best F1"};
    static const char *const pixel_columns[] = {
        "AUROC", "AP", "best F1", "PRO 0.3", "PRO 0.05"};
    html_put(html, "<thead><tr><th scope=\"col\" rowspan=\"2\">Kind</th>"
                   "<th scope=\"colgroup\" colspan=\"5\">Images</th>");
    if (with_pixels)
        html_put(html, "<th scope=\"colgroup\" colspan=\"5\" class=\"pixels\">"
                       "Pixels</th>");
    html_put(html, "</tr>\n<tr>");
    for (int i = 0; i < 5; i++)
        html_put(html, "<th scope=\"col\">%s</th>", columns[i]);
    for (int i = 0; i < 5 && with_pixels; i++)
        html_put(html, "<th scope=\"col\"%s>%s</th>", i == 0 ? " class=\"pixels\"" : "",
            pixel_columns[i]);
    html_put(html, "</tr></thead>\n");
}

void report_put_kinds(html_text *html, const report_eval *data)
{
    html_put(html,
        "<div class=\"wide\" tabindex=\"0\" role=\"region\" "
        "aria-label=\"Kinds of defects\"><table><caption>Each kind is measured against "
        "all good images. NG: number of images that are NG.</caption>\n");
    put_columns(html, data->has_pixels);
    html_put(html, "<tbody>\n");
    for (size_t i = data->row_count == 2; i < data->row_count; i++) // one kind is all
        put_kind(html, data, &data->rows[i]);
    html_put(html, "</tbody></table></div>\n");
}
