// detector.h: what learns how good features look and says how far others are from that.
//
// Everything outside this room uses a detector through these functions.  Behind them is
// a table (kind.h) with an entry per kind: Gaussians (src/gauss), a memory.
//
// Letters: N images, P positions, D features, M images with leave-one-out distances.
#ifndef BLMI_DETECTOR_DETECTOR_H
#define BLMI_DETECTOR_DETECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "blemish/status.h"
#include "src/base/team.h"
#include "src/detector/parts.h"

typedef enum blmi_detector_name { // as blm_detector
    BLMI_DETECTOR_GAUSS,          // a Gaussian for each position
    BLMI_DETECTOR_MEMORY,         // the nearest of the good images' features
    BLMI_DETECTOR_SUBSPACE,       // one principal subspace for all positions
} blmi_detector_name;

// What a recipe says about its detector.
typedef struct blmi_detector_rule {
    blmi_detector_name name;
    // Of the Gaussian.
    double epsilon;    // above 0
    double shrinkage;  // 0 up to, but not, 1
    int unit_variance; // 0 or 1
    int half;          // 0 or 1
    int tolerance;     // cells, 0 to 4
    // Of the memory.
    int reach;      // cells, 0 to 4; -1: no limit
    double coreset; // share of the rows that is kept, above 0, up to 1; 1 with a reach
    int64_t seed;   // of the coreset
    // Of the subspace.
    double explained; // share of the variance that it holds, above 0 and below 1
} blmi_detector_rule;

enum { BLMI_MOST_OUTPUTS = 32, BLMI_MOST_REACH = 4 };

typedef struct blmi_detector_shape {
    int grid_width, grid_height; // of the positions, P = grid_width * grid_height
    int features;                // D
    // How many of the features, one after the other, come from each output of the
    // network; 0 outputs: all from one.
    int outputs, taken[BLMI_MOST_OUTPUTS];
} blmi_detector_shape;

// A fitted detector.  Its arrays are owned, or lie in a file's memory.  Immutable: any
// number of threads may use it.
typedef struct blmi_detector {
    const struct blmi_detector_kind *kind;
    int64_t images;           // N
    int positions, features;  // P, D
    int left_out;             // M
    const float *loo;         // (M, P) distances of images from what the others say
    const int32_t *loo_index; // (M) which image each is, rising
    bool borrows;             // its arrays are another's, but for the next
    float *own_loo;           // (M, P) after it was adapted; NULL: as it was fitted
} blmi_detector;

void blmi_detector_free(blmi_detector *detector); // NULL allowed

// ---- fitting --------------------------------------------------------------------------

// Takes in features image by image, in the order of their index.
typedef struct blmi_detector_fit blmi_detector_fit;

// use (P), copied, names the positions that count (NULL: all).  threads, 1 or more: of
// all that the fit does.  BLM_EUSAGE for a rule out of its range.
blm_status blmi_detector_fit_new(const blmi_detector_rule *rule,
    const blmi_detector_shape *shape, const uint8_t *use, int threads,
    blmi_detector_fit **out, blm_error *err);
void blmi_detector_fit_free(blmi_detector_fit *fit); // NULL allowed
// x (images, P, D).  Neither the portions in which images come nor the number of threads
// make a difference to any byte of the model.  BLM_EINPUT: a feature is not a number.  On
// failure nothing has been added.
blm_status blmi_detector_fit_add(
    blmi_detector_fit *fit, const float *x, int images, blm_error *err);
int64_t blmi_detector_fit_images(const blmi_detector_fit *fit);
// The fit is used up: only _free may follow.  BLM_EUSAGE below 3 images; BLM_EINPUT where
// the rule cannot be held with these features.  out is released with blmi_detector_free.
blm_status blmi_detector_fit_finish(
    blmi_detector_fit *fit, blmi_detector **out, blm_error *err);

// ---- distances ------------------------------------------------------------------------

// x (images, P, D) -> out (images, P).  Positions with use[p] == 0 (use may be NULL: all)
// cost nothing and give 0; ones that the fit left out must be among them.  A feature that
// is not finite gives a distance that is not.  team: NULL for the caller alone.  A
// distance depends, to the byte, on its own image and the instruction set alone.
// Allocates nothing: scratch is the caller's, of blmi_detector_scratch bytes for the same
// arguments, aligned to 64; one thread of the caller's at a time per scratch.
size_t blmi_detector_scratch(
    const blmi_detector *detector, int images, const blmi_team *team);
void blmi_detector_distances(const blmi_detector *detector, const float *x, int images,
    const uint8_t *use, blmi_team *team, void *scratch, float *out);

// Distances of the M images, each from what the images of other groups say: group (M)
// numbers, use (P) the positions that the fit counted (NULL: all), out (M, P).
// BLM_EUSAGE: a group leaves too few images, or the detector has not kept what this
// needs.  Positions that were not counted give 0.  threads: 1 or more.
blm_status blmi_detector_leave_out(const blmi_detector *detector, const int32_t *group,
    const uint8_t *use, int threads, float *out, blm_error *err);

// Whether the fitted detector can become one of another rule for the same features
// without them; if so, blmi_detector_adapt makes it, with the distances of a new fit.
// *out borrows the arrays of the first one, which has to outlive it.
bool blmi_detector_can_adapt(
    const blmi_detector *detector, const blmi_detector_rule *rule);
blm_status blmi_detector_adapt(const blmi_detector *detector,
    const blmi_detector_rule *rule, int threads, blmi_detector **out, blm_error *err);

// ---- files ----------------------------------------------------------------------------

// A detector of that rule with no arrays yet, to be filled from a file: first its
// numbers, then its parts.
blm_status blmi_detector_blank(const blmi_detector_rule *rule,
    const blmi_detector_shape *shape, blmi_detector **out, blm_error *err);
// The numbers that say how large the parts are, and what else is not an array.
size_t blmi_detector_numbers(
    blmi_detector *detector, blmi_number numbers[BLMI_MOST_NUMBERS]);
// Whether the numbers fit each other, the rule and the shape that a recipe makes.
// BLM_EINPUT; the text begins with path.
blm_status blmi_detector_check_numbers(blmi_detector *detector,
    const blmi_detector_rule *rule, const blmi_detector_shape *shape, const char *path,
    blm_error *err);
// The arrays: of a model to be saved, or where they belong in one that is read.
size_t blmi_detector_parts(blmi_detector *detector, blmi_part parts[BLMI_MOST_PARTS]);
// Whether what was read is finite, sorted where that is promised, and in its range; to be
// called once, as soon as the parts are there.  BLM_EINPUT; the text begins with path.
blm_status blmi_detector_check_parts(
    blmi_detector *detector, const char *path, blm_error *err);

// ---- what it costs, what it is called -------------------------------------------------

// Before any image has been seen.  Work is in 10^9 multiplications and additions.
typedef struct blmi_detector_cost {
    uint64_t model_bytes;              // the fitted arrays, in memory and in a file
    uint64_t fit_bytes;                // the most that a fit holds, its threads together
    double fit_gflop, distances_gflop; // of a fit; of the distances of one image
} blmi_detector_cost;

blmi_detector_cost blmi_detector_cost_of(const blmi_detector_rule *rule,
    const blmi_detector_shape *shape, int64_t images, int threads);

// The eigenpairs of a position; 0 if this is not what a position has.
int blmi_detector_rank(const blmi_detector *detector);

#endif
