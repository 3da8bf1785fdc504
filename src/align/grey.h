// grey.h: grey pictures of any size, halved and sampled.
#ifndef BLMI_ALIGN_GREY_H
#define BLMI_ALIGN_GREY_H

#include <stddef.h>

typedef struct blmi_grey {
    int width, height;
    float *at; // (height, width)
} blmi_grey;

// The sides of a plane of half the size: no pixel is left out but an odd last one.
static inline blmi_grey blmi_grey_half_of(const blmi_grey *plane)
{
    return (blmi_grey){plane->width / 2, plane->height / 2, NULL};
}

static inline size_t blmi_grey_count(const blmi_grey *plane)
{
    return (size_t)plane->width * (size_t)plane->height;
}

// Means of 2 x 2 pixels: out has the sides of blmi_grey_half_of.
void blmi_grey_halve(const blmi_grey *in, blmi_grey *out);
// Subtracts the mean of a box of (2 radius + 1)^2 pixels, as far as it is on the picture.
// out has the sides of in; sums (height + 1, width + 1) is scratch.
void blmi_grey_detail(const blmi_grey *in, int radius, double *sums, float *out);
// Lengths of the gradient (central differences): out (height, width).
void blmi_grey_steepness(const blmi_grey *in, float *out);

// Bilinear value at column x, row y, counted from the centre of the first pixel; the
// caller has checked that it is on the picture: 0 <= x <= width - 1, y likewise.
static inline float blmi_grey_value(const blmi_grey *p, float x, float y)
{
    const int left = x < (float)(p->width - 2) ? (int)x : p->width - 2;
    const int top = y < (float)(p->height - 2) ? (int)y : p->height - 2;
    const float u = x - (float)left, v = y - (float)top;
    const float *a = p->at + (ptrdiff_t)top * p->width + left, *b = a + p->width;
    const float upper = a[0] + u * (a[1] - a[0]), lower = b[0] + u * (b[1] - b[0]);
    return upper + v * (lower - upper);
}

#endif
