#include "src/gauss/left_group.h"

#include <math.h>
#include <stdlib.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/gauss/linalg.h"

// ---- groups ---------------------------------------------------------------------------

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

static void sort_groups(
    const int32_t *group, int images, member *members, blmi_groups *out)
{
    for (int i = 0; i < images; i++)
        members[i] = (member){group != NULL ? group[i] : i, i};
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

blm_status blmi_groups_sort(
    const int32_t *group, int images, blmi_groups *out, blm_error *err)
{
    const size_t n = (size_t)images;
    *out = (blmi_groups){.images = images};
    member *members = blmi_alloc(n, sizeof(*members));
    out->order = blmi_alloc(n, sizeof(*out->order));
    out->begin = blmi_alloc(n + 1, sizeof(*out->begin));
    if (members == NULL || out->order == NULL || out->begin == NULL) {
        blmi_free(members);
        return blmi_no_memory(err, "groups of images", n, sizeof(*members));
    }
    sort_groups(group, images, members, out);
    blmi_free(members);
    if (images - out->largest < 2)
        return blmi_fail(err, BLM_EUSAGE,
            "a group of %d out of %d images: expected at least 2 images outside each "
            "group",
            out->largest, images);
    return BLM_OK;
}

void blmi_groups_free(blmi_groups *groups)
{
    blmi_free(groups->order);
    blmi_free(groups->begin);
}

// ---- a position -----------------------------------------------------------------------

size_t blmi_group_room_lay_out(
    blmi_group_room *r, int images, int rank, int largest, double *base)
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
    *r = (blmi_group_room){at[0], at[1], at[2], at[3], at[4], at[5], at[6], at[7]};
    return total;
}

static int take_basis(const blmi_gauss *gauss, int p, blmi_group_room *r)
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
static bool find_null(int images, int rank, blmi_group_room *r)
{
    const size_t n = (size_t)images;
    blmi_gram_of_rows(images, rank, r->w, r->null);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++)
            r->null[i * n + j] =
                (i == j ? 1.0 : 0.0) - 1.0 / (double)images - r->null[i * n + j];
    return blmi_eigen(images, r->null, r->values, r->work);
}

int blmi_group_basis(const blmi_gauss *gauss, int p, blmi_group_room *room)
{
    const int images = (int)gauss->images, rank = take_basis(gauss, p, room);
    if (rank > 0 && rank < images - 1 && !find_null(images, rank, room))
        return -1;
    return rank;
}

// ---- a group --------------------------------------------------------------------------

// T += Z, for the group's images.
static void add_null(
    int images, int rank, const int *members, int size, blmi_group_room *r)
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
    blmi_group_room *r, double *out)
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

// The trace of the scatter of the images outside a group.
static double trace_without(
    const int *members, int size, int rank, double rest, const blmi_group_room *r)
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

double blmi_group_shift(
    const blmi_gauss_rule *rule, double rest, int features, double trace)
{
    const double shrunk = rule->shrinkage * fmax(trace, 0.0) / features;
    return ((rest - 1.0) * rule->epsilon + shrunk) / (1.0 - rule->shrinkage);
}

bool blmi_group_factor(const blmi_gauss *gauss, int rank, const int *members, int size,
    blmi_group_room *r, double *lam)
{
    const blmi_gauss_rule rule = {
        .epsilon = gauss->epsilon, .shrinkage = gauss->shrinkage};
    const double rest = (double)(gauss->images - size);
    const double trace = trace_without(members, size, rank, rest, r);
    *lam = blmi_group_shift(&rule, rest, gauss->features, trace);
    if (rank == 0)
        return true;
    weigh(members, size, rank, *lam, false, r, r->t);
    if (rank < gauss->images - 1)
        add_null((int)gauss->images, rank, members, size, r);
    return blmi_cholesky(size, r->t);
}

void blmi_group_q(const int *members, int size, int rank, double lam, blmi_group_room *r)
{
    weigh(members, size, rank, lam, true, r, r->q);
}
