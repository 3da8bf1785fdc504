// made.c: makes defects on good images.
#include "apps/tune/made.h"

#include <math.h>
#include <string.h>

#include "apps/base/fault.h"

static const double least_area = 0.001, most_area = 0.05; // shares of the image
static const double least_change = 3;                     // grey levels
enum { TRIES = 12 };
static const double pi = 3.14159265358979323846;

// ---- random numbers -------------------------------------------------------------------

// Steele, Lea & Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
static uint64_t next(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

// Uniform from low to high.
static double uniform(uint64_t *state, double low, double high)
{
    return low + (high - low) * (double)(next(state) >> 11) * 0x1p-53;
}

// The logarithm is uniform.
static double scaled(uint64_t *state, double low, double high)
{
    return low * pow(high / low, uniform(state, 0, 1));
}

// Smooth noise between -1 and 1 with details of about one unit.
static double lattice(uint64_t seed, int64_t x, int64_t y)
{
    uint64_t state = seed ^ ((uint64_t)x << 32) ^ ((uint64_t)y & 0xffffffffu);
    return uniform(&state, -1, 1);
}

static double smooth(double t)
{
    return t * t * (3 - 2 * t);
}

static double noise(uint64_t seed, double x, double y)
{
    const int64_t i = (int64_t)floor(x), j = (int64_t)floor(y);
    const double u = smooth(x - floor(x)), v = smooth(y - floor(y));
    const double top = (1 - u) * lattice(seed, i, j) + u * lattice(seed, i + 1, j);
    const double low =
        (1 - u) * lattice(seed, i, j + 1) + u * lattice(seed, i + 1, j + 1);
    return (1 - v) * top + v * low;
}

// ---- shapes ---------------------------------------------------------------------------

enum { KNOTS = 5 };

// A defect: where it is, and how it changes pixels.
typedef struct plan {
    made_kind kind;
    double x, y;             // its middle, in pixels
    double width, height;    // half axes, in pixels
    double c, s;             // its direction
    uint64_t ripple;         // seed of its outline
    double edge;             // softness, as a share of its size
    double knot[KNOTS];      // of a scratch: how far its curve is off the straight line
    double strength;         // 0 to 1
    double shift_x, shift_y; // to the place that pixels are taken from
    double factor[3], offset[3]; // of the colours
} plan;

// How much of the pixel is defect, 0 to 1.
static double cover(const plan *d, double px, double py)
{
    const double dx = px - d->x, dy = py - d->y;
    const double u = (d->c * dx + d->s * dy) / d->width;
    double v = (d->c * dy - d->s * dx) / d->height;
    if (fabs(u) > 1.5 || fabs(v) > 1.5 + (d->kind == MADE_SCRATCH ? 40 : 0))
        return 0;
    if (d->kind == MADE_SCRATCH) {
        const double at = (fmin(fmax(u, -1), 1) + 1) / 2 * (KNOTS - 1.001);
        const int k = (int)at;
        const double t = smooth(at - k);
        v -= (1 - t) * d->knot[k] + t * d->knot[k + 1];
        return fmin(fmax((1 - fabs(u)) * 8, 0), 1) * fmin(fmax(1.5 - fabs(v), 0), 1);
    }
    const double radius = sqrt(u * u + v * v);
    const double limit = 1 + 0.4 * noise(d->ripple, 2 * u, 2 * v);
    const double inside = fmin(fmax((limit - radius) / d->edge, 0), 1);
    if (d->kind != MADE_BLENDED)
        return inside;
    return inside * fmin(fmax(2 * noise(d->ripple + 1, 3 * u, 3 * v) + 0.6, 0), 1);
}

static void draw_shape(const blm_image *image, uint64_t *state, plan *d)
{
    const double pixels = (double)image->width * image->height;
    const double area = pixels * scaled(state, least_area, most_area);
    const double angle = uniform(state, 0, pi);
    double ratio = scaled(state, 1, 3);
    if (d->kind == MADE_SCRATCH) // thin, and so of at most half the area
        ratio = scaled(state, 8, 40);
    d->c = cos(angle);
    d->s = sin(angle);
    d->height = fmax(sqrt(area / (pi * ratio)), 0.75);
    d->width = area / (pi * d->height);
    if (d->kind == MADE_SCRATCH)
        d->width = fmin(d->width, 0.4 * fmin(image->width, image->height));
    const double far = fmin(d->width, 0.4 * fmin(image->width, image->height));
    d->x = uniform(state, far, image->width - far);
    d->y = uniform(state, far, image->height - far);
    d->ripple = next(state);
    d->edge = uniform(state, 0.1, 0.5);
    for (int k = 0; k < KNOTS; k++)
        d->knot[k] = uniform(state, -3, 3);
}

static const uint8_t *pixel(const blm_image *image, double x, double y)
{
    const int i = (int)fmin(fmax(x, 0), image->width - 1);
    const int j = (int)fmin(fmax(y, 0), image->height - 1);
    return image->rgb + ((size_t)j * (size_t)image->width + (size_t)i) * 3;
}

// The colours that the defect's pixels get, besides those that are taken from elsewhere.
static void draw_change(
    const blm_image *image, const blm_image *other, uint64_t *state, plan *d)
{
    const double sign = next(state) & 1 ? 1 : -1;
    const double levels = sign * scaled(state, 12, 90);
    const uint8_t *far =
        pixel(image, uniform(state, 0, image->width), uniform(state, 0, image->height));
    d->strength =
        d->kind == MADE_BLENDED ? uniform(state, 0.3, 0.9) : uniform(state, 0.5, 1);
    d->shift_x = uniform(state, 0, other->width) - d->x;
    d->shift_y = uniform(state, 0, other->height) - d->y;
    for (int c = 0; c < 3; c++) {
        const double own = uniform(state, -0.1, 0.1);
        d->factor[c] = d->kind == MADE_MISSING || d->kind == MADE_SCRATCH ? 0 : 1;
        d->offset[c] = d->kind == MADE_MISSING ? far[c] : 0;
        if (d->kind == MADE_SCRATCH) {
            d->factor[c] = 1;
            d->offset[c] = levels;
        }
        if (d->kind == MADE_STAIN) {
            d->factor[c] = 1 + sign * fabs(levels) / 200;
            d->factor[c] += image->channels == 1 ? 0 : own;
        }
    }
}

// ---- painting -------------------------------------------------------------------------

// Where the pixels of a defect come from, before its change.
static const uint8_t *source(
    const plan *d, const blm_image *good, const blm_image *other, int x, int y)
{
    if (d->kind == MADE_MOVED || d->kind == MADE_FOREIGN || d->kind == MADE_BLENDED) {
        const blm_image *from = d->kind == MADE_MOVED ? good : other;
        const double sx = x + d->shift_x, sy = y + d->shift_y;
        return pixel(from, fmod(sx + 8.0 * from->width, from->width),
            fmod(sy + 8.0 * from->height, from->height));
    }
    return good->rgb + ((size_t)y * (size_t)good->width + (size_t)x) * 3;
}

// Paints the defect on `to`.  Returns the root of the mean square change of its pixels,
// and their share of the image.
static double paint(const plan *d, const blm_image *good, const blm_image *other,
    uint8_t *to, double *area)
{
    double squares = 0, weight = 0;
    for (int y = 0; y < good->height; y++)
        for (int x = 0; x < good->width; x++) {
            const double w = cover(d, x, y);
            if (w <= 0)
                continue;
            const size_t at = ((size_t)y * (size_t)good->width + (size_t)x) * 3;
            const uint8_t *from = source(d, good, other, x, y);
            for (int c = 0; c < 3; c++) {
                const double value = d->factor[c] * from[c] + d->offset[c];
                const double mixed =
                    good->rgb[at + (size_t)c] +
                    w * d->strength * (value - good->rgb[at + (size_t)c]);
                to[at + (size_t)c] = (uint8_t)fmin(fmax(mixed + 0.5, 0), 255);
                const double change =
                    (double)to[at + (size_t)c] - good->rgb[at + (size_t)c];
                squares += change * change / 3;
            }
            weight += w;
        }
    *area = weight / ((double)good->width * good->height);
    return weight > 0 ? sqrt(squares / weight) : 0;
}

blm_status made_defect(const blm_image *good, const blm_image *other, made_kind kind,
    uint64_t seed, blm_image **out, double *area, blm_error *err)
{
    const blm_buffer buffer = {.pixels = good->rgb,
        .width = good->width,
        .height = good->height,
        .layout = BLM_RGB8};
    const size_t bytes = (size_t)good->width * (size_t)good->height * 3;
    blm_image *image;
    double share = 0, change = 0;
    uint64_t state = seed ^ 0x6d616465u;
    if (kind == MADE_MOVED)
        other = good;
    APP_TRY(blm_image_from_buffer(&buffer, &image, err));
    image->channels = good->channels;
    image->bits = good->bits;
    for (int i = 0; i < TRIES && change < least_change; i++) {
        plan d = {.kind = kind};
        draw_shape(good, &state, &d);
        draw_change(good, other, &state, &d);
        memcpy(image->rgb, good->rgb, bytes);
        change = paint(&d, good, other, image->rgb, &share);
    }
    if (area != NULL)
        *area = share;
    *out = image;
    return BLM_OK;
}
