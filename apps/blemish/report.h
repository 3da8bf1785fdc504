// report.h: collects results and writes the page of --report, DIR/index.html.
#ifndef BLEMISH_CLI_REPORT_H
#define BLEMISH_CLI_REPORT_H

#include "apps/blemish/cli_metrics.h"
#include "apps/report/html_report.h"

// The two options, for a struct with the members report and report_images.  most: the
// default that --help shows.
#define CLI_REPORT_OPTIONS(type, most)                                                   \
    {"report", 0, CLI_TEXT, "DIR", "Write a page with pictures: DIR/index.html",         \
        offsetof(type, report), 0, 0, NULL},                                             \
    {                                                                                    \
        "report-images", 0, CLI_INT, "N",                                                \
            "Show pictures of at most N images on it (" most ")",                        \
            offsetof(type, report_images), 0, 1000000, NULL                              \
    }

// Checks before long work that the page can be written.  Creates the folder.  Returns 0,
// or 4 after an error.
int cli_report_prepare(const char *folder);

// ---- evaluation

typedef struct cli_report cli_report;

// images: the largest number of images; limit: how many of them keep their pictures.
cli_report *cli_report_new(size_t images, size_t limit);
void cli_report_free(cli_report *report); // NULL allowed

// Draws the pictures of an image.  truth: ground truth (height, width) of the image,
// NULL: no defect; known: 0 if the ground truth is unknown.  Any thread may call it.
blm_status cli_report_draw(const blm_scorer *scorer, const blm_image *image,
    const blm_result *result, const uint8_t *truth, int known, report_pictures **out,
    blm_error *err);

// Adds an image and takes ownership of its pictures.  Its texts must outlive the report.
void cli_report_add(
    cli_report *report, const report_image *image, report_pictures *pictures);
// Adds the error of an image that could not be scored.
void cli_report_add_failure(cli_report *report, const char *why);

// Computes the curves.  scores, labels (count); pixels may be NULL.
blm_status cli_report_add_curves(cli_report *report, const double *scores,
    const uint8_t *labels, size_t count, const blm_pixel_metrics *pixels, int threads,
    blm_error *err);

// Writes the page; data_name: name of the data in the title.  Returns the exit code.
int cli_report_write(cli_report *report, const char *folder, const char *model_name,
    const char *data_name, const cli_metrics *metrics);

// ---- fit

// Writes the page of a new model with pictures of the `limit` good images that are least
// like the others; reads these images again.  Returns the exit code.
int cli_report_fit(const char *folder, const char *model_name, const blm_model *model,
    const blm_decode_options *decode, size_t limit);

#endif
