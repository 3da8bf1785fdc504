// weights_search.h: finds weights files, by the name that a user gives, or by their hash.
#ifndef BLMI_BACKBONE_WEIGHTS_SEARCH_H
#define BLMI_BACKBONE_WEIGHTS_SEARCH_H

#include <limits.h>

#include "src/backbone/weights_file.h"

// Finds NAME.safetensors, or PREFIX-NAME.safetensors, in the folders that
// blemish/weights.h lists.  BLM_EINPUT: there is none.
blm_status blmi_weights_search_name(
    const char *name, char path[PATH_MAX], blm_error *err);
// Finds the file with that hash: of that name, or any weights file, in the folder of the
// file `beside` and in those of blemish/weights.h.  An ONNX network is found by its name
// only.  BLM_EINPUT: there is none; the text says so of a file with that name and another
// hash.
blm_status blmi_weights_search(const blmi_weights_source *source, const char *beside,
    char path[PATH_MAX], blm_error *err);

#endif
