// detector.h: learns the features of good images, and measures how far others are from
// them.
//
// All other modules use detectors through these functions.  The implementation is a table
// (kind.h) with an entry per kind: Gaussian (src/gauss), memory, subspace.
//
// Variations of an image are learnt like images, but are left out with it, and have no
// leave-one-out distances of their own.
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

// The detector's part of a recipe.
typedef struct blmi_detector_rule {
    blmi_detector_name name;
    // Of the Gaussian.
    double epsilon;    // above 0
    double shrinkage;  // 0 or more, below 1
    int unit_variance; // 0 or 1
    int half;          // 0 or 1
    int tolerance;     // cells, 0 to 4
    // Of the memory.
    int reach;      // cells, 0 to 4; -1: no limit
    double coreset; // share of the rows that is kept, above 0, at most 1; 1 with a reach
    int64_t seed;   // of the coreset
    // Of the subspace.
    double explained; // share of the variance in the subspace, above 0, below 1
    // Of every N-th image that is added, N = variations + 1, the N - 1 after it are
    // variations.
    int variations;
} blmi_detector_rule;

enum { BLMI_MAX_OUTPUTS = 32, BLMI_MAX_REACH = 4 };

typedef struct blmi_detector_shape {
    int grid_width, grid_height; // of the positions, P = grid_width * grid_height
    int features;                // D
    // The number of features from each output of the network, in order unless some
    // repeat; 0 outputs: all from one.
    int outputs, taken[BLMI_MAX_OUTPUTS];
    // The first `repeated` features are the same at all positions of a cell of edge x
    // edge positions; 0: none.
    int repeated, edge;
} blmi_detector_shape;

// A fitted detector.  Its arrays are owned, or are in the memory of a file.  Immutable:
// any number of threads may use it.
typedef struct blmi_detector {
    const struct blmi_detector_kind *kind;
    int64_t images;           // N, variations included
    int variations;           // of each image, behind it
    int positions, features;  // P, D
    int left_out;             // M
    const float *loo;         // (M, P) leave-one-out distances
    const int32_t *loo_index; // (M) which image each is, rising; never a variation
    bool borrows;             // its arrays belong to another one, except own_loo
    float *own_loo;           // (M, P) after blmi_detector_adapt; else NULL
} blmi_detector;

void blmi_detector_free(blmi_detector *detector); // NULL allowed

// ---- fitting --------------------------------------------------------------------------

// Collects features image by image, in the order of their index.
typedef struct blmi_detector_fit blmi_detector_fit;

// use (P), copied, selects the positions (NULL: all).  threads: 1 or more, for all work
// of the fit.  BLM_EUSAGE: a value of the rule is out of range.
blm_status blmi_detector_fit_new(const blmi_detector_rule *rule,
    const blmi_detector_shape *shape, const uint8_t *use, int threads,
    blmi_detector_fit **out, blm_error *err);
void blmi_detector_fit_free(blmi_detector_fit *fit); // NULL allowed
// x (images, P, D).  The bytes of the model depend neither on how images are divided into
// calls nor on the number of threads.  BLM_EINPUT: a feature is not a number.  After a
// failure the fit is unchanged.
blm_status blmi_detector_fit_add(
    blmi_detector_fit *fit, const float *x, int images, blm_error *err);
int64_t blmi_detector_fit_images(const blmi_detector_fit *fit); // variations included
// Uses up the fit: only _free may follow.  BLM_EUSAGE: fewer than 3 images, or not all
// variations; BLM_EINPUT: the rule is not possible with these features.  out is freed
// by blmi_detector_free.
blm_status blmi_detector_fit_finish(
    blmi_detector_fit *fit, blmi_detector **out, blm_error *err);

// ---- distances ------------------------------------------------------------------------

// x (images, P, D) -> out (images, P).  Positions with use[p] == 0 (use may be NULL: all)
// cost nothing and give 0; positions that the fit did not use must be among them.  A
// feature that is not finite gives a distance that is not finite.  team: NULL for the
// caller only.  A distance depends, to the byte, only on its own image and the
// instruction set.  Allocates nothing: scratch has blmi_detector_scratch bytes for the
// same arguments, aligned to 64; one thread of the caller's at a time per scratch.
size_t blmi_detector_scratch(
    const blmi_detector *detector, int images, const blmi_team *team);
void blmi_detector_distances(const blmi_detector *detector, const float *x, int images,
    const uint8_t *use, blmi_team *team, void *scratch, float *out);

// Distances of the M images, each from a detector without its group, of which its
// variations are a part: group (M) numbers, use (P) the positions that the fit used
// (NULL: all), out (M, P).  Positions that are not used give 0.  BLM_EUSAGE: a group
// leaves too few images, or the detector did not keep the data for this.  threads: 1 or
// more.
blm_status blmi_detector_leave_out(const blmi_detector *detector, const int32_t *group,
    const uint8_t *use, int threads, float *out, blm_error *err);

// Whether the fitted detector can be converted to another rule without its features.  If
// so, blmi_detector_adapt does it, with the distances of a new fit.  *out borrows the
// arrays of the first one, which must outlive it.
bool blmi_detector_can_adapt(
    const blmi_detector *detector, const blmi_detector_rule *rule);
blm_status blmi_detector_adapt(const blmi_detector *detector,
    const blmi_detector_rule *rule, int threads, blmi_detector **out, blm_error *err);

// ---- files ----------------------------------------------------------------------------

// A detector of that rule without arrays, to be filled from a file: first its numbers,
// then its parts.
blm_status blmi_detector_blank(const blmi_detector_rule *rule,
    const blmi_detector_shape *shape, blmi_detector **out, blm_error *err);
// The numbers that give the sizes of the parts, and all else that is not an array.
size_t blmi_detector_numbers(
    blmi_detector *detector, blmi_number numbers[BLMI_MAX_NUMBERS]);
// Checks that the numbers are consistent, and match the rule and the shape from the
// recipe.  BLM_EINPUT; the text begins with path.
blm_status blmi_detector_check_numbers(blmi_detector *detector,
    const blmi_detector_rule *rule, const blmi_detector_shape *shape, const char *path,
    blm_error *err);
// The arrays of a model: to save them, or to read them into their places.
size_t blmi_detector_parts(blmi_detector *detector, blmi_part parts[BLMI_MAX_PARTS]);
// Checks that arrays are finite, sorted if the format requires it, and in range.  Called
// once after reading.  BLM_EINPUT; the text begins with path.
blm_status blmi_detector_check_parts(
    blmi_detector *detector, const char *path, blm_error *err);

// ---- cost and name --------------------------------------------------------------------

// Estimated before any image is seen, for `images` without their variations.  Work is in
// 10^9 multiplications and additions.
typedef struct blmi_detector_cost {
    uint64_t model_bytes;              // the fitted arrays, in memory and in a file
    uint64_t fit_bytes;                // the peak of a fit, all threads together
    double fit_gflop, distances_gflop; // of a fit; of the distances of one image
} blmi_detector_cost;

blmi_detector_cost blmi_detector_cost_of(const blmi_detector_rule *rule,
    const blmi_detector_shape *shape, int64_t images, int threads);

// The rank of the eigenpairs of a position; 0 if the detector has none.
int blmi_detector_rank(const blmi_detector *detector);

#endif
