#include "src/detector/coreset.h"

#include <float.h>
#include <math.h>
#include <omp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/base/splitmix.h"
#include "src/detector/difference.h"
#include "src/detector/operand.h"

enum {
    MAX_CANDIDATES = 2048,
    MAX_CENTRES = 256, // compared with all rows together
    ROWS = 112,        // rows per product
};

// A row that may be chosen next.
typedef struct candidate {
    double square; // squared distance from the nearest chosen row
    int64_t row;
} candidate;

typedef struct work {
    const float *row; // (rows, D)
    int64_t rows;
    int features, threads;
    blmi_difference *difference;
    blmi_operand operand;
    float *words;    // (rows, stride)
    float *length;   // (rows) length of each, less the mean
    double *square;  // (rows) squared lengths
    double *nearest; // (rows) squared distance from the nearest chosen row
    candidate *heap; // (MAX_CANDIDATES)
    float *packed;   // (MAX_CENTRES / 16, depth, 16)
    float bias[MAX_CENTRES], panel_length[MAX_CENTRES / BLMI_LANES];
    float *products; // (threads, ROWS, MAX_CENTRES + APART)
} work;

static const float lowest = -FLT_MAX / 4;

int64_t blmi_coreset_size(double share, int64_t rows)
{
    const int64_t wanted = (int64_t)(share * (double)rows);
    return wanted > 1 ? wanted : 1;
}

static const float *row_at(const work *w, int64_t k)
{
    return w->row + (size_t)k * (size_t)w->features;
}

// ---- the candidates -------------------------------------------------------------------

// Whether a is chosen before b.
static bool before(candidate a, candidate b)
{
    return a.square > b.square || (a.square == b.square && a.row < b.row);
}

// Moves the candidate at `at` down a heap whose first item is chosen last.
static void sift(candidate *heap, int count, int at)
{
    for (;;) {
        int last = at;
        for (int child = 2 * at + 1; child <= 2 * at + 2 && child < count; child++)
            if (before(heap[last], heap[child]))
                last = child;
        if (last == at)
            return;
        const candidate swap = heap[at];
        heap[at] = heap[last];
        heap[last] = swap;
        at = last;
    }
}

// Finds the candidates: the first `most` rows in the order of choice.  Returns how many.
// *outside: the largest square of the other rows, -1 if there are none.
static int find_candidates(work *w, int most, double *outside)
{
    int count = 0;
    *outside = -1.0;
    for (int64_t k = 0; k < w->rows; k++) {
        const candidate next = {w->nearest[k], k};
        if (count < most) {
            w->heap[count++] = next;
            if (count == most)
                for (int at = most / 2; at >= 0; at--)
                    sift(w->heap, count, at);
            continue;
        }
        if (before(next, w->heap[0])) {
            *outside = fmax(*outside, w->heap[0].square);
            w->heap[0] = next;
            sift(w->heap, count, 0);
        } else
            *outside = fmax(*outside, next.square);
    }
    return count;
}

// The next of the candidates.
static int next_of(const candidate *c, int count)
{
    int best = 0;
    for (int i = 1; i < count; i++)
        if (before(c[i], c[best]))
            best = i;
    return best;
}

// Chooses among the candidates as long as a choice among all rows would be the same, at
// most `most`; their numbers go to chosen.
static int choose(
    work *w, int count, double outside, int most, int64_t *chosen, double *squares)
{
    int done = 0;
    while (done < most) {
        const candidate next = w->heap[next_of(w->heap, count)];
        if (next.square == 0.0 || (done > 0 && !(next.square > outside)))
            break;
        chosen[done] = next.row;
        squares[done++] = next.square;
        const float *centre = row_at(w, next.row);
#pragma omp parallel for num_threads(w->threads) schedule(static) if (count >= 256)
        for (int i = 0; i < count; i++)
            w->heap[i].square = fmin(w->heap[i].square,
                w->difference(centre, row_at(w, w->heap[i].row), w->features));
    }
    return done;
}

// ---- comparing all rows with the chosen ones ------------------------------------------

static void pack(work *w, const int64_t *chosen, int count)
{
    for (int panel = 0; panel * BLMI_LANES < count; panel++) {
        const float *rows[BLMI_LANES];
        int filled = 0;
        w->panel_length[panel] = 0.0f;
        for (int i = 0; i < BLMI_LANES; i++) {
            const int at = panel * BLMI_LANES + i;
            w->bias[at] = lowest;
            if (at >= count)
                continue;
            const int64_t k = chosen[at];
            rows[filled++] = w->words + (size_t)k * (size_t)w->operand.stride;
            w->bias[at] = (float)(-0.5 * w->square[k]);
            w->panel_length[panel] = fmaxf(w->panel_length[panel], w->length[k]);
        }
        w->operand.kernels->pack_columns(
            w->packed + (size_t)panel * (size_t)w->operand.depth * BLMI_LANES, rows,
            filled, w->operand.depth);
    }
}

// Compares row k with the chosen ones; s (count) are the products less half the squared
// lengths.  Skips distances that cannot be below the nearest.
static void meet(work *w, int64_t k, const int64_t *chosen, int count, const float *s)
{
    const blmi_operand *o = &w->operand;
    const double length = (double)w->length[k];
    for (int panel = 0; panel * BLMI_LANES < count; panel++) {
        const double other = (double)w->panel_length[panel];
        const double off = o->rounding * length * other +
                           o->summing * (length + other) * (length + other);
        // |x - r|^2 = |x|^2 - 2 s
        const float least = (float)(0.5 * (w->square[k] - w->nearest[k]) - off);
        const float below = least - fabsf(least) * 0x1p-20f;
        for (int i = panel * BLMI_LANES; i < (panel + 1) * BLMI_LANES && i < count; i++)
            if (!(s[i] < below))
                w->nearest[k] = fmin(w->nearest[k],
                    w->difference(row_at(w, k), row_at(w, chosen[i]), w->features));
    }
}

static void meet_all(work *w, const int64_t *chosen, int count)
{
    const int stride = MAX_CENTRES + BLMI_APART;
    const int64_t blocks = (w->rows + ROWS - 1) / ROWS;
    blmi_matrix matrix =
        blmi_panels(w->operand.words, w->operand.padded, blmi_pad(count), w->packed);
    matrix.bias = w->bias;
    pack(w, chosen, count);
#pragma omp parallel for num_threads(w->threads) schedule(dynamic)
    for (int64_t block = 0; block < blocks; block++) {
        float *products =
            w->products + (size_t)omp_get_thread_num() * (size_t)(ROWS * stride);
        const float *a[ROWS];
        float *y[ROWS];
        const int64_t first = block * ROWS, left = w->rows - first;
        const int rows = left < ROWS ? (int)left : ROWS;
        for (int i = 0; i < rows; i++) {
            a[i] = w->words + (size_t)(first + i) * (size_t)w->operand.stride;
            y[i] = products + i * stride;
        }
        const blmi_product product = {
            .b = &matrix, .rows = rows, .a = a, .y = y, .y_words = BLMI_FLOATS};
        w->operand.kernels->product(&product);
        for (int i = 0; i < rows; i++)
            meet(w, first + i, chosen, count, y[i]);
    }
}

// ---- the whole ------------------------------------------------------------------------

static blm_status allocate(work *w, blm_error *err)
{
    const size_t rows = (size_t)w->rows;
    BLMI_TRY(blmi_operand_new(w->row, w->rows, w->features, &w->operand, err));
    const size_t words = rows * (size_t)w->operand.stride;
    const size_t threads = (size_t)w->threads;
    w->words = blmi_alloc(words, sizeof *w->words);
    w->length = blmi_alloc(rows, sizeof *w->length);
    w->square = blmi_alloc(rows, sizeof *w->square);
    w->nearest = blmi_alloc(rows, sizeof *w->nearest);
    w->heap = blmi_alloc(MAX_CANDIDATES, sizeof *w->heap);
    w->packed = blmi_alloc((size_t)w->operand.depth * MAX_CENTRES, sizeof *w->packed);
    w->products =
        blmi_alloc(threads * ROWS * (MAX_CENTRES + BLMI_APART), sizeof *w->products);
    if (w->words == NULL || w->length == NULL || w->square == NULL ||
        w->nearest == NULL || w->heap == NULL || w->packed == NULL || w->products == NULL)
        return blmi_no_memory(err, "the coreset", words, sizeof *w->words);
    return BLM_OK;
}

static void free_work(work *w)
{
    blmi_operand_free(&w->operand);
    blmi_free(w->words);
    blmi_free(w->length);
    blmi_free(w->square);
    blmi_free(w->nearest);
    blmi_free(w->heap);
    blmi_free(w->packed);
    blmi_free(w->products);
}

// Makes the words of all rows, and their distances from the first chosen row.
static blm_status begin(work *w, int64_t first, blm_error *err)
{
    const size_t padded = (size_t)w->operand.padded;
    float *centred = blmi_alloc((size_t)w->threads * padded, sizeof *centred);
    if (centred == NULL)
        return blmi_no_memory(err, "the coreset", padded, sizeof *centred);
#pragma omp parallel for num_threads(w->threads) schedule(static)
    for (int64_t k = 0; k < w->rows; k++) {
        w->square[k] = blmi_operand_make(&w->operand, row_at(w, k),
            centred + (size_t)omp_get_thread_num() * padded,
            w->words + (size_t)k * (size_t)w->operand.stride);
        w->length[k] = (float)(sqrt(w->square[k]) * (1 + 0x1p-20));
        w->nearest[k] = w->difference(row_at(w, k), row_at(w, first), w->features);
    }
    blmi_free(centred);
    return BLM_OK;
}

static void choose_all(
    work *w, int64_t wanted, int64_t *chosen, int64_t *count, double *squares)
{
    int most = 64; // candidates; as many as lead to enough choices
    while (*count < wanted) {
        double outside, unused[MAX_CENTRES];
        const int64_t left = wanted - *count;
        const int candidates = find_candidates(w, most, &outside);
        const int done =
            choose(w, candidates, outside, left < MAX_CENTRES ? (int)left : MAX_CENTRES,
                chosen + *count, squares != NULL ? squares + *count : unused);
        if (done == 0) // all other rows equal a chosen one
            return;
        meet_all(w, chosen + *count, done);
        *count += done;
        if (done < MAX_CENTRES / 2 && most < MAX_CANDIDATES)
            most *= 2;
        else if (done == MAX_CENTRES && most > 64)
            most /= 2;
    }
}

blm_status blmi_coreset_choose(const float *row, int64_t rows, int features, int64_t seed,
    int64_t wanted, int threads, int64_t *chosen, int64_t *count, double *squares,
    blm_error *err)
{
    work w = {.row = row,
        .rows = rows,
        .features = features,
        .threads = threads,
        .difference = blmi_difference_best()};
    uint64_t state = (uint64_t)seed;
    const int64_t first = (int64_t)((blmi_splitmix(&state) >> 32) * (uint64_t)rows >> 32);
    blm_status status = allocate(&w, err);
    if (status == BLM_OK)
        status = begin(&w, first, err);
    if (status == BLM_OK) {
        chosen[0] = first;
        if (squares != NULL)
            squares[0] = 0.0;
        *count = 1;
        choose_all(&w, wanted, chosen, count, squares);
    }
    free_work(&w);
    return status;
}
