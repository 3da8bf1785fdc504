// image_check.h: decides whether an image can be judged: numbers of the image against
// limits that the good images set.
//
// The limit of a check is extrapolated from the good images with the tail of a normal
// distribution: if m is their median and x the most extreme of N,
//     m + (x - m) z(rate / K) / z(1 / (N + 1)) (1 + 10 / N),
// z(p) being the point that a share p of a standard normal distribution is beyond, and K
// the number of checks, but at least the margin of the check beyond x.  10 / N is for the
// uncertainty of few images.  With many images the factor can be below 1; it is then 1.
#ifndef BLMI_JUDGE_IMAGE_CHECK_H
#define BLMI_JUDGE_IMAGE_CHECK_H

#include "src/judge/look.h"

// The numbers that are checked: those of blmi_look, then of the distances of the
// positions of the detector: log of the median distance, and log of the distance that
// 15 % exceed in relation to the median.  An obstruction raises the second, as a very
// large defect does; another part raises the first.  Then of the alignment: how well the
// image fits the reference, and its lead over the best fit at another angle.
enum {
    BLMI_CHECK_TYPICAL = BLMI_LOOK_NUMBERS,
    BLMI_CHECK_UNEVEN,
    // Of models that align images (blmi_check_alignment).
    BLMI_CHECK_FIT,
    BLMI_CHECK_LEAD,
    BLMI_CHECKS = 31,     // of every model
    BLMI_ALL_CHECKS = 33, // and those of alignments
    BLMI_MIN_CHECKED = 3, // images that can set limits
};

// A check: an image whose number is beyond the limit has the reason.
typedef struct blmi_check {
    const char *name;
    int number; // BLMI_LOOK_... or BLMI_CHECK_...
    int side;   // 1: above the limit is bad, -1: below
    unsigned reason;
    double margin; // at least from the most extreme good image to the limit
} blmi_check;

// The limit of a check, and the most extreme number of the good images (NAN: unknown).
typedef struct blmi_limit {
    double at, good;
} blmi_limit;

// A lead below the first is none: both angles fit.  That is the limit if all good images
// lead by more than the second, else there is no limit: the part looks nearly the same at
// several angles.
#define BLMI_CHECK_NO_LEAD 0.02
#define BLMI_CHECK_CLEAR_LEAD 0.06

const blmi_check *blmi_check_at(int index); // 0 to BLMI_ALL_CHECKS - 1

// From the quality of an alignment and of the best one at another angle, -1 to 1: out[0]:
// see BLMI_CHECK_FIT; out[1]: _LEAD.
void blmi_check_alignment(double quality, double rival, float out[2]);

// out[0]: see BLMI_CHECK_TYPICAL; out[1]: _UNEVEN.  distances (positions); use
// (positions): 1: counts; NULL: all do.  scratch (positions).
void blmi_check_distances(const float *distances, const uint8_t *use, int positions,
    float *scratch, float out[2]);

// The limit of a check from the numbers of `count` good images, each `stride` floats
// after the last.  No limit (infinite) from fewer than BLMI_MIN_CHECKED.  BLM_ENOMEM.
blm_status blmi_check_limit(const blmi_check *check, const float *numbers, size_t count,
    size_t stride, double rate, blmi_limit *limit, blm_error *err);

// What is known of an image; NULL: unknown.
typedef struct blmi_checked {
    const blmi_look *look;
    const float *distances; // (2) of blmi_check_distances
    const float *alignment; // (2) of blmi_check_alignment
} blmi_checked;

// The reasons (a sum of BLM_REASON_...) of an image.  limits (count), numbers (count): of
// the image; NAN: unknown.  count: BLMI_CHECKS, or BLMI_ALL_CHECKS.
unsigned blmi_check_image(
    const blmi_checked *image, const blmi_limit *limits, int count, double *numbers);

#endif
