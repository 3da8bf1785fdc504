// checkpoint.h: reads what torch.save wrote: a zip archive around a restricted pickle.
#ifndef BLMI_FORMAT_CHECKPOINT_H
#define BLMI_FORMAT_CHECKPOINT_H

#include "blemish/status.h"
#include "src/base/tensor.h"

typedef struct blmi_checkpoint {
    blmi_tensors
        tensors; // of the model alone, dense, names without `module.` / wrappers, sorted
    struct blmi_checkpoint_state *state;
} blmi_checkpoint;

// Accepts a state dict at the top, or under "model", "state_dict", "ema" or "net".
// Anything in the pickle beyond some thirty opcodes and the globals of a state dict is
// refused by name (BLM_EINPUT).  Sizes are limited before anything is allocated.
blm_status blmi_checkpoint_read(const char *path, blmi_checkpoint *out, blm_error *err);
void blmi_checkpoint_close(blmi_checkpoint *checkpoint);

#endif
