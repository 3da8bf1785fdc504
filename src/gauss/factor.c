#include <float.h>
#include <math.h>
#include <omp.h>
#include <string.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/base/threads.h"
#include "src/gauss/accumulate.h"
#include "src/gauss/half.h"
#include "src/gauss/leave_out.h"
#include "src/gauss/left_variations.h"
#include "src/gauss/linalg.h"
#include "src/gauss/near_leave_out.h"

// ---- halves ---------------------------------------------------------------------------

// The result for a position.
typedef enum outcome { DONE, SINGULAR, ROUGH } outcome;

// The largest change of squared distances of good images by rounding.
static const double most_rounding = 0.02;

// Adds what rounding adds to an image's distance from the Gaussian of all images to the
// square of its leave-one-out distance; rounding (count), loo[i * stride].
static outcome add_rounding(
    const double *rounding, size_t count, float *loo, size_t stride)
{
    double added = 0.0, whole = 0.0;
    for (size_t i = 0; i < count; i++) {
        float *at = loo + i * stride;
        const double square = (double)*at * (double)*at;
        added += fabs(rounding[i]);
        whole += square;
        *at = (float)sqrt(fmax(square + rounding[i], 0.0));
    }
    return added > most_rounding * whole ? ROUGH : DONE;
}

static blm_status too_rough(const blmi_accumulator *a, int q, blm_error *err)
{
    return blmi_fail(err, BLM_EINPUT,
        "position %d: half precision changes squared distances of good images by more "
        "than %g%%: expected a larger epsilon than %g, or floats",
        a->where[q], 100.0 * most_rounding, a->rule.epsilon);
}

// ---- few images: the eigenpairs -------------------------------------------------------

// A thread's working memory, in doubles.
typedef struct room {
    double *samples;  // (N, D) centred
    double *mean;     // (D)
    double *gram;     // (N, N), then the unit eigenvectors as rows, falling
    double *values;   // (N) the eigenvalues, falling
    double *axes;     // (N, D)
    double *products; // half: (N, R) samples on rounded axes, then (N) what rounding adds
    void *work;
} room;

// Places a room at base (NULL: measures only).  Returns its size in doubles.
static size_t lay_out(room *r, int64_t images, int features, int half, double *base)
{
    const size_t n = (size_t)images, d = (size_t)features;
    const size_t sizes[] = {n * d, d, n * n, n, n * d, half ? n * n : 0,
        blmi_eigen_work((int)images) / sizeof(double) + 1};
    double *at[7] = {NULL};
    size_t total = 0;
    for (int i = 0; i < 7; i++) {
        at[i] = base == NULL ? NULL : base + total;
        total += (sizes[i] + 7) / 8 * 8;
    }
    *r = (room){at[0], at[1], at[2], at[3], at[4], at[5], at[6]};
    return total;
}

size_t blmi_few_scratch(int64_t images, int features, int half)
{
    room measured;
    return lay_out(&measured, images, features, half, NULL);
}

// Reverses the order of rows (count, width).
static void reverse_rows(double *rows, size_t count, size_t width)
{
    for (size_t i = 0; i < count / 2; i++)
        for (size_t j = 0; j < width; j++) {
            const double swap = rows[i * width + j];
            rows[i * width + j] = rows[(count - 1 - i) * width + j];
            rows[(count - 1 - i) * width + j] = swap;
        }
}

// The number of eigenvalues above the rounding error of the largest; the mean takes one
// away.
static int rank_of(const double *values, int images)
{
    const double cut = 16.0 * images * DBL_EPSILON * values[0];
    int rank = 0;
    while (rank < images - 1 && values[rank] > cut)
        rank++;
    return rank;
}

// The eigenpairs of the scatter from those of the Gram matrix: w_k' U has the direction
// of the axis and the length sqrt(s_k), which is more exact than values.  Rows of axes
// become unit vectors, values s_k.
static void find_axes(room *r, int images, int rank, int features)
{
    const size_t d = (size_t)features;
    blmi_product(rank, features, images, r->gram, r->samples, r->axes);
    for (size_t k = 0; k < (size_t)rank; k++) {
        double *axis = r->axes + k * d, square = 0.0;
        for (size_t j = 0; j < d; j++)
            square += axis[j] * axis[j];
        const double scale = 1.0 / sqrt(square);
        for (size_t j = 0; j < d; j++)
            axis[j] *= scale;
        r->values[k] = square;
    }
}

// Rounds a position into the model, with zeros after its rank.
static void store_eigenpairs(
    const room *r, int p, int images, int rank, blmi_storage *out)
{
    const size_t n = (size_t)images, full = (size_t)out->rank, k = (size_t)rank;
    const size_t d = (size_t)out->features, at = (size_t)p;
    float *mean = out->mean + at * d;
    float *variances = out->variances + at * full;
    float *coordinates = out->coordinates + at * n * full;
    for (size_t j = 0; j < d; j++)
        mean[j] = (float)r->mean[j];
    for (size_t j = 0; j < full; j++)
        variances[j] = j < k ? (float)(r->values[j] / (double)(images - 1)) : 0.0f;
    for (size_t j = 0; j < full; j++) {
        const double length = j < k ? sqrt(r->values[j]) : 0.0;
        for (size_t i = 0; i < n; i++)
            coordinates[i * full + j] = (float)(length * r->gram[j * n + i]);
    }
}

static void store_axes(const room *r, int p, int rank, const blmi_storage *out)
{
    const size_t d = (size_t)out->features, all = (size_t)out->rank * d;
    const size_t some = (size_t)rank * d;
    if (out->half) {
        uint16_t *halves = out->half_axes + (size_t)p * all;
        blmi_round_to_half(r->axes, some, halves);
        memset(halves + some, 0, (all - some) * sizeof *halves);
        return;
    }
    float *axes = out->axes + (size_t)p * all;
    for (size_t j = 0; j < all; j++)
        axes[j] = j < some ? (float)r->axes[j] : 0.0f;
}

// The increase of the squared distances of the samples by rounded axes; the samples are
// used up.  The formula is that of distance.c, with rounded axes less with exact ones,
// which leave no rest.
static outcome find_rounding(
    const blmi_accumulator *a, room *r, int p, int rank, const blmi_storage *out)
{
    const int images = (int)a->images, features = a->features;
    const size_t n = (size_t)images, d = (size_t)features, k = (size_t)rank;
    const double keep = 1.0 - a->rule.shrinkage;
    double trace = 0.0;
    for (size_t j = 0; j < k; j++)
        trace += r->values[j] / (double)(images - 1);
    const double shift = a->rule.epsilon + a->rule.shrinkage * trace / features;
    if (rank == 0) { // all samples are equal
        for (size_t i = 0; i < n; i++)
            out->rounding[i * (size_t)out->positions + (size_t)p] = 0.0f;
        return DONE;
    }
    blmi_product_with_rows(images, rank, features, r->samples, r->axes, r->products);
    blmi_subtract_product(images, features, rank, r->products, r->axes, r->samples);
    for (size_t i = 0; i < n; i++) {
        double sum = 0.0, rest = 0.0;
        for (size_t j = 0; j < k; j++) {
            const double c = r->products[i * k + j], w = r->gram[j * n + i];
            sum += (c * c - r->values[j] * w * w) /
                   (keep * r->values[j] / (double)(images - 1) + shift);
        }
        for (size_t j = 0; j < d; j++)
            rest += r->samples[i * d + j] * r->samples[i * d + j];
        r->products[i] = sum + rest / shift; // its row is read
        out->rounding[i * (size_t)out->positions + (size_t)p] = (float)r->products[i];
    }
    return add_rounding(r->products, n, out->loo + (size_t)p, (size_t)out->positions);
}

static outcome factor_few(const blmi_accumulator *a, int q, room *r, blmi_storage *out)
{
    const int images = (int)a->images, p = a->where[q];
    const size_t n = (size_t)images;
    blmi_gather_mean(a->samples, n, q, a->features, r->mean);
    blmi_gather_centred(a->samples, n, q, a->features, r->mean, r->samples);
    if (a->rule.unit_variance)
        blmi_scale_rows(r->samples, n, (size_t)a->features, a->scale);
    blmi_gram_of_rows(images, a->features, r->samples, r->gram);
    if (!blmi_eigen(images, r->gram, r->values, r->work))
        return SINGULAR;
    reverse_rows(r->gram, n, n);
    reverse_rows(r->values, n, 1);
    const int rank = rank_of(r->values, images);
    find_axes(r, images, rank, a->features);
    store_eigenpairs(r, p, images, rank, out);
    store_axes(r, p, rank, out);
    blmi_leave_one_out_few(images, rank, a->features, &a->rule, r->values, r->gram,
        out->loo + (size_t)p, (size_t)out->positions);
    return out->half ? find_rounding(a, r, p, rank, out) : DONE;
}

static blm_status factor_all_few(
    const blmi_accumulator *a, blmi_storage *out, blm_error *err)
{
    room measured;
    const size_t size = lay_out(&measured, a->images, a->features, out->half, NULL);
    const size_t all = (size_t)a->threads * size;
    double *memory = blmi_alloc(all, sizeof(double));
    if (memory == NULL)
        return blmi_no_memory(err, "eigenvectors", all, sizeof(double));
    int bad = a->counted, rough = a->counted;
#pragma omp parallel num_threads(a->threads) reduction(min : bad, rough)
    {
        room r;
        lay_out(&r, a->images, a->features, out->half,
            memory + (size_t)omp_get_thread_num() * size);
        blmi_threads_keep_to_one();
#pragma omp for schedule(dynamic)
        for (int q = 0; q < a->counted; q++) {
            const outcome o = factor_few(a, q, &r, out);
            bad = o == SINGULAR && q < bad ? q : bad;
            rough = o == ROUGH && q < rough ? q : rough;
        }
    }
    blmi_free(memory);
    if (bad < a->counted)
        return blmi_fail(err, BLM_EBUG,
            "position %d: the eigenvalues of %lld images did not converge", a->where[bad],
            (long long)a->images);
    if (rough < a->counted)
        return too_rough(a, rough, err);
    for (int i = 0; i < (int)a->images; i++)
        out->loo_index[i] = i;
    return BLM_OK;
}

// ---- many images: the triangular factor -----------------------------------------------

// The lower triangle of share * packed (T) + shift I into out (D, D), rows and columns
// of packed first multiplied by scale (D; NULL: 1).
static void unpack(const float *packed, int features, const double *scale, double share,
    double shift, double *out)
{
    const size_t d = (size_t)features;
    for (size_t i = 0; i < d; i++, packed += i) {
        for (size_t j = 0; j <= i; j++)
            out[i * d + j] = share * (double)packed[j];
        for (size_t j = 0; scale != NULL && j <= i; j++)
            out[i * d + j] *= scale[i] * scale[j];
        out[i * d + i] += shift;
    }
}

// The trace of the covariance of a packed scatter (T), with scales (D; NULL: 1).
static double trace_of(
    const float *packed, int features, double images, const double *scale)
{
    double trace = 0.0;
    for (size_t i = 0; i < (size_t)features; i++) {
        packed += i;
        const double v = (double)packed[i] / (images - 1.0);
        trace += scale == NULL ? v : v * scale[i] * scale[i];
    }
    return trace;
}

static void pack(const double *triangle, int features, float *packed)
{
    const size_t d = (size_t)features;
    for (size_t i = 0; i < d; i++, packed += i)
        for (size_t j = 0; j <= i; j++)
            packed[j] = (float)triangle[i * d + j];
}

// Copies the kept images' samples (held, D) at position number q, scaled by the rule.
static void take_kept(const blmi_accumulator *a, int q, double *rows)
{
    const size_t d = (size_t)a->features;
    blmi_gather_centred(
        a->samples, a->held, q, a->features, a->mean + (size_t)q * d, rows);
    if (a->scale != NULL)
        blmi_scale_rows(rows, a->held, d, a->scale);
}

// Adds their squared distances times `sign` to squares (held); uses up rows.
static void add_squares(const blmi_accumulator *a, const double *triangle, double *rows,
    double sign, double *squares)
{
    const size_t d = (size_t)a->features;
    blmi_forward(a->features, (int)a->held, triangle, rows);
    for (size_t i = 0; i < a->held; i++)
        for (size_t j = 0; j < d; j++)
            squares[i] += sign * rows[i * d + j] * rows[i * d + j];
}

// Stores a factor as halves; the triangle is used up.  What rounding adds is added to the
// distances in loo[i * stride] and, with a tolerance, in near.
static outcome store_halves(const blmi_accumulator *a, int q, double *triangle,
    double *rows, float *loo, size_t stride, blmi_near_many *near,
    const blmi_storage *out)
{
    const size_t d = (size_t)a->features, p = (size_t)a->where[q];
    double rounding[BLMI_MAX_LEFT_OUT] = {0.0};
    take_kept(a, q, rows);
    add_squares(a, triangle, rows, -1.0, rounding);
    if (a->rule.tolerance > 0)
        blmi_near_many_add(a, q, triangle, -1.0, near);
    blmi_round_triangle_to_half(triangle, a->features,
        out->half_factor + p * blmi_triangle(a->features - 1), out->row_scale + p * d,
        out->diagonal + p * d);
    take_kept(a, q, rows);
    add_squares(a, triangle, rows, 1.0, rounding);
    if (a->rule.tolerance > 0)
        blmi_near_many_add(a, q, triangle, 1.0, near);
    return add_rounding(rounding, a->held, loo, stride);
}

// The distances of a position without each kept image, from its scatter.  Less epsilon is
// added to the scatter than to the factor.
static outcome leave_out_many(const blmi_accumulator *a, int q, double shift,
    double *triangle, double *rows, float *loo, size_t stride, blmi_near_many *near)
{
    const double n = (double)a->images, keep = 1.0 - a->rule.shrinkage;
    const int each = a->rule.variations + 1;
    const float *packed =
        a->triangles.factor + (size_t)a->where[q] * blmi_triangle(a->features);
    unpack(packed, a->features, a->scale, 1.0, (n - each - 1.0) * shift / keep, triangle);
    if (!blmi_cholesky(a->features, triangle))
        return SINGULAR;
    take_kept(a, q, rows);
    if (each > 1)
        blmi_leave_variations_out_many(a->images, (int)a->held, each, a->features, keep,
            triangle, rows, loo, stride);
    else
        blmi_leave_one_out_many(
            a->images, (int)a->held, a->features, keep, triangle, rows, loo, stride);
    if (a->rule.tolerance > 0)
        blmi_near_many_distances(a, q, keep, triangle, rows, near);
    return DONE;
}

// Converts the scatter of position number q to its factor, which may be in the same
// place; computes leave-one-out first.
static outcome factor_many(
    const blmi_accumulator *a, int q, double *scratch, const blmi_storage *out)
{
    const size_t d = (size_t)a->features, p = (size_t)a->where[q];
    const double n = (double)a->images, *mean = a->mean + (size_t)q * d;
    const float *packed = a->triangles.factor + p * blmi_triangle(a->features);
    double *triangle = scratch, *rows = scratch + d * d;
    const double keep = 1.0 - a->rule.shrinkage;
    const double trace = trace_of(packed, a->features, n, a->scale);
    const double shift = a->rule.epsilon + a->rule.shrinkage * trace / a->features;
    blmi_near_many near =
        blmi_near_many_at(&a->rule, a->features, rows + BLMI_MAX_LEFT_OUT * d);
    const bool tolerant = a->rule.tolerance > 0;
    float *loo = tolerant ? near.own : out->loo + p;
    const size_t stride = tolerant ? 1 : (size_t)a->positions;
    outcome result = leave_out_many(a, q, shift, triangle, rows, loo, stride, &near);
    if (result != DONE)
        return result;
    unpack(packed, a->features, a->scale, keep / (n - 1.0), shift, triangle);
    if (!blmi_cholesky(a->features, triangle))
        return SINGULAR;
    for (size_t j = 0; j < d; j++)
        out->mean[p * d + j] = (float)mean[j];
    if (out->half)
        result = store_halves(a, q, triangle, rows, loo, stride, &near, out);
    else
        pack(triangle, a->features, out->factor + p * blmi_triangle(a->features));
    if (tolerant) {
#pragma omp critical(blmi_near_fold) // the minimum does not depend on the order
        blmi_near_many_fold(a, q, &near, out->loo);
    }
    return result;
}

static blm_status factor_all_many(
    const blmi_accumulator *a, const blmi_storage *out, blm_error *err)
{
    const size_t size = blmi_many_scratch(&a->rule, a->features);
    const size_t left_out = a->held * (size_t)a->positions;
    int bad = a->counted, rough = a->counted;
    for (size_t i = 0; a->rule.tolerance > 0 && i < left_out; i++)
        out->loo[i] = INFINITY;
#pragma omp parallel num_threads(a->threads) reduction(min : bad, rough)
    {
        double *scratch = a->scratch + (size_t)omp_get_thread_num() * size;
        blmi_threads_keep_to_one();
#pragma omp for schedule(dynamic)
        for (int q = 0; q < a->counted; q++) {
            const outcome o = factor_many(a, q, scratch, out);
            bad = o == SINGULAR && q < bad ? q : bad;
            rough = o == ROUGH && q < rough ? q : rough;
        }
    }
    if (bad < a->counted)
        return blmi_fail(err, BLM_EINPUT,
            "position %d: the covariance of %lld images is singular to float precision "
            "with epsilon %g: expected a larger epsilon",
            a->where[bad], (long long)a->images, a->rule.epsilon);
    if (rough < a->counted)
        return too_rough(a, rough, err);
    for (size_t i = 0; i < a->held; i++)
        out->loo_index[i] = (int32_t)a->samples[i].index;
    return BLM_OK;
}

// ---- the model ------------------------------------------------------------------------

// Moves the arrays to a model, with zeros at positions that are not in use.
static void publish(
    const blmi_accumulator *a, const blmi_storage *storage, int left_out, blmi_gauss *out)
{
    for (int j = 0; a->scale != NULL && j < a->features; j++)
        storage->scale[j] = (float)a->scale[j];
    for (int p = 0, q = 0; p < a->positions; p++) {
        if (q < a->counted && a->where[q] == p)
            q++;
        else
            blmi_storage_blank(storage, p, left_out);
    }
    *out = (blmi_gauss){
        .form = storage->form,
        .images = a->images,
        .positions = a->positions,
        .features = a->features,
        .rank = storage->rank,
        .half = storage->half,
        .epsilon = a->rule.epsilon,
        .shrinkage = a->rule.shrinkage,
        .tolerance = a->rule.tolerance,
        .grid_width = a->rule.grid_width,
        .repeated = a->rule.repeated,
        .edge = a->rule.edge,
        .mean = storage->mean,
        .scale = storage->scale,
        .axes = storage->axes,
        .variances = storage->variances,
        .coordinates = storage->coordinates,
        .factor = storage->factor,
        .half_axes = storage->half_axes,
        .rounding = storage->rounding,
        .half_factor = storage->half_factor,
        .row_scale = storage->row_scale,
        .diagonal = storage->diagonal,
        .left_out = left_out,
        .loo = storage->loo,
        .loo_index = storage->loo_index,
        .owned = storage->memory,
    };
}

// Computes leave-one-out distances loo (N, P) of a model with a tolerance from those of
// each single position.
static blm_status tolerate(
    const blmi_accumulator *a, const blmi_gauss *gauss, float *loo, blm_error *err)
{
    blmi_groups each;
    blm_status status = blmi_groups_sort(NULL, (int)a->images, &each, err);
    if (status == BLM_OK)
        status = blmi_leave_near_out(gauss, &each, a, NULL, a->threads, loo, err);
    blmi_groups_free(&each);
    return status;
}

static blm_status finish_few(blmi_accumulator *a, blmi_gauss *out, blm_error *err)
{
    blmi_storage storage;
    BLMI_TRY(blmi_find_scales(a, BLMI_EIGENPAIRS, err));
    BLMI_TRY(blmi_storage_new(
        BLMI_EIGENPAIRS, a->images, a->positions, a->features, &a->rule, &storage, err));
    blm_status status = factor_all_few(a, &storage, err);
    if (status != BLM_OK) {
        blmi_free(storage.memory);
        return status;
    }
    publish(a, &storage, (int)a->images, out);
    if (a->rule.variations > 0)
        status = blmi_leave_variations_out_few(a, &storage, out, err);
    else if (a->rule.tolerance > 0)
        status = tolerate(a, out, storage.loo, err);
    if (status != BLM_OK)
        blmi_gauss_free(out);
    return status;
}

static blm_status finish_many(blmi_accumulator *a, blmi_gauss *out, blm_error *err)
{
    blmi_accumulator_flush(a);
    BLMI_TRY(blmi_find_scales(a, BLMI_CHOLESKY, err));
    blmi_storage storage = a->triangles; // the scatters' place, or another one for halves
    if (a->rule.half)
        BLMI_TRY(blmi_storage_new(
            BLMI_CHOLESKY, 0, a->positions, a->features, &a->rule, &storage, err));
    else
        a->triangles.memory = NULL;
    const blm_status status = factor_all_many(a, &storage, err);
    if (status == BLM_OK)
        publish(a, &storage, blmi_variations_drop(a, (int)a->held, &storage), out);
    else
        blmi_free(storage.memory);
    return status;
}

blm_status blmi_accumulator_finish(blmi_accumulator *a, blmi_gauss *out, blm_error *err)
{
    if (a->used_up)
        return blmi_fail(err, BLM_EUSAGE, "the model is finished already");
    if (a->images < 3)
        return blmi_fail(
            err, BLM_EUSAGE, "%lld images, expected 3 or more", (long long)a->images);
    a->used_up = true;
    return blmi_form_of(a->images, a->features, a->rule.variations) == BLMI_EIGENPAIRS
               ? finish_few(a, out, err)
               : finish_many(a, out, err);
}

void blmi_gauss_free(blmi_gauss *gauss)
{
    if (gauss == NULL)
        return;
    blmi_free(gauss->owned);
    *gauss = (blmi_gauss){0};
}
