#include "src/base/tensor.h"

#include <string.h>

static const struct {
    const char *name;
    size_t size;
} dtypes[] = {
    [BLMI_F32] = {"F32", 4},
    [BLMI_F16] = {"F16", 2},
    [BLMI_BF16] = {"BF16", 2},
    [BLMI_F64] = {"F64", 8},
    [BLMI_I64] = {"I64", 8},
    [BLMI_I32] = {"I32", 4},
    [BLMI_U8] = {"U8", 1},
};

size_t blmi_dtype_size(blmi_dtype dtype)
{
    return dtypes[dtype].size;
}

const char *blmi_dtype_name(blmi_dtype dtype)
{
    return dtypes[dtype].name;
}

int64_t blmi_tensor_count(const blmi_tensor *tensor)
{
    int64_t count = 1;
    for (int i = 0; i < tensor->rank; i++)
        count *= tensor->shape[i];
    return count;
}

const blmi_tensor *blmi_tensors_find(const blmi_tensors *set, const char *name)
{
    size_t low = 0, high = set->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = strcmp(name, set->items[middle].name);
        if (order == 0)
            return &set->items[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

int blmi_tensors_length(
    const blmi_tensors *set, const char *name, int rank, int axis, int unit, int most)
{
    const blmi_tensor *t = blmi_tensors_find(set, name);
    if (t == NULL || t->rank != rank || t->shape[axis] < 1 || t->shape[axis] > most ||
        t->shape[axis] % unit != 0)
        return 0;
    return (int)t->shape[axis];
}

static float f32_of_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

// IEEE 754 binary16 to binary32.  Subnormals use a float multiplication, which is exact.
static float f32_of_f16(uint16_t half)
{
    const uint32_t sign = (uint32_t)(half & 0x8000) << 16;
    const uint32_t exponent = half >> 10 & 31, fraction = half & 1023;
    if (exponent == 31)
        return f32_of_bits(sign | 0x7f800000 | fraction << 13);
    if (exponent == 0) {
        const float magnitude = (float)fraction * 0x1p-24f;
        return sign ? -magnitude : magnitude;
    }
    return f32_of_bits(sign | (exponent + 112) << 23 | fraction << 13);
}

void blmi_to_f32(float *out, const void *in, blmi_dtype dtype, size_t count)
{
    const uint16_t *halves = in;
    const double *doubles = in;
    switch (dtype) {
    case BLMI_F32:
        memcpy(out, in, count * sizeof *out);
        break;
    case BLMI_F16:
        for (size_t i = 0; i < count; i++)
            out[i] = f32_of_f16(halves[i]);
        break;
    case BLMI_BF16:
        for (size_t i = 0; i < count; i++)
            out[i] = f32_of_bits((uint32_t)halves[i] << 16);
        break;
    case BLMI_F64:
        for (size_t i = 0; i < count; i++)
            out[i] = (float)doubles[i];
        break;
    default: // callers pass float types only
        memset(out, 0, count * sizeof *out);
    }
}
