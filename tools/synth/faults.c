#include "tools/synth/faults.h"

#include <stdlib.h>
#include <string.h>

#include "tools/synth/noise.h"

// An image, rgb (height, width, 3), and as much scratch.
typedef struct picture {
    int width, height;
    uint8_t *rgb, *scratch;
} picture;

const char *synth_fault_name(synth_fault fault)
{
    static const char *const names[SYNTH_FAULTS] = {"blur", "motion", "dark", "bright",
        "hand", "cable", "torn", "lost", "stripes", "alternate", "dirt"};
    return names[fault];
}

static size_t bytes_of(const picture *p)
{
    return 3 * (size_t)p->width * (size_t)p->height;
}

static int shorter(const picture *p)
{
    return p->width < p->height ? p->width : p->height;
}

static int within(int x, int end)
{
    return x < 0 ? 0 : x < end ? x : end - 1;
}

static uint8_t sample(double x)
{
    return x < 0 ? 0 : x > 255 ? 255 : (uint8_t)(x + 0.5);
}

// ---- focus ----------------------------------------------------------------------------

// The mean of 2 * reach + 1 pixels, along rows or columns; borders repeat.
static void box(const picture *p, int reach, int along_x)
{
    memcpy(p->scratch, p->rgb, bytes_of(p));
    for (int y = 0; y < p->height; y++)
        for (int i = 0; i < 3 * p->width; i++) {
            int sum = 0;
            for (int k = -reach; k <= reach; k++) {
                const int column = along_x ? within(i / 3 + k, p->width) : i / 3;
                const int row = along_x ? y : within(y + k, p->height);
                sum += p->scratch[3 * ((size_t)row * (size_t)p->width + (size_t)column) +
                                  (size_t)(i % 3)];
            }
            p->rgb[3 * (size_t)y * (size_t)p->width + (size_t)i] =
                (uint8_t)((sum + reach) / (2 * reach + 1));
        }
}

// Three boxes of reach r have the variance r (r + 1).
static void blur(const picture *p, double sigma)
{
    int reach = 1;
    while ((reach + 0.5) * (reach + 1.5) < sigma * sigma)
        reach++;
    for (int i = 0; i < 3; i++) {
        box(p, reach, 1);
        box(p, reach, 0);
    }
}

// ---- things in the way ----------------------------------------------------------------

// Paints a pixel, with a little noise.
static void paint(
    const picture *p, uint64_t seed, int x, int y, const double rgb[3], double share)
{
    uint8_t *at = p->rgb + 3 * ((size_t)y * (size_t)p->width + (size_t)x);
    for (int k = 0; k < 3; k++)
        at[k] = sample(synth_blend(
            at[k], rgb[k] + 12 * synth_cell(seed + (uint64_t)k, x, y) - 6, share));
}

// An ellipse that begins at a border and covers about a quarter.
static void hand(const picture *p, uint64_t seed)
{
    static const double skin[3] = {205, 160, 130};
    synth_random random = seed;
    const int side = synth_below(&random, 4);
    const double along = synth_between(&random, 0.3, 0.7);
    const double cx = side == 1 ? 1 : side == 3 ? 0 : along;
    const double cy = side == 0 ? 0 : side == 2 ? 1 : along;
    for (int y = 0; y < p->height; y++)
        for (int x = 0; x < p->width; x++) {
            const double dx = (x + 0.5) / p->width - cx, dy = (y + 0.5) / p->height - cy;
            paint(p, seed, x, y, skin,
                synth_step(0.42 * 0.42, 0.39 * 0.39, dx * dx + dy * dy));
        }
}

static void cable(const picture *p, uint64_t seed)
{
    static const double dark[3] = {35, 35, 38};
    synth_random random = seed;
    const double from = synth_between(&random, 0.25, 0.75);
    const double to = synth_between(&random, 0.25, 0.75);
    for (int x = 0; x < p->width; x++) {
        const double middle = synth_blend(from, to, (double)x / p->width);
        for (int y = 0; y < p->height; y++) {
            const double d = (y + 0.5) / p->height - middle;
            paint(p, seed, x, y, dark, synth_step(0.08 * 0.08, 0.07 * 0.07, d * d));
        }
    }
}

static void dirt(const picture *p)
{
    static const double dark[3] = {25, 25, 25};
    const double side = shorter(p), r = 0.05;
    for (int y = 0; y < p->height; y++)
        for (int x = 0; x < p->width; x++) {
            const double dx = (x + 0.5 - 0.4 * p->width) / side;
            const double dy = (y + 0.5 - 0.6 * p->height) / side;
            paint(p, 1, x, y, dark, synth_step(r * r, r * r / 2, dx * dx + dy * dy));
        }
}

// ---- rows -----------------------------------------------------------------------------

// Rotates a row to the left.
static void shift_row(const picture *p, int y, int by)
{
    const size_t row = 3 * (size_t)p->width, cut = 3 * (size_t)(by % p->width);
    uint8_t *at = p->rgb + (size_t)y * row;
    memcpy(p->scratch, at, row);
    memcpy(at, p->scratch + cut, row - cut);
    memcpy(at + row - cut, p->scratch, cut);
}

static void tear(const picture *p, uint64_t seed)
{
    synth_random random = seed;
    const double from = synth_between(&random, 0.25, 0.75);
    const double by = synth_between(&random, 0.06, 0.3);
    for (int y = (int)(from * p->height); y < p->height; y++)
        shift_row(p, y, (int)(by * p->width) + 1);
}

static void lose_rows(const picture *p, uint64_t seed)
{
    synth_random random = seed;
    const size_t row = 3 * (size_t)p->width;
    const double from = synth_between(&random, 0.4, 0.7);
    for (int y = (int)(from * p->height); y < p->height; y++)
        memset(p->rgb + (size_t)y * row, 128, row);
}

static void stripes(const picture *p)
{
    const size_t row = 3 * (size_t)p->width;
    for (size_t i = 0; i < bytes_of(p); i++)
        p->rgb[i] = sample(p->rgb[i] + (i / row % 4 < 2 ? 15 : -15));
}

static void alternate(const picture *p)
{
    const int by = p->width / 50 > 3 ? p->width / 50 : 3;
    for (int y = 1; y < p->height; y += 2)
        shift_row(p, y, by);
}

static void gain(const picture *p, double factor)
{
    for (size_t i = 0; i < bytes_of(p); i++)
        p->rgb[i] = sample(factor * p->rgb[i]);
}

void synth_spoil(synth_fault fault, uint64_t seed, int width, int height, uint8_t *rgb,
    uint8_t *scratch)
{
    const picture p = {width, height, rgb, scratch};
    const int reach = (int)(0.015 * width + 0.5);
    switch (fault) {
    case SYNTH_BLUR:
        blur(&p, 0.01 * shorter(&p));
        break;
    case SYNTH_MOTION:
        box(&p, reach > 1 ? reach : 1, 1);
        break;
    case SYNTH_DARK:
        gain(&p, 0.4);
        break;
    case SYNTH_BRIGHT:
        gain(&p, 2);
        break;
    case SYNTH_HAND:
        hand(&p, seed);
        break;
    case SYNTH_CABLE:
        cable(&p, seed);
        break;
    case SYNTH_TORN:
        tear(&p, seed);
        break;
    case SYNTH_LOST:
        lose_rows(&p, seed);
        break;
    case SYNTH_STRIPES:
        stripes(&p);
        break;
    case SYNTH_ALTERNATE:
        alternate(&p);
        break;
    case SYNTH_DIRT:
        dirt(&p);
        break;
    case SYNTH_FAULTS:
        break;
    }
}
