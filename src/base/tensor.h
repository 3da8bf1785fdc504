// tensor.h: named tensors, as src/format reads them and src/nn packs them.
#ifndef BLMI_BASE_TENSOR_H
#define BLMI_BASE_TENSOR_H

#include <stddef.h>
#include <stdint.h>

#include "blemish/status.h"

typedef enum blmi_dtype {
    BLMI_F32,
    BLMI_F16,
    BLMI_BF16,
    BLMI_F64,
    BLMI_I64,
    BLMI_I32,
    BLMI_U8
} blmi_dtype;

enum { BLMI_MAX_RANK = 8 };

// A dense row-major little-endian array.  It does not own its data.
typedef struct blmi_tensor {
    const char *name;
    blmi_dtype dtype;
    int rank;                     // 0 for a scalar
    int64_t shape[BLMI_MAX_RANK]; // outermost first
    const void *data;             // aligned to its items or better
} blmi_tensor;

// A set of tensors, sorted by name (bytewise).
typedef struct blmi_tensors {
    const blmi_tensor *items; // (count)
    size_t count;
} blmi_tensors;

size_t blmi_dtype_size(blmi_dtype dtype); // bytes of an item
const char *blmi_dtype_name(
    blmi_dtype dtype); // the name in safetensors files: "F32", "F16", "BF16", ...
int64_t blmi_tensor_count(const blmi_tensor *tensor); // items; the product of shape

// The tensor with that name, or NULL.
const blmi_tensor *blmi_tensors_find(const blmi_tensors *set, const char *name);

// The length of an axis of a tensor that has `rank` of them, if it is a multiple of
// `unit` up to `most`; else 0.
int blmi_tensors_length(
    const blmi_tensors *set, const char *name, int rank, int axis, int unit, int most);

// Converts count items of a float type (F32, F16, BF16, F64) to float; f16 and bf16
// exactly.
void blmi_to_f32(float *out, const void *in, blmi_dtype dtype, size_t count);

#endif
