// Builds the page of a study with changed images.
#include "apps/report/report_parts.h"

static const char *const columns[REPORT_STRESS_CURVES] = {
    "good: NG", "good: CANNOT JUDGE", "defective: NG", "defective: CANNOT JUDGE"};

enum { MAX_STEPS = 16 };

// The curves of good images, and those of defective ones if there are any.
static size_t curve_count(const report_stress *data)
{
    return data->defective > 0 ? REPORT_STRESS_CURVES : REPORT_STRESS_CURVES / 2;
}

static blm_status put_plot(html_text *html, const report_stress *data,
    const report_corruption *c, blm_error *err)
{
    const size_t points = (c->steps < MAX_STEPS ? c->steps : MAX_STEPS - 1) + 1;
    const blm_axis x = {"step (0: unchanged)", 0, (double)(points - 1)};
    const blm_axis y = {"share of images", 0, 1};
    double steps[MAX_STEPS];
    blm_curve curves[REPORT_STRESS_CURVES];
    blm_bytes svg;
    for (size_t i = 0; i < points; i++)
        steps[i] = (double)i;
    for (size_t k = 0; k < REPORT_STRESS_CURVES; k++)
        curves[k] = (blm_curve){columns[k], steps, c->share[k], points};
    const blm_status status =
        blm_plot_curves(NULL, &x, &y, curves, curve_count(data), &svg, err);
    if (status != BLM_OK)
        return status;
    report_open_figure(html, &svg, c->name);
    html_put(html, "Steps: ");
    for (size_t i = 0; i < c->steps; i++) {
        html_put(html, i > 0 ? ", " : "");
        report_put_short(html, c->strength[i], 3);
    }
    html_put(html, " %s. It %s.", c->unit, c->judgement);
    report_close_figure(html);
    return BLM_OK;
}

static void put_row(
    html_text *html, const report_stress *data, const report_corruption *c, size_t step)
{
    html_put(
        html, "<tr><th scope=\"row\">%s</th><td>", step == 0 ? "unchanged" : c->name);
    if (step > 0) {
        report_put_short(html, c->strength[step - 1], 3);
        html_put(html, " %s", c->unit);
    }
    html_put(html, "</td>");
    for (size_t k = 0; k < curve_count(data); k++) {
        html_put(html, "<td>");
        report_put_fixed(html, c->share[k][step], 3);
        html_put(html, "</td>");
    }
    if (data->defective > 0) {
        html_put(html, "<td>");
        report_put_fixed(html, c->auroc[step], 4);
        html_put(html, "</td>");
    }
    html_put(html, "</tr>\n");
}

static void put_table(html_text *html, const report_stress *data)
{
    report_open_section(html, "table", "Shares of images");
    html_put(html, "<div class=\"wide\"><table>\n<thead><tr><th>Change</th>"
                   "<th>Strength</th>");
    for (size_t k = 0; k < curve_count(data); k++)
        html_put(html, "<th>%s</th>", columns[k]);
    html_put(
        html, "%s</tr></thead>\n<tbody>\n", data->defective > 0 ? "<th>AUROC</th>" : "");
    put_row(html, data, &data->corruptions[0], 0);
    for (size_t i = 0; i < data->count; i++)
        for (size_t step = 1; step <= data->corruptions[i].steps; step++)
            put_row(html, data, &data->corruptions[i], step);
    html_put(html, "</tbody></table></div>\n");
    report_close_section(html);
}

blm_status report_stress_page(const report_stress *data, html_text *out, blm_error *err)
{
    html_text html = {0};
    blm_status status = BLM_OK;
    report_open_page(&html, data->model_name, data->data_name);
    html_put(&html,
        "<p class=\"soft\">Changed images, judged by the model and its own thresholds: "
        "%zu good images and %zu defective ones, each changed in every way</p>\n"
        "</header>\n",
        data->good, data->defective);
    report_open_section(&html, "plots", "Verdicts by strength");
    html_put(&html, "<div class=\"plots\">\n");
    for (size_t i = 0; status == BLM_OK && i < data->count; i++)
        status = put_plot(&html, data, &data->corruptions[i], err);
    html_put(&html, "</div>\n");
    report_close_section(&html);
    put_table(&html, data);
    report_open_section(&html, "model", "Model");
    report_put_model(&html, data->model);
    report_close_section(&html);
    report_close_page(&html);
    return report_finish(&html, status, out, err);
}
