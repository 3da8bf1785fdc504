// part_views.h: gives one verdict to all images of a part.
//
// NG if an image of the part is NG; else CANNOT JUDGE if a view is missing, or an image
// cannot be read or judged; else REVIEW if an image is; OK only if all images are.
#ifndef BLEMISH_CLI_PART_VIEWS_H
#define BLEMISH_CLI_PART_VIEWS_H

#include "apps/blemish/batch.h"
#include "apps/blemish/groups.h"
#include "apps/blemish/views.h"

// What is known of an image.
typedef struct cli_part_image {
    const char *name;
    int view;
    int scored;  // 0: not yet, or it could not be read
    char *error; // why it could not be scored
    double score, threshold, calibrated;
    blm_verdict verdict;
    unsigned reasons;
} cli_part_image;

typedef struct cli_part_views {
    char *label;
    cli_part_image **images; // (count)
    size_t count, reported;
    blm_verdict verdict;         // once all images are reported
    const cli_part_image *worst; // with the highest calibrated score; NULL: none scored
    size_t lacking;              // images below the number asked for
    uint64_t missing;            // bit v: view number v
} cli_part_views;

typedef struct cli_part_set {
    const cli_views *views;
    size_t asked;           // images of each part; 0: any number
    cli_part_image *images; // (files)
    cli_part_views *parts;  // (count)
    size_t count;
    int32_t *part_of;          // (files)
    cli_part_image **pointers; // (files) memory of the parts' lists
} cli_part_set;

// files: each with a view.  Names and views must live as long as *out.
void cli_part_set_new(const cli_grouping *grouping, const char *const *names,
    const cli_views *views, size_t asked, size_t files, const cli_talk *talk,
    cli_part_set *out);
void cli_part_set_free(cli_part_set *set);

// Takes the outcome of file number outcome->index.  Returns its part if that is complete
// now, else NULL.
const cli_part_views *cli_part_set_add(cli_part_set *set, const cli_outcome *outcome);

// Why the verdict is not OK: "a.png NG; b.png CANNOT JUDGE (torn); view side missing".
// The caller frees it.
char *cli_part_text(const cli_part_set *set, const cli_part_views *part);

#endif
