// kernels_plain.c: what the kernels compute, in plain C.
#include <math.h>
#include <string.h>

#include "src/nn/kernels.h"

static void product(const blmi_product *p)
{
    const blmi_matrix *b = p->b;
    for (int m = 0; m < p->rows; m++) {
        for (int n = 0; n < b->columns; n++) {
            const float *w =
                b->values + (size_t)(n / BLMI_LANES) * b->panel + n % BLMI_LANES;
            float sum = b->bias ? b->bias[n] : 0;
            for (int t = 0; t < b->taps; t++) {
                const float *a = p->a[t * p->rows + m];
                for (int k = 0; k < b->depth; k++, w += b->row)
                    sum += a[k] * *w;
            }
            if (p->add)
                sum += p->add[m][n];
            if (p->gelu)
                sum = 0.5f * sum * (1 + erff(sum * (float)M_SQRT1_2));
            p->y[m][n] = sum;
        }
    }
}

static void layer_norm_row(
    float *y, const float *x, int count, const float *scale, const float *shift)
{
    double mean = 0, variance = 0;
    for (int i = 0; i < count; i++)
        mean += x[i];
    mean /= count;
    for (int i = 0; i < count; i++)
        variance += (x[i] - mean) * (x[i] - mean);
    const double factor = 1 / sqrt(variance / count + 1e-5);
    for (int i = 0; i < count; i++) {
        const float normal = (float)((x[i] - mean) * factor);
        y[i] = scale ? normal * scale[i] + shift[i] : normal;
    }
}

static void layer_norm(float *const *y, const float *const *x, int rows, int count,
    const float *scale, const float *shift)
{
    for (int m = 0; m < rows; m++)
        layer_norm_row(y[m], x[m], count, scale, shift);
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

static void softmax_row(float *x, int count)
{
    float top = x[0], sum = 0;
    for (int i = 1; i < count; i++)
        top = x[i] > top ? x[i] : top;
    for (int i = 0; i < count; i++) {
        x[i] = expf(x[i] - top);
        sum += x[i];
    }
    for (int i = 0; i < count; i++)
        x[i] /= sum;
}

static void softmax(float *const *x, int rows, int count)
{
    for (int m = 0; m < rows; m++)
        softmax_row(x[m], count);
}

static void largest(float *y, const float *const *x, int rows, int count)
{
    memcpy(y, x[0], (size_t)count * sizeof *y);
    for (int m = 1; m < rows; m++)
        for (int i = 0; i < count; i++)
            y[i] = x[m][i] > y[i] ? x[m][i] : y[i];
}

static void winograd_in(float *const *v, const float *const *x, int count)
{
    static const int b[4][4] = {
        {1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, 1, 0, -1}};
    for (int n = 0; n < count; n++) {
        for (int i = 0; i < 4; i++) {
            for (int j = 0; j < 4; j++) {
                float sum = 0;
                for (int k = 0; k < 16; k++)
                    sum += (float)(b[i][k / 4] * b[j][k % 4]) * x[k][n];
                v[4 * i + j][n] = sum;
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

const blmi_kernels blmi_kernels_plain = {"plain", product, layer_norm, scale_relu, add,
    softmax, largest, winograd_in, winograd_out, pack_columns};
