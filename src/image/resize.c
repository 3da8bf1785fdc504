#include "src/image/resize.h"

#include <math.h>
#include <stdbool.h>

#include "src/base/alloc.h"

// Weights are integers, times 2^22: with samples of 8 bits this leaves 2 bits for the
// sum.
enum { WEIGHT_BITS = 22, HALF = 1 << (WEIGHT_BITS - 1) };

// The inputs of one output.
typedef struct input_span {
    int first, count;
} input_span;

// One axis of a resize.
typedef struct axis_plan {
    int size_in, size_out, taps; // taps: the largest count of a span
    input_span *spans;           // (size_out)
    int32_t *weights;            // (size_out, taps)
} axis_plan;

static double triangle(double x)
{
    x = fabs(x);
    return x < 1.0 ? 1.0 - x : 0.0;
}

// Keys' cubic with a = -1/2.
static double cubic(double x)
{
    const double a = -0.5;
    x = fabs(x);
    if (x < 1.0)
        return ((a + 2.0) * x - (a + 3.0)) * x * x + 1;
    if (x < 2.0)
        return (((x - 5) * x + 8) * x - 4) * a;
    return 0.0;
}

// Computes the span and the weights of output o.  exact (taps) holds the weights before
// they are scaled to a sum of 1.  The order of operations is Pillow's; another order
// would round differently.
static void weigh(axis_plan *axis, int o, blmi_filter filter, double *exact)
{
    const double scale = (double)axis->size_in / axis->size_out;
    const double stretch = scale < 1.0 ? 1.0 : scale;
    const double support = (filter == BLMI_BICUBIC ? 2.0 : 1.0) * stretch;
    const double centre = (o + 0.5) * scale, shrink = 1.0 / stretch;
    const int low = (int)(centre - support + 0.5), high = (int)(centre + support + 0.5);
    const int first = low < 0 ? 0 : low;
    const int count = (high > axis->size_in ? axis->size_in : high) - first;
    double sum = 0.0;
    for (int i = 0; i < count; i++) {
        const double x = (i + first - centre + 0.5) * shrink;
        exact[i] = filter == BLMI_BICUBIC ? cubic(x) : triangle(x);
        sum += exact[i];
    }
    int32_t *weights = axis->weights + (size_t)o * (size_t)axis->taps;
    for (int i = 0; i < count; i++) {
        const double scaled = exact[i] / sum * (1 << WEIGHT_BITS);
        weights[i] = (int32_t)(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
    }
    axis->spans[o] = (input_span){first, count};
}

static void plan_free(axis_plan *axis)
{
    blmi_free(axis->spans);
    blmi_free(axis->weights);
}

// Plans an axis.  It must be freed by plan_free, also after a failure.
static blm_status plan_make(
    axis_plan *axis, int size_in, int size_out, blmi_filter filter, blm_error *err)
{
    const double scale = (double)size_in / size_out;
    const double support = (filter == BLMI_BICUBIC ? 2.0 : 1.0) * fmax(scale, 1.0);
    axis->size_in = size_in;
    axis->size_out = size_out;
    axis->taps = (int)ceil(support) * 2 + 1;
    const size_t outputs = (size_t)size_out, taps = (size_t)axis->taps;
    blm_status status = BLM_OK;
    double *const exact = blmi_alloc(taps, sizeof *exact);
    axis->spans = blmi_alloc(outputs, sizeof *axis->spans);
    axis->weights = blmi_alloc(outputs * taps, sizeof *axis->weights);
    if (exact == NULL || axis->spans == NULL || axis->weights == NULL) {
        status = blmi_no_memory(
            err, "the weights of a resize", outputs * taps, sizeof *axis->weights);
        goto done;
    }
    for (int o = 0; o < size_out; o++)
        weigh(axis, o, filter, exact);
done:
    blmi_free(exact);
    return status;
}

static inline uint8_t to_byte(int32_t sum)
{
    const int32_t value = sum >> WEIGHT_BITS;
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

// in (size_in, 3), out (size_out, 3).
static void resize_row(const axis_plan *axis, const uint8_t *in, uint8_t *out)
{
    for (int o = 0; o < axis->size_out; o++, out += 3) {
        const input_span span = axis->spans[o];
        const int32_t *w = axis->weights + (size_t)o * (size_t)axis->taps;
        const uint8_t *pixel = in + 3 * (size_t)span.first;
        int32_t r = HALF, g = HALF, b = HALF;
        for (int i = 0; i < span.count; i++, pixel += 3) {
            r += pixel[0] * w[i];
            g += pixel[1] * w[i];
            b += pixel[2] * w[i];
        }
        out[0] = to_byte(r);
        out[1] = to_byte(g);
        out[2] = to_byte(b);
    }
}

// in (size_in, samples), out (size_out, samples), input rows `stride` bytes apart; sums
// (samples) is scratch.
static void resize_columns(const axis_plan *axis, const uint8_t *in, ptrdiff_t stride,
    size_t samples, int32_t *restrict sums, uint8_t *restrict out)
{
    for (int o = 0; o < axis->size_out; o++, out += samples) {
        const input_span span = axis->spans[o];
        const int32_t *w = axis->weights + (size_t)o * (size_t)axis->taps;
        const uint8_t *row = in + span.first * stride;
        for (size_t i = 0; i < samples; i++)
            sums[i] = HALF;
        for (int t = 0; t < span.count; t++, row += stride)
            for (size_t i = 0; i < samples; i++)
                sums[i] += row[i] * w[t];
        for (size_t i = 0; i < samples; i++)
            out[i] = to_byte(sums[i]);
    }
}

// Rows, then columns.  An axis of NULL keeps its size and is skipped.
static blm_status resize_passes(const axis_plan *x, const axis_plan *y, const uint8_t *in,
    int height, ptrdiff_t stride, uint8_t *out, int out_width, blm_error *err)
{
    const size_t rows = (size_t)height, samples = 3 * (size_t)out_width;
    uint8_t *between = NULL; // (height, samples)
    int32_t *sums = NULL;    // (samples)
    blm_status status = BLM_OK;
    if (x != NULL) {
        uint8_t *wide = out;
        if (y != NULL && (wide = between = blmi_alloc(rows, samples)) == NULL) {
            status = blmi_no_memory(err, "a resize", rows, samples);
            goto done;
        }
        for (size_t r = 0; r < rows; r++)
            resize_row(x, in + (ptrdiff_t)r * stride, wide + r * samples);
        in = wide;
        stride = (ptrdiff_t)samples;
    }
    if (y != NULL) {
        sums = blmi_alloc(samples, sizeof *sums);
        if (sums == NULL) {
            status = blmi_no_memory(err, "a resize", samples, sizeof *sums);
            goto done;
        }
        resize_columns(y, in, stride, samples, sums, out);
    }
done:
    blmi_free(between);
    blmi_free(sums);
    return status;
}

// Pillow's NEAREST: the input under the centre of each output.  The steps are added up
// from the first centre; a product would sometimes round differently.
static void resize_nearest(const uint8_t *in, int width, int height, ptrdiff_t stride,
    size_t channels, uint8_t *out, int out_width, int out_height)
{
    const double step_x = (double)width / out_width;
    const double step_y = (double)height / out_height;
    double y = step_y * 0.5;
    for (int row = 0; row < out_height; row++, y += step_y) {
        const int at_y = (int)y < height ? (int)y : height - 1;
        const uint8_t *from = in + at_y * stride;
        double x = step_x * 0.5;
        for (int column = 0; column < out_width; column++, x += step_x) {
            const int at_x = (int)x < width ? (int)x : width - 1;
            for (size_t c = 0; c < channels; c++)
                *out++ = from[(size_t)at_x * channels + c];
        }
    }
}

void blmi_resize_nearest(
    const uint8_t *in, int width, int height, uint8_t *out, int out_width, int out_height)
{
    resize_nearest(in, width, height, width, 1, out, out_width, out_height);
}

blm_status blmi_resize_rgb(const uint8_t *in, int width, int height, ptrdiff_t stride,
    blmi_filter filter, uint8_t *out, int out_width, int out_height, blm_error *err)
{
    const bool keeps_width = width == out_width, keeps_height = height == out_height;
    if (filter == BLMI_NEAREST || (keeps_width && keeps_height)) {
        resize_nearest(in, width, height, stride, 3, out, out_width, out_height);
        return BLM_OK;
    }
    axis_plan x = {0}, y = {0};
    blm_status status = BLM_OK;
    if (!keeps_width)
        status = plan_make(&x, width, out_width, filter, err);
    if (status == BLM_OK && !keeps_height)
        status = plan_make(&y, height, out_height, filter, err);
    if (status == BLM_OK)
        status = resize_passes(keeps_width ? NULL : &x, keeps_height ? NULL : &y, in,
            height, stride, out, out_width, err);
    plan_free(&x);
    plan_free(&y);
    return status;
}
