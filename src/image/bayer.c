// Converts a Bayer mosaic to RGB by bilinear interpolation.
#include <stdbool.h>
#include <string.h>

#include "src/image/codec.h"

static uint8_t mean_2(unsigned a, unsigned b)
{
    return (uint8_t)((a + b + 1) / 2);
}

static uint8_t mean_4(unsigned a, unsigned b, unsigned c, unsigned d)
{
    return (uint8_t)((a + b + c + d + 2) / 4);
}

// Adds a border, mirrored at the outermost pixels, so that every pixel has eight
// neighbours and the pattern continues.  padded: (height + 2, width + 2), with the mosaic
// inside.
static void mirror(uint8_t *padded, size_t width, size_t height)
{
    const size_t row = width + 2;
    for (size_t y = 1; y <= height; y++) {
        padded[y * row] = padded[y * row + 2];
        padded[y * row + width + 1] = padded[y * row + width - 1];
    }
    memcpy(padded, padded + 2 * row, row);
    memcpy(padded + (height + 1) * row, padded + (height - 1) * row, row);
}

// The pixel at p, in a row of green and one other colour; rows are `row` bytes long.
// That other colour goes to *own, green to *middle, the colour of the rows above and
// below to *other.
static void interpolate(const uint8_t *p, ptrdiff_t row, bool green, uint8_t *own,
    uint8_t *middle, uint8_t *other)
{
    if (green) {
        *own = mean_2(p[-1], p[1]);
        *middle = p[0];
        *other = mean_2(p[-row], p[row]);
    } else {
        *own = p[0];
        *middle = mean_4(p[-1], p[1], p[-row], p[row]);
        *other = mean_4(p[-row - 1], p[-row + 1], p[row - 1], p[row + 1]);
    }
}

void blmi_demosaic(
    uint8_t *rgb, uint8_t *padded, size_t width, size_t height, int red_x, int red_y)
{
    const ptrdiff_t row = (ptrdiff_t)width + 2;
    mirror(padded, width, height);
    for (size_t y = 0; y < height; y++) {
        const bool red_row = (y & 1) == (size_t)red_y;
        const size_t first = red_row ? (size_t)red_x : 1 - (size_t)red_x;
        const uint8_t *p = padded + ((ptrdiff_t)y + 1) * row + 1;
        for (size_t x = 0; x < width; x++, p++, rgb += 3)
            interpolate(p, row, (x & 1) != first, &rgb[red_row ? 0 : 2], &rgb[1],
                &rgb[red_row ? 2 : 0]);
    }
}
