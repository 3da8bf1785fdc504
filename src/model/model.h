// model.h: the model inside the library.
#ifndef BLMI_MODEL_MODEL_H
#define BLMI_MODEL_MODEL_H

#include "blemish/blemish.h"
#include "src/backbone/weights_file.h"
#include "src/detector/detector.h"
#include "src/feature/cover.h"
#include "src/feature/extractor.h"
#include "src/feature/feature_layout.h"
#include "src/feature/recipe.h"
#include "src/feature/registration.h"
#include "src/judge/image_check.h"
#include "src/model/seen.h"

typedef struct blmi_model_life blmi_model_life; // reference count, packed weights

// Immutable once the caller has it.  A calibrated or adapted model shares arrays with its
// base.
struct blm_model {
    blmi_model_life *life;
    // Owns the arrays below, except the scores and a detector that differs from its own;
    // NULL: this model owns all.
    blm_model *base;
    blmi_recipe recipe;
    const uint8_t *include; // (height, width) 1: region of interest; NULL: everywhere
    blmi_cover cover;       // hides what is outside the region
    blmi_backbone backbone;
    blmi_layout layout;   // of the recipe on the backbone
    blmi_tensors weights; // of the backbone; data in fitted_on or file
    blmi_detector *detector;
    blmi_seen seen; // ranges of the images of the fit

    const char *names; // of the M images with leave-one-out distances, zero-terminated
    size_t names_size; // bytes, all zeros included
    const char **name; // (M) where each begins

    blmi_registration *registration;  // NULL: images are not aligned
    const uint8_t *reference;         // (height, width) its picture
    const blmi_alignment *alignments; // (M) of the good images

    // (M) index of the first image that shows the same part; NULL: no copies.
    const int32_t *same;

    blm_score_source source;   // of the good scores
    const double *good_scores; // (good_count)
    int64_t good_count, groups;
    double good_median;
    double threshold, false_alarm;
    blm_threshold_method method;
    double review_threshold, review; // 0: none

    // Numbers of the first images of the fit; NULL: unknown.
    const blmi_look *looks; // (look_count)
    size_t look_count;
    const blmi_limit *limits; // (blmi_model_checks) NULL: no image is refused
    double unjudged;          // the rate of the limits; 0 without them

    // Files that the weights come from; unknown (0) if it was opened and contains them.
    const blmi_weights_source *source_files; // (source_count)
    int source_count;
    bool outside; // it was opened, and does not contain its weights

    const char *program, *weights_hash; // texts that live as long as the model

    // The memory that the pointers above point into.
    blmi_weights fitted_on; // the weights files, unless they are inside an opened model
    blmi_safetensors file;  // after opening: the model file
    blmi_tensor *owned_weights;
    uint8_t *owned_include;
    char *owned_names;
    double *owned_scores;
    int32_t *owned_same;
    blmi_look *owned_looks;
    blmi_limit *owned_limits;
    blmi_alignment *owned_alignments;
};

// Makes a model of zeros with one owner.
blm_status blmi_model_new(blm_model **out, blm_error *err);
// Gives the model its weights; weights becomes all zeros.
void blmi_model_own_weights(blm_model *model, blmi_weights *weights);
// Makes a model that shares all arrays with another one, to be changed before the caller
// gets it.  It has no hash, since it has no file.  detector: belongs to the new model,
// and is freed on failure; NULL: that of the first model.
blm_status blmi_model_derive(
    const blm_model *model, blmi_detector *detector, blm_model **out, blm_error *err);
// The extractor of the model.  The first call packs the weights; all calls share them.
// *out is one more owner.  Thread-safe.
blm_status blmi_model_extractor(
    const blm_model *model, blmi_extractor **out, blm_error *err);

// The checks of the model's images, also if it has no limits.
int blmi_model_checks(const blm_model *model);
// The warp of good image m of M; returns out, or NULL if images are not aligned.
const blmi_warp *blmi_model_good_warp(const blm_model *model, size_t m, blmi_warp *out);
// An alignment as callers see it.  frame: from the input to the image.
blm_alignment blmi_model_alignment(
    const blm_model *model, const blmi_alignment *alignment, const blmi_frame *frame);
// The cover of images before they are resized; none if they are aligned first.
const blmi_cover *blmi_model_cover(const blm_model *model);

// Images that the model was fitted on, without variations.
size_t blmi_model_images(const blm_model *model);

// The metadata keys that a reader of model files must understand.
enum { BLMI_MAX_UNDERSTOOD = 67 }; // with the NULL at the end
void blmi_model_understood(const char *keys[BLMI_MAX_UNDERSTOOD]);

// Fills model->name from names and names_size, and replaces these two if a name is not
// printable UTF-8.  BLM_EINPUT: there are not M names.
blm_status blmi_model_index_names(blm_model *model, const char *path, blm_error *err);

#endif
