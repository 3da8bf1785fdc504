// backbone_table.h: what the families of the table (backbone.h) have in common.
#ifndef BLMI_BACKBONE_TABLE_H
#define BLMI_BACKBONE_TABLE_H

#include "src/backbone/backbone.h"

// The rows: a new family is one more here and in blmi_families.
extern const blmi_family blmi_family_contnet;
extern const blmi_family blmi_family_resnet;
extern const blmi_family blmi_family_efficientnet_lite;
extern const blmi_family blmi_family_efficientnet;
extern const blmi_family blmi_family_convit;
extern const blmi_family blmi_family_vit;
extern const blmi_family blmi_family_cct;
extern const blmi_family blmi_family_cvt;
extern const blmi_family blmi_family_onnx;

// ImageNet's mean and deviation, for blmi_input.
#define BLMI_IMAGENET .mean = {0.485, 0.456, 0.406}, .deviation = {0.229, 0.224, 0.225}

// Gives tensors that have other published names (blmi_alias) those of their family.
// names (count) holds what was made.
enum { BLMI_LONGEST_ALIAS = 128 };
void blmi_backbone_rename(
    blmi_tensor *items, size_t count, char (*names)[BLMI_LONGEST_ALIAS]);

// As blmi_backbone_identify, if the family is known already: part of a network may lack
// the tensors by which all of it is recognised.  NULL: it is not known.
blm_status blmi_backbone_identify_as(const blmi_family *family,
    const blmi_tensors *weights, int form, blmi_backbone *out, blm_error *err);
// The family of that name, of `length` bytes; NULL: none.
const blmi_family *blmi_family_named(const char *name, size_t length);
// The form that files record by this text; 0 where there are none, -1: another.
int blmi_family_form(const blmi_family *family, const char *recorded);

// Files record the name of a part of a network where the part alone shows another one.
#define BLMI_NAME_KEY "backbone.name"
// Gives it that name, which it records if its tensors show another one.
void blmi_backbone_call(blmi_backbone *backbone, const char *name);
// The recorded name, checked; NULL: none.
blm_status blmi_backbone_said_name(
    const char *path, const blmi_safetensors *file, const char **out, blm_error *err);

void blmi_backbone_name(blmi_backbone *backbone, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
// Adds a tap behind the others; its name is printed.
void blmi_backbone_add_tap(blmi_backbone *backbone, int channels, int stride,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

// Adds the taps of a transformer of one stride: "embed", "block0" .. and, if `norm`,
// "norm".  Usual are the blocks at a half and at three quarters of the depth (see vit.c).
void blmi_backbone_add_blocks(
    blmi_backbone *backbone, int channels, int stride, int blocks, bool norm);
// The side of a square of `count` cells; 0: there is none.
int blmi_square_side(int count);

#endif
