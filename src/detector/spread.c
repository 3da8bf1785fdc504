// Computes mean, scatter and principal axes of all rows, and of all except those of some
// images.
#include <math.h>
#include <omp.h>
#include <string.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/base/threads.h"
#include "src/detector/subspace.h"
#include "src/gauss/linalg.h"

enum { PANEL = 64 }; // columns of the scatter that a thread computes

// Copies rows (Q, D) of image i, scaled, less centre (D).
static void take_rows(const blmi_spread *s, int64_t i, const double *centre, double *rows)
{
    const blmi_collection *c = s->collection;
    const size_t d = (size_t)c->shape.features;
    for (size_t q = 0; q < (size_t)c->counted; q++)
        for (size_t j = 0; j < d; j++) // scaled in float, like images that are scored
            rows[q * d + j] =
                (double)(c->x[i][q * d + j] * s->scale[j]) - (centre ? centre[j] : 0.0);
}

static double row_count(const blmi_spread *s)
{
    return (double)s->collection->images * s->collection->counted;
}

// ---- all images -----------------------------------------------------------------------

static void find_mean(blmi_spread *s)
{
    const blmi_collection *c = s->collection;
    const size_t d = (size_t)c->shape.features;
    memset(s->mean, 0, d * sizeof *s->mean);
    for (int64_t i = 0; i < c->images; i++)
        for (size_t q = 0; q < (size_t)c->counted; q++)
            for (size_t j = 0; j < d; j++)
                s->mean[j] += (double)(c->x[i][q * d + j] * s->scale[j]);
    for (size_t j = 0; j < d; j++)
        s->mean[j] /= row_count(s);
}

// Adds an image's rows (Q, D) to lines first.. of the scatter; turned is scratch.
static void add_panel(
    blmi_spread *s, const double *rows, int first, int lines, double *turned)
{
    const int q = s->collection->counted, d = s->collection->shape.features;
    for (int l = 0; l < lines; l++)
        for (int k = 0; k < q; k++) // negative, since the product is subtracted
            turned[(size_t)l * (size_t)q + (size_t)k] =
                -rows[(size_t)k * (size_t)d + (size_t)(first + l)];
    blmi_subtract_product(
        lines, d, q, turned, rows, s->scatter + (size_t)first * (size_t)d);
}

// Adds lines of the scatter by several threads, each in the order of the images.
static void add_scatter(blmi_spread *s, double *memory, size_t size)
{
    const int d = s->collection->shape.features;
    const size_t rows = (size_t)s->collection->counted * (size_t)d;
    memset(s->scatter, 0, (size_t)d * (size_t)d * sizeof *s->scatter);
#pragma omp parallel num_threads(s->threads)
    {
        double *mine = memory + (size_t)omp_get_thread_num() * size;
        blmi_threads_keep_to_one();
#pragma omp for schedule(dynamic)
        for (int first = 0; first < d; first += PANEL)
            for (int64_t i = 0; i < s->collection->images; i++) {
                take_rows(s, i, s->mean, mine);
                add_panel(
                    s, mine, first, d - first < PANEL ? d - first : PANEL, mine + rows);
            }
    }
}

blm_status blmi_spread_new(const blmi_collection *collection, const float *scale,
    int threads, blmi_spread *out, blm_error *err)
{
    const size_t d = (size_t)collection->shape.features;
    const size_t q = (size_t)collection->counted, size = q * d + PANEL * q;
    *out = (blmi_spread){.collection = collection, .scale = scale, .threads = threads};
    out->mean = blmi_alloc(d, sizeof *out->mean);
    out->scatter = blmi_alloc(d, d * sizeof *out->scatter);
    double *memory = blmi_alloc((size_t)threads * size, sizeof *memory);
    if (out->mean == NULL || out->scatter == NULL || memory == NULL) {
        blmi_free(memory);
        blmi_spread_free(out);
        return blmi_no_memory(err, "the scatter", d, d * sizeof(double));
    }
    find_mean(out);
    add_scatter(out, memory, size);
    blmi_free(memory);
    return BLM_OK;
}

void blmi_spread_free(blmi_spread *s)
{
    blmi_free(s->mean);
    blmi_free(s->scatter);
    *s = (blmi_spread){0};
}

// The smallest number of the last, largest, eigenvalues (D, rising) that together have
// the share.
static int rank_of(const double *values, int d, double share)
{
    double sum = 0.0, part = 0.0;
    int rank = 0;
    for (int k = 0; k < d; k++)
        sum += fmax(values[k], 0.0);
    while (rank < d && (rank == 0 || part < share * sum))
        part += fmax(values[d - 1 - rank++], 0.0);
    return rank;
}

// A thread's working memory, in doubles.
typedef struct room {
    double *matrix; // (D, D) a scatter, then its eigenvectors as rows, rising
    double *values; // (D)
    double *part;   // (D, D) of a group
    double *centre; // (D)
    double *sum;    // (D)
    double *rows;   // (Q, D)
    double *turned; // (Q, D) on the axes
    void *work;
} room;

static size_t lay_out(const blmi_collection *c, double *base, room *r)
{
    const size_t d = (size_t)c->shape.features, q = (size_t)c->counted;
    const size_t sizes[] = {d * d, d, d * d, d, d, q * d, q * d,
        blmi_eigen_work((int)d) / sizeof(double) + 1};
    double *at[8] = {NULL};
    size_t total = 0;
    for (int i = 0; i < 8; i++) {
        at[i] = base == NULL ? NULL : base + total;
        total += (sizes[i] + 7) / 8 * 8;
    }
    *r = (room){at[0], at[1], at[2], at[3], at[4], at[5], at[6], at[7]};
    return total;
}

static blm_status not_converged(blm_error *err)
{
    return blmi_fail(err, BLM_EBUG, "the eigenvalues of the scatter did not converge");
}

blm_status blmi_spread_axes(const blmi_spread *s, double share, float *axes,
    float *variances, int *rank, blm_error *err)
{
    const int d = s->collection->shape.features;
    const size_t width = (size_t)d;
    room r;
    const size_t size = lay_out(s->collection, NULL, &r);
    double *memory = blmi_alloc(size, sizeof *memory);
    if (memory == NULL)
        return blmi_no_memory(err, "the axes", size, sizeof *memory);
    lay_out(s->collection, memory, &r);
    memcpy(r.matrix, s->scatter, width * width * sizeof *r.matrix);
    bool found = false;
#pragma omp parallel num_threads(1) // as linalg.h asks for
    {
        blmi_threads_keep_to_one();
        found = blmi_eigen(d, r.matrix, r.values, r.work);
    }
    *rank = rank_of(r.values, d, share);
    for (size_t k = 0; k < (size_t)*rank; k++) {
        const double *axis = r.matrix + (width - 1 - k) * width;
        variances[k] = (float)(fmax(r.values[width - 1 - k], 0.0) / (row_count(s) - 1));
        for (size_t j = 0; j < width; j++)
            axes[k * width + j] = (float)axis[j];
    }
    blmi_free(memory);
    return found ? BLM_OK : not_converged(err);
}

// ---- all but a group ------------------------------------------------------------------

// Removes the group from matrix and centre, a scatter and its mean.
static void leave_group(const blmi_spread *s, const int32_t *group, int32_t out, room *r)
{
    const blmi_collection *c = s->collection;
    const size_t d = (size_t)c->shape.features;
    double rest = row_count(s);
    memcpy(r->matrix, s->scatter, d * d * sizeof *r->matrix);
    memset(r->sum, 0, d * sizeof *r->sum);
    for (int64_t i = 0; i < c->images; i++) {
        if (group[i] != out)
            continue;
        take_rows(s, i, s->mean, r->rows);
        blmi_gram_of_columns((int)d, c->counted, r->rows, r->part);
        for (size_t j = 0; j < d; j++)
            for (size_t k = 0; k <= j; k++)
                r->matrix[j * d + k] -= r->part[j * d + k];
        for (size_t q = 0; q < (size_t)c->counted; q++)
            for (size_t j = 0; j < d; j++)
                r->sum[j] += r->rows[q * d + j];
        rest -= c->counted;
    }
    for (size_t j = 0; j < d; j++)
        for (size_t k = 0; k <= j; k++)
            r->matrix[j * d + k] -= r->sum[j] * r->sum[k] / rest;
    for (size_t j = 0; j < d; j++)
        r->centre[j] = s->mean[j] - r->sum[j] / rest;
}

// Distances out (P) of image i; the room holds the eigenvectors of the others.
static void measure(const blmi_spread *s, int64_t i, int rank, room *r, float *out)
{
    const blmi_collection *c = s->collection;
    const int d = c->shape.features;
    const double *axes = r->matrix + (size_t)(d - rank) * (size_t)d;
    take_rows(s, i, r->centre, r->rows);
    blmi_product_with_rows(c->counted, rank, d, r->rows, axes, r->turned);
    blmi_subtract_product(c->counted, d, rank, r->turned, axes, r->rows);
    memset(out, 0, (size_t)c->positions * sizeof *out);
    for (int q = 0; q < c->counted; q++) {
        const double *row = r->rows + (size_t)q * (size_t)d;
        double square = 0.0;
        for (int j = 0; j < d; j++)
            square += row[j] * row[j];
        out[c->where[q]] = (float)sqrt(square);
    }
}

// Measures the images of `which` in the group of its image `at`, which is the first of
// its group there.
static bool leave_out_at(const blmi_spread *s, double share, const int32_t *group,
    const int32_t *which, int count, int at, room *r, float *out)
{
    const blmi_collection *c = s->collection;
    const int32_t mine = group[which[at]];
    leave_group(s, group, mine, r);
    if (!blmi_eigen(c->shape.features, r->matrix, r->values, r->work))
        return false;
    const int rank = rank_of(r->values, c->shape.features, share);
    for (int m = at; m < count; m++)
        if (group[which[m]] == mine)
            measure(s, which[m], rank, r, out + (size_t)m * (size_t)c->positions);
    return true;
}

static bool is_first(const int32_t *group, const int32_t *which, int at)
{
    for (int m = 0; m < at; m++)
        if (group[which[m]] == group[which[at]])
            return false;
    return true;
}

static blm_status check_groups(
    const blmi_collection *c, const int32_t *group, blm_error *err)
{
    for (int64_t i = 0; i < c->images; i++) {
        int64_t others = 0;
        for (int64_t k = 0; k < c->images; k++)
            others += group[k] != group[i];
        if (others < 2)
            return blmi_fail(err, BLM_EUSAGE,
                "a group of %lld out of %lld images: expected at least 2 images outside "
                "each group",
                (long long)(c->images - others), (long long)c->images);
    }
    return BLM_OK;
}

blm_status blmi_spread_leave_out(const blmi_spread *s, double share, const int32_t *group,
    const int32_t *which, int count, float *out, blm_error *err)
{
    const int threads = s->threads;
    room measured;
    const size_t size = lay_out(s->collection, NULL, &measured);
    BLMI_TRY(check_groups(s->collection, group, err));
    double *memory = blmi_alloc((size_t)threads * size, sizeof *memory);
    if (memory == NULL)
        return blmi_no_memory(
            err, "leaving images out", (size_t)threads * size, sizeof *memory);
    int failed = 0;
#pragma omp parallel num_threads(threads) reduction(+ : failed)
    {
        room r;
        lay_out(s->collection, memory + (size_t)omp_get_thread_num() * size, &r);
        blmi_threads_keep_to_one();
#pragma omp for schedule(dynamic)
        for (int m = 0; m < count; m++)
            if (is_first(group, which, m))
                failed += !leave_out_at(s, share, group, which, count, m, &r, out);
    }
    blmi_free(memory);
    return failed == 0 ? BLM_OK : not_converged(err);
}
