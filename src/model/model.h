// model.h: what a model is inside the library.
#ifndef BLMI_MODEL_MODEL_H
#define BLMI_MODEL_MODEL_H

#include "blemish/blemish.h"
#include "src/backbone/weights_file.h"
#include "src/detector/detector.h"
#include "src/feature/cover.h"
#include "src/feature/extractor.h"
#include "src/feature/feature_layout.h"
#include "src/feature/recipe.h"
#include "src/model/seen.h"

typedef struct blmi_model_life blmi_model_life; // owners, packed weights

// Immutable once it is handed out.  A model that was calibrated or adapted shares arrays
// with the one that it came from.
struct blm_model {
    blmi_model_life *life;
    blm_model *base; // whose arrays these are; its own are the scores, and the detector
                     // if that is another one.  NULL: all are its own
    blmi_recipe recipe;
    const uint8_t
        *include;     // (height, width) 1 in the region of interest; NULL: everywhere
    blmi_cover cover; // of what is outside the region
    blmi_backbone backbone;
    blmi_layout layout;   // of the recipe on the backbone
    blmi_tensors weights; // of the backbone; data lies in one of the mappings below
    blmi_detector *detector;
    blmi_seen seen; // what the images of the fit were like

    const char
        *names; // of the M images with leave-one-out distances, each ended by a zero
    size_t names_size; // bytes, all zeros included
    const char **name; // (M) where each begins

    const int32_t *same; // (M) the first of the images that show the same part, an index
                         // below M, itself if it is none's copy; NULL: no copies

    blm_score_source source;   // of the good scores
    const double *good_scores; // (good_count)
    int64_t good_count, groups;
    double good_median;
    double threshold, false_alarm;
    blm_threshold_method method;
    double review_threshold, review; // 0: none

    const char *program, *weights_hash; // texts that live as long as the model

    // What the pointers above point into.
    blmi_weights fitted_on; // after a fit: the weights file
    blmi_safetensors file;  // after opening: the model file
    blmi_tensor *owned_weights;
    uint8_t *owned_include;
    char *owned_names;
    double *owned_scores;
    int32_t *owned_same;
};

// A model of zeros with one owner.
blm_status blmi_model_new(blm_model **out, blm_error *err);
// A model that shares all arrays with another one, to be changed before it is handed out.
// detector: its own one, which borrows from the model's, and is freed if this fails;
// NULL: the same.  It has no hash, as it has not been saved.
blm_status blmi_model_derive(
    const blm_model *model, blmi_detector *detector, blm_model **out, blm_error *err);
// The network with the recipe's preparation: packed by the first caller, shared by all.
// *out is one more owner.
blm_status blmi_model_extractor(
    const blm_model *model, blmi_extractor **out, blm_error *err);

// The metadata keys of model files that this program must understand, and does.
enum { BLMI_MOST_UNDERSTOOD = 66 }; // the NULL at the end included
void blmi_model_understood(const char *keys[BLMI_MOST_UNDERSTOOD]);

// Fills model->name from names and names_size, both of which change where a name is not
// printable UTF-8.  BLM_EINPUT unless there are exactly M of
// them.
blm_status blmi_model_index_names(blm_model *model, const char *path, blm_error *err);

#endif
