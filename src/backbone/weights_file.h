// weights_file.h: weights files: where the file form and the network meet.
#ifndef BLMI_BACKBONE_WEIGHTS_FILE_H
#define BLMI_BACKBONE_WEIGHTS_FILE_H

#include "blemish/status.h"
#include "src/backbone/backbone.h"

// What its metadata give as "format".
#define BLMI_WEIGHTS_FORMAT "blemish-weights"
bool blmi_weights_recognise(const blmi_safetensors *file);

// A weights file, or several for networks side by side, read and checked.
typedef struct blmi_weights {
    blmi_backbone backbone;
    blmi_tensors tensors; // names as in the published checkpoints (joint.h: of several)
    char
        hash[BLMI_HASH_DIGITS + 1]; // the file's checksum; of several: XXH3-128 of theirs
    int files;
    blmi_safetensors file[BLMI_MOST_MEMBERS]; // data lies in these
    blmi_tensor *owned;                       // of several: the list of tensors, and
    char *names;                              // their names
} blmi_weights;

// path_or_name: a file, or a name (blemish/weights.h says where it is looked for), or
// several with commas between them; NULL: the default name, "b".  The metadata must say
// what the tensors show.  BLM_EINPUT.
blm_status blmi_weights_open(const char *path_or_name, blmi_weights *out, blm_error *err);
void blmi_weights_close(blmi_weights *weights); // all zeros allowed

#endif
