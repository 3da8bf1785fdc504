#include "src/gauss/leave_out.h"

#include <float.h>
#include <math.h>
#include <omp.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/base/threads.h"
#include "src/gauss/gauss.h"
#include "src/gauss/left_group.h"
#include "src/gauss/linalg.h"
#include "src/gauss/near_leave_out.h"

// ---- one image left out ---------------------------------------------------------------

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
        const double lam =
            blmi_group_shift(rule, n - 1.0, features, all - own * n / (n - 1.0));
        for (int k = 0; k < rank; k++) {
            const double wik = w[(size_t)k * (size_t)images + (size_t)i];
            const double share = wik * wik / (scatter[k] + lam);
            q += scatter[k] * share;
            t += lam * share;
            length += wik * wik;
        }
        if (rank < images - 1) // Z; otherwise zero except for rounding
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

// Computes Q M from Q's lower triangle, in place; the result is not symmetric.
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

// Distances of one group's images at position p.
static bool leave_group(const blmi_gauss *gauss, int p, int rank, const int *members,
    int size, blmi_group_room *r, float *out)
{
    const double rest = (double)(gauss->images - size);
    double lam;
    if (!blmi_group_factor(gauss, rank, members, size, r, &lam))
        return false;
    blmi_group_q(members, size, rank, lam, r);
    times_m(r->q, size, rest);
    transpose(r->q, size); // the solves take rows
    blmi_forward(size, size, r->t, r->q);
    blmi_backward(size, size, r->t, r->q);
    for (int i = 0; i < size; i++) {
        const double square = (rest - 1.0) / (1.0 - gauss->shrinkage) *
                              r->q[(size_t)i * (size_t)(size + 1)];
        const size_t at = (size_t)members[i] * (size_t)gauss->positions + (size_t)p;
        const double rounding = gauss->half ? (double)gauss->rounding[at] : 0.0;
        out[at] = (float)sqrt(fmax(square + rounding, 0.0));
    }
    return true;
}

// Distances of all images at position p.  A rank of 0 (all samples equal, or the position
// not in use) gives zeros.
static bool leave_groups(const blmi_gauss *gauss, int p, const blmi_groups *all,
    blmi_group_room *r, float *out)
{
    const int images = (int)gauss->images, rank = blmi_group_basis(gauss, p, r);
    if (rank == 0) {
        for (int i = 0; i < images; i++)
            out[(size_t)i * (size_t)gauss->positions + (size_t)p] = 0.0f;
        return true;
    }
    for (int k = 0; rank > 0 && k < all->count; k++)
        if (!leave_group(gauss, p, rank, all->order + all->begin[k],
                all->begin[k + 1] - all->begin[k], r, out))
            return false;
    return rank > 0;
}

// All positions, each on one thread.  Returns the first position that failed, or P.
static int leave_groups_everywhere(const blmi_gauss *gauss, const blmi_groups *all,
    double *memory, int threads, float *out)
{
    int bad = gauss->positions;
#pragma omp parallel num_threads(threads) reduction(min : bad)
    {
        blmi_group_room r;
        const size_t size = blmi_group_room_lay_out(
            &r, (int)gauss->images, gauss->rank, all->largest, NULL);
        blmi_group_room_lay_out(&r, (int)gauss->images, gauss->rank, all->largest,
            memory + (size_t)omp_get_thread_num() * size);
        blmi_threads_keep_to_one();
#pragma omp for schedule(dynamic)
        for (int p = 0; p < gauss->positions; p++)
            if (!leave_groups(gauss, p, all, &r, out) && p < bad)
                bad = p;
    }
    return bad;
}

// Each position by its own Gaussian.
static blm_status leave_sorted_out(const blmi_gauss *gauss, const blmi_groups *all,
    int threads, float *out, blm_error *err)
{
    blmi_group_room measured;
    const size_t size = blmi_group_room_lay_out(
        &measured, (int)gauss->images, gauss->rank, all->largest, NULL);
    double *memory = blmi_alloc((size_t)threads * size, sizeof(double));
    if (memory == NULL)
        return blmi_no_memory(
            err, "leaving groups out", (size_t)threads * size, sizeof(double));
    const int bad = leave_groups_everywhere(gauss, all, memory, threads, out);
    blmi_free(memory);
    if (bad < gauss->positions)
        return blmi_fail(
            err, BLM_EBUG, "position %d: the factorisation without a group failed", bad);
    return BLM_OK;
}

blm_status blmi_gauss_leave_group_out(const blmi_gauss *gauss, const int32_t *group,
    const uint8_t *use, int threads, float *out, blm_error *err)
{
    blmi_groups all;
    if (gauss->form != BLMI_EIGENPAIRS)
        return blmi_fail(err, BLM_EUSAGE,
            "groups can be left out of at most N = (D + 1) / 2 images, or D with their "
            "variations; this model has %lld",
            (long long)gauss->images);
    blm_status status = blmi_groups_sort(group, (int)gauss->images, &all, err);
    if (status == BLM_OK)
        status = leave_sorted_out(gauss, &all, threads, out, err);
    if (status == BLM_OK && gauss->tolerance > 0)
        status = blmi_leave_near_out(gauss, &all, NULL, use, threads, out, err);
    blmi_groups_free(&all);
    return status;
}
