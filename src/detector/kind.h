// kind.h: an entry of the table of detectors, with the functions of a kind.  Their
// contracts are in detector.h, but:
//
//     leave_out  group (N) has the variations too.
//     cost       images are N.
//
// finish sets the members of the base except kind and variations, which are set before.
#ifndef BLMI_DETECTOR_KIND_H
#define BLMI_DETECTOR_KIND_H

#include "src/detector/detector.h"

typedef struct blmi_detector_kind {
    const char *name; // the first part of its names in files

    // A fit.  `fit` is the result of new_fit.
    blm_status (*new_fit)(const blmi_detector_rule *rule,
        const blmi_detector_shape *shape, const uint8_t *use, int threads, void **fit,
        blm_error *err);
    void (*free_fit)(void *fit);
    blm_status (*add)(void *fit, const float *x, int images, blm_error *err);
    int64_t (*images)(const void *fit);
    blm_status (*finish)(void *fit, blmi_detector *out, blm_error *err);

    // A detector has `size` bytes and begins with a blmi_detector.
    size_t size;
    void (*release)(blmi_detector *detector); // its arrays
    size_t (*scratch)(const blmi_detector *detector, int images, const blmi_team *team);
    void (*distances)(const blmi_detector *detector, const float *x, int images,
        const uint8_t *use, blmi_team *team, void *scratch, float *out);
    blm_status (*leave_out)(const blmi_detector *detector, const int32_t *group,
        const uint8_t *use, int threads, float *out, blm_error *err);
    bool (*can_adapt)(const blmi_detector *detector, const blmi_detector_rule *rule);
    blm_status (*adapt)(blmi_detector *detector, const blmi_detector_rule *rule,
        int threads, blm_error *err);

    // Its file.  blank takes from the rule what the numbers do not contain.
    void (*blank)(blmi_detector *detector, const blmi_detector_rule *rule,
        const blmi_detector_shape *shape);
    size_t (*numbers)(blmi_detector *detector, blmi_number numbers[BLMI_MAX_NUMBERS]);
    size_t (*parts)(blmi_detector *detector, blmi_part parts[BLMI_MAX_PARTS]);
    // Checks beyond finite numbers and the shape of the recipe.  A kind may also compute
    // derived values here.
    blm_status (*check_numbers)(blmi_detector *detector, const blmi_detector_rule *rule,
        const char *path, blm_error *err);
    blm_status (*check_parts)(blmi_detector *detector, const char *path, blm_error *err);

    blmi_detector_cost (*cost)(const blmi_detector_rule *rule,
        const blmi_detector_shape *shape, int64_t images, int threads);
    int (*rank)(const blmi_detector *detector);
} blmi_detector_kind;

extern const blmi_detector_kind blmi_detector_gauss;    // gauss_kind.c
extern const blmi_detector_kind blmi_detector_memory;   // memory_kind.c
extern const blmi_detector_kind blmi_detector_subspace; // subspace_kind.c

// For the kinds: *out (N), freed by the caller, has the group of each image, and of its
// variations the same.  group: of the images that are no variations; NULL: each has its
// own.  BLM_ENOMEM.
blm_status blmi_detector_groups(
    const blmi_detector *detector, const int32_t *group, int32_t **out, blm_error *err);

#endif
