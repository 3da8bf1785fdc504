// kernels_plain.c: what the kernels compute, in plain C.
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "src/nn/kernels.h"

// The bf16 whose bits are the upper half of a float's, rounded to nearest, ties to even.
static uint16_t bf16(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

// Number i of a row of words.
static float get(const float *row, int i, blmi_words words)
{
    if (words == BLMI_FLOATS)
        return row[i];
    if (words == BLMI_QUADS)
        return (float)((const unsigned char *)row)[i] - 128;
    uint16_t half;
    float x;
    memcpy(&half, (const char *)row + 2 * (size_t)i, sizeof half);
    memcpy(&x, &(uint32_t){(uint32_t)half << 16}, sizeof x);
    return x;
}

static void put(float *row, int i, float x, blmi_words words)
{
    if (words == BLMI_FLOATS)
        row[i] = x;
    else
        memcpy((char *)row + 2 * (size_t)i, &(uint16_t){bf16(x)}, sizeof(uint16_t));
}

// Number i of a column's word.
static float int8(const float *word, int i)
{
    return ((const signed char *)word)[i];
}

static float activated(float x, blmi_activation activation)
{
    switch (activation) {
    case BLMI_LINEAR:
        return x;
    case BLMI_GELU:
        return 0.5f * x * (1 + erff(x * (float)M_SQRT1_2));
    case BLMI_RELU:
        return x > 0 ? x : 0;
    case BLMI_RELU6:
        return x > 6 ? 6 : x > 0 ? x : 0;
    case BLMI_SILU:
        return x / (1 + expf(-x));
    case BLMI_QUICK_GELU:
        return x / (1 + expf(-1.702f * x));
    case BLMI_SIGMOID:
        return 1 / (1 + expf(-x));
    }
    return x;
}

static void product(const blmi_product *p)
{
    const blmi_matrix *b = p->b;
    const int words = (int)b->words;
    const bool quads = b->words == BLMI_QUADS;
    for (int m = 0; m < p->rows; m++) {
        for (int n = 0; n < b->columns; n++) {
            const float *w =
                b->values + (size_t)(n / BLMI_LANES) * b->panel + n % BLMI_LANES;
            const float bias = b->bias ? b->bias[n] : 0;
            float sum = quads ? 0 : bias;
            for (int t = 0; t < b->taps; t++) {
                const float *a = p->a[t * p->rows + m];
                for (int k = 0; k < b->depth; k++, w += b->row)
                    for (int i = 0; i < words; i++)
                        sum += get(a, k * words + i, b->words) *
                               (quads ? int8(w, i) : get(w, i, b->words));
            }
            if (quads)
                sum = sum * p->a[m][b->depth] * b->scale[n] + bias;
            if (p->scale != NULL)
                sum *= p->scale[m];
            if (p->add != NULL)
                sum += p->add[m][n];
            put(p->y[m], n, activated(sum, p->activation), p->y_words);
        }
    }
}

static void quantize(float *y, const float *x, int count, blmi_words words)
{
    float most = 0;
    for (int i = 0; i < count; i++)
        most = fabsf(x[i]) > most ? fabsf(x[i]) : most;
    for (int i = 0; i < count; i++) {
        if (words == BLMI_PAIRS)
            put(y, i, x[i], words);
        else
            ((unsigned char *)y)[i] =
                (unsigned char)(128 + (most > 0 ? lrintf(x[i] * (127 / most)) : 0));
    }
    if (words == BLMI_QUADS)
        y[count / BLMI_QUADS] = most / 127;
}

static void scale_relu(
    float *y, const float *x, int count, const float *scale, const float *shift)
{
    for (int i = 0; i < count; i++) {
        const float value = x[i] * scale[i] + shift[i];
        y[i] = value > 0 ? value : 0;
    }
}

static void add(float *y, const float *x, int count)
{
    for (int i = 0; i < count; i++)
        y[i] += x[i];
}

static void multiply(float *y, const float *x, int count)
{
    for (int i = 0; i < count; i++)
        y[i] *= x[i];
}

static void activate(float *y, const float *x, int count, blmi_activation activation)
{
    for (int i = 0; i < count; i++)
        y[i] = activated(x[i], activation);
}

static void depthwise(float *const *y, const float *const *x, const float *w,
    const float *bias, int rows, int taps, int count, blmi_activation activation)
{
    for (int m = 0; m < rows; m++)
        for (int i = 0; i < count; i++) {
            float sum = bias[i];
            for (int t = 0; t < taps; t++)
                sum += x[t * rows + m][i] * w[t * count + i];
            y[m][i] = activated(sum, activation);
        }
}

static void layer_norm_row(float *y, const float *x, int count, const float *scale,
    const float *shift, double epsilon, blmi_words words)
{
    double mean = 0, variance = 0;
    for (int i = 0; i < count; i++)
        mean += x[i];
    mean /= count;
    for (int i = 0; i < count; i++)
        variance += (x[i] - mean) * (x[i] - mean);
    const double factor = 1 / sqrt(variance / count + epsilon);
    for (int i = 0; i < count; i++) {
        const float normal = (float)((x[i] - mean) * factor);
        put(y, i, scale ? normal * scale[i] + shift[i] : normal, words);
    }
}

static void layer_norm(float *const *y, const float *const *x, int rows, int count,
    const float *scale, const float *shift, float epsilon, blmi_words words)
{
    for (int m = 0; m < rows; m++) {
        const bool quads = words == BLMI_QUADS;
        layer_norm_row(y[m], x[m], count, scale, shift, (double)epsilon,
            quads ? BLMI_FLOATS : words);
        if (quads)
            quantize(y[m], y[m], count, words);
    }
}

static float softmax_row(float *x, int count, blmi_words words)
{
    float top = x[0], sum = 0;
    for (int i = 1; i < count; i++)
        top = x[i] > top ? x[i] : top;
    for (int i = 0; i < count; i++) {
        const float y = exp2f(x[i] - top);
        sum += y;
        put(x, i, y, words);
    }
    if (count % (int)words)
        put(x, count, 0, words);
    return 1 / sum;
}

static void softmax(float *const *x, float *scale, int rows, int count, blmi_words words)
{
    for (int m = 0; m < rows; m++)
        scale[m] = softmax_row(x[m], count, words);
}

static void largest(float *y, const float *const *x, int rows, int count)
{
    memcpy(y, x[0], (size_t)count * sizeof *y);
    for (int m = 1; m < rows; m++)
        for (int i = 0; i < count; i++)
            y[i] = x[m][i] > y[i] ? x[m][i] : y[i];
}

static void winograd_in(
    float *const *v, const float *const *x, int count, blmi_words words)
{
    static const int b[4][4] = {
        {1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, 1, 0, -1}};
    for (int n = 0; n < count; n++) {
        for (int i = 0; i < 4; i++) {
            for (int j = 0; j < 4; j++) {
                float sum = 0;
                for (int k = 0; k < 16; k++)
                    sum += (float)(b[i][k / 4] * b[j][k % 4]) * x[k][n];
                put(v[4 * i + j], n, sum, words);
            }
        }
    }
}

static void winograd_out(float *const *y, const float *const *m, int count)
{
    static const int a[2][4] = {{1, 1, 1, 0}, {0, 1, -1, -1}};
    for (int n = 0; n < count; n++)
        for (int i = 0; i < 2; i++)
            for (int j = 0; j < 2; j++)
                for (int k = 0; k < 16; k++)
                    y[2 * i + j][n] += (float)(a[i][k / 4] * a[j][k % 4]) * m[k][n];
}

static void pack_columns(float *values, const float *const *x, int rows, int depth)
{
    for (int n = 0; n < blmi_pad(rows); n++) {
        float *column = values + (size_t)(n / BLMI_LANES) * (size_t)depth * BLMI_LANES +
                        n % BLMI_LANES;
        for (int k = 0; k < depth; k++)
            column[(size_t)k * BLMI_LANES] = n < rows ? x[n][k] : 0;
    }
}

static void pack_rows(
    float *values, const float *const *x, int rows, int columns, blmi_words words)
{
    const int depth = blmi_words_of(words, rows);
    for (int n = 0; n < columns; n++) {
        float *column = values + (size_t)(n / BLMI_LANES) * (size_t)depth * BLMI_LANES +
                        n % BLMI_LANES;
        for (int j = 0; j < depth * (int)words; j++)
            put(column + (size_t)(j / (int)words) * BLMI_LANES, j % (int)words,
                j < rows ? get(x[j], n, words) : 0, words);
    }
}

const blmi_kernels blmi_kernels_plain = {"plain", product, layer_norm, quantize,
    scale_relu, add, multiply, activate, depthwise, softmax, largest, winograd_in,
    winograd_out, pack_columns, pack_rows};
