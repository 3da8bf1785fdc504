// model.h: what a model is inside the library.
#ifndef BLMI_DETECT_MODEL_H
#define BLMI_DETECT_MODEL_H

#include "blemish/blemish.h"
#include "src/detect/weights.h"
#include "src/gauss/gauss.h"

struct blm_model {
    blm_recipe recipe;          // complete
    blmi_contnet_config config; // of the backbone
    blmi_tensors weights; // of the backbone; data lies in one of the two mappings below
    blmi_gauss gauss;
    const double *good_scores; // (M) leave-one-out scores, in the order of gauss.loo
    const char *names;         // M names, one after the other, each ended by a zero
    size_t names_size;         // bytes, all zeros included
    const char **name;         // (M) where each begins
    double threshold, false_alarm;
    blm_threshold_method method;
    const char *program, *weights_hash; // texts that live as long as the model
    blmi_weights fitted_on;             // after a fit: the weights file
    blmi_safetensors file;              // after opening: the model file
    blmi_tensor *weight_items; // what weights.items points to, where the model made it
    char *owned_names;         // what names and good_scores point to, where the model
    double *owned_scores;      // made them
};

// The leave-one-out scores of a model, from its leave-one-out distances: out (M).
blm_status blmi_model_score_good(const blm_model *model, double *out, blm_error *err);

// Fills model->name from names and names_size.  BLM_EINPUT unless there are exactly M of
// them.
blm_status blmi_model_index_names(blm_model *model, const char *path, blm_error *err);

#endif
