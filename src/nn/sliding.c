// sliding.c: sizes and zeros of windows, and the batch norms behind them.
#include "src/nn/sliding.h"

#include <math.h>

#include "src/base/error.h"
#include "src/base/number.h"

static int outputs(int size, int window, int stride, int pad)
{
    return pad == BLMI_SAME ? (size + stride - 1) / stride
                            : (size + 2 * pad - window) / stride + 1;
}

static int before(int size, int window, int stride, int pad)
{
    if (pad != BLMI_SAME)
        return pad;
    const int needed = (outputs(size, window, stride, pad) - 1) * stride + window - size;
    return needed > 0 ? needed / 2 : 0;
}

blmi_sliding blmi_sliding_of(const blmi_conv_layer *c, const blmi_shape *from)
{
    return (blmi_sliding){before(from->height, c->window, c->stride, c->pad),
        before(from->width, c->window, c->stride, c->pad)};
}

blmi_shape blmi_sliding_shape(const blmi_conv_layer *c, const blmi_shape *from)
{
    return (blmi_shape){outputs(from->height, c->window, c->stride, c->pad),
        outputs(from->width, c->window, c->stride, c->pad), from->channels, 0};
}

// y = (x - mean) / sqrt(variance + epsilon) * weight + shift
static void fold_norm(
    const blmi_conv_layer *c, int channels, blmi_packer *p, float *scale, float *bias)
{
    static const char *const leaves[] = {"running_var", "weight", "running_mean", "bias"};
    for (int i = 0; i < 4; i++) {
        const char *leaf = blmi_pack_leaf(p, c->norm, leaves[i]);
        const float *x = blmi_pack_get(p, leaf, 1, (int64_t[]){channels});
        for (int n = 0; x != NULL && n < channels; n++) {
            if (i == 0 && x[n] < 0) {
                p->status = blmi_fail(p->err, BLM_EINPUT,
                    "%s: number %d is %g, expected 0 or more", leaf, n, (double)x[n]);
                return;
            }
            switch (i) {
            case 0:
                scale[n] = (float)(1 / sqrt((double)x[n] + c->epsilon));
                break;
            case 1:
                scale[n] *= x[n];
                break;
            case 2:
                bias[n] = (bias[n] - x[n]) * scale[n];
                break;
            default:
                bias[n] += x[n];
            }
        }
    }
}

void blmi_sliding_affine(
    const blmi_conv_layer *c, int channels, blmi_packer *p, float *scale, float *bias)
{
    for (int n = 0; scale != NULL && n < channels; n++)
        scale[n] = 1;
    if (c->bias) {
        const float *x = blmi_pack_get(
            p, blmi_pack_leaf(p, c->name, "bias"), 1, (int64_t[]){channels});
        for (int n = 0; x != NULL && n < channels; n++)
            bias[n] = x[n];
    }
    if (c->norm != NULL)
        fold_norm(c, channels, p, scale, bias);
}

void blmi_sliding_pack(const blmi_conv_layer *c, int depth, int columns, blmi_words words,
    blmi_packer *p, blmi_matrix *out)
{
    float *scale = blmi_pack_keep(p, (size_t)blmi_pad(columns));
    float *bias = blmi_pack_keep(p, (size_t)blmi_pad(columns));
    blmi_pack_conv(p, out, blmi_pack_leaf(p, c->name, "weight"), depth, columns, 1);
    blmi_sliding_affine(c, columns, p, scale, bias);
    if (p->status != BLM_OK || p->visit != NULL)
        return;
    float *values = (float *)(uintptr_t)out->values;
    for (int n = 0; n < columns; n++)
        for (int row = 0; row < depth; row++)
            values[blmi_matrix_at(out, row, n)] *= scale[n];
    out->bias = bias;
    if (depth % (int)words == 0)
        blmi_pack_words(p, out, words);
}

void blmi_sliding_pack_each(const blmi_conv_layer *c, int channels, blmi_packer *p,
    const float **weights, const float **bias)
{
    const int taps = c->window * c->window, padded = blmi_pad(channels);
    float *scale = blmi_pack_keep(p, (size_t)padded);
    float *shift = blmi_pack_keep(p, (size_t)padded);
    float *values = blmi_pack_keep(p, (size_t)(taps * padded));
    blmi_sliding_affine(c, channels, p, scale, shift);
    const float *plain = blmi_pack_get(p, blmi_pack_leaf(p, c->name, "weight"), 4,
        (int64_t[]){channels, 1, c->window, c->window});
    for (int n = 0; plain != NULL && n < channels; n++)
        for (int t = 0; t < taps; t++)
            values[t * padded + n] = plain[n * taps + t] * scale[n];
    *weights = values;
    *bias = shift;
}
