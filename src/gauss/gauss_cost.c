// What Gaussians cost before any image has been seen.
#include "src/base/window.h"
#include "src/gauss/accumulate.h"
#include "src/gauss/near_leave_out.h"

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

blmi_gauss_bytes blmi_gauss_cost(int64_t images, int positions, int features,
    const blmi_gauss_rule *asked, int thread_count)
{
    const blmi_gauss_form form = blmi_form_of(images, features, asked->variations);
    const uint64_t threads = (uint64_t)thread_count;
    const uint64_t image = (uint64_t)positions * (uint64_t)features * sizeof(float);
    blmi_gauss_rule rule = *asked;
    rule.unit_variance = 1;
    const uint64_t model = blmi_storage_bytes(form, images, positions, features, &rule);
    if (form == BLMI_EIGENPAIRS) {
        const uint64_t room_bytes = (uint64_t)sizeof(double) *
                                    larger(blmi_few_scratch(images, features, rule.half),
                                        blmi_near_few_size(&rule, images, features));
        return (blmi_gauss_bytes){
            model, model + (uint64_t)images * image + threads * room_bytes};
    }
    // Halves are made beside the floats.
    blmi_gauss_rule floats = rule;
    floats.half = 0;
    const uint64_t made_of =
        rule.half ? blmi_storage_bytes(form, images, positions, features, &floats) : 0;
    // The peak is the turn from features to triangles, or 256 images kept and a block.
    const uint64_t few =
        (rule.variations > 0 ? (uint64_t)features : ((uint64_t)features + 1) / 2) + 1;
    const uint64_t kept = (uint64_t)BLMI_MAX_LEFT_OUT + BLMI_FOLD;
    const uint64_t most = few > kept ? few : kept;
    const uint64_t held = (uint64_t)images < most ? (uint64_t)images : most;
    return (blmi_gauss_bytes){
        model, model + made_of + held * image + 2 * image +
                   threads * blmi_many_scratch(&rule, features) * sizeof(double)};
}

blmi_gauss_gflop blmi_gauss_work(
    int64_t images, int positions, int features, const blmi_gauss_rule *rule)
{
    const double n = (double)images, p = positions, d = features;
    const double around = blmi_window_places(rule->tolerance) - 1;
    if (blmi_form_of(images, features, rule->variations) == BLMI_EIGENPAIRS)
        return (blmi_gauss_gflop){
            // Gram matrix, eigenvectors (about 9 N^3), axes; leaving out what is around
            1e-9 * p * (n * n * d * (3.0 + 4.0 * around) + 9.0 * n * n * n),
            1e-9 * p * (around > 0 ? 2.0 * (around + 1) : 4.0) * (n - 1.0) * d};
    const double kept = n < BLMI_MAX_LEFT_OUT ? n : BLMI_MAX_LEFT_OUT;
    const double solved = kept * (1.0 + around * (rule->half ? 3.0 : 1.0));
    return (blmi_gauss_gflop){// scatter, two Cholesky factors, the kept images' solves
        1e-9 * p * (n * d * d + 2.0 / 3.0 * d * d * d + solved * d * d),
        1e-9 * p * d * d * (around + 1.0)};
}
