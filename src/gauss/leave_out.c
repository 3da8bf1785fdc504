#include "src/gauss/leave_out.h"

#include <float.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/gauss/gauss.h"
#include "src/gauss/linalg.h"

// ---- one image left out ---------------------------------------------------------------

// The lam of a group that leaves `rest` images, whose scatter has that trace.
static double shift_of(
    const blmi_gauss_rule *rule, double rest, int features, double trace)
{
    const double shrunk = rule->shrinkage * fmax(trace, 0.0) / features;
    return ((rest - 1.0) * rule->epsilon + shrunk) / (1.0 - rule->shrinkage);
}

void blmi_leave_one_out_few(int images, int rank, int features,
    const blmi_gauss_rule *rule, const double *scatter, const double *w, float *out,
    size_t stride)
{
    const double n = (double)images, keep = 1.0 - rule->shrinkage;
    double all = 0.0;
    for (int k = 0; k < rank; k++)
        all += scatter[k];
    for (int i = 0; i < images; i++) {
        double q = 0.0, t = 0.0, length = 1.0 / n, own = 0.0;
        for (int k = 0; k < rank; k++) {
            const double wik = w[(size_t)k * (size_t)images + (size_t)i];
            own += scatter[k] * wik * wik;
        }
        const double lam = shift_of(rule, n - 1.0, features, all - own * n / (n - 1.0));
        for (int k = 0; k < rank; k++) {
            const double wik = w[(size_t)k * (size_t)images + (size_t)i];
            const double share = wik * wik / (scatter[k] + lam);
            q += scatter[k] * share;
            t += lam * share;
            length += wik * wik;
        }
        if (rank < images - 1) // Z; zero but for rounding otherwise
            t += fmax(1.0 - length, 0.0);
        out[(size_t)i * stride] = (float)sqrt((n - 2.0) / keep * n / (n - 1.0) * q / t);
    }
}

void blmi_leave_one_out_many(int64_t images, int count, int features, double keep,
    const double *factor, double *u, float *out, size_t stride)
{
    const double n = (double)images, a = n / (n - 1.0);
    blmi_forward(features, count, factor, u);
    for (int i = 0; i < count; i++) {
        const double *row = u + (size_t)i * (size_t)features;
        double q = 0.0;
        for (int d = 0; d < features; d++)
            q += row[d] * row[d];
        // A scatter in float resolves no smaller difference.
        const double t = fmax(1.0 - a * q, FLT_EPSILON);
        out[(size_t)i * stride] = (float)sqrt((n - 2.0) / keep * a * a * q / t);
    }
}

// ---- a group of images left out -------------------------------------------------------

// The images sorted by group, and where each group begins.
typedef struct groups {
    int *order; // (N) images, equal groups together, rising inside
    int *begin; // (count + 1) into order
    int count, largest;
} groups;

typedef struct member {
    int32_t group;
    int image;
} member;

static int by_group(const void *left, const void *right)
{
    const member *a = left, *b = right;
    if (a->group != b->group)
        return a->group < b->group ? -1 : 1;
    return a->image < b->image ? -1 : 1;
}

// order and begin have room for N and N + 1 numbers.
static void sort_groups(const int32_t *group, int images, member *members, groups *out)
{
    for (int i = 0; i < images; i++)
        members[i] = (member){group[i], i};
    qsort(members, (size_t)images, sizeof(*members), by_group);
    out->count = 0;
    out->largest = 0;
    for (int i = 0; i < images; i++) {
        if (i == 0 || members[i].group != members[i - 1].group)
            out->begin[out->count++] = i;
        out->order[i] = members[i].image;
        const int size = i + 1 - out->begin[out->count - 1];
        out->largest = size > out->largest ? size : out->largest;
    }
    out->begin[out->count] = images;
}

// A thread's working memory, in doubles; g is the largest group.
typedef struct room {
    double *scatter; // (R) s_k
    double *w;       // (N, R) rows are images
    double *null;    // (N, N) rows are null directions, from row `rank` on
    double *values;  // (N)
    double *scaled;  // (g, R)
    double *t, *q;   // (g, g)
    void *work;
} room;

// Carves a room at base (NULL: only measured); its size in doubles.
static size_t lay_out(room *r, int images, int rank, int largest, double *base)
{
    const size_t n = (size_t)images, k = (size_t)rank, g = (size_t)largest;
    const size_t sizes[] = {k, n * k, n * n, n, g * k, g * g, g * g,
        blmi_eigen_work(images) / sizeof(double) + 1};
    double *at[8] = {NULL};
    size_t total = 0;
    for (int i = 0; i < 8; i++) {
        at[i] = base == NULL ? NULL : base + total;
        total += (sizes[i] + 7) / 8 * 8;
    }
    *r = (room){at[0], at[1], at[2], at[3], at[4], at[5], at[6], at[7]};
    return total;
}

// Takes s and w of a position back out of the model; the position's rank.
static int take_basis(const blmi_gauss *gauss, int p, room *r)
{
    const size_t n = (size_t)gauss->images, k = (size_t)gauss->rank;
    const float *variances = gauss->variances + (size_t)p * k;
    const float *coordinates = gauss->coordinates + (size_t)p * n * k;
    size_t rank = 0;
    for (; rank < k && variances[rank] > 0.0f; rank++)
        r->scatter[rank] = (double)variances[rank] * (double)(gauss->images - 1);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < rank; j++)
            r->w[i * rank + j] = (double)coordinates[i * k + j] / sqrt(r->scatter[j]);
    return (int)rank;
}

// The projector Z of a position with linearly dependent samples, as the eigenvectors of
// I - 11'/N - WW', which is Z but for the rounding of the stored coordinates.  Their
// squares then are zero, to double, for the images that depend on no other.
static bool find_null(int images, int rank, room *r)
{
    const size_t n = (size_t)images;
    blmi_gram_of_rows(images, rank, r->w, r->null);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++)
            r->null[i * n + j] =
                (i == j ? 1.0 : 0.0) - 1.0 / (double)images - r->null[i * n + j];
    return blmi_eigen(images, r->null, r->values, r->work);
}

// T += Z, for the group's images.
static void add_null(int images, int rank, const int *members, int size, room *r)
{
    const size_t n = (size_t)images, g = (size_t)size;
    for (size_t k = (size_t)rank + 1; k < n; k++) // the eigenvalues that are 1 come last
        for (size_t i = 0; i < g; i++)
            for (size_t j = 0; j <= i; j++)
                r->t[i * g + j] += r->null[k * n + (size_t)members[i]] *
                                   r->null[k * n + (size_t)members[j]];
}

// out (g, g), lower triangle: sum over k of top_k / (s_k + lam) w_k w_k', top_k being
// s_k or lam.
static void weigh(const int *members, int size, int rank, double lam, bool by_scatter,
    room *r, double *out)
{
    const size_t k = (size_t)rank;
    for (size_t i = 0; i < (size_t)size; i++)
        for (size_t j = 0; j < k; j++) {
            const double s = r->scatter[j];
            r->scaled[i * k + j] = r->w[(size_t)members[i] * k + j] *
                                   sqrt((by_scatter ? s : lam) / (s + lam));
        }
    blmi_gram_of_rows(size, rank, r->scaled, out);
}

// Q M from Q's lower triangle, in place; symmetric no more.
static void times_m(double *q, int size, double rest)
{
    const size_t g = (size_t)size;
    for (size_t i = 0; i < g; i++)
        for (size_t j = 0; j < i; j++)
            q[j * g + i] = q[i * g + j];
    for (size_t i = 0; i < g; i++) {
        double sum = 0.0;
        for (size_t j = 0; j < g; j++)
            sum += q[i * g + j];
        for (size_t j = 0; j < g; j++)
            q[i * g + j] += sum / rest;
    }
}

static void transpose(double *q, int size)
{
    const size_t g = (size_t)size;
    for (size_t i = 0; i < g; i++)
        for (size_t j = 0; j < i; j++) {
            const double swap = q[i * g + j];
            q[i * g + j] = q[j * g + i];
            q[j * g + i] = swap;
        }
}

// The trace of the scatter of the images outside a group.
static double trace_without(
    const int *members, int size, int rank, double rest, const room *r)
{
    double trace = 0.0;
    for (size_t k = 0; k < (size_t)rank; k++) {
        double squares = 0.0, sum = 0.0;
        for (int i = 0; i < size; i++) {
            const double wik = r->w[(size_t)members[i] * (size_t)rank + k];
            squares += wik * wik;
            sum += wik;
        }
        trace += r->scatter[k] * (1.0 - squares - sum * sum / rest);
    }
    return trace;
}

// Distances of one group's images at position p.
static bool leave_group(const blmi_gauss *gauss, int p, int rank, const int *members,
    int size, room *r, float *out)
{
    const blmi_gauss_rule rule = {
        .epsilon = gauss->epsilon, .shrinkage = gauss->shrinkage};
    const double rest = (double)(gauss->images - size);
    const double lam = shift_of(
        &rule, rest, gauss->features, trace_without(members, size, rank, rest, r));
    weigh(members, size, rank, lam, false, r, r->t);
    weigh(members, size, rank, lam, true, r, r->q);
    if (rank < gauss->images - 1)
        add_null((int)gauss->images, rank, members, size, r);
    if (!blmi_cholesky(size, r->t))
        return false;
    times_m(r->q, size, rest);
    transpose(r->q, size); // the solves take rows
    blmi_forward(size, size, r->t, r->q);
    blmi_backward(size, size, r->t, r->q);
    for (int i = 0; i < size; i++) {
        const double square =
            (rest - 1.0) / (1.0 - rule.shrinkage) * r->q[(size_t)i * (size_t)(size + 1)];
        const size_t at = (size_t)members[i] * (size_t)gauss->positions + (size_t)p;
        const double rounding = gauss->half ? (double)gauss->rounding[at] : 0.0;
        out[at] = (float)sqrt(fmax(square + rounding, 0.0));
    }
    return true;
}

// Distances of all images at position p.  A rank of 0, all samples equal or the position
// not counted, gives zeros.
static bool leave_groups(
    const blmi_gauss *gauss, int p, const groups *all, room *r, float *out)
{
    const int images = (int)gauss->images, rank = take_basis(gauss, p, r);
    if (rank == 0) {
        for (int i = 0; i < images; i++)
            out[(size_t)i * (size_t)gauss->positions + (size_t)p] = 0.0f;
        return true;
    }
    if (rank < images - 1 && !find_null(images, rank, r))
        return false;
    for (int k = 0; k < all->count; k++)
        if (!leave_group(gauss, p, rank, all->order + all->begin[k],
                all->begin[k + 1] - all->begin[k], r, out))
            return false;
    return true;
}

// All positions, each on one thread; the first position at fault, or P.
static int leave_groups_everywhere(
    const blmi_gauss *gauss, const groups *all, double *memory, int threads, float *out)
{
    int bad = gauss->positions;
#pragma omp parallel for num_threads(threads) schedule(dynamic) reduction(min : bad)
    for (int p = 0; p < gauss->positions; p++) {
        room r;
        const size_t size =
            lay_out(&r, (int)gauss->images, gauss->rank, all->largest, NULL);
        lay_out(&r, (int)gauss->images, gauss->rank, all->largest,
            memory + (size_t)omp_get_thread_num() * size);
        if (!leave_groups(gauss, p, all, &r, out) && p < bad)
            bad = p;
    }
    return bad;
}

blm_status blmi_gauss_leave_group_out(
    const blmi_gauss *gauss, const int32_t *group, float *out, blm_error *err)
{
    blm_status status = BLM_OK;
    double *memory = NULL;
    groups all = {0};
    if (gauss->form != BLMI_EIGENPAIRS)
        return blmi_fail(err, BLM_EUSAGE,
            "groups of images can be left out up to N = (D + 1) / 2 images, this model "
            "has %lld",
            (long long)gauss->images);
    const size_t n = (size_t)gauss->images;
    member *members = blmi_alloc(n, sizeof(*members));
    all.order = blmi_alloc(n, sizeof(*all.order));
    all.begin = blmi_alloc(n + 1, sizeof(*all.begin));
    if (members == NULL || all.order == NULL || all.begin == NULL) {
        status = blmi_no_memory(err, "groups of images", n, sizeof(*members));
        goto done;
    }
    sort_groups(group, (int)n, members, &all);
    if ((int)n - all.largest < 2) {
        status = blmi_fail(err, BLM_EUSAGE,
            "a group of %d out of %zu images: expected at least 2 images outside each "
            "group",
            all.largest, n);
        goto done;
    }
    const int threads = omp_get_max_threads();
    room measured;
    const size_t size = lay_out(&measured, (int)n, gauss->rank, all.largest, NULL);
    memory = blmi_alloc((size_t)threads * size, sizeof(double));
    if (memory == NULL) {
        status = blmi_no_memory(
            err, "leaving groups out", (size_t)threads * size, sizeof(double));
        goto done;
    }
    const int bad = leave_groups_everywhere(gauss, &all, memory, threads, out);
    if (bad < gauss->positions)
        status = blmi_fail(
            err, BLM_EBUG, "position %d: leaving groups out did not come to an end", bad);
done:
    blmi_free(members);
    blmi_free(all.order);
    blmi_free(all.begin);
    blmi_free(memory);
    return status;
}
