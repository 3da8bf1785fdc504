// report_parts.h: the parts that the pages are put together from.
#ifndef BLEMISH_REPORT_PARTS_H
#define BLEMISH_REPORT_PARTS_H

#include "apps/report/html_report.h"

struct report_pictures {
    int width, height;
    blm_bytes original, heat;     // PNG
    html_text mask, doubt, truth; // outlines as SVG path data: NG; REVIEW and NG; known
    int has_truth;
};

// ---- report_text.c: numbers

// Appends a number with that many decimals, 0 to 6; a dash where it is not finite.
void report_put_fixed(html_text *html, double value, int decimals);
// Appends a number with as many decimals as it takes, up to `most`.
void report_put_short(html_text *html, double value, int most);
// Appends a number with some five digits that count.
void report_put_score(html_text *html, double value);
// Appends a share, 0 to 1, as per cent.
void report_put_percent(html_text *html, double share);
void report_put_base64(html_text *html, const blm_bytes *bytes);

// ---- report_page.c: style, script and what is around the content

// Titled "MODEL on DATA", or "MODEL" where data is NULL.  The header is still open.
void report_open_page(html_text *html, const char *model, const char *data);
void report_close_page(html_text *html);
// What the script shows above the images.
void report_put_controls(html_text *html);

// ---- report_model.c: what the model is and how its thresholds were found

void report_put_threshold(html_text *html, const blm_model_info *model);
void report_put_model(html_text *html, const blm_model_info *model);

// ---- report_metrics.c: numbers and plots of an evaluation

// A figure that is read at a glance.
void report_open_tile(html_text *html, const char *label);
void report_end_value(html_text *html); // what follows is a remark
void report_close_tile(html_text *html);
void report_put_tiles(html_text *html, const report_eval *data);
void report_put_verdicts(html_text *html, const report_eval *data);
void report_put_kinds(html_text *html, const report_eval *data);

// ---- report_plots.c: curves and histograms

blm_status report_put_curves(html_text *html, const report_eval *data, blm_error *err);
// sets: blm_plot_histogram's, with the thresholds of the model.
blm_status report_put_histogram(html_text *html, const blm_model_info *model,
    const blm_sample_set *sets, size_t count, blm_error *err);

// ---- report_images.c: image by image

void report_put_images(html_text *html, const blm_model_info *model,
    const report_image *images, size_t count);

#endif
