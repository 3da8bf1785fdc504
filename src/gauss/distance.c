// Computes the distances of images: all images of a block for one position after the
// other, so that the axes or the factor of a position are read from memory once.
#include <math.h>
#include <string.h>

#include "src/base/alloc.h"
#include "src/gauss/distance.h"
#include "src/gauss/gauss.h"
#include "src/gauss/near_distance.h"
#include "src/gauss/position.h"

enum { BLOCK = 16 }; // images that share one pass over a position

// What the positions of one call share.
typedef struct call {
    const blmi_gauss *gauss;
    const blmi_gauss_kernels *kernels;
    const float *x; // (images, P, D)
    int images;
    const uint8_t *use; // (P) or NULL
    float *scratch;     // of all threads
    float *out;         // (images, P)
} call;

// Floats of scratch for a thread: two rows per image, and a tile of widened halves.
static size_t thread_floats(const blmi_gauss *gauss, int images)
{
    const size_t block = (size_t)(images < BLOCK ? images : BLOCK);
    const size_t rows = 2 * block + (gauss->half ? BLMI_TILE : 0);
    return rows * blmi_row_floats(gauss->features);
}

size_t blmi_gauss_scratch(const blmi_gauss *gauss, int images, const blmi_team *team)
{
    if (gauss->tolerance > 0)
        return blmi_near_scratch(gauss, images, team);
    return (size_t)blmi_team_threads(team) * thread_floats(gauss, images) * sizeof(float);
}

// d^2 = sum_k (v_k.y)^2 / ((1 - x) l_k + e) + |y - V V'y|^2 / e, where e is the shift.  A
// tile of axes is subtracted from the remainder as soon as its products are known, while
// it is in the first-level cache.
void blmi_eigenpair_distances(const blmi_gauss_kernels *kernels, const blmi_gauss *g,
    int p, int count, const float *y, float *rests, float *room, float *out,
    size_t stride)
{
    const size_t step = blmi_row_floats(g->features);
    const float *variances = g->variances + (size_t)p * (size_t)g->rank;
    double sums[BLOCK] = {0.0};
    const int rank = blmi_rank_at(g, p);
    const double shift = blmi_shift_at(g, p, rank), keep = 1.0 - g->shrinkage;
    for (int k = 0; k < rank; k += BLMI_TILE) {
        const float *axes[BLMI_TILE];
        float products[BLOCK * BLMI_TILE];
        double weights[BLMI_TILE];
        blmi_take_axes(kernels, g, p, k, rank, room, axes);
        kernels->dots(axes, y, step, count, g->features, products);
        for (int r = 0; r < BLMI_TILE; r++) {
            const int row = k + r < rank ? k + r : rank - 1;
            weights[r] = 1.0 / (keep * (double)variances[row] + shift);
        }
        for (size_t i = 0; i < (size_t)count; i++) {
            float *product = products + i * BLMI_TILE;
            for (int r = 0; r < BLMI_TILE; r++) { // repeated rows count 0
                product[r] = k + r < rank ? product[r] : 0.0f;
                sums[i] += weights[r] * (double)product[r] * (double)product[r];
            }
            kernels->subtract(axes, product, g->features, rests + i * step);
        }
    }
    for (size_t i = 0; i < (size_t)count; i++) {
        const double rest = kernels->square(rests + i * step, g->features) / shift;
        out[i * stride] = (float)sqrt(sums[i] + rest);
    }
}

static void eigenpairs(const call *c, int p, int first, int images, float *scratch)
{
    const blmi_gauss *g = c->gauss;
    const size_t d = (size_t)g->features, step = blmi_row_floats(g->features);
    const size_t positions = (size_t)g->positions, at = (size_t)p;
    float *rests = scratch + (size_t)images * step;
    for (size_t i = 0; i < (size_t)images; i++) {
        const float *x = c->x + (((size_t)first + i) * positions + at) * d;
        blmi_centre_row(c->kernels, g, x, at, scratch + i * step);
        memcpy(rests + i * step, scratch + i * step, step * sizeof *rests);
    }
    blmi_eigenpair_distances(c->kernels, g, p, images, scratch, rests,
        rests + (size_t)images * step, c->out + (size_t)first * positions + at,
        positions);
}

// d^2 = |L^-1 y|^2 for a block of images at p.
static void cholesky(const call *c, int p, int first, int images, float *scratch)
{
    const blmi_gauss *g = c->gauss;
    const size_t d = (size_t)g->features, step = blmi_row_floats(g->features);
    const size_t positions = (size_t)g->positions, at = (size_t)p;
    for (size_t i = 0; i < (size_t)images; i++)
        blmi_centre_row(c->kernels, g, c->x + (((size_t)first + i) * positions + at) * d,
            at, scratch + i * step);
    for (int top = 0; top < g->features; top += BLMI_TILE) {
        const blmi_factor_rows l = blmi_take_rows(
            c->kernels, g, at, top, g->features, scratch + (size_t)images * step);
        c->kernels->solve(&l, scratch, step, images);
    }
    for (size_t i = 0; i < (size_t)images; i++)
        c->out[((size_t)first + i) * positions + at] =
            (float)sqrt(c->kernels->square(scratch + i * step, g->features));
}

static void position(const void *context, int p, int thread)
{
    const call *c = context;
    const blmi_gauss *g = c->gauss;
    float *scratch = c->scratch + (size_t)thread * thread_floats(g, c->images);
    for (int first = 0; first < c->images; first += BLOCK) {
        const int block = c->images - first < BLOCK ? c->images - first : BLOCK;
        if (c->use != NULL && c->use[p] == 0)
            for (int i = first; i < first + block; i++)
                c->out[(size_t)i * (size_t)g->positions + (size_t)p] = 0.0f;
        else if (g->form == BLMI_EIGENPAIRS)
            eigenpairs(c, p, first, block, scratch);
        else
            cholesky(c, p, first, block, scratch);
    }
}

void blmi_gauss_distances_by(const blmi_gauss_kernels *kernels, const blmi_gauss *gauss,
    const float *x, int images, const uint8_t *use, blmi_team *team, void *scratch,
    float *out)
{
    if (gauss->tolerance > 0) {
        blmi_near_distances(kernels, gauss, x, images, use, team, scratch, out);
        return;
    }
    const call c = {gauss, kernels, x, images, use, scratch, out};
    blmi_team_each(team, gauss->positions, position, &c);
}

void blmi_gauss_distances(const blmi_gauss *gauss, const float *x, int images,
    const uint8_t *use, blmi_team *team, void *scratch, float *out)
{
    blmi_gauss_distances_by(
        blmi_gauss_kernels_best(), gauss, x, images, use, team, scratch, out);
}
