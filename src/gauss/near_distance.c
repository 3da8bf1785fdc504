// Distances with a tolerance: the axes or the factor of a position are read from memory
// once, and multiplied by the features of all positions around it.
#include "src/gauss/near_distance.h"

#include <math.h>
#include <string.h>

#include "src/gauss/position.h"

// Vectors per pass over a position's axes or factor: with 768 features they take 150 KB,
// a part of the second-level cache.
enum { VECTORS = 48 };

// The error of |y|^2 less the part on the axes is some 2^-20 |y|^2.  If more than this
// share of |y|^2 is left, a distance is exact to 2^-15; otherwise it is computed without
// a difference.
static const double least_rest = 0x1p-5;

// What the tasks of one call share.
typedef struct call {
    const blmi_gauss *gauss;
    const blmi_gauss_kernels *kernels;
    blmi_window window;
    const float *x; // (images, P, D)
    int images;
    const uint8_t *use; // (P) or NULL
    float *scratch;     // of all threads
    float *near;        // (images, P, places) distance from the Gaussian at a position of
                        // what is at a place around it
    float *out;         // (images, P)
} call;

blmi_window blmi_window_of(const blmi_gauss *gauss)
{
    return (blmi_window){
        gauss->grid_width, gauss->positions / gauss->grid_width, gauss->tolerance};
}

// Floats of scratch for a thread: the vectors, one rest, a tile of widened halves.
static size_t thread_floats(const blmi_gauss *gauss)
{
    return (VECTORS + 1 + BLMI_TILE) * blmi_row_floats(gauss->features);
}

size_t blmi_near_scratch(const blmi_gauss *gauss, int images, const blmi_team *team)
{
    const size_t near = (size_t)images * (size_t)gauss->positions *
                        (size_t)blmi_window_places(gauss->tolerance);
    return ((size_t)blmi_team_threads(team) * thread_floats(gauss) + near) *
           sizeof(float);
}

static int counts(const call *c, int p)
{
    return c->use == NULL || c->use[p] != 0;
}

// A block of the features around a position, centred by its mean.
typedef struct block {
    int count;
    float *y;           // (VECTORS, row_floats)
    float *to[VECTORS]; // where each distance belongs
    float *rest, *room; // (row_floats), (BLMI_TILE, row_floats)
} block;

// d^2 = (|y|^2 - sum_k g_k (v_k.y)^2) / e with g = l / (l + e), where l is (1 - x) times
// an eigenvalue and e the shift: half the products of the sum without a difference.
static void eigenpairs(const call *c, int q, const block *b)
{
    const blmi_gauss *g = c->gauss;
    const size_t step = blmi_row_floats(g->features);
    const float *variances = g->variances + (size_t)q * (size_t)g->rank;
    const int rank = blmi_rank_at(g, q);
    const double shift = blmi_shift_at(g, q, rank), keep = 1.0 - g->shrinkage;
    double explained[VECTORS] = {0.0};
    for (int k = 0; k < rank; k += BLMI_TILE) {
        const float *axes[BLMI_TILE];
        float products[VECTORS * BLMI_TILE];
        double gain[BLMI_TILE] = {0.0};
        for (int r = 0; r < BLMI_TILE && k + r < rank; r++) {
            const double l = keep * (double)variances[k + r];
            gain[r] = l / (l + shift);
        }
        blmi_take_axes(c->kernels, g, q, k, rank, b->room, axes);
        c->kernels->dots(axes, b->y, step, b->count, g->features, products);
        for (int v = 0; v < b->count; v++)
            for (int r = 0; r < BLMI_TILE; r++) {
                const double product = (double)products[v * BLMI_TILE + r];
                explained[v] += gain[r] * product * product;
            }
    }
    for (int v = 0; v < b->count; v++) {
        const float *y = b->y + (size_t)v * step;
        const double whole = c->kernels->square(y, g->features);
        const double rest = whole - explained[v];
        *b->to[v] = (float)sqrt(rest / shift);
        if (rest >= least_rest * whole)
            continue;
        memcpy(b->rest, y, (size_t)g->features * sizeof *y);
        blmi_eigenpair_distances(c->kernels, g, q, 1, y, b->rest, b->room, b->to[v], 1);
    }
}

// d^2 = |L^-1 y|^2.
static void cholesky(const call *c, int q, const block *b)
{
    const blmi_gauss *g = c->gauss;
    const size_t step = blmi_row_floats(g->features);
    for (int top = 0; top < g->features; top += BLMI_TILE) {
        const blmi_factor_rows l = blmi_take_rows(c->kernels, g, (size_t)q, top, b->room);
        c->kernels->solve(&l, b->y, step, b->count);
    }
    for (int v = 0; v < b->count; v++)
        *b->to[v] = (float)sqrt(c->kernels->square(b->y + (size_t)v * step, g->features));
}

static void measure(const call *c, int q, block *b)
{
    if (b->count == 0)
        return;
    if (c->gauss->form == BLMI_EIGENPAIRS)
        eigenpairs(c, q, b);
    else
        cholesky(c, q, b);
    b->count = 0;
}

// Distances of everything around position q from its Gaussian.
static void from_position(const void *context, int q, int thread)
{
    const call *c = context;
    const blmi_gauss *g = c->gauss;
    const size_t step = blmi_row_floats(g->features), d = (size_t)g->features;
    const int places = blmi_window_places(g->tolerance);
    float *scratch = c->scratch + (size_t)thread * thread_floats(g);
    block b = {.y = scratch,
        .rest = scratch + VECTORS * step,
        .room = scratch + (VECTORS + 1) * step};
    if (!counts(c, q))
        return;
    for (int i = 0; i < c->images; i++) {
        const size_t image = (size_t)i * (size_t)g->positions;
        for (int place = 0; place < places; place++) {
            const int p = blmi_window_cell(&c->window, q, place);
            if (p < 0 || !counts(c, p))
                continue;
            blmi_centre_row(c->kernels, g, c->x + (image + (size_t)p) * d, (size_t)q,
                b.y + (size_t)b.count * step);
            b.to[b.count++] =
                c->near + (image + (size_t)q) * (size_t)places + (size_t)place;
            if (b.count == VECTORS)
                measure(c, q, &b);
        }
    }
    measure(c, q, &b);
}

// The smallest distance at position p.  NaN is kept.
static void least(const void *context, int p, int thread)
{
    const call *c = context;
    const size_t positions = (size_t)c->gauss->positions;
    const int places = blmi_window_places(c->window.reach);
    (void)thread;
    for (int i = 0; i < c->images; i++) {
        const float *near =
            c->near + (size_t)i * positions * (size_t)places; // of the image
        float best = counts(c, p) ? INFINITY : 0.0f;
        for (int place = 0; place < places && counts(c, p); place++) {
            const int q = blmi_window_cell(&c->window, p, places - 1 - place);
            if (q < 0 || !counts(c, q))
                continue;
            const float d = near[(size_t)q * (size_t)places + (size_t)place];
            best = d < best || isnan(d) ? d : best;
        }
        c->out[(size_t)i * positions + (size_t)p] = best;
    }
}

void blmi_near_distances(const blmi_gauss_kernels *kernels, const blmi_gauss *gauss,
    const float *x, int images, const uint8_t *use, blmi_team *team, void *scratch,
    float *out)
{
    float *rows = scratch;
    const call c = {.gauss = gauss,
        .kernels = kernels,
        .window = blmi_window_of(gauss),
        .x = x,
        .images = images,
        .use = use,
        .scratch = rows,
        .near = rows + (size_t)blmi_team_threads(team) * thread_floats(gauss),
        .out = out};
    blmi_team_each(team, gauss->positions, from_position, &c);
    blmi_team_each(team, gauss->positions, least, &c);
}
