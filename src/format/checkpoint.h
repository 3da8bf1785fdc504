// checkpoint.h: reads files of torch.save: a zip archive with a restricted pickle, or the
// older form of several pickles and storages.
#ifndef BLMI_FORMAT_CHECKPOINT_H
#define BLMI_FORMAT_CHECKPOINT_H

#include "blemish/status.h"
#include "src/base/tensor.h"

typedef struct blmi_checkpoint {
    blmi_tensors tensors; // of the model only, dense, sorted; no `module.` prefix
    struct blmi_checkpoint_state *state;
} blmi_checkpoint;

// Accepts a state dict at the top, or under "model", "state_dict", "model_state_dict",
// "ema", "net" or "teacher" (the first of these that is a dict, which may again contain
// one).  Everything else in the file (optimizer, epoch) is ignored.  The pickle may use
// some forty opcodes and the globals of a state dict; all others are refused by name.  A
// model with a tensor type that blmi_dtype does not have is also refused.  Views with any
// strides and offset, also of a shared storage, become dense copies.  Sizes are limited
// before allocation: 4 MiB of pickle, 512 MiB of tensors.  All faults of the file are
// BLM_EINPUT.
blm_status blmi_checkpoint_read(const char *path, blmi_checkpoint *out, blm_error *err);
void blmi_checkpoint_close(blmi_checkpoint *checkpoint); // all zeros allowed

#endif
