// report.h: the parts that the pages are put together from.
#ifndef BLMI_RENDER_REPORT_H
#define BLMI_RENDER_REPORT_H

#include "blemish/report.h"
#include "src/render/text.h"

struct blm_report_pictures {
    int width, height;
    blm_bytes original, heat;     // PNG
    blm_bytes mask, doubt, truth; // outlines as SVG path data: NG; REVIEW and NG; known
    int has_truth;
};

// ---- report_text.c: numbers

// Appends a number with that many decimals, 0 to 6; a dash where it is not finite.
void blmi_report_put_fixed(blmi_text *html, double value, int decimals);
// Appends a number with as many decimals as it takes, up to `most`.
void blmi_report_put_short(blmi_text *html, double value, int most);
// Appends a number with some five digits that count.
void blmi_report_put_score(blmi_text *html, double value);
// Appends a share, 0 to 1, as per cent.
void blmi_report_put_percent(blmi_text *html, double share);
void blmi_report_put_base64(blmi_text *html, const blm_bytes *bytes);

// ---- report_page.c: style, script and what is around the content

// Titled "MODEL on DATA", or "MODEL" where data is NULL.  The header is still open.
void blmi_report_open_page(blmi_text *html, const char *model, const char *data);
void blmi_report_close_page(blmi_text *html);
// What the script shows above the images.
void blmi_report_put_controls(blmi_text *html);

// ---- report_model.c: what the model is and how its thresholds were found

void blmi_report_put_threshold(blmi_text *html, const blm_model_info *model);
void blmi_report_put_model(blmi_text *html, const blm_model_info *model);

// ---- report_metrics.c: numbers and plots of an evaluation

// A figure that is read at a glance.
void blmi_report_open_tile(blmi_text *html, const char *label);
void blmi_report_end_value(blmi_text *html); // what follows is a remark
void blmi_report_close_tile(blmi_text *html);
void blmi_report_put_tiles(blmi_text *html, const blm_report_eval *data);
void blmi_report_put_verdicts(blmi_text *html, const blm_report_eval *data);
void blmi_report_put_kinds(blmi_text *html, const blm_report_eval *data);

// ---- report_plots.c: curves and histograms

blm_status blmi_report_put_curves(
    blmi_text *html, const blm_report_eval *data, blm_error *err);
// sets: blm_plot_histogram's, with the thresholds of the model.
blm_status blmi_report_put_histogram(blmi_text *html, const blm_model_info *model,
    const blm_sample_set *sets, size_t count, blm_error *err);

// ---- report_images.c: image by image

void blmi_report_put_images(blmi_text *html, const blm_model_info *model,
    const blm_report_image *images, size_t count);

#endif
