// The Gaussian as a detector: src/gauss as an entry of the table.
#include "src/detector/gauss_kind.h"

#include <math.h>
#include <string.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/detector/kind.h"

typedef struct gauss_detector {
    blmi_detector base; // repeats fields of gauss
    blmi_gauss gauss;
} gauss_detector;

static const gauss_detector *own(const blmi_detector *detector)
{
    return (const gauss_detector *)(const void *)detector;
}

static gauss_detector *own_mutable(blmi_detector *detector)
{
    return (gauss_detector *)(void *)detector;
}

static blmi_gauss_rule gauss_rule(
    const blmi_detector_rule *rule, const blmi_detector_shape *shape)
{
    return (blmi_gauss_rule){.epsilon = rule->epsilon,
        .shrinkage = rule->shrinkage,
        .unit_variance = rule->unit_variance,
        .half = rule->half,
        .tolerance = rule->tolerance,
        .grid_width = shape->grid_width,
        .repeated = shape->repeated,
        .edge = shape->edge,
        .variations = rule->variations};
}

const blmi_gauss *blmi_detector_gaussians(const blmi_detector *detector)
{
    return detector->kind == &blmi_detector_gauss ? &own(detector)->gauss : NULL;
}

// Copies the fields of gauss to the base.
static void publish(gauss_detector *d)
{
    d->base.images = d->gauss.images;
    d->base.positions = d->gauss.positions;
    d->base.features = d->gauss.features;
    d->base.left_out = d->gauss.left_out;
    d->base.loo = d->gauss.loo;
    d->base.loo_index = d->gauss.loo_index;
}

// ---- fitting --------------------------------------------------------------------------

static blm_status new_fit(const blmi_detector_rule *rule,
    const blmi_detector_shape *shape, const uint8_t *use, int threads, void **fit,
    blm_error *err)
{
    const blmi_gauss_rule r = gauss_rule(rule, shape);
    blmi_accumulator *accumulator;
    BLMI_TRY(blmi_accumulator_new(shape->grid_width * shape->grid_height, shape->features,
        &r, use, threads, &accumulator, err));
    *fit = accumulator;
    return BLM_OK;
}

static void free_fit(void *fit)
{
    blmi_accumulator_free(fit);
}

static blm_status add(void *fit, const float *x, int images, blm_error *err)
{
    return blmi_accumulator_add(fit, x, images, err);
}

static int64_t images_of(const void *fit)
{
    return blmi_accumulator_images(fit);
}

static blm_status finish(void *fit, blmi_detector *out, blm_error *err)
{
    gauss_detector *d = own_mutable(out);
    BLMI_TRY(blmi_accumulator_finish(fit, &d->gauss, err));
    publish(d);
    return BLM_OK;
}

static void release(blmi_detector *detector)
{
    blmi_gauss_free(&own_mutable(detector)->gauss);
}

// ---- distances ------------------------------------------------------------------------

static size_t scratch(const blmi_detector *detector, int images, const blmi_team *team)
{
    return blmi_gauss_scratch(&own(detector)->gauss, images, team);
}

static void distances(const blmi_detector *detector, const float *x, int images,
    const uint8_t *use, blmi_team *team, void *memory, float *out)
{
    blmi_gauss_distances(&own(detector)->gauss, x, images, use, team, memory, out);
}

static blm_status leave_out(const blmi_detector *detector, const int32_t *group,
    const uint8_t *use, int threads, float *out, blm_error *err)
{
    const size_t each = (size_t)detector->variations + 1;
    const size_t images = (size_t)detector->images;
    const size_t positions = (size_t)detector->positions;
    if (each == 1)
        return blmi_gauss_leave_group_out(
            &own(detector)->gauss, group, use, threads, out, err);
    float *all = blmi_alloc(images, positions * sizeof *all);
    if (all == NULL)
        return blmi_no_memory(err, "distances", images, positions * sizeof *all);
    const blm_status status =
        blmi_gauss_leave_group_out(&own(detector)->gauss, group, use, threads, all, err);
    for (size_t m = 0; status == BLM_OK && m < images / each; m++)
        memcpy(out + m * positions, all + m * each * positions, positions * sizeof *out);
    blmi_free(all);
    return status;
}

// Eigenpairs fit every epsilon, shrinkage and tolerance.  But the rounding to halves
// depends on these.
static bool can_adapt(const blmi_detector *detector, const blmi_detector_rule *rule)
{
    const blmi_gauss *g = &own(detector)->gauss;
    return g->form == BLMI_EIGENPAIRS && !g->half && !rule->half &&
           (g->scale != NULL) == (rule->unit_variance != 0);
}

static blm_status adapt(
    blmi_detector *detector, const blmi_detector_rule *rule, int threads, blm_error *err)
{
    blmi_gauss *g = &own_mutable(detector)->gauss;
    g->loo = detector->loo;
    if (g->epsilon == rule->epsilon && g->shrinkage == rule->shrinkage &&
        g->tolerance == rule->tolerance)
        return BLM_OK;
    g->epsilon = rule->epsilon;
    g->shrinkage = rule->shrinkage;
    g->tolerance = rule->tolerance;
    if (detector->variations == 0)
        return blmi_gauss_leave_group_out(g, NULL, NULL, threads, detector->own_loo, err);
    int32_t *group;
    BLMI_TRY(blmi_detector_groups(detector, NULL, &group, err));
    const blm_status status =
        leave_out(detector, group, NULL, threads, detector->own_loo, err);
    blmi_free(group);
    return status;
}

// ---- files ----------------------------------------------------------------------------

static void blank(blmi_detector *detector, const blmi_detector_rule *rule,
    const blmi_detector_shape *shape)
{
    blmi_gauss *g = &own_mutable(detector)->gauss;
    g->tolerance = rule->tolerance;
    g->grid_width = shape->grid_width;
    g->repeated = shape->repeated;
    g->edge = shape->edge;
    g->shrinkage = rule->shrinkage;
    g->half = rule->half;
    g->scale = rule->unit_variance ? (const float *)"" : NULL; // there will be one
}

static size_t numbers(blmi_detector *detector, blmi_number out[BLMI_MAX_NUMBERS])
{
    blmi_gauss *g = &own_mutable(detector)->gauss;
    const blmi_number all[] = {
        {"gauss.form", BLMI_NUMBER_UNSIGNED, &g->form},
        {"gauss.images", BLMI_NUMBER_INT64, &detector->images},
        {"gauss.positions", BLMI_NUMBER_INT, &detector->positions},
        {"gauss.features", BLMI_NUMBER_INT, &detector->features},
        {"gauss.rank", BLMI_NUMBER_INT, &g->rank},
        {"gauss.left_out", BLMI_NUMBER_INT, &detector->left_out},
        {"gauss.epsilon", BLMI_NUMBER_DOUBLE, &g->epsilon},
    };
    const size_t count = sizeof all / sizeof *all;
    for (size_t i = 0; i < count; i++)
        out[i] = all[i];
    return count;
}

static blm_status check_numbers(blmi_detector *detector, const blmi_detector_rule *rule,
    const char *path, blm_error *err)
{
    blmi_gauss *g = &own_mutable(detector)->gauss;
    g->images = detector->images;
    g->positions = detector->positions;
    g->features = detector->features;
    g->left_out = detector->left_out;
    const int64_t originals = g->images / (detector->variations + 1);
    const bool known =
        (g->form == BLMI_EIGENPAIRS && g->rank >= 1 && g->rank <= g->features &&
            g->rank < g->images && g->left_out == originals) ||
        (g->form == BLMI_CHOLESKY && g->rank == 0 && g->left_out <= originals);
    if (!known || g->epsilon != rule->epsilon)
        return blmi_fail(err, BLM_EINPUT,
            "%s: gauss: form %u, %lld images, rank %d and %d left out contradict each "
            "other",
            path, (unsigned)g->form, (long long)g->images, g->rank, g->left_out);
    return BLM_OK;
}

static size_t parts(blmi_detector *detector, blmi_part out[BLMI_MAX_PARTS])
{
    blmi_gauss *g = &own_mutable(detector)->gauss;
    const int64_t p = g->positions, d = g->features, r = g->rank, n = g->images;
    const int64_t m = g->left_out;
    size_t count = 0;
    out[count++] = (blmi_part){"gauss.mean", BLMI_F32, 2, {p, d}, &g->mean};
    if (g->scale != NULL)
        out[count++] = (blmi_part){"gauss.scale", BLMI_F32, 1, {d}, &g->scale};
    if (g->form == BLMI_EIGENPAIRS) {
        if (g->half) {
            out[count++] =
                (blmi_part){"gauss.axes", BLMI_F16, 3, {p, r, d}, &g->half_axes};
            out[count++] =
                (blmi_part){"gauss.rounding", BLMI_F32, 2, {n, p}, &g->rounding};
        } else
            out[count++] = (blmi_part){"gauss.axes", BLMI_F32, 3, {p, r, d}, &g->axes};
        out[count++] = (blmi_part){"gauss.variances", BLMI_F32, 2, {p, r}, &g->variances};
        out[count++] =
            (blmi_part){"gauss.coordinates", BLMI_F32, 3, {p, n, r}, &g->coordinates};
    } else if (g->half) {
        const int64_t below = d * (d - 1) / 2;
        out[count++] =
            (blmi_part){"gauss.factor", BLMI_F16, 2, {p, below}, &g->half_factor};
        out[count++] = (blmi_part){"gauss.row_scale", BLMI_F32, 2, {p, d}, &g->row_scale};
        out[count++] = (blmi_part){"gauss.diagonal", BLMI_F32, 2, {p, d}, &g->diagonal};
    } else
        out[count++] =
            (blmi_part){"gauss.factor", BLMI_F32, 2, {p, d * (d + 1) / 2}, &g->factor};
    out[count++] = (blmi_part){"gauss.loo", BLMI_F32, 2, {m, p}, &detector->loo};
    out[count++] = (blmi_part){"gauss.loo_index", BLMI_I32, 1, {m}, &detector->loo_index};
    return count;
}

// Checks that eigenvalues fall and end in zeros.
static blm_status check_variances(const blmi_gauss *g, const char *path, blm_error *err)
{
    const size_t rank = (size_t)g->rank, count = (size_t)g->positions * rank;
    for (size_t i = 0; i < count; i++) {
        const float most = i % rank > 0 ? g->variances[i - 1] : g->variances[i];
        if (!(g->variances[i] >= 0.0f && g->variances[i] <= most))
            return blmi_fail(err, BLM_EINPUT,
                "%s: gauss.variances: number %zu is %g, expected falling numbers from 0 "
                "on",
                path, i, (double)g->variances[i]);
    }
    return BLM_OK;
}

enum { LANES = 16, STRETCH = 256 }; // parallel sums, which are vectorised

static void add_squares(const float *x, size_t count, float sums[LANES])
{
    size_t i = 0;
    for (; i + LANES <= count; i += LANES)
        for (size_t k = 0; k < LANES; k++)
            sums[k] += x[i + k] * x[i + k];
    for (; i < count; i++)
        sums[0] += x[i] * x[i];
}

// The squared length of row i of the axes.
static float length_of_axis(const blmi_gauss *g, size_t i)
{
    const size_t d = (size_t)g->features;
    float sums[LANES] = {0}, wide[STRETCH], sum = 0;
    for (size_t j = 0; j < d; j += STRETCH) {
        const size_t count = d - j < STRETCH ? d - j : STRETCH;
        if (g->half)
            blmi_to_f32(wide, g->half_axes + i * d + j, BLMI_F16, count);
        add_squares(g->half ? wide : g->axes + i * d + j, count, sums);
    }
    for (size_t k = 0; k < LANES; k++)
        sum += sums[k];
    return sum;
}

// Checks for unit vectors, as many as a position has eigenvalues above 0.
static blm_status check_axes(const blmi_gauss *g, const char *path, blm_error *err)
{
    const float tolerance = g->half ? 1e-2f : 1e-3f;
    const size_t count = (size_t)g->positions * (size_t)g->rank;
    for (size_t i = 0; i < count; i++) {
        const float square = length_of_axis(g, i);
        if (g->variances[i] > 0.0f ? !(fabsf(square - 1) <= tolerance) : square != 0.0f)
            return blmi_fail(err, BLM_EINPUT,
                "%s: gauss.axes: number %zu has the squared length %g and the variance "
                "%g",
                path, i, (double)square, (double)g->variances[i]);
    }
    return BLM_OK;
}

// Checks that the factor's diagonal and the scales of its rows are above 0, or all are 0
// (a position that is not used).
static blm_status check_diagonal(const blmi_gauss *g, const char *path, blm_error *err)
{
    const size_t d = (size_t)g->features, count = (size_t)g->positions * d;
    const size_t triangle = d * (d + 1) / 2;
    for (size_t i = 0, blank = 0; i < count; i++) {
        const size_t p = i / d, j = i % d;
        const float x =
            g->half ? g->diagonal[i] : g->factor[p * triangle + j * (j + 3) / 2];
        const float scale = g->half ? g->row_scale[i] : x;
        if (j == 0)
            blank = x == 0.0f;
        if (blank ? x != 0.0f || scale != 0.0f : !(x > 0.0f && scale > 0.0f))
            return blmi_fail(err, BLM_EINPUT,
                "%s: gauss.factor: position %zu: number %zu of the diagonal is %g, "
                "expected one above 0",
                path, p, j, (double)x);
    }
    return BLM_OK;
}

static blm_status check_parts(blmi_detector *detector, const char *path, blm_error *err)
{
    blmi_gauss *g = &own_mutable(detector)->gauss;
    g->loo = detector->loo;
    g->loo_index = detector->loo_index;
    for (int j = 0; g->scale != NULL && j < g->features; j++)
        if (!(g->scale[j] > 0.0f))
            return blmi_fail(err, BLM_EINPUT,
                "%s: gauss.scale: number %d is %g, expected one above 0", path, j,
                (double)g->scale[j]);
    if (g->form == BLMI_CHOLESKY)
        return check_diagonal(g, path, err);
    BLMI_TRY(check_variances(g, path, err));
    return check_axes(g, path, err);
}

// ---- cost and name --------------------------------------------------------------------

static blmi_detector_cost cost(const blmi_detector_rule *rule,
    const blmi_detector_shape *shape, int64_t images, int threads)
{
    const int positions = shape->grid_width * shape->grid_height;
    const blmi_gauss_rule gauss = gauss_rule(rule, shape);
    const blmi_gauss_bytes bytes =
        blmi_gauss_cost(images, positions, shape->features, &gauss, threads);
    const blmi_gauss_gflop work =
        blmi_gauss_work(images, positions, shape->features, &gauss);
    return (blmi_detector_cost){.model_bytes = bytes.model,
        .fit_bytes = bytes.fit,
        .fit_gflop = work.fit,
        .distances_gflop = work.distances};
}

static int rank(const blmi_detector *detector)
{
    return own(detector)->gauss.rank;
}

const blmi_detector_kind blmi_detector_gauss = {.name = "gauss",
    .new_fit = new_fit,
    .free_fit = free_fit,
    .add = add,
    .images = images_of,
    .finish = finish,
    .size = sizeof(gauss_detector),
    .release = release,
    .scratch = scratch,
    .distances = distances,
    .leave_out = leave_out,
    .can_adapt = can_adapt,
    .adapt = adapt,
    .blank = blank,
    .numbers = numbers,
    .parts = parts,
    .check_numbers = check_numbers,
    .check_parts = check_parts,
    .cost = cost,
    .rank = rank};
