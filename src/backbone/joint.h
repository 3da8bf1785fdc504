// joint.h: several networks side by side, as one backbone.
//
// Its taps are those of all, one network after the other; its input is the pixels / 255,
// which each network normalises for itself.  Its tensors are those of all, those of
// network i with the prefix "i.".
#ifndef BLMI_BACKBONE_JOINT_H
#define BLMI_BACKBONE_JOINT_H

#include "src/backbone/backbone_table.h"

#define BLMI_JOINT_KEY "backbone.members" // in the metadata of files

// The number of the network that a tensor belongs to, by its prefix; -1: none.
int blmi_joint_member(const char *tensor);
// BLM_EUSAGE: there are too many, or no size of input suits all of them.
blm_status blmi_joint_make(
    const blmi_backbone *members, int count, blmi_backbone *out, blm_error *err);
// The backbone of the tensors that blmi_backbone_cut left of `whole`.
blm_status blmi_joint_identify(const blmi_backbone *whole, uint32_t taps,
    const blmi_tensors *weights, blmi_backbone *out, blm_error *err);
// See blmi_backbone_read.
blm_status blmi_joint_read(const char *path, const blmi_safetensors *file,
    const blmi_tensors *weights, blmi_backbone *out, blm_error *err);

#endif
