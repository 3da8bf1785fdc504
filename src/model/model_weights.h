// model_weights.h: the weights of model files, inside of them or named by hash.
#ifndef BLMI_MODEL_MODEL_WEIGHTS_H
#define BLMI_MODEL_MODEL_WEIGHTS_H

#include "src/model/model.h"

// Metadata of weights that are not in the model: "HASH NAME/HASH NAME", their files; and
// of an ONNX network the names of its taps.
#define BLMI_MODEL_WEIGHTS "!weights"
#define BLMI_MODEL_TAPS "!weights.taps"

// ---- saving

// The bytes of the names that all weights have inside of a model.
size_t blmi_model_weights_names(const blm_model *model);
// The weights that the recipe's taps need, and the backbone that they are.  tensors has
// room for all weights; names (blmi_model_weights_names): receives their names.
blm_status blmi_model_list_weights(const blm_model *model, blmi_tensor *tensors,
    size_t *count, char *names, blmi_backbone *backbone, blm_error *err);
// BLM_EUSAGE: the model does not know the files of its weights, or a name has characters
// that files of models do not take.
blm_status blmi_model_check_sources(
    const blm_model *model, const char *path, blm_error *err);
// The metadata that names the files of the weights; returns the count of pairs, 1 or 2.
enum { BLMI_SOURCES_TEXT = BLMI_MAX_MEMBERS * (int)sizeof(blmi_weights_source) };
size_t blmi_model_name_weights(
    const blm_model *model, char text[BLMI_SOURCES_TEXT], blmi_pair pairs[2]);

// ---- opening

// Finds weights and backbone of an opened model file.  model: its recipe has been read.
// BLM_EINPUT: there are none, or a file of weights is missing or another one.
blm_status blmi_model_find_weights(blm_model *model, const char *path, blm_error *err);

#endif
