#include "src/gauss/near_leave_out.h"

#include <float.h>
#include <math.h>
#include <omp.h>
#include <string.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/base/tensor.h"
#include "src/base/threads.h"
#include "src/gauss/left_variations.h"
#include "src/gauss/linalg.h"
#include "src/gauss/near_distance.h"
#include "src/gauss/position.h"

// ---- few images -----------------------------------------------------------------------

// What all positions share.
typedef struct call {
    const blmi_gauss *gauss;
    const blmi_groups *groups;
    const blmi_accumulator *samples; // or NULL
    const uint8_t *use;              // (P) or NULL
    blmi_window window;
    int places;
    float *loo; // (N, P)
} call;

// A thread's working memory.
typedef struct room {
    blmi_group_room group;
    double *b, *h; // (R), (largest group)
    bool there[BLMI_MAX_PLACES];
    double *rests;     // (places, N) |r|^2 of what is there, then the squared distances
    double *shift;     // (R)
    float *axes;       // (R, D) of the Gaussian, or where they lie in the model
    float *other_axes; // (R, D) of the position around it, likewise; not with samples
    float *z;          // (N, D)
    float *products;   // (places, N, R) V'z
} room;

// Places a room at base (NULL: measures only).  Returns its size in doubles.
static size_t lay_out(const call *c, double *base, room *r)
{
    const blmi_gauss *g = c->gauss;
    const size_t n = (size_t)g->images, d = (size_t)g->features, k = (size_t)g->rank;
    const size_t places = (size_t)c->places, largest = (size_t)c->groups->largest;
    const size_t floats[] = {g->half ? k * d : 0,
        g->half && c->samples == NULL ? k * d : 0, n * d, places * n * k};
    size_t total = blmi_group_room_lay_out(
        &r->group, (int)g->images, g->rank, c->groups->largest, base);
    double **doubles[] = {&r->b, &r->h, &r->rests, &r->shift};
    const size_t sizes[] = {k, largest, places * n, k};
    for (int i = 0; i < 4; i++) {
        *doubles[i] = base == NULL ? NULL : base + total;
        total += (sizes[i] + 7) / 8 * 8;
    }
    float **arrays[] = {&r->axes, &r->other_axes, &r->z, &r->products};
    for (int i = 0; i < 4; i++) {
        *arrays[i] = base == NULL ? NULL : (float *)(base + total);
        total += (floats[i] + 15) / 16 * 8;
    }
    return total;
}

size_t blmi_near_few_size(const blmi_gauss_rule *rule, int64_t images, int features)
{
    static const blmi_accumulator none;
    const blmi_gauss g = {.images = images,
        .features = features,
        .rank = (int)images - 1,
        .half = rule->half};
    const blmi_groups each = {.largest = 1};
    room measured = {0};
    const call c = {.gauss = &g,
        .groups = &each,
        .samples = &none,
        .places = blmi_window_places(rule->tolerance)};
    return rule->tolerance > 0 ? lay_out(&c, NULL, &measured) : 0;
}

// Whether there is a Gaussian at p: positions not in use are all zeros.
static bool is_fitted(const blmi_gauss *g, int p)
{
    const float *mean = g->mean + (size_t)p * (size_t)g->features;
    if (g->variances[(size_t)p * (size_t)g->rank] > 0.0f)
        return true;
    for (int j = 0; j < g->features; j++)
        if (mean[j] < 0.0f || mean[j] > 0.0f)
            return true;
    return false;
}

static bool counts(const call *c, int p)
{
    if (c->samples != NULL)
        return c->samples->number[p] >= 0;
    return c->use != NULL ? c->use[p] != 0 : is_fitted(c->gauss, p);
}

// The axes (R, D) of position p as floats; wide is scratch for halves.
static const float *axes_at(const blmi_gauss *g, int p, float *wide)
{
    const size_t count = (size_t)g->rank * (size_t)g->features;
    if (!g->half)
        return g->axes + (size_t)p * count;
    blmi_to_f32(wide, g->half_axes + (size_t)p * count, BLMI_F16, count);
    return wide;
}

// z (N, D): the images' features at position p, less the mean at q, scaled.
static void take_samples(const call *c, int p, int q, const room *r)
{
    const blmi_gauss *g = c->gauss;
    const size_t n = (size_t)g->images, d = (size_t)g->features, k = (size_t)g->rank;
    if (c->samples != NULL) {
        const size_t at = (size_t)c->samples->number[p];
        for (size_t i = 0; i < n; i++)
            blmi_centre(g, c->samples->samples[i].x + at * d, (size_t)q, r->z + i * d);
        return;
    }
    float *first = r->z; // (D) the difference of the means
    blmi_centre(g, g->mean + (size_t)p * d, (size_t)q, first);
    for (size_t i = 1; i < n; i++)
        memcpy(r->z + i * d, first, d * sizeof *first);
    blmi_add_product_f32((int)n, g->features, g->rank, g->coordinates + (size_t)p * n * k,
        axes_at(g, p, r->other_axes), r->z);
}

// Computes products and rests of everything around q.
static void project(const call *c, int q, room *r)
{
    const blmi_gauss *g = c->gauss;
    const size_t n = (size_t)g->images, d = (size_t)g->features, k = (size_t)g->rank;
    const float *axes = axes_at(g, q, r->axes);
    for (int place = 0; place < c->places; place++) {
        const int p = blmi_window_cell(&c->window, q, place);
        double *rests = r->rests + (size_t)place * n;
        float *products = r->products + (size_t)place * n * k;
        r->there[place] = p >= 0 && p != q && counts(c, p);
        if (!r->there[place])
            continue;
        take_samples(c, p, q, r);
        blmi_product_with_rows_f32((int)n, g->rank, g->features, r->z, axes, products);
        blmi_subtract_product_f32((int)n, g->features, g->rank, products, axes, r->z);
        for (size_t i = 0; i < n; i++)
            rests[i] = blmi_square(r->z + i * d, g->features);
    }
}

// The squared distance of image i at a place, without its group of `size` members.
static double distance(const call *c, const room *r, int rank, const int *members,
    int size, int i, int place, double lam)
{
    const blmi_gauss *g = c->gauss;
    const size_t n = (size_t)g->images, at = (size_t)place * n + (size_t)i;
    const float *products = r->products + at * (size_t)g->rank;
    const double rest = (double)(g->images - size);
    double sum = r->rests[at] / lam;
    for (int k = 0; k < rank; k++) {
        const double b = (double)products[k] + r->shift[k];
        sum += b * b / (r->group.scatter[k] + lam);
        r->b[k] = sqrt(r->group.scatter[k]) * b / (r->group.scatter[k] + lam);
    }
    if (rank > 0) {
        for (int j = 0; j < size; j++) {
            const double *w = r->group.w + (size_t)members[j] * (size_t)rank;
            r->h[j] = 0.0;
            for (int k = 0; k < rank; k++)
                r->h[j] += w[k] * r->b[k];
        }
        blmi_forward(size, 1, r->group.t, r->h);
        for (int j = 0; j < size; j++)
            sum += r->h[j] * r->h[j];
    }
    return (rest - 1.0) / (1.0 - g->shrinkage) * sum;
}

// Leaves out one group, for everything around q.
static bool leave_group(
    const call *c, int q, int rank, const int *members, int size, room *r)
{
    const blmi_gauss *g = c->gauss;
    const size_t n = (size_t)g->images, full = (size_t)g->rank;
    const float *coordinates = g->coordinates + (size_t)q * n * full;
    double lam;
    if (!blmi_group_factor(g, rank, members, size, &r->group, &lam))
        return false;
    for (int k = 0; k < rank; k++) {
        r->shift[k] = 0.0;
        for (int j = 0; j < size; j++)
            r->shift[k] += (double)coordinates[(size_t)members[j] * full + (size_t)k] /
                           (double)(g->images - size);
    }
    for (int place = 0; place < c->places; place++) {
        double *at = r->rests + (size_t)place * n;
        for (int j = 0; j < size && r->there[place]; j++)
            at[members[j]] = distance(c, r, rank, members, size, members[j], place, lam);
    }
    return true;
}

// Updates the smallest distances by the squares of everything around q.
static void fold(const call *c, int q, const room *r)
{
    const size_t n = (size_t)c->gauss->images, positions = (size_t)c->gauss->positions;
    for (int place = 0; place < c->places; place++) {
        const double *squares = r->rests + (size_t)place * n;
        float *loo = c->loo + blmi_window_cell(&c->window, q, place);
        for (size_t i = 0; i < n && r->there[place]; i++) {
            const float d = (float)sqrt(squares[i]);
            loo[i * positions] = d < loo[i * positions] ? d : loo[i * positions];
        }
    }
}

// Everything around q; false if a factorisation fails.
static bool leave_out_at(const call *c, int q, room *r)
{
    const blmi_groups *all = c->groups;
    const int rank = blmi_group_basis(c->gauss, q, &r->group);
    if (rank < 0)
        return false;
    project(c, q, r);
    for (int k = 0; k < all->count; k++)
        if (!leave_group(c, q, rank, all->order + all->begin[k],
                all->begin[k + 1] - all->begin[k], r))
            return false;
#pragma omp critical(blmi_near_fold) // the minimum does not depend on the order
    fold(c, q, r);
    return true;
}

blm_status blmi_leave_near_out(const blmi_gauss *gauss, const blmi_groups *groups,
    const blmi_accumulator *samples, const uint8_t *use, int threads, float *loo,
    blm_error *err)
{
    const call c = {gauss, groups, samples, use, blmi_window_of(gauss),
        blmi_window_places(gauss->tolerance), loo};
    room measured = {0};
    const size_t size = lay_out(&c, NULL, &measured);
    double *memory = blmi_alloc((size_t)threads * size, sizeof(double));
    if (memory == NULL)
        return blmi_no_memory(
            err, "leaving images out", (size_t)threads * size, sizeof(double));
    int bad = gauss->positions;
#pragma omp parallel num_threads(threads) reduction(min : bad)
    {
        room r = {0};
        lay_out(&c, memory + (size_t)omp_get_thread_num() * size, &r);
        blmi_threads_keep_to_one();
#pragma omp for schedule(dynamic)
        for (int q = 0; q < gauss->positions; q++)
            if (counts(&c, q) && !leave_out_at(&c, q, &r) && q < bad)
                bad = q;
    }
    blmi_free(memory);
    if (bad < gauss->positions)
        return blmi_fail(
            err, BLM_EBUG, "position %d: the factorisation without an image failed", bad);
    return BLM_OK;
}

// ---- many images ----------------------------------------------------------------------

static size_t rounded_up(size_t doubles)
{
    return (doubles + 7) / 8 * 8;
}

static blmi_cells cells_of(const blmi_gauss_rule *rule)
{
    return blmi_cells_of(rule->repeated, rule->edge, rule->grid_width, rule->tolerance);
}

size_t blmi_near_many_size(const blmi_gauss_rule *rule, int features)
{
    const size_t places = (size_t)blmi_window_places(rule->tolerance);
    const blmi_cells around = cells_of(rule);
    const size_t cells = (size_t)blmi_cells_around(&around);
    if (rule->tolerance == 0)
        return 0;
    return BLMI_MAX_LEFT_OUT *
           (1 + places + rounded_up((size_t)features) + cells * (size_t)features);
}

blmi_near_many blmi_near_many_at(
    const blmi_gauss_rule *rule, int features, double *memory)
{
    const int places = blmi_window_places(rule->tolerance);
    double *rows = memory + BLMI_MAX_LEFT_OUT * (1 + (size_t)places);
    return (blmi_near_many){.places = places,
        .own = (float *)memory,
        .squares = memory + BLMI_MAX_LEFT_OUT,
        .rows = rows,
        .cells = rows + BLMI_MAX_LEFT_OUT * rounded_up((size_t)features)};
}

static blmi_window window_of(const blmi_accumulator *a)
{
    return (blmi_window){
        a->rule.grid_width, a->positions / a->rule.grid_width, a->rule.tolerance};
}

// The number of the counted position at a place around position number q; -1 if there is
// none, or it is q.
static int number_at(const blmi_accumulator *a, int q, int place)
{
    const blmi_window window = window_of(a);
    const int p = blmi_window_cell(&window, a->where[q], place);
    return p < 0 || p == a->where[q] ? -1 : a->number[p];
}

// The features first .. end - 1 of the kept images at position number `other`, centred by
// the mean at q and scaled, are added to rows (held, D).
static void add_features(
    const blmi_accumulator *a, int q, int other, size_t first, size_t end, double *rows)
{
    const size_t d = (size_t)a->features;
    const double *mean = a->mean + (size_t)q * d;
    for (size_t i = 0; i < a->held; i++) {
        const float *x = a->samples[i].x + (size_t)other * d;
        for (size_t j = first; j < end; j++)
            rows[i * d + j] +=
                ((double)x[j] - mean[j]) * (a->scale != NULL ? a->scale[j] : 1.0);
    }
}

// near->rows becomes the kept images' features at a place, centred by the mean at q and
// scaled, times the inverse of the factor.
static void solve(const blmi_accumulator *a, int q, int other, const double *factor,
    blmi_near_many *near)
{
    const blmi_cells around = cells_of(&a->rule);
    const size_t d = (size_t)a->features, size = a->held * d;
    const int cell = blmi_cells_number(&around, a->where[q], a->where[other]);
    const int repeated = a->rule.repeated, held = (int)a->held;
    double *of_cell = near->cells + (size_t)cell * BLMI_MAX_LEFT_OUT * d;
    if (!near->known[cell]) {
        memset(of_cell, 0, size * sizeof *of_cell);
        add_features(a, q, other, 0, (size_t)repeated, of_cell);
        blmi_forward_first(a->features, repeated, held, factor, of_cell);
        near->known[cell] = true;
    }
    memcpy(near->rows, of_cell, size * sizeof *of_cell);
    add_features(a, q, other, (size_t)repeated, d, near->rows);
    blmi_forward_rest(a->features, repeated, held, factor, near->rows);
}

// The square for image i, left out by itself: u, z (D).
static double square_of_one(const blmi_accumulator *a, const double *u, const double *z)
{
    const double n = (double)a->images, ratio = n / (n - 1.0);
    double uu = 0.0, yy = 0.0, yu = 0.0;
    for (size_t j = 0; j < (size_t)a->features; j++) {
        const double y = z[j] + u[j] / (n - 1.0);
        uu += u[j] * u[j];
        yy += y * y;
        yu += y * u[j];
    }
    // A scatter in float resolves no smaller difference.
    const double t = fmax(1.0 - ratio * uu, FLT_EPSILON);
    return yy + ratio * yu * yu / t;
}

void blmi_near_many_distances(const blmi_accumulator *a, int q, double keep,
    const double *factor, const double *solved, blmi_near_many *near)
{
    const size_t d = (size_t)a->features;
    const int size = a->rule.variations + 1;
    const double rest = (double)(a->images - size);
    double t[BLMI_MAX_VARIATIONS_LEFT * BLMI_MAX_VARIATIONS_LEFT],
        h[BLMI_MAX_VARIATIONS_LEFT];
    memset(near->known, 0, sizeof near->known);
    for (int place = 0; place < near->places; place++) {
        const int other = number_at(a, q, place);
        double *squares = near->squares + (size_t)place * BLMI_MAX_LEFT_OUT;
        if (other < 0)
            continue;
        solve(a, q, other, factor, near);
        for (int i = 0; i < (int)a->held; i++) {
            const double *u = solved + (size_t)(i - i % size) * d;
            const double *z = near->rows + (size_t)i * d;
            if (size > 1 && i % size == 0)
                blmi_many_group_factor(a->images, size, a->features, u, t);
            squares[i] = size == 1 ? square_of_one(a, u, z)
                                   : blmi_many_group_square(
                                         a->images, size, a->features, u, t, z, h);
            squares[i] *= (rest - 1.0) / keep;
        }
    }
}

void blmi_near_many_add(const blmi_accumulator *a, int q, const double *factor,
    double sign, blmi_near_many *near)
{
    const size_t d = (size_t)a->features;
    memset(near->known, 0, sizeof near->known);
    for (int place = 0; place < near->places; place++) {
        const int other = number_at(a, q, place);
        if (other < 0)
            continue;
        solve(a, q, other, factor, near);
        for (size_t i = 0; i < a->held; i++) {
            double sum = 0.0;
            for (size_t j = 0; j < d; j++)
                sum += near->rows[i * d + j] * near->rows[i * d + j];
            near->squares[(size_t)place * BLMI_MAX_LEFT_OUT + i] += sign * sum;
        }
    }
}

void blmi_near_many_fold(
    const blmi_accumulator *a, int q, const blmi_near_many *near, float *loo)
{
    const size_t positions = (size_t)a->positions;
    for (int place = 0; place < near->places; place++) {
        const int other = number_at(a, q, place);
        const bool is_own = place == near->places / 2;
        if (other < 0 && !is_own)
            continue;
        float *least = loo + a->where[is_own ? q : other];
        for (size_t i = 0; i < a->held; i++) {
            const double square = near->squares[(size_t)place * BLMI_MAX_LEFT_OUT + i];
            const float d = is_own ? near->own[i] : (float)sqrt(fmax(square, 0.0));
            least[i * positions] = fminf(d, least[i * positions]);
        }
    }
}
