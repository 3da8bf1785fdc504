// Distances with a tolerance: the axes or the factor of a position are read from memory
// once, and multiplied by the features of all positions around it.
//
// Where features repeat in cells (gauss.h), there are few different vectors of them, and
// products with these are computed once.  The rows of a triangular factor that belong to
// them are the same at all positions of a cell, and are solved once:
//
//     | A   |-1 | a |   | u = A^-1 a     |
//     | B C |   | b | = | C^-1 (b - B u) |
//
// where a are the repeated features and b the others, both centred.
#include "src/gauss/near_distance.h"

#include <math.h>
#include <string.h>

#include "src/gauss/cells.h"
#include "src/gauss/position.h"

// Vectors per pass over a position's axes or factor, or the places of a window if these
// are more: with 768 features 48 take 150 KB, a part of the second-level cache.
enum { VECTORS = 48, MOST_VECTORS = BLMI_MAX_PLACES };

// The error of |y|^2 less the part on the axes is some 2^-20 |y|^2.  If more than this
// share of |y|^2 is left, a distance is exact to 2^-15; otherwise it is computed without
// a difference.
static const double least_rest = 0x1p-5;

// What the tasks of one call share.
typedef struct call {
    const blmi_gauss *gauss;
    const blmi_gauss_kernels *kernels;
    blmi_window window;
    blmi_cells cells;
    int edge;       // positions per row of a task's cell; 1 if no features repeat
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

// The vectors of a pass, less the means.
typedef struct block {
    // Of a cell: the repeated features of all that is around its positions.
    int all;
    float *lead;                      // (all, lead_step), then A^-1 times them
    double lead_square[MOST_VECTORS]; // (all)
    int numbers[MOST_VECTORS];        // (images, cells around) in lead; -1: not yet there
    // Of a position: those of what is around it,
    int leads;
    const float *around; // (leads, lead_step) lead, or the ones that are needed, in some
    float *some;
    // and the other features.
    int count;
    float *y;                       // (count, step)
    int lead_of[MOST_VECTORS];      // (count) which repeated features belong to them
    double square_of[MOST_VECTORS]; // (count) and their square
    float *to[MOST_VECTORS];        // (count) where the distance belongs
    size_t lead_step, step;
    float *whole, *rest; // (row_floats) all features of one vector
    float *room;         // (BLMI_TILE, row_floats) a tile of widened halves
} block;

// Places a block's arrays at base (NULL: measures only).  Returns their size in floats.
static size_t lay_out(const blmi_gauss *g, float *base, block *b)
{
    const size_t row = blmi_row_floats(g->features);
    b->lead_step = blmi_row_floats(g->repeated);
    b->step = blmi_row_floats(g->features - g->repeated);
    float **arrays[] = {&b->lead, &b->some, &b->y, &b->whole, &b->rest, &b->room};
    const size_t sizes[] = {MOST_VECTORS * b->lead_step, MOST_VECTORS * b->lead_step,
        MOST_VECTORS * b->step, row, row, BLMI_TILE * row};
    size_t total = 0;
    for (int i = 0; i < 6; i++) {
        *arrays[i] = base == NULL ? NULL : base + total;
        total += sizes[i];
    }
    return total;
}

static size_t thread_floats(const blmi_gauss *gauss)
{
    block measured;
    return lay_out(gauss, NULL, &measured);
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

// ---- eigenpairs -----------------------------------------------------------------------

// The distance of vector v without a difference.
static void measure_exactly(const call *c, int q, const block *b, int v)
{
    const blmi_gauss *g = c->gauss;
    const size_t lead = (size_t)g->repeated, others = (size_t)g->features - lead;
    const float *a = b->around + (size_t)b->lead_of[v] * b->lead_step;
    memset(b->whole, 0, blmi_row_floats(g->features) * sizeof *b->whole);
    memcpy(b->whole, a, lead * sizeof *a);
    memcpy(b->whole + lead, b->y + (size_t)v * b->step, others * sizeof *b->y);
    memcpy(b->rest, b->whole, (size_t)g->features * sizeof *b->rest);
    blmi_eigenpair_distances(
        c->kernels, g, q, 1, b->whole, b->rest, b->room, b->to[v], 1);
}

// Adds to explained (count) what four axes from number k on explain of each vector.
static void explain(
    const call *c, int q, const block *b, int k, int rank, double *explained)
{
    const blmi_gauss *g = c->gauss;
    const float *variances = g->variances + (size_t)q * (size_t)g->rank;
    const double shift = blmi_shift_at(g, q, rank), keep = 1.0 - g->shrinkage;
    const float *axes[BLMI_TILE];
    float products[MOST_VECTORS * BLMI_TILE], of_leads[MOST_VECTORS * BLMI_TILE];
    double gain[BLMI_TILE] = {0.0};
    for (int r = 0; r < BLMI_TILE && k + r < rank; r++) {
        const double l = keep * (double)variances[k + r];
        gain[r] = l / (l + shift);
    }
    blmi_take_axes(c->kernels, g, q, k, rank, b->room, axes);
    c->kernels->dots(axes, b->around, b->lead_step, b->leads, g->repeated, of_leads);
    for (int r = 0; r < BLMI_TILE; r++)
        axes[r] += g->repeated;
    c->kernels->dots(axes, b->y, b->step, b->count, g->features - g->repeated, products);
    for (int v = 0; v < b->count; v++)
        for (int r = 0; r < BLMI_TILE; r++) {
            const double product = (double)products[v * BLMI_TILE + r] +
                                   (double)of_leads[b->lead_of[v] * BLMI_TILE + r];
            explained[v] += gain[r] * product * product;
        }
}

// d^2 = (|y|^2 - sum_k g_k (v_k.y)^2) / e with g = l / (l + e), where l is (1 - x) times
// an eigenvalue and e the shift: half the products of the sum without a difference.
static void eigenpairs(const call *c, int q, const block *b)
{
    const blmi_gauss *g = c->gauss;
    const int rank = blmi_rank_at(g, q), others = g->features - g->repeated;
    const double shift = blmi_shift_at(g, q, rank);
    double explained[MOST_VECTORS] = {0.0};
    for (int k = 0; k < rank; k += BLMI_TILE)
        explain(c, q, b, k, rank, explained);
    for (int v = 0; v < b->count; v++) {
        const double whole =
            b->square_of[v] + c->kernels->square(b->y + (size_t)v * b->step, others);
        const double rest = whole - explained[v];
        *b->to[v] = (float)sqrt(rest / shift);
        if (!(rest >= least_rest * whole))
            measure_exactly(c, q, b, v);
    }
}

// ---- the triangular factor ------------------------------------------------------------

// The vectors of repeated features become A^-1 times them; q is any position of the cell.
static void solve_leads(const call *c, int q, const block *b)
{
    const int end = c->gauss->repeated;
    for (int top = 0; top < end; top += BLMI_TILE) {
        const blmi_factor_rows l =
            blmi_take_rows(c->kernels, c->gauss, (size_t)q, top, end, b->room);
        c->kernels->solve(&l, b->lead, b->lead_step, b->all);
    }
}

// Subtracts B u in the rows l; afterwards l is of C.
static void subtract_leads(const call *c, blmi_factor_rows *l, const block *b)
{
    const int lead = c->gauss->repeated;
    float products[MOST_VECTORS * BLMI_TILE];
    c->kernels->dots(l->row, b->around, b->lead_step, b->leads, lead, products);
    for (int r = 0; r < BLMI_TILE; r++)
        l->row[r] += lead;
    l->top -= lead;
    for (int v = 0; v < b->count; v++) {
        float *y = b->y + (size_t)v * b->step + l->top;
        for (int r = 0; r < BLMI_TILE; r++)
            y[r] -= l->scale[r] * products[b->lead_of[v] * BLMI_TILE + r];
    }
}

// d^2 = |L^-1 y|^2.
static void cholesky(const call *c, int q, const block *b)
{
    const blmi_gauss *g = c->gauss;
    for (int top = g->repeated; top < g->features; top += BLMI_TILE) {
        blmi_factor_rows l =
            blmi_take_rows(c->kernels, g, (size_t)q, top, g->features, b->room);
        if (g->repeated > 0)
            subtract_leads(c, &l, b);
        c->kernels->solve(&l, b->y, b->step, b->count);
    }
    for (int v = 0; v < b->count; v++) {
        const double rest =
            c->kernels->square(b->y + (size_t)v * b->step, g->features - g->repeated);
        *b->to[v] = (float)sqrt(b->square_of[v] + rest);
    }
}

// ---- cells ----------------------------------------------------------------------------

// y: count features from number `first` on of x (D), less the mean at q, with zeros
// behind them.
static void centre(
    const call *c, const float *x, int q, int first, int count, float *y, size_t step)
{
    const blmi_gauss *g = c->gauss;
    const float *mean = g->mean + (size_t)q * (size_t)g->features;
    c->kernels->centre(
        x + first, mean + first, g->scale == NULL ? NULL : g->scale + first, count, y);
    memset(y + count, 0, (step - (size_t)count) * sizeof *y);
}

// The features of image `first + i` at position p.
static const float *features_at(const call *c, int first, int i, int p)
{
    const size_t positions = (size_t)c->gauss->positions;
    const size_t at = (size_t)(first + i) * positions + (size_t)p;
    return c->x + at * (size_t)c->gauss->features;
}

// Adds the repeated features of what is around q, less its mean, where they are new.
static void take_leads(const call *c, int q, int first, int images, block *b)
{
    const int places = blmi_window_places(c->window.reach);
    const int cells = blmi_cells_around(&c->cells);
    for (int i = 0; i < images; i++)
        for (int place = 0; place < places; place++) {
            const int p = blmi_window_cell(&c->window, q, place);
            if (p < 0 || !counts(c, p))
                continue;
            int *number = &b->numbers[i * cells + blmi_cells_number(&c->cells, q, p)];
            if (*number >= 0)
                continue;
            *number = b->all++;
            centre(c, features_at(c, first, i, p), q, 0, c->gauss->repeated,
                b->lead + (size_t)*number * b->lead_step, b->lead_step);
        }
}

// If the vectors do not need all repeated features of the cell, copies those that they
// need.
static void choose_leads(block *b)
{
    int new_number[MOST_VECTORS], needed = 0;
    for (int i = 0; i < b->all; i++)
        new_number[i] = -1;
    for (int v = 0; v < b->count; v++)
        new_number[b->lead_of[v]] = 0;
    for (int i = 0; i < b->all; i++)
        if (new_number[i] == 0)
            new_number[i] = needed++;
    b->leads = needed;
    b->around = needed < b->all ? b->some : b->lead;
    if (needed == b->all)
        return;
    for (int i = 0; i < b->all; i++)
        if (new_number[i] >= 0)
            memcpy(b->some + (size_t)new_number[i] * b->lead_step,
                b->lead + (size_t)i * b->lead_step, b->lead_step * sizeof *b->some);
    for (int v = 0; v < b->count; v++)
        b->lead_of[v] = new_number[b->lead_of[v]];
}

// Distances of everything around position q from its Gaussian.
static void from_position(const call *c, int q, int first, int images, block *b)
{
    const blmi_gauss *g = c->gauss;
    const int places = blmi_window_places(c->window.reach);
    const int cells = blmi_cells_around(&c->cells);
    b->count = 0;
    for (int i = 0; i < images; i++)
        for (int place = 0; place < places; place++) {
            const int p = blmi_window_cell(&c->window, q, place);
            if (p < 0 || !counts(c, p))
                continue;
            const size_t at = (size_t)(first + i) * (size_t)g->positions + (size_t)q;
            centre(c, features_at(c, first, i, p), q, g->repeated,
                g->features - g->repeated, b->y + (size_t)b->count * b->step, b->step);
            b->lead_of[b->count] =
                b->numbers[i * cells + blmi_cells_number(&c->cells, q, p)];
            b->square_of[b->count] = b->lead_square[b->lead_of[b->count]];
            b->to[b->count++] = c->near + at * (size_t)places + (size_t)place;
        }
    choose_leads(b);
    if (g->form == BLMI_EIGENPAIRS)
        eigenpairs(c, q, b);
    else
        cholesky(c, q, b);
}

// The position of a cell at a place of it; -1 if it does not count.
static int position_of(const call *c, int cell, int place)
{
    const int width = c->window.width, row = width / c->edge;
    const int p = (cell / row * c->edge + place / c->edge) * width +
                  cell % row * c->edge + place % c->edge;
    return counts(c, p) ? p : -1;
}

static void pass_over_cell(const call *c, int cell, int first, int images, block *b)
{
    int any = -1; // a position of the cell
    b->all = 0;
    for (int i = 0; i < MOST_VECTORS; i++)
        b->numbers[i] = -1;
    for (int place = 0; place < c->edge * c->edge; place++) {
        const int q = position_of(c, cell, place);
        if (q < 0)
            continue;
        any = any < 0 ? q : any;
        take_leads(c, q, first, images, b);
    }
    if (any >= 0 && c->gauss->form == BLMI_CHOLESKY)
        solve_leads(c, any, b);
    for (int i = 0; i < b->all; i++)
        b->lead_square[i] =
            c->kernels->square(b->lead + (size_t)i * b->lead_step, c->gauss->repeated);
    for (int place = 0; place < c->edge * c->edge; place++) {
        const int q = position_of(c, cell, place);
        if (q >= 0)
            from_position(c, q, first, images, b);
    }
}

static void from_cell(const void *context, int cell, int thread)
{
    const call *c = context;
    const int places = blmi_window_places(c->window.reach);
    const int most = (VECTORS + places - 1) / places; // images per pass
    block b;
    lay_out(c->gauss, c->scratch + (size_t)thread * thread_floats(c->gauss), &b);
    for (int first = 0; first < c->images; first += most)
        pass_over_cell(
            c, cell, first, c->images - first < most ? c->images - first : most, &b);
}

// ---- all positions --------------------------------------------------------------------

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
    const int edge = gauss->repeated > 0 ? gauss->edge : 1;
    const call c = {.gauss = gauss,
        .kernels = kernels,
        .window = blmi_window_of(gauss),
        .edge = edge,
        .cells = blmi_cells_of(
            gauss->repeated, gauss->edge, gauss->grid_width, gauss->tolerance),
        .x = x,
        .images = images,
        .use = use,
        .scratch = rows,
        .near = rows + (size_t)blmi_team_threads(team) * thread_floats(gauss),
        .out = out};
    blmi_team_each(team, gauss->positions / (edge * edge), from_cell, &c);
    blmi_team_each(team, gauss->positions, least, &c);
}
