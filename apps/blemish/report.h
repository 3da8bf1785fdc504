// report.h: the page that --report leaves in a folder, index.html.
#ifndef BLEMISH_CLI_REPORT_H
#define BLEMISH_CLI_REPORT_H

#include "apps/blemish/cli_metrics.h"
#include "apps/report/html_report.h"

// The two options, for a struct with the members report and report_images.  most: as
// --help says it.
#define CLI_REPORT_OPTIONS(type, most)                                                   \
    {"report", 0, CLI_TEXT, "DIR", "Write a page with pictures: DIR/index.html",         \
        offsetof(type, report), 0, 0, NULL},                                             \
    {                                                                                    \
        "report-images", 0, CLI_INT, "N",                                                \
            "Put pictures of at most N images on it (" most ")",                         \
            offsetof(type, report_images), 0, 1000000, NULL                              \
    }

// Long work must not end in a page that cannot be written: creates the folder, complains
// and returns 4 if that or the page can be seen to fail, else 0.
int cli_report_prepare(const char *folder);

// ---- of an evaluation

typedef struct cli_report cli_report;

// images: how many there can be; limit: how many of them keep their pictures.
cli_report *cli_report_new(size_t images, size_t limit);
void cli_report_free(cli_report *report); // NULL allowed

// Draws the pictures of an image.  truth (height, width) as the image, NULL: no defect;
// known: whether there is a truth.  Any thread.
blm_status cli_report_draw(const blm_scorer *scorer, const blm_image *image,
    const blm_result *result, const uint8_t *truth, int known, report_pictures **out,
    blm_error *err);

// Takes in an image, whose texts must outlive the report, and takes over its pictures.
void cli_report_add(
    cli_report *report, const report_image *image, report_pictures *pictures);
// Takes in why there is none of an image.
void cli_report_add_failure(cli_report *report, const char *why);

// Finds the curves.  scores, labels (count); pixels may be NULL.
blm_status cli_report_add_curves(cli_report *report, const double *scores,
    const uint8_t *labels, size_t count, const blm_pixel_metrics *pixels, int threads,
    blm_error *err);

// Writes the page; data_name: what the images are called.  Returns the exit code.
int cli_report_write(cli_report *report, const char *folder, const char *model_name,
    const char *data_name, const cli_metrics *metrics);

// ---- of a fit

// Writes the page of a new model with the pictures of the `limit` good images that are
// least like the others, which are read again.  Returns the exit code.
int cli_report_fit(const char *folder, const char *model_name, const blm_model *model,
    const blm_decode_options *decode, size_t limit);

#endif
