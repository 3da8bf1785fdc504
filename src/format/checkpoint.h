// checkpoint.h: reads what torch.save wrote: a zip archive around a restricted pickle, or
// the older form of several pickles and storages.
#ifndef BLMI_FORMAT_CHECKPOINT_H
#define BLMI_FORMAT_CHECKPOINT_H

#include "blemish/status.h"
#include "src/base/tensor.h"

typedef struct blmi_checkpoint {
    blmi_tensors tensors; // of the model alone, dense, sorted; names without `module.`
    struct blmi_checkpoint_state *state;
} blmi_checkpoint;

// Accepts a state dict at the top, or under "model", "state_dict", "model_state_dict",
// "ema", "net" or "teacher", the first of these that is a dict; such a dict may hold one
// again.
// Everything else in the file (optimizer, epoch) is passed over.  Anything in the pickle
// beyond some forty opcodes and the globals of a state dict is refused by name, and so is
// a model with tensors that blmi_dtype does not have.  Views of any strides and offset,
// also of one storage, become dense copies.  Sizes are limited before anything is
// allocated: 4 MiB of pickle, 512 MiB of tensors.  All faults of the file are BLM_EINPUT.
blm_status blmi_checkpoint_read(const char *path, blmi_checkpoint *out, blm_error *err);
void blmi_checkpoint_close(blmi_checkpoint *checkpoint); // all zeros allowed

#endif
