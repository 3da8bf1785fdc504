// weights.h: weights files: where the file form and the network meet.
#ifndef BLMI_BACKBONE_WEIGHTS_H
#define BLMI_BACKBONE_WEIGHTS_H

#include "blemish/status.h"
#include "src/backbone/contnet.h"
#include "src/format/safetensors.h"

// A weights file, mapped and checked.
typedef struct blmi_weights {
    blmi_contnet_config config;
    blmi_tensors tensors; // names as in the published checkpoints; data in the mapping
    blmi_safetensors file;
} blmi_weights;

// path_or_name: a file, or a name (blemish/weights.h says where it is looked for); NULL:
// the default name, "b".  The metadata must say what the tensors show.  BLM_EINPUT.
blm_status blmi_weights_open(const char *path_or_name, blmi_weights *out, blm_error *err);
void blmi_weights_close(blmi_weights *weights); // all zeros allowed

// The metadata entries that say what a network is, alike in weights files and in models.
// Their texts are static.
enum { BLMI_CONFIG_PAIRS = 6 };
void blmi_config_describe(
    const blmi_contnet_config *config, blmi_pair pairs[BLMI_CONFIG_PAIRS]);
// path: for messages.  BLM_EINPUT: an entry is missing or says something else.
blm_status blmi_config_read(const char *path, const blmi_safetensors *file,
    blmi_contnet_config *out, blm_error *err);
// Whether the tensors show what the metadata say; path: for messages.  BLM_EINPUT.
blm_status blmi_config_check(const char *path, const blmi_tensors *tensors,
    const blmi_contnet_config *config, blm_error *err);

#endif
