// html_report.h: makes a report of a fit or an evaluation, as one HTML page that contains
// its pictures, style and script.
//
// The script only sorts and filters images; the page is complete without it.  Texts are
// escaped; bytes that are not UTF-8 become U+FFFD.  Any thread may call the functions.
#ifndef BLEMISH_REPORT_HTML_REPORT_H
#define BLEMISH_REPORT_HTML_REPORT_H

#include "apps/report/html_text.h"
#include "blemish/blemish.h"
#include "blemish/eval.h"
#include "blemish/render.h"

// ---- images ---------------------------------------------------------------------------

// An image, its map and its masks, drawn for a page: at most 256 pixels a side, about
// 100 KB for a photograph.
typedef struct report_pictures report_pictures;

// map, mask and truth have the image's (height, width): those of blm_result_native_map
// and _mask, and the ground-truth mask (NULL: unknown).  Each pixel of a smaller copy
// takes the highest value, so that no defect disappears.
blm_status report_pictures_new(const blm_image *image, const float *map,
    const uint8_t *mask, const uint8_t *truth, double threshold, report_pictures **out,
    blm_error *err);
void report_pictures_free(report_pictures *pictures); // NULL allowed

typedef struct report_image {
    const char *name;
    const char *kind; // of defect, or "good"; NULL: ground truth unknown
    int defective;    // ground truth
    double score;
    blm_verdict verdict;
    const report_pictures *pictures; // NULL: none
    unsigned reasons;                // as in blm_result
} report_image;

// Compares two report_image for qsort: first missed defects, then false alarms, then
// CANNOT JUDGE, then REVIEW, then the others; within each by falling score, then by name.
int report_image_order(const void *a, const void *b);

// ---- pages ----------------------------------------------------------------------------

// Metrics of one kind of defect with all good images; NaN where not defined.
typedef struct report_row {
    const char *kind; // NULL: all kinds
    blm_metrics image, pixel;
    blm_intervals image_range, pixel_range;      // 95 %
    double image_f1, pixel_f1;                   // at the model's threshold
    blm_interval image_f1_range, pixel_f1_range; // 95 %
} report_row;

// The results of an evaluation.
typedef struct report_eval {
    const char *model_name, *data_name;
    const blm_model_info *model;
    const report_row *rows; // (row_count) all kinds first; at least that one
    size_t row_count;
    int has_pixels;            // there are masks, so pixel metrics and ground truth
    int native;                // pixel metrics are at the size of the images
    const blm_cut *image_cuts; // (image_cut_count) blm_image_curve
    size_t image_cut_count;
    const blm_cut *pixel_cuts; // (pixel_cut_count) blm_pixel_metrics_curve; may be empty
    size_t pixel_cut_count;
    const report_image *images; // (image_count) in the order of the page
    size_t image_count;
    blm_interval ng_range, review_range; // 95 % intervals of the shares of good images
                                         // that are NG, and NG or REVIEW
    const char *const *failures;         // (failure_count) errors of images left out
    size_t failure_count;
} report_eval;

blm_status report_eval_page(const report_eval *data, html_text *out, blm_error *err);

// The results of a fit.
typedef struct report_fit {
    const char *model_name;
    const blm_model_info *model;
    const double *scores; // (score_count) of the good images
    size_t score_count;
    const report_image *images; // (image_count) the ones least like the others
    size_t image_count;
} report_fit;

blm_status report_fit_page(const report_fit *data, html_text *out, blm_error *err);

enum { REPORT_STRESS_CURVES = 4 };

// A corruption: shares of images by its strength.
typedef struct report_corruption {
    const char *name, *unit;
    const double *strength; // (steps) mildest first
    size_t steps;
    // (steps + 1) each, unchanged images first; NaN: no such images.  In the order of the
    // columns of the page: good images NG and CANNOT JUDGE, defective ones found and
    // CANNOT JUDGE.
    const double *share[REPORT_STRESS_CURVES];
    const double *auroc;   // (steps + 1)
    const char *judgement; // "holds to 2 %; ..."
} report_corruption;

// How a model judges changed images.
typedef struct report_stress {
    const char *model_name, *data_name;
    const blm_model_info *model;
    size_t good, defective;               // images of each row
    const report_corruption *corruptions; // (count)
    size_t count;
} report_stress;

blm_status report_stress_page(const report_stress *data, html_text *out, blm_error *err);

// A table of results, a line for each category.
typedef struct report_table_line {
    const char *label;
    int average;          // number of categories averaged; 0: a category
    const double *values; // (columns) percent; NaN: none
} report_table_line;

typedef struct report_table {
    const char *title, *note;
    int published; // the columns after the first `ours` are, and `note` is their source
    const char *const *names; // (columns)
    int columns, ours;
    const report_table_line *lines; // (count)
    size_t count;
} report_table;

blm_status report_tables_page(
    const report_table *tables, size_t count, html_text *out, blm_error *err);

#endif
