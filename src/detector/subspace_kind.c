// The subspace as a detector: the distance is the part of a feature outside the principal
// axes that have a share of the variance.  With few good images and features of DINOv2
// this is SubspaceAD.
#include <math.h>
#include <string.h>

#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/detector/kind.h"
#include "src/detector/subspace.h"
#include "src/gauss/linalg.h"

enum { MAX_LEFT_OUT = 256 }; // images to leave out, evenly spaced

typedef struct subspace_detector {
    blmi_detector base;
    blmi_detector_rule rule;
    int rank;               // R
    const float *scale;     // (D)
    const float *mean;      // (D) of the scaled features
    const float *axes;      // (R, D) unit vectors
    const float *variances; // (R) falling
    blmi_residual *residual;
    blmi_collection *collection; // after a fit: the images, for leaving out groups
    void *owned[6];
} subspace_detector;

static const subspace_detector *own(const blmi_detector *detector)
{
    return (const subspace_detector *)(const void *)detector;
}

static subspace_detector *own_mutable(blmi_detector *detector)
{
    return (subspace_detector *)(void *)detector;
}

// ---- fitting --------------------------------------------------------------------------

static blm_status new_fit(const blmi_detector_rule *rule,
    const blmi_detector_shape *shape, const uint8_t *use, int threads, void **out,
    blm_error *err)
{
    if (!(rule->explained > 0.0 && rule->explained < 1.0))
        return blmi_fail(err, BLM_EUSAGE,
            "explained %g: expected a share above 0 and below 1", rule->explained);
    return blmi_collecting_new(rule, shape, use, threads, out, err);
}

static blm_status open_residual(subspace_detector *d, blm_error *err)
{
    blmi_residual_free(d->residual);
    d->residual = NULL;
    return blmi_residual_new(d->scale, d->mean, d->axes, d->base.positions,
        d->base.features, d->rank, &d->residual, err);
}

// Every how many images one is left out.
static int64_t left_out_stride(int64_t images)
{
    return (images + MAX_LEFT_OUT - 1) / MAX_LEFT_OUT;
}

// Computes axes, residual and leave-one-out distances from mean and scatter.
static blm_status build(subspace_detector *d, const blmi_spread *s, float *mean,
    float *axes, float *variances, float *loo, int32_t *loo_index, blm_error *err)
{
    const int same = d->base.variations + 1; // an image and its variations
    const int64_t stride = left_out_stride(d->base.images / same);
    for (int j = 0; j < d->base.features; j++)
        mean[j] = (float)s->mean[j];
    BLMI_TRY(blmi_spread_axes(s, d->rule.explained, axes, variances, &d->rank, err));
    d->mean = mean;
    d->axes = axes;
    d->variances = variances;
    d->base.loo = loo;
    d->base.loo_index = loo_index;
    BLMI_TRY(open_residual(d, err));
    int32_t *group;
    BLMI_TRY(blmi_detector_groups(&d->base, NULL, &group, err));
    for (int m = 0; m < d->base.left_out; m++)
        loo_index[m] = (int32_t)(m * stride * same);
    const blm_status status = blmi_spread_leave_out(
        s, d->rule.explained, group, loo_index, d->base.left_out, loo, err);
    blmi_free(group);
    return status;
}

static blm_status fill(
    subspace_detector *d, const blmi_collection *c, int threads, blm_error *err)
{
    const size_t width = (size_t)c->shape.features, left_out = (size_t)d->base.left_out;
    const size_t counts[] = {
        width, width, width * width, width, left_out * (size_t)c->positions, left_out};
    for (int i = 0; i < 6; i++)
        if ((d->owned[i] = blmi_alloc(counts[i], sizeof(float))) == NULL)
            return blmi_no_memory(err, "the subspace", counts[i], sizeof(float));
    blmi_spread spread;
    BLMI_TRY(blmi_collection_scales(c, d->owned[0], err));
    d->scale = d->owned[0];
    BLMI_TRY(blmi_spread_new(c, d->scale, threads, &spread, err));
    const blm_status status = build(
        d, &spread, d->owned[1], d->owned[2], d->owned[3], d->owned[4], d->owned[5], err);
    blmi_spread_free(&spread);
    return status;
}

static blm_status finish(void *context, blmi_detector *out, blm_error *err)
{
    blmi_collecting *fit = context;
    subspace_detector *d = own_mutable(out);
    const blmi_collection *c = fit->collection;
    if (c == NULL)
        return blmi_fail(err, BLM_EUSAGE, "the model is finished already");
    if (c->images < 3)
        return blmi_fail(
            err, BLM_EUSAGE, "%lld images, expected 3 or more", (long long)c->images);
    const int64_t originals = c->images / (out->variations + 1);
    const int64_t stride = left_out_stride(originals);
    d->rule = fit->rule;
    out->images = c->images;
    out->positions = c->positions;
    out->features = c->shape.features;
    out->left_out = (int)((originals + stride - 1) / stride);
    BLMI_TRY(fill(d, c, fit->threads, err));
    d->collection = fit->collection;
    fit->collection = NULL;
    return BLM_OK;
}

static void release(blmi_detector *detector)
{
    subspace_detector *d = own_mutable(detector);
    blmi_residual_free(d->residual);
    blmi_collection_free(d->collection);
    for (int i = 0; i < 6; i++)
        blmi_free(d->owned[i]);
}

// ---- distances ------------------------------------------------------------------------

static size_t scratch(const blmi_detector *detector, int images, const blmi_team *team)
{
    (void)images;
    return blmi_residual_scratch(own(detector)->residual, team);
}

static void distances(const blmi_detector *detector, const float *x, int images,
    const uint8_t *use, blmi_team *team, void *memory, float *out)
{
    blmi_residual_run(own(detector)->residual, x, images, use, team, memory, out);
}

static blm_status leave_out(const blmi_detector *detector, const int32_t *group,
    const uint8_t *use, int threads, float *out, blm_error *err)
{
    const subspace_detector *d = own(detector);
    blmi_spread spread;
    (void)use;
    if (d->collection == NULL)
        return blmi_fail(err, BLM_EUSAGE,
            "this subspace did not keep the images: give the groups to the fit");
    if ((int64_t)detector->left_out * (detector->variations + 1) < detector->images)
        return blmi_fail(err, BLM_EUSAGE,
            "groups can be left out of a subspace of at most %d images, this model has "
            "%lld",
            MAX_LEFT_OUT, (long long)detector->images / (detector->variations + 1));
    BLMI_TRY(blmi_spread_new(d->collection, d->scale, threads, &spread, err));
    const blm_status status = blmi_spread_leave_out(&spread, d->rule.explained, group,
        detector->loo_index, detector->left_out, out, err);
    blmi_spread_free(&spread);
    return status;
}

static bool can_adapt(const blmi_detector *detector, const blmi_detector_rule *rule)
{
    return own(detector)->rule.explained == rule->explained;
}

static blm_status adapt(
    blmi_detector *detector, const blmi_detector_rule *rule, int threads, blm_error *err)
{
    (void)detector;
    (void)rule;
    (void)threads;
    (void)err;
    return BLM_OK;
}

// ---- files ----------------------------------------------------------------------------

static void blank(blmi_detector *detector, const blmi_detector_rule *rule,
    const blmi_detector_shape *shape)
{
    (void)shape;
    own_mutable(detector)->rule = *rule;
}

static size_t numbers(blmi_detector *detector, blmi_number out[BLMI_MAX_NUMBERS])
{
    subspace_detector *d = own_mutable(detector);
    size_t count = 0;
    out[count++] = (blmi_number){"subspace.images", BLMI_NUMBER_INT64, &detector->images};
    out[count++] =
        (blmi_number){"subspace.positions", BLMI_NUMBER_INT, &detector->positions};
    out[count++] =
        (blmi_number){"subspace.features", BLMI_NUMBER_INT, &detector->features};
    out[count++] =
        (blmi_number){"subspace.left_out", BLMI_NUMBER_INT, &detector->left_out};
    out[count++] = (blmi_number){"subspace.rank", BLMI_NUMBER_INT, &d->rank};
    return count;
}

static blm_status check_numbers(blmi_detector *detector, const blmi_detector_rule *rule,
    const char *path, blm_error *err)
{
    const subspace_detector *d = own(detector);
    (void)rule;
    if (d->rank < 1 || d->rank > detector->features)
        return blmi_fail(err, BLM_EINPUT, "%s: subspace: rank %d, expected 1 to %d", path,
            d->rank, detector->features);
    return BLM_OK;
}

static size_t parts(blmi_detector *detector, blmi_part out[BLMI_MAX_PARTS])
{
    subspace_detector *d = own_mutable(detector);
    const int64_t p = detector->positions, w = detector->features, r = d->rank;
    const int64_t m = detector->left_out;
    size_t count = 0;
    out[count++] = (blmi_part){"subspace.scale", BLMI_F32, 1, {w}, &d->scale};
    out[count++] = (blmi_part){"subspace.mean", BLMI_F32, 1, {w}, &d->mean};
    out[count++] = (blmi_part){"subspace.axes", BLMI_F32, 2, {r, w}, &d->axes};
    out[count++] = (blmi_part){"subspace.variances", BLMI_F32, 1, {r}, &d->variances};
    out[count++] = (blmi_part){"subspace.loo", BLMI_F32, 2, {m, p}, &detector->loo};
    out[count++] =
        (blmi_part){"subspace.loo_index", BLMI_I32, 1, {m}, &detector->loo_index};
    return count;
}

static blm_status check_parts(blmi_detector *detector, const char *path, blm_error *err)
{
    subspace_detector *d = own_mutable(detector);
    for (int j = 0; j < detector->features; j++)
        if (!(d->scale[j] > 0.0f))
            return blmi_fail(err, BLM_EINPUT,
                "%s: subspace.scale: number %d is %g, expected a number above 0", path, j,
                (double)d->scale[j]);
    for (int k = 0; k < d->rank; k++)
        if (!(d->variances[k] >= 0.0f) ||
            (k > 0 && d->variances[k] > d->variances[k - 1]))
            return blmi_fail(err, BLM_EINPUT,
                "%s: subspace.variances: number %d is %g, expected falling numbers from "
                "0 on",
                path, k, (double)d->variances[k]);
    for (int k = 0; k < d->rank; k++) {
        const float *axis = d->axes + (size_t)k * (size_t)detector->features;
        double square = 0.0;
        for (int j = 0; j < detector->features; j++)
            square += (double)axis[j] * (double)axis[j];
        if (!(fabs(square - 1.0) < 1e-4))
            return blmi_fail(err, BLM_EINPUT,
                "%s: subspace.axes: number %d has the length %g, expected 1", path, k,
                sqrt(square));
    }
    return open_residual(d, err);
}

// ---- cost and name --------------------------------------------------------------------

static blmi_detector_cost cost(const blmi_detector_rule *rule,
    const blmi_detector_shape *shape, int64_t images, int threads)
{
    const double p = (double)shape->grid_width * shape->grid_height;
    const double n = (double)images, d = shape->features;
    const double left_out = fmin(n, MAX_LEFT_OUT);
    const double model = sizeof(float) * (d * (d + 3) + left_out * (p + 1));
    const double room = sizeof(double) * (4 * d * d + 2 * p * d);
    (void)rule; // the rank is not known yet: at most D
    return (blmi_detector_cost){.model_bytes = (uint64_t)model,
        .fit_bytes = (uint64_t)(model + sizeof(float) * n * p * d + threads * room +
                                sizeof(double) * d * d),
        // Scatter; each image's part of it, eigenvectors (about 9 D^3).
        .fit_gflop = 1e-9 * (2 * n * p * d * d + left_out * (p * d * d + 9 * d * d * d)),
        .distances_gflop = 1e-9 * 4 * p * d * d};
}

static int rank(const blmi_detector *detector)
{
    return own(detector)->rank;
}

const blmi_detector_kind blmi_detector_subspace = {.name = "subspace",
    .new_fit = new_fit,
    .free_fit = blmi_collecting_free,
    .add = blmi_collecting_add,
    .images = blmi_collecting_images,
    .finish = finish,
    .size = sizeof(subspace_detector),
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
