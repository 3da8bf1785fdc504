// winograd.c: a 3x3 convolution with 16 multiplications for 4 outputs instead of 36
// (Lavin and Gray 2015, arXiv:1509.09308, F(2x2, 3x3)): the numbers of a 4 x 4 patch are
// combined by additions, multiplied by combined weights, and combined to 2 x 2 outputs.
#include "src/nn/winograd.h"

enum { PATCH = 16, CHUNK = 2 * BLMI_LANES, MAX_CHANNELS_X_TILES = 56 * 128 };

int blmi_winograd_tiles(int depth)
{
    const int tiles = MAX_CHANNELS_X_TILES / depth / 14 * 14;
    return tiles < BLMI_WINOGRAD_TILES ? tiles : BLMI_WINOGRAD_TILES;
}

size_t blmi_winograd_scratch(int depth)
{
    return (size_t)(PATCH * blmi_winograd_tiles(depth)) *
           (size_t)(depth + BLMI_APART + CHUNK);
}

void blmi_winograd_weights(double *u, const float *g)
{
    static const double rows[4][3] = {
        {1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}};
    for (int i = 0; i < 4; i++) {
        for (int j = 0; j < 4; j++) {
            u[4 * i + j] = 0;
            for (int y = 0; y < 3; y++)
                for (int x = 0; x < 3; x++)
                    u[4 * i + j] += rows[i][y] * rows[j][x] * (double)g[3 * y + x];
        }
    }
}

int blmi_winograd_column(int position, int column)
{
    return column / CHUNK * PATCH * CHUNK + position * CHUNK + column % CHUNK;
}

void blmi_winograd(
    const blmi_kernels *kernels, const blmi_winograd_job *job, float *scratch)
{
    const int tiles = job->tiles, depth = job->b->depth * (int)job->b->words;
    const size_t row = (size_t)(depth + BLMI_APART);
    float *combined = scratch, *results = scratch + (size_t)(PATCH * tiles) * row;
    const float *a[PATCH * BLMI_WINOGRAD_TILES];
    float *products[PATCH * BLMI_WINOGRAD_TILES];
    for (int t = 0; t < tiles; t++) {
        float *v[PATCH];
        for (int i = 0; i < PATCH; i++) {
            v[i] = combined + (size_t)(i * tiles + t) * row;
            a[i * tiles + t] = v[i];
            products[i * tiles + t] = results + (i * tiles + t) * CHUNK;
        }
        kernels->winograd_in(v, job->x + (size_t)t * PATCH, depth, job->b->words);
    }
    blmi_matrix part = *job->b; // the columns of one position
    part.columns = CHUNK;
    for (int n = 0; n < job->b->columns / PATCH; n += CHUNK) {
        for (int i = 0; i < PATCH; i++, part.values += 2 * part.panel)
            kernels->product(&(blmi_product){.b = &part,
                .rows = tiles,
                .a = a + i * tiles,
                .y = products + i * tiles,
                .y_words = BLMI_FLOATS});
        for (int t = 0; t < tiles; t++) {
            const float *m[PATCH];
            float *y[4];
            for (int i = 0; i < PATCH; i++)
                m[i] = products[i * tiles + t];
            for (int i = 0; i < 4; i++)
                y[i] = job->y[4 * t + i] + n;
            kernels->winograd_out(y, m, CHUNK);
        }
    }
}
