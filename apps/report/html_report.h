// html_report.h: what a model does, as one HTML page that needs nothing else: pictures,
// style and script are inside, so it opens from disk and can be sent to somebody.
//
// The page reads without its script; with it, images are sorted and filtered.  Texts are
// escaped, and what is not UTF-8 in them becomes U+FFFD.  Functions are pure: any thread.
#ifndef BLEMISH_REPORT_HTML_REPORT_H
#define BLEMISH_REPORT_HTML_REPORT_H

#include "apps/report/html_text.h"
#include "blemish/blemish.h"
#include "blemish/eval.h"
#include "blemish/render.h"

// ---- images ---------------------------------------------------------------------------

// An image, its map and its masks, drawn for a page: nothing larger than 256 pixels a
// side, about 100 KB for a photo.
typedef struct report_pictures report_pictures;

// map, mask and truth are (height, width) of the image: blm_result_native_map and _mask,
// and what is known to be defect (not 0), NULL where nothing is known.  Where they are
// made smaller, the highest value stays, so that no defect vanishes.
blm_status report_pictures_new(const blm_image *image, const float *map,
    const uint8_t *mask, const uint8_t *truth, double threshold, report_pictures **out,
    blm_error *err);
void report_pictures_free(report_pictures *pictures); // NULL allowed

typedef struct report_image {
    const char *name;
    const char *kind; // of defect, or "good"; NULL where no truth is known
    int defective;    // what the truth is
    double score;
    blm_verdict verdict;
    const report_pictures *pictures; // NULL: none
} report_image;

// Which of two report_image comes first, for qsort: defective ones that passed as OK,
// good ones called NG, REVIEW, all others; in each the higher score, then the name.
int report_image_order(const void *a, const void *b);

// ---- pages ----------------------------------------------------------------------------

// The images of one kind of defect with all the good ones; NaN where nothing is defined.
typedef struct report_row {
    const char *kind; // NULL: all kinds
    blm_metrics image, pixel;
    blm_intervals image_range, pixel_range; // of level 0.95
} report_row;

// What eval found.
typedef struct report_eval {
    const char *model_name, *data_name;
    const blm_model_info *model;
    const report_row *rows; // (row_count) all kinds first; at least that one
    size_t row_count;
    int has_pixels;            // there are masks, so pixel metrics and ground truth
    int native;                // pixel metrics are at the size of the images
    const blm_cut *image_cuts; // (image_cut_count) blm_image_curve
    size_t image_cut_count;
    const blm_cut *pixel_cuts; // (pixel_cut_count) blm_pixel_metrics_curve; may be none
    size_t pixel_cut_count;
    const report_image *images; // (image_count) in the order of the page
    size_t image_count;
    blm_interval ng_range, review_range; // 95 % intervals of the shares of good images
                                         // that are NG, and NG or REVIEW
    const char *const *failures;         // (failure_count) why images are not among them
    size_t failure_count;
} report_eval;

blm_status report_eval_page(const report_eval *data, html_text *out, blm_error *err);

// What a fit found.
typedef struct report_fit {
    const char *model_name;
    const blm_model_info *model;
    const double *scores; // (score_count) of the good images
    size_t score_count;
    const report_image *images; // (image_count) the ones least like the others
    size_t image_count;
} report_fit;

blm_status report_fit_page(const report_fit *data, html_text *out, blm_error *err);

#endif
