#include "apps/stress/jpeg_loss.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>

#include "apps/base/fault.h"

enum { SIDE = 8, CELL = 64 };

// T.81, tables K.1 and K.2: brightness, colour.
static const uint8_t tables[2][CELL] = {
    {16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40,
        57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24,
        35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98,
        112, 100, 103, 99},
    {17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99,
        99, 99, 99, 47, 66, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
        99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
        99, 99, 99},
};

// A plane of the image; its sides are multiples of 8.
typedef struct plane {
    int width, height; // samples
    float *at;         // (height, width) -128 to 127
} plane;

// ---- the transform --------------------------------------------------------------------

// basis[u][x]: orthonormal cosines of T.81, A.3.3.
static void fill_basis(float basis[SIDE][SIDE])
{
    for (int u = 0; u < SIDE; u++)
        for (int x = 0; x < SIDE; x++)
            basis[u][x] = (float)(cos((2 * x + 1) * u * 3.14159265358979323846 / 16) *
                                  (u == 0 ? sqrt(0.125) : 0.5));
}

// out = left by cell by right, where left and right are the basis or its transpose.
static void transform(
    const float basis[SIDE][SIDE], int back, const float in[CELL], float out[CELL])
{
    float rows[CELL];
    for (int y = 0; y < SIDE; y++)
        for (int u = 0; u < SIDE; u++) {
            float sum = 0;
            for (int x = 0; x < SIDE; x++)
                sum += in[y * SIDE + x] * (back ? basis[x][u] : basis[u][x]);
            rows[y * SIDE + u] = sum;
        }
    for (int v = 0; v < SIDE; v++)
        for (int u = 0; u < SIDE; u++) {
            float sum = 0;
            for (int y = 0; y < SIDE; y++)
                sum += rows[y * SIDE + u] * (back ? basis[y][v] : basis[v][y]);
            out[v * SIDE + u] = sum;
        }
}

static void fill_steps(int quality, int colour, float steps[CELL])
{
    const int scale = quality < 50 ? 5000 / quality : 200 - 2 * quality;
    for (int i = 0; i < CELL; i++) {
        const int step = (tables[colour][i] * scale + 50) / 100;
        steps[i] = (float)(step < 1 ? 1 : step > 255 ? 255 : step);
    }
}

static void quantise(const plane *p, int quality, int colour)
{
    float basis[SIDE][SIDE], steps[CELL], cell[CELL], waves[CELL];
    const size_t wide = (size_t)p->width;
    fill_basis(basis);
    fill_steps(quality, colour, steps);
    for (int top = 0; top < p->height; top += SIDE)
        for (int left = 0; left < p->width; left += SIDE) {
            float *corner = p->at + (size_t)top * wide + (size_t)left;
            for (size_t i = 0; i < CELL; i++)
                cell[i] = corner[i / SIDE * wide + i % SIDE];
            transform(basis, 0, cell, waves);
            for (int i = 0; i < CELL; i++)
                waves[i] = roundf(waves[i] / steps[i]) * steps[i];
            transform(basis, 1, waves, cell);
            for (size_t i = 0; i < CELL; i++)
                corner[i / SIDE * wide + i % SIDE] = cell[i];
        }
}

// ---- planes ---------------------------------------------------------------------------

static float clamp(float value, float low, float high)
{
    return value < low ? low : value > high ? high : value;
}

static int lesser(int a, int b)
{
    return a < b ? a : b;
}

// Brightness, blue and red of a pixel (JFIF 1.02).
static float part(const uint8_t *rgb, int which)
{
    static const float weights[3][3] = {{0.299F, 0.587F, 0.114F},
        {-0.168736F, -0.331264F, 0.5F}, {0.5F, -0.418688F, -0.081312F}};
    const float sum = weights[which][0] * rgb[0] + weights[which][1] * rgb[1] +
                      weights[which][2] * rgb[2];
    return roundf(which == 0 ? sum - 128 : sum);
}

// Fills a plane with means of step x step pixels; beyond its border an image repeats its
// last pixels.
static void split(
    const uint8_t *rgb, int width, int height, int which, int step, const plane *p)
{
    for (int y = 0; y < p->height; y++)
        for (int x = 0; x < p->width; x++) {
            float sum = 0;
            for (int k = 0; k < step * step; k++) {
                const int px = lesser(x * step + k % step, width - 1);
                const int py = lesser(y * step + k / step, height - 1);
                sum += part(rgb + ((size_t)py * (size_t)width + (size_t)px) * 3, which);
            }
            p->at[(size_t)y * (size_t)p->width + (size_t)x] = sum / (float)(step * step);
        }
}

// The value of a colour plane at a pixel: bilinear between samples at the middle of 2 x 2
// pixels.
static float sample(const plane *p, int x, int y)
{
    const float fx = clamp(((float)x - 0.5F) / 2, 0, (float)(p->width - 1));
    const float fy = clamp(((float)y - 0.5F) / 2, 0, (float)(p->height - 1));
    const int i = lesser((int)fx, p->width - 2), j = lesser((int)fy, p->height - 2);
    const float u = fx - (float)i, v = fy - (float)j;
    const float *a = p->at + (size_t)j * (size_t)p->width + i, *b = a + p->width;
    return (1 - v) * ((1 - u) * a[0] + u * a[1]) + v * ((1 - u) * b[0] + u * b[1]);
}

static uint8_t to_byte(float value)
{
    return (uint8_t)(clamp(value, 0, 255) + 0.5F);
}

static void join(const plane planes[3], int grey, uint8_t *rgb, int width, int height)
{
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++, rgb += 3) {
            const float light =
                planes[0].at[(size_t)y * (size_t)planes[0].width + (size_t)x] + 128;
            const float blue = grey ? 0 : sample(&planes[1], x, y);
            const float red = grey ? 0 : sample(&planes[2], x, y);
            rgb[0] = to_byte(light + 1.402F * red);
            rgb[1] = to_byte(light - 0.344136F * blue - 0.714136F * red);
            rgb[2] = to_byte(light + 1.772F * blue);
        }
}

blm_status stress_jpeg_loss(
    uint8_t *rgb, int width, int height, int grey, int quality, blm_error *err)
{
    const int unit = 2 * SIDE;
    const int wide = (width + unit - 1) / unit * unit;
    const int high = (height + unit - 1) / unit * unit;
    const size_t samples = (size_t)wide * (size_t)high, quarter = samples / 4;
    float *memory = malloc((samples + 2 * quarter) * sizeof *memory);
    if (memory == NULL)
        return app_no_memory(err, "JPEG", samples + 2 * quarter, sizeof *memory);
    const plane planes[3] = {{wide, high, memory}, {wide / 2, high / 2, memory + samples},
        {wide / 2, high / 2, memory + samples + quarter}};
    for (int i = 0; i < (grey ? 1 : 3); i++) {
        split(rgb, width, height, i, i == 0 ? 1 : 2, &planes[i]);
        quantise(&planes[i], quality, i > 0);
    }
    join(planes, grey, rgb, width, height);
    free(memory);
    return BLM_OK;
}
