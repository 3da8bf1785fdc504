// report_parts.h: writes the parts of the pages.
#ifndef BLEMISH_REPORT_PARTS_H
#define BLEMISH_REPORT_PARTS_H

#include "apps/report/html_report.h"

struct report_pictures {
    int width, height;
    blm_bytes original, heat;     // PNG
    html_text mask, doubt, truth; // outlines as SVG path data: NG; REVIEW and NG; ground
                                  // truth
    int has_truth;
};

// ---- report_text.c: numbers

// Appends a number with that many decimals, 0 to 6; a dash if it is not finite.
void report_put_fixed(html_text *html, double value, int decimals);
// Appends a number with as many decimals as needed, up to `most`.
void report_put_short(html_text *html, double value, int most);
// Appends a number with about five significant digits.
void report_put_score(html_text *html, double value);
// Appends a share, 0 to 1, in per cent.
void report_put_percent(html_text *html, double share);
void report_put_base64(html_text *html, const blm_bytes *bytes);

// ---- report_page.c: style, script and frame of a page

// Opens a page titled "MODEL on DATA", or "MODEL" if data is NULL, and its header.
void report_open_page(html_text *html, const char *model, const char *data);
void report_close_page(html_text *html);
// A part of a page under a heading.
void report_open_section(html_text *html, const char *id, const char *title);
void report_close_section(html_text *html);
// Hands a page over, or frees it if status is a failure.
blm_status report_finish(
    html_text *html, blm_status status, html_text *out, blm_error *err);
// The controls above the images, which the script shows.
void report_put_controls(html_text *html);

// ---- report_model.c: the model and its thresholds

void report_put_threshold(html_text *html, const blm_model_info *model);
void report_put_model(html_text *html, const blm_model_info *model);

// ---- report_metrics.c: numbers and plots of an evaluation

// A tile: a label, a large value, and a remark.
void report_open_tile(html_text *html, const char *label);
void report_end_value(html_text *html); // the remark follows
void report_close_tile(html_text *html);
void report_put_tiles(html_text *html, const report_eval *data);
void report_put_verdicts(html_text *html, const report_eval *data);
void report_put_kinds(html_text *html, const report_eval *data);

// ---- report_plots.c: curves and histograms

// Writes a plot, frees it, and opens its caption.  label: the title, also for screen
// readers.
void report_open_figure(html_text *html, blm_bytes *svg, const char *label);
void report_close_figure(html_text *html);
blm_status report_put_curves(html_text *html, const report_eval *data, blm_error *err);
// A histogram of `sets` (count; see blm_plot_histogram) with the thresholds of the model.
blm_status report_put_histogram(html_text *html, const blm_model_info *model,
    const blm_sample_set *sets, size_t count, blm_error *err);

// ---- report_images.c: the list of images

void report_put_images(html_text *html, const blm_model_info *model,
    const report_image *images, size_t count);

#endif
