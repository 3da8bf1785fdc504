// Computes the part of features outside a subspace, in two products of src/nn.
#include <math.h>
#include <string.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/detector/subspace.h"
#include "src/nn/kernels.h"

enum { ROWS = 56 }; // rows per product: 4 tiles of 14

struct blmi_residual {
    const blmi_kernels *kernels;
    int positions, features, rank;
    int padded, padded_rank;
    const float *scale, *mean; // (D)
    float *onto;               // V packed: (rank / 16, D, 16)
    float *back;               // -V' packed: (D / 16, R, 16)
};

// ---- life -----------------------------------------------------------------------------

static blm_status pack(blmi_residual *r, const float *axes, blm_error *err)
{
    const size_t rank = (size_t)r->rank, d = (size_t)r->features;
    const size_t padded = (size_t)r->padded;
    const float **row = blmi_alloc(rank, sizeof *row);
    float *copy = blmi_alloc_zero(rank, padded * sizeof *copy);
    r->onto = blmi_alloc_zero((size_t)r->padded_rank, padded * sizeof *r->onto);
    r->back = blmi_alloc_zero(rank, padded * sizeof *r->back);
    if (row == NULL || copy == NULL || r->onto == NULL || r->back == NULL) {
        blmi_free(row);
        blmi_free(copy);
        return blmi_no_memory(err, "the subspace", rank, padded * sizeof *copy);
    }
    for (size_t k = 0; k < rank; k++) {
        memcpy(copy + k * padded, axes + k * d, d * sizeof *copy);
        row[k] = copy + k * padded;
    }
    r->kernels->pack_columns(r->onto, row, r->rank, r->padded);
    for (size_t i = 0; i < rank * padded; i++)
        copy[i] = -copy[i];
    r->kernels->pack_rows(r->back, row, r->rank, r->padded, BLMI_FLOATS);
    blmi_free(row);
    blmi_free(copy);
    return BLM_OK;
}

blm_status blmi_residual_new(const float *scale, const float *mean, const float *axes,
    int positions, int features, int rank, blmi_residual **out, blm_error *err)
{
    blmi_residual *r = blmi_alloc_zero(1, sizeof *r);
    if (r == NULL)
        return blmi_no_memory(err, "the subspace", 1, sizeof *r);
    *r = (blmi_residual){.kernels = blmi_kernels_best(),
        .positions = positions,
        .features = features,
        .rank = rank,
        .padded = blmi_pad(features),
        .padded_rank = blmi_pad(rank),
        .scale = scale,
        .mean = mean};
    const blm_status status = pack(r, axes, err);
    if (status == BLM_OK)
        *out = r;
    else
        blmi_residual_free(r);
    return status;
}

void blmi_residual_free(blmi_residual *r)
{
    if (r == NULL)
        return;
    blmi_free(r->onto);
    blmi_free(r->back);
    blmi_free(r);
}

// ---- running --------------------------------------------------------------------------

typedef struct call {
    const blmi_residual *residual;
    const float *x; // (images, P, D)
    int rows;       // images * P
    const uint8_t *use;
    float *scratch;
    float *out; // (images, P)
} call;

static size_t row_stride(int padded)
{
    return (size_t)padded + BLMI_APART;
}

// Scratch of a thread: y, then y on the axes, both (ROWS).
static size_t thread_floats(const blmi_residual *r)
{
    return ROWS * (row_stride(r->padded) + row_stride(r->padded_rank));
}

size_t blmi_residual_scratch(const blmi_residual *residual, const blmi_team *team)
{
    return (size_t)blmi_team_threads(team) * thread_floats(residual) * sizeof(float);
}

static int counts(const call *c, int row)
{
    return c->use == NULL || c->use[row % c->residual->positions] != 0;
}

static void some_rows(const void *context, int task, int thread)
{
    const call *c = context;
    const blmi_residual *r = c->residual;
    const size_t d = (size_t)r->features;
    float *ys = c->scratch + (size_t)thread * thread_floats(r);
    float *ts = ys + ROWS * row_stride(r->padded);
    float *y[ROWS], *t[ROWS];
    int row[ROWS], count = 0;
    for (int k = task * ROWS; k < (task + 1) * ROWS && k < c->rows; k++) {
        c->out[k] = 0.0f;
        if (!counts(c, k))
            continue;
        const float *x = c->x + (size_t)k * d;
        y[count] = ys + (size_t)count * row_stride(r->padded);
        t[count] = ts + (size_t)count * row_stride(r->padded_rank);
        for (size_t j = 0; j < d; j++)
            y[count][j] = x[j] * r->scale[j] - r->mean[j];
        memset(y[count] + d, 0, ((size_t)r->padded - d) * sizeof **y);
        row[count++] = k;
    }
    if (count == 0)
        return;
    const blmi_matrix onto = blmi_panels(BLMI_FLOATS, r->padded, r->padded_rank, r->onto);
    const blmi_matrix back = blmi_panels(BLMI_FLOATS, r->rank, r->padded, r->back);
    const blmi_product down = {.b = &onto,
        .rows = count,
        .a = (const float *const *)y,
        .y = t,
        .y_words = BLMI_FLOATS};
    const blmi_product up = {.b = &back,
        .rows = count,
        .a = (const float *const *)t,
        .y = y,
        .add = (const float *const *)y,
        .y_words = BLMI_FLOATS};
    r->kernels->product(&down);
    r->kernels->product(&up);
    for (int i = 0; i < count; i++) {
        double square = 0.0;
        for (size_t j = 0; j < d; j++)
            square += (double)y[i][j] * (double)y[i][j];
        c->out[row[i]] = (float)sqrt(square);
    }
}

void blmi_residual_run(const blmi_residual *r, const float *x, int images,
    const uint8_t *use, blmi_team *team, void *scratch, float *out)
{
    const call c = {r, x, images * r->positions, use, scratch, out};
    blmi_team_each(team, (c.rows + ROWS - 1) / ROWS, some_rows, &c);
}
