// The distances of images: all images of a block against one position after the other, so
// that the position's axes, or its factor, come from memory once.
#include <math.h>

#include "src/base/alloc.h"
#include "src/base/tensor.h"
#include "src/gauss/distance.h"
#include "src/gauss/gauss.h"

enum { BLOCK = 16 }; // images that share one pass over a position

// What the positions of one call have in common.
typedef struct call {
    const blmi_gauss *gauss;
    const blmi_gauss_kernels *kernels;
    const float *x; // (images, P, D)
    int images;
    const uint8_t *use; // (P) or NULL
    float *scratch;     // of all threads
    float *out;         // (images, P)
} call;

// Floats from one scratch row to the next: whole cache lines.
static size_t row_floats(int features)
{
    enum { LINE = BLMI_ALIGNMENT / sizeof(float) };
    return ((size_t)features + LINE - 1) / LINE * LINE;
}

// Floats of scratch for a thread: two rows an image, and a tile of widened halves.
static size_t thread_floats(const blmi_gauss *gauss, int images)
{
    const size_t block = (size_t)(images < BLOCK ? images : BLOCK);
    const size_t rows = 2 * block + (gauss->half ? BLMI_TILE : 0);
    return rows * row_floats(gauss->features);
}

size_t blmi_gauss_scratch(const blmi_gauss *gauss, int images, const blmi_team *team)
{
    return (size_t)blmi_team_threads(team) * thread_floats(gauss, images) * sizeof(float);
}

// y (D) = x (D) - mean (D) at position p, scaled if the model is.
static void centre(const blmi_gauss *gauss, const float *x, size_t p, float *y)
{
    const int features = gauss->features;
    const float *mean = gauss->mean + p * (size_t)features;
    for (int d = 0; d < features; d++)
        y[d] = x[d] - mean[d];
    if (gauss->scale == NULL)
        return;
    for (int d = 0; d < features; d++)
        y[d] *= gauss->scale[d];
}

// |x|^2 in double, in four sums so that none waits for the one before.
static double square(const float *x, int n)
{
    double sums[4] = {0.0};
    int d = 0;
    for (; d + 4 <= n; d += 4)
        for (int k = 0; k < 4; k++)
            sums[k] += (double)x[d + k] * (double)x[d + k];
    for (; d < n; d++)
        sums[0] += (double)x[d] * (double)x[d];
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

// Eigenpairs that position p has, behind which come zeros.
static int rank_at(const blmi_gauss *gauss, int p)
{
    const float *variances = gauss->variances + (size_t)p * (size_t)gauss->rank;
    int rank = gauss->rank;
    while (rank > 0 && !(variances[rank - 1] > 0.0f))
        rank--;
    return rank;
}

// What the rule adds to the diagonal at p: epsilon, and with shrinkage x its share of the
// trace.
static double shift_at(const blmi_gauss *gauss, int p, int rank)
{
    const float *variances = gauss->variances + (size_t)p * (size_t)gauss->rank;
    double trace = 0.0;
    for (int k = 0; k < rank; k++)
        trace += (double)variances[k];
    return gauss->epsilon + gauss->shrinkage * trace / gauss->features;
}

// Four rows of axes or of a factor.
typedef struct tile {
    const float *row[BLMI_TILE];     // where they lie, or
    const uint16_t *half[BLMI_TILE]; // where they lie as halves (NULL: they do not), and
    float *wide[BLMI_TILE];          // room for them as floats
} tile;

// Row r begins at item `at` of floats, or of halves if there are any; room is for the
// latter (BLMI_TILE, row_floats).
static void set_row(const blmi_gauss *gauss, tile *t, int r, const float *floats,
    const uint16_t *halves, size_t at, float *room)
{
    t->wide[r] = halves != NULL ? room + (size_t)r * row_floats(gauss->features) : NULL;
    t->half[r] = halves != NULL ? halves + at : NULL;
    t->row[r] = halves != NULL ? t->wide[r] : floats + at;
}

// The products with x (n).  The first image of a block, i = 0, widens halves for itself
// and for the others.
static void multiply(const blmi_gauss_kernels *kernels, const tile *t, size_t i,
    const float *x, int n, float products[BLMI_TILE])
{
    if (i == 0 && t->half[0] != NULL)
        kernels->widen_dot(t->half, t->wide, x, n, products);
    else
        kernels->dot(t->row, x, n, products);
}

// d^2 = sum_k (v_k.y)^2 / ((1 - x) l_k + e) + |y - V V'y|^2 / e for a block of images at
// p, e as above.
// A tile of axes is taken off the remainder as soon as its products are known, while it
// still is in the first cache.
static void eigenpairs(const call *c, int p, int first, int images, float *scratch)
{
    const blmi_gauss *g = c->gauss;
    const size_t d = (size_t)g->features, step = row_floats(g->features);
    const size_t positions = (size_t)g->positions, at = (size_t)p;
    const float *variances = g->variances + at * (size_t)g->rank;
    float *rests = scratch + (size_t)images * step;
    float *room = rests + (size_t)images * step;
    double sums[BLOCK] = {0.0};
    const int rank = rank_at(g, p);
    const double shift = shift_at(g, p, rank), keep = 1.0 - g->shrinkage;
    for (size_t i = 0; i < (size_t)images; i++) {
        const float *x = c->x + (((size_t)first + i) * positions + at) * d;
        centre(g, x, at, scratch + i * step);
        centre(g, x, at, rests + i * step);
    }
    for (int k = 0; k < rank; k += BLMI_TILE) {
        tile axes;
        double weights[BLMI_TILE];
        for (int r = 0; r < BLMI_TILE; r++) { // a short tile repeats its last axis, for 0
            const int row = k + r < rank ? k + r : rank - 1;
            const size_t start = (at * (size_t)g->rank + (size_t)row) * d;
            set_row(g, &axes, r, g->axes, g->half_axes, start, room);
            weights[r] = 1.0 / (keep * (double)variances[row] + shift);
        }
        for (size_t i = 0; i < (size_t)images; i++) {
            float products[BLMI_TILE];
            multiply(c->kernels, &axes, i, scratch + i * step, g->features, products);
            for (int r = 0; r < BLMI_TILE; r++) {
                products[r] = k + r < rank ? products[r] : 0.0f;
                sums[i] += weights[r] * (double)products[r] * (double)products[r];
            }
            c->kernels->subtract(axes.row, products, g->features, rests + i * step);
        }
    }
    for (size_t i = 0; i < (size_t)images; i++) {
        const double rest = square(rests + i * step, g->features) / shift;
        c->out[((size_t)first + i) * positions + at] = (float)sqrt(sums[i] + rest);
    }
}

// Rows of L from `top` on; a short tile repeats its last one.
typedef struct rows {
    tile left; // of the diagonal, to be multiplied by
    float scale[BLMI_TILE];
    float diagonal[BLMI_TILE];
    int top, count;
} rows;

static rows take_rows(const blmi_gauss *g, size_t p, int top, float *room)
{
    const size_t d = (size_t)g->features;
    rows out = {.top = top, .count = g->features - top};
    out.count = out.count < BLMI_TILE ? out.count : BLMI_TILE;
    for (int r = 0; r < BLMI_TILE; r++) {
        const int last = r < out.count ? r : out.count - 1;
        const size_t i = (size_t)(top + last);
        const size_t at = g->half ? p * (d * (d - 1) / 2) + i * (i - 1) / 2
                                  : p * (d * (d + 1) / 2) + i * (i + 1) / 2;
        set_row(g, &out.left, r, g->factor, g->half_factor, at, room);
        out.scale[r] = g->half ? g->row_scale[p * d + i] : 1.0f;
        out.diagonal[r] = g->half ? g->diagonal[p * d + i] : out.left.row[r][i];
        if (g->half) // what widen_dot does not reach
            blmi_to_f32(
                out.left.wide[r] + top, out.left.half[r] + top, BLMI_F16, (size_t)last);
    }
    return out;
}

// L z = y by rows, z in the place of y (D) of image i of a block.
static void solve_tile(
    const blmi_gauss_kernels *kernels, const rows *l, size_t i, float *y)
{
    const int top = l->top;
    float products[BLMI_TILE];
    multiply(kernels, &l->left, i, y, top, products);
    for (int r = 0; r < l->count; r++) {
        const float scale = l->scale[r];
        float z = y[top + r] - scale * products[r];
        for (int j = 0; j < r; j++)
            z -= scale * l->left.row[r][top + j] * y[top + j];
        y[top + r] = z / l->diagonal[r];
    }
}

// d^2 = |L^-1 y|^2 for a block of images at p.
static void cholesky(const call *c, int p, int first, int images, float *scratch)
{
    const blmi_gauss *g = c->gauss;
    const size_t d = (size_t)g->features, step = row_floats(g->features);
    const size_t positions = (size_t)g->positions, at = (size_t)p;
    for (size_t i = 0; i < (size_t)images; i++)
        centre(
            g, c->x + (((size_t)first + i) * positions + at) * d, at, scratch + i * step);
    for (int top = 0; top < g->features; top += BLMI_TILE) {
        const rows l = take_rows(g, at, top, scratch + (size_t)images * step);
        for (size_t i = 0; i < (size_t)images; i++)
            solve_tile(c->kernels, &l, i, scratch + i * step);
    }
    for (size_t i = 0; i < (size_t)images; i++)
        c->out[((size_t)first + i) * positions + at] =
            (float)sqrt(square(scratch + i * step, g->features));
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
    const call c = {gauss, kernels, x, images, use, scratch, out};
    blmi_team_each(team, gauss->positions, position, &c);
}

void blmi_gauss_distances(const blmi_gauss *gauss, const float *x, int images,
    const uint8_t *use, blmi_team *team, void *scratch, float *out)
{
    blmi_gauss_distances_by(
        blmi_gauss_kernels_best(gauss->half), gauss, x, images, use, team, scratch, out);
}
