#include "apps/stress/corrupt.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "apps/base/fault.h"
#include "apps/stress/jpeg_loss.h"

static const double pi = 3.14159265358979323846;

// A change of `image` into `out`, a copy of it.
typedef struct job {
    const blm_image *image;
    double strength;
    int sign;       // 1 or -1
    uint64_t state; // of random numbers
    uint8_t *out;   // (height, width, 3)
} job;

// Steele, Lea & Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
static uint64_t next(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static uint8_t to_byte(double value)
{
    return (uint8_t)fmin(fmax(value + 0.5, 0), 255);
}

static size_t samples(const blm_image *image)
{
    return (size_t)image->width * (size_t)image->height * 3;
}

// The index inside 0 to count - 1 that i has after mirroring at the border.
static int mirrored(int i, int count)
{
    const int period = 2 * count;
    i %= period;
    if (i < 0)
        i += period;
    return i < count ? i : period - 1 - i;
}

// ---- values ---------------------------------------------------------------------------

static blm_status change_brightness(job *j, blm_error *err)
{
    const double factor = 1 + j->sign * j->strength / 100;
    (void)err;
    for (size_t i = 0; i < samples(j->image); i++)
        j->out[i] = to_byte(factor * j->image->rgb[i]);
    return BLM_OK;
}

static blm_status change_contrast(job *j, blm_error *err)
{
    const double factor = 1 + j->sign * j->strength / 100;
    double mean = 0;
    (void)err;
    for (size_t i = 0; i < samples(j->image); i++)
        mean += j->image->rgb[i];
    mean /= (double)samples(j->image);
    for (size_t i = 0; i < samples(j->image); i++)
        j->out[i] = to_byte(mean + factor * (j->image->rgb[i] - mean));
    return BLM_OK;
}

// The sum of four uniform numbers, of deviation 1, which is close to a Gaussian.
static double normal(uint64_t *state)
{
    const uint64_t bits = next(state);
    double sum = 0;
    for (int k = 0; k < 4; k++)
        sum += (double)(bits >> 16 * k & 0xffff) / 65535 - 0.5;
    return sum * sqrt(3);
}

static blm_status add_noise(job *j, blm_error *err)
{
    double step = 0;
    (void)err;
    for (size_t i = 0; i < samples(j->image); i++) {
        if (j->image->channels > 1 || i % 3 == 0)
            step = j->strength * normal(&j->state);
        j->out[i] = to_byte(j->image->rgb[i] + step);
    }
    return BLM_OK;
}

static blm_status lose_by_jpeg(job *j, blm_error *err)
{
    return stress_jpeg_loss(j->out, j->image->width, j->image->height,
        j->image->channels == 1, (int)j->strength, err);
}

// ---- blur -----------------------------------------------------------------------------

// Filters `lines` lines of `count` pixels: `step` pixels from one to the next, `jump`
// from line to line.
static void filter(const float *kernel, int reach, const float *in, float *out, int count,
    size_t step, int lines, size_t jump)
{
    for (int line = 0; line < lines; line++)
        for (int i = 0; i < count; i++) {
            float sum[3] = {0};
            for (int k = -reach; k <= reach; k++) {
                const size_t from =
                    (size_t)line * jump + (size_t)mirrored(i + k, count) * step;
                for (size_t c = 0; c < 3; c++)
                    sum[c] += kernel[k + reach] * in[from * 3 + c];
            }
            memcpy(out + ((size_t)line * jump + (size_t)i * step) * 3, sum, sizeof sum);
        }
}

static blm_status blur(job *j, blm_error *err)
{
    const int width = j->image->width, height = j->image->height;
    const double sigma = j->strength / 100 * (width < height ? width : height);
    const int reach = (int)ceil(3.5 * sigma);
    const size_t count = samples(j->image), taps = 2 * (size_t)reach + 1;
    float *memory = malloc((2 * count + taps) * sizeof *memory);
    if (memory == NULL)
        return app_no_memory(err, "a blurred image", 2 * count + taps, sizeof *memory);
    float *one = memory, *two = memory + count, *kernel = memory + 2 * count;
    double sum = 0;
    for (int k = -reach; k <= reach; k++)
        sum += exp(-0.5 * k * k / (sigma * sigma));
    for (int k = -reach; k <= reach; k++)
        kernel[k + reach] = (float)(exp(-0.5 * k * k / (sigma * sigma)) / sum);
    for (size_t i = 0; i < count; i++)
        one[i] = j->image->rgb[i];
    filter(kernel, reach, one, two, width, 1, height, (size_t)width);
    filter(kernel, reach, two, one, height, (size_t)width, width, 1);
    for (size_t i = 0; i < count; i++)
        j->out[i] = to_byte(one[i]);
    free(memory);
    return BLM_OK;
}

// ---- movements ------------------------------------------------------------------------

// By whole pixels, since interpolation would blur; by one at least.
static blm_status shift(job *j, blm_error *err)
{
    const int width = j->image->width, height = j->image->height;
    const double angle = (double)(next(&j->state) >> 11) * 0x1p-53 * pi;
    const double reach = fmax(j->strength / 100 * width, 1);
    const int dx = (int)round(j->sign * reach * sin(angle));
    const int dy = (int)round(j->sign * reach * cos(angle));
    (void)err;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            const size_t from = (size_t)mirrored(y + dy, height) * (size_t)width +
                                (size_t)mirrored(x + dx, width);
            memcpy(j->out + ((size_t)y * (size_t)width + (size_t)x) * 3,
                j->image->rgb + from * 3, 3);
        }
    return BLM_OK;
}

// Cubic interpolation of Catmull & Rom: weights of the pixels from floor(x) - 1.
static void find_weights(double t, double weight[4])
{
    weight[0] = ((-0.5 * t + 1) * t - 0.5) * t;
    weight[1] = (1.5 * t - 2.5) * t * t + 1;
    weight[2] = ((-1.5 * t + 2) * t + 0.5) * t;
    weight[3] = (0.5 * t - 0.5) * t * t;
}

static void interpolate(const blm_image *image, double x, double y, uint8_t *out)
{
    const int left = (int)floor(x), top = (int)floor(y);
    double wx[4], wy[4], sum[3] = {0};
    find_weights(x - left, wx);
    find_weights(y - top, wy);
    for (int i = 0; i < 4; i++) {
        const size_t row =
            (size_t)mirrored(top - 1 + i, image->height) * (size_t)image->width;
        for (int k = 0; k < 4; k++) {
            const size_t at = row + (size_t)mirrored(left - 1 + k, image->width);
            for (size_t c = 0; c < 3; c++)
                sum[c] += wy[i] * wx[k] * image->rgb[at * 3 + c];
        }
    }
    for (int c = 0; c < 3; c++)
        out[c] = to_byte(sum[c]);
}

static blm_status turn(job *j, blm_error *err)
{
    const double angle = j->sign * j->strength * pi / 180, c = cos(angle), s = sin(angle);
    const double middle_x = 0.5 * (j->image->width - 1);
    const double middle_y = 0.5 * (j->image->height - 1);
    uint8_t *out = j->out;
    (void)err;
    for (int y = 0; y < j->image->height; y++)
        for (int x = 0; x < j->image->width; x++, out += 3) {
            const double dx = x - middle_x, dy = y - middle_y;
            interpolate(
                j->image, middle_x + c * dx - s * dy, middle_y + s * dx + c * dy, out);
        }
    return BLM_OK;
}

// ---- the table ------------------------------------------------------------------------

static const struct {
    stress_scale scale;
    blm_status (*change)(job *j, blm_error *err);
} kinds[STRESS_KINDS] = {
    [STRESS_BRIGHTNESS] = {{"brightness", "% up or down", {3, 6, 12, 25, 50}},
        change_brightness},
    [STRESS_CONTRAST] = {{"contrast", "% up or down", {3, 6, 12, 25, 50}},
        change_contrast},
    [STRESS_BLUR] = {{"blur", "% of the shorter side", {0.2, 0.4, 0.8, 1.2, 2}}, blur},
    [STRESS_NOISE] = {{"noise", "grey levels", {2, 4, 8, 16, 32}}, add_noise},
    [STRESS_JPEG] = {{"jpeg", "% quality", {90, 70, 50, 30, 10}}, lose_by_jpeg},
    [STRESS_SHIFT] = {{"shift", "% of the width", {0.5, 1, 2, 4, 8}}, shift},
    [STRESS_TURN] = {{"turn", "degrees", {0.5, 1, 2, 5, 10}}, turn},
};

const stress_scale *stress_scale_of(stress_kind kind)
{
    return &kinds[kind].scale;
}

blm_status stress_corrupt(const blm_image *image, stress_kind kind, int step,
    uint64_t seed, blm_image **out, blm_error *err)
{
    const blm_buffer buffer = {.pixels = image->rgb,
        .width = image->width,
        .height = image->height,
        .layout = BLM_RGB8};
    blm_image *copy;
    APP_TRY(blm_image_from_buffer(&buffer, &copy, err));
    uint8_t *rgb = copy->rgb;
    *copy = *image;
    copy->rgb = rgb;
    job j = {.image = image,
        .strength = kinds[kind].scale.strength[step],
        .sign = seed & 1 ? 1 : -1,
        .state = seed,
        .out = rgb};
    const blm_status status = kinds[kind].change(&j, err);
    if (status == BLM_OK)
        *out = copy;
    else
        blm_image_free(copy);
    return status;
}
