// lines.c: measures whether the rows and columns of an image belong together.
#include <math.h>
#include <stdlib.h>

#include "src/judge/plane.h"

enum { STRIPS = 8, STRIP = 64, SAMPLED_ROWS = 64, LAGS = 4 };

static const float unit = 4; // blmi_grey4 in a grey level

static int by_size(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

void blmi_numbers_sort(float *numbers, size_t n)
{
    qsort(numbers, n, sizeof *numbers, by_size);
}

float blmi_at_share(const float *sorted, size_t n, double share)
{
    const size_t at = (size_t)(share * (double)n);
    return sorted[at < n ? at : n - 1];
}

float blmi_quantile(float *numbers, size_t n, double share)
{
    blmi_numbers_sort(numbers, n);
    return blmi_at_share(numbers, n, share);
}

// The columns of a row that are looked at: `count` strips, evenly spaced.
typedef struct strips {
    int count, width, step;
} strips;

static strips strips_of(int width)
{
    if (width <= STRIPS * STRIP)
        return (strips){1, width, width};
    return (strips){STRIPS, STRIP, (width - STRIP) / (STRIPS - 1)};
}

// mean: of a row; step: its mean difference from the row above; in levels.  Returns that
// from the row above that one.
static float measure_row(
    const blmi_plane *p, const strips *s, int y, float *mean, float *step)
{
    int64_t sum = 0, differences = 0, second = 0;
    for (int k = 0; k < s->count; k++) {
        const uint8_t *at = blmi_plane_at(p, k * s->step, y);
        const uint8_t *above = blmi_plane_at(p, k * s->step, y > 0 ? y - 1 : y);
        const uint8_t *over = blmi_plane_at(p, k * s->step, y > 1 ? y - 2 : y);
        int32_t strip = 0, change = 0, far = 0;
        for (int x = 0; x < 3 * s->width; x += 3) {
            const int grey = blmi_grey4(at + x);
            strip += grey;
            change += abs(grey - blmi_grey4(above + x));
            far += abs(grey - blmi_grey4(over + x));
        }
        sum += strip;
        differences += change;
        second += far;
    }
    const float pixels = unit * (float)(s->count * s->width);
    *mean = (float)sum / pixels;
    *step = (float)differences / pixels;
    return (float)second / pixels;
}

// The largest step in relation to those beside it.  step (n): step[y] is from row y - 1.
static float tear_of(const float *step, int n)
{
    float most = 1;
    for (int y = 3; y + 2 < n; y++) {
        const float beside =
            fmaxf(fmaxf(step[y - 2], step[y - 1]), fmaxf(step[y + 1], step[y + 2]));
        most = fmaxf(most, (step[y] + 1) / (beside + 1));
    }
    return logf(most);
}

// The share of rows that hardly differ from the one above, compared with the median.
// step (n) is sorted.
static float lost_of(float *step, int n)
{
    int lost = 0;
    if (n < 2)
        return 0;
    const float least = 0.15f * blmi_quantile(step + 1, (size_t)n - 1, 0.5);
    for (int y = 1; y < n; y++)
        lost += step[y] <= least;
    return (float)lost / (float)(n - 1);
}

// profile (n): means of lines; scratch (n).
static void stripes_of(const float *profile, int n, float *scratch, float out[LAGS])
{
    for (int k = 0; k < LAGS; k++) {
        const int lag = 1 << k, count = n - 2 * lag;
        for (int i = 0; i < count; i++)
            scratch[i] = fabsf(profile[i] - 2 * profile[i + lag] + profile[i + 2 * lag]);
        out[k] = logf(1 + (count > 0 ? blmi_quantile(scratch, (size_t)count, 0.75) : 0));
    }
}

// profile (width): means of columns, of sampled rows.
static void column_means(const blmi_plane *p, float *profile)
{
    const int rows = p->height < SAMPLED_ROWS ? p->height : SAMPLED_ROWS;
    for (int x = 0; x < p->width; x++)
        profile[x] = 0;
    for (int r = 0; r < rows; r++) {
        const int y = (int)((int64_t)p->height * (2 * r + 1) / (2 * rows));
        const uint8_t *at = blmi_plane_at(p, 0, y);
        for (int x = 0; x < p->width; x++)
            profile[x] += (float)blmi_grey4(at + 3 * (size_t)x);
    }
    for (int x = 0; x < p->width; x++)
        profile[x] /= unit * (float)rows;
}

void blmi_lines_of(const blmi_plane *p, float *scratch, blmi_lines *out)
{
    const size_t side = (size_t)(p->width > p->height ? p->width : p->height);
    float *profile = scratch, *step = scratch + side;
    const strips s = strips_of(p->width);
    float near = 0, far = 0;
    for (int y = 0; y < p->height; y++)
        far += measure_row(p, &s, y, &profile[y], &step[y]);
    for (int y = 0; y < p->height; y++)
        near += step[y];
    out->comb = logf((near + (float)p->height) / (far + (float)p->height));
    out->tear = tear_of(step, p->height);
    out->lost = lost_of(step, p->height);
    stripes_of(profile, p->height, step, out->rows);
    column_means(p, profile);
    stripes_of(profile, p->width, step, out->columns);
}
