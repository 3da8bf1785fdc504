// coarse.c: correlates a small picture with the reference at a grid of angles and scales.
#include "src/align/coarse.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "src/align/align_fft.h"
#include "src/base/alloc.h"

enum {
    SIDE = 64, // of the transforms: a picture and a shift by a third of it fit
    COUNT = SIDE * SIDE,
    ANGLES = 48,
    SCALES = 5,
    DETAIL_RADIUS = 4,
    SUMS = (BLMI_COARSE_SIDE + 1) * (BLMI_COARSE_SIDE + 1),
};

static const double all_scales[SCALES] = {1, 0.8, 0.9, 1.11, 1.25};

struct blmi_coarse {
    int width, height;
    int angles, scales;
    float most[2]; // largest values of the pictures of the reference, in grey levels
    blmi_complex *spectra; // (scales, angles, SIDE, SIDE)
};

struct blmi_coarse_work {
    const blmi_coarse *coarse;
    blmi_fft *fft;
    blmi_complex *image, *product, *spectrum; // (SIDE, SIDE)
    double *sums;                             // (SUMS)
    float *parts;                             // (2, BLMI_COARSE_SIDE^2)
    blmi_candidate *all;                      // (scales, angles)
};

// Mean 0, no value beyond 3 deviations and `most`, length sqrt(1/2).  Returns that limit.
static float normalise(float *at, size_t count, float most)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < count; i++)
        sum += (double)at[i];
    const float mean = (float)(sum / (double)count);
    for (size_t i = 0; i < count; i++)
        squares += (double)((at[i] - mean) * (at[i] - mean));
    most = fminf(most, 3 * (float)sqrt(squares / (double)count));
    squares = 0;
    for (size_t i = 0; i < count; i++) {
        at[i] = fminf(fmaxf(at[i] - mean, -most), most);
        squares += (double)(at[i] * at[i]);
    }
    const float factor = squares > 0 ? (float)(1 / sqrt(2 * squares)) : 0;
    for (size_t i = 0; i < count; i++)
        at[i] *= factor;
    return most;
}

// The two pictures of a plane in one, zero outside of it.  most: the limits of their
// values, which are lowered to those of this plane.
static void combine(
    const blmi_grey *plane, double *sums, float *parts, float most[2], blmi_complex *out)
{
    const size_t count = blmi_grey_count(plane);
    float *detail = parts, *steepness = parts + count;
    blmi_grey_detail(plane, DETAIL_RADIUS, sums, detail);
    blmi_grey_steepness(plane, steepness);
    most[0] = normalise(detail, count, most[0]);
    most[1] = normalise(steepness, count, most[1]);
    memset(out, 0, COUNT * sizeof *out);
    for (int y = 0; y < plane->height; y++)
        for (int x = 0; x < plane->width; x++) {
            const ptrdiff_t i = (ptrdiff_t)y * plane->width + x;
            out[y * SIDE + x] = (blmi_complex){detail[i], steepness[i]};
        }
}

// The reference as it looks when turned and scaled, 0 outside: the inverse of (angle,
// scale) leads back to it.
static void turn(const blmi_complex *in, int width, int height, double angle,
    double scale, blmi_complex *out)
{
    const double c = cos(angle) / scale, s = sin(angle) / scale;
    const double cx = 0.5 * (width - 1), cy = 0.5 * (height - 1);
    memset(out, 0, COUNT * sizeof *out);
    for (int row = 0; row < SIDE; row++)
        for (int column = 0; column < SIDE; column++) {
            const double dx = column - 0.5 * (SIDE - 1), dy = row - 0.5 * (SIDE - 1);
            const double x = cx + c * dx + s * dy, y = cy - s * dx + c * dy;
            if (x < 0 || y < 0 || x > width - 1 || y > height - 1)
                continue;
            const int left = x < width - 2 ? (int)x : width - 2;
            const int top = y < height - 2 ? (int)y : height - 2;
            const float u = (float)(x - left), v = (float)(y - top);
            const blmi_complex *a = in + top * SIDE + left, *b = a + SIDE;
            blmi_complex *to = out + row * SIDE + column;
            to->re = (1 - v) * (a[0].re + u * (a[1].re - a[0].re)) +
                     v * (b[0].re + u * (b[1].re - b[0].re));
            to->im = (1 - v) * (a[0].im + u * (a[1].im - a[0].im)) +
                     v * (b[0].im + u * (b[1].im - b[0].im));
        }
}

static void unit_length(blmi_complex *at)
{
    double squares = 0;
    for (int i = 0; i < COUNT; i++)
        squares += (double)(at[i].re * at[i].re + at[i].im * at[i].im);
    const float factor = squares > 0 ? (float)(1 / sqrt(squares)) : 0;
    for (int i = 0; i < COUNT; i++)
        at[i] = (blmi_complex){at[i].re * factor, at[i].im * factor};
}

static double angle_of(const blmi_coarse *coarse, int i)
{
    return 2 * 3.14159265358979323846 * i / coarse->angles;
}

static void make_spectra(
    blmi_coarse *coarse, const blmi_grey *picture, blmi_coarse_work *work)
{
    blmi_complex *turned = work->product;
    coarse->most[0] = coarse->most[1] = INFINITY;
    combine(picture, work->sums, work->parts, coarse->most, work->image);
    for (int k = 0; k < coarse->scales; k++)
        for (int i = 0; i < coarse->angles; i++) {
            turn(work->image, picture->width, picture->height, angle_of(coarse, i),
                all_scales[k], turned);
            unit_length(turned);
            blmi_fft_forward(work->fft, turned,
                coarse->spectra + (ptrdiff_t)(k * coarse->angles + i) * COUNT);
        }
}

blm_status blmi_coarse_new(
    blm_align mode, const blmi_grey *picture, blmi_coarse **out, blm_error *err)
{
    blm_status status = BLM_OK;
    blmi_coarse_work *work = NULL;
    blmi_coarse *coarse = blmi_alloc_zero(1, sizeof *coarse);
    if (coarse == NULL)
        return blmi_no_memory(err, "a reference", 1, sizeof *coarse);
    coarse->width = picture->width;
    coarse->height = picture->height;
    coarse->angles = mode == BLM_ALIGN_SHIFT ? 1 : ANGLES;
    coarse->scales = mode == BLM_ALIGN_SIMILARITY ? SCALES : 1;
    const size_t count = (size_t)(coarse->angles * coarse->scales) * COUNT;
    coarse->spectra = blmi_alloc(count, sizeof *coarse->spectra);
    if (coarse->spectra == NULL)
        status = blmi_no_memory(err, "a reference", count, sizeof *coarse->spectra);
    if (status == BLM_OK)
        status = blmi_coarse_work_new(coarse, &work, err);
    if (status != BLM_OK) {
        blmi_coarse_free(coarse);
        return status;
    }
    make_spectra(coarse, picture, work);
    blmi_coarse_work_free(work);
    *out = coarse;
    return BLM_OK;
}

void blmi_coarse_free(blmi_coarse *coarse)
{
    if (coarse == NULL)
        return;
    blmi_free(coarse->spectra);
    blmi_free(coarse);
}

blm_status blmi_coarse_work_new(
    const blmi_coarse *coarse, blmi_coarse_work **out, blm_error *err)
{
    const size_t candidates = (size_t)(coarse->angles * coarse->scales);
    blmi_coarse_work *work = blmi_alloc_zero(1, sizeof *work);
    if (work == NULL)
        return blmi_no_memory(err, "an alignment", 1, sizeof *work);
    work->coarse = coarse;
    work->image = blmi_alloc(COUNT, sizeof *work->image);
    work->product = blmi_alloc(COUNT, sizeof *work->product);
    work->spectrum = blmi_alloc(COUNT, sizeof *work->spectrum);
    work->sums = blmi_alloc(SUMS, sizeof *work->sums);
    work->parts = blmi_alloc(2 * BLMI_COARSE_SIDE * BLMI_COARSE_SIDE, sizeof(float));
    work->all = blmi_alloc(candidates, sizeof *work->all);
    blm_status status = blmi_fft_new(SIDE, &work->fft, err);
    if (status == BLM_OK &&
        (work->image == NULL || work->product == NULL || work->spectrum == NULL ||
            work->sums == NULL || work->parts == NULL || work->all == NULL))
        status = blmi_no_memory(err, "an alignment", 3 * COUNT, sizeof *work->image);
    if (status != BLM_OK) {
        blmi_coarse_work_free(work);
        return status;
    }
    *out = work;
    return BLM_OK;
}

void blmi_coarse_work_free(blmi_coarse_work *work)
{
    if (work == NULL)
        return;
    blmi_fft_free(work->fft);
    blmi_free(work->image);
    blmi_free(work->product);
    blmi_free(work->spectrum);
    blmi_free(work->sums);
    blmi_free(work->parts);
    blmi_free(work->all);
    blmi_free(work);
}

// The spectrum of a correlation, and that of its conjugate's mirror: their sum is twice
// the spectrum of the real part.
static blmi_complex real_part(const blmi_complex *of, const blmi_complex *image, int i)
{
    const int mirrored = (COUNT - i / SIDE * SIDE) % COUNT + (SIDE - i % SIDE) % SIDE;
    const blmi_complex a = of[i], b = image[i], c = of[mirrored], d = image[mirrored];
    return (blmi_complex){a.re * b.re + a.im * b.im + c.re * d.re + c.im * d.im,
        a.re * b.im - a.im * b.re - c.re * d.im + c.im * d.re};
}

// The highest of one part (0: real, 1: imaginary) of the correlations, over all shifts by
// up to a third.  The picture lies at the top left of its array, the reference in the
// middle.
static void best_shift(const blmi_coarse_work *work, int part, int which)
{
    const blmi_coarse *coarse = work->coarse;
    blmi_candidate *out = &work->all[which];
    const double x0 = 0.5 * (coarse->width - SIDE), y0 = 0.5 * (coarse->height - SIDE);
    const double far_x = coarse->width / 3.0 + 1, far_y = coarse->height / 3.0 + 1;
    float best = -INFINITY;
    for (int row = 0; row < SIDE; row++) {
        const double dy = remainder(row - y0, SIDE);
        if (fabs(dy) > far_y)
            continue;
        for (int column = 0; column < SIDE; column++) {
            const blmi_complex *at = &work->image[row * SIDE + column];
            const float score = part == 0 ? at->re : at->im;
            if (score <= best)
                continue;
            const double dx = remainder(column - x0, SIDE);
            if (fabs(dx) > far_x)
                continue;
            best = score;
            out->transform.dx = dx;
            out->transform.dy = dy;
        }
    }
    out->score = (double)best / (2 * COUNT);
    out->transform.scale = all_scales[which / coarse->angles];
    out->transform.angle =
        remainder(angle_of(coarse, which % coarse->angles), 2 * 3.14159265358979323846);
}

// Two positions of the reference share a transform: correlations are read as its real
// and its imaginary part.
static void correlate_two(
    blmi_coarse_work *work, const blmi_complex *image, int first, int second)
{
    const blmi_complex *a = work->coarse->spectra + (ptrdiff_t)first * COUNT;
    const blmi_complex *b = work->coarse->spectra + (ptrdiff_t)second * COUNT;
    for (int i = 0; i < COUNT; i++) {
        const blmi_complex p = real_part(a, image, i), q = real_part(b, image, i);
        work->product[i] = (blmi_complex){p.re - q.im, p.im + q.re};
    }
    blmi_fft_backward(work->fft, work->product, work->image);
    best_shift(work, 0, first);
    best_shift(work, 1, second);
}

// Nearer in the grid than three steps: the same peak.
static bool same_peak(const blmi_candidate *a, const blmi_candidate *b, double step)
{
    const double between =
        remainder(a->transform.angle - b->transform.angle, 2 * 3.14159265358979323846);
    return fabs(between) < 2.5 * step;
}

static bool is_new(
    const blmi_candidate *at, const blmi_candidate *found, int count, double step)
{
    for (int i = 0; i < count; i++)
        if (same_peak(at, &found[i], step))
            return false;
    return true;
}

int blmi_coarse_find(blmi_coarse_work *work, const blmi_grey *picture,
    blmi_candidate out[BLMI_MAX_CANDIDATES])
{
    const blmi_coarse *coarse = work->coarse;
    const int all = coarse->angles * coarse->scales;
    const double step = angle_of(coarse, 1);
    int found = 0;
    // A stain on a dull part must not count more than all of the part.
    float most[2] = {1.5f * coarse->most[0], 1.5f * coarse->most[1]};
    combine(picture, work->sums, work->parts, most, work->product);
    unit_length(work->product);
    blmi_fft_forward(work->fft, work->product, work->spectrum);
    for (int i = 0; i < all; i += 2)
        correlate_two(work, work->spectrum, i, i + 1 < all ? i + 1 : i);
    while (found + 1 < BLMI_MAX_CANDIDATES) {
        int best = -1;
        for (int i = 0; i < all; i++)
            if (is_new(&work->all[i], out, found, step) &&
                (best < 0 || work->all[i].score > work->all[best].score))
                best = i;
        if (best < 0)
            break;
        out[found++] = work->all[best];
        const int line = best / coarse->angles * coarse->angles;
        const int half = line + (best - line + coarse->angles / 2) % coarse->angles;
        if (is_new(&work->all[half], out, found, step))
            out[found++] = work->all[half];
    }
    return found;
}
