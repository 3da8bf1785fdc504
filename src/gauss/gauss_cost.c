// What Gaussians cost before any image has been seen.
#include "src/base/window.h"
#include "src/gauss/accumulate.h"
#include "src/gauss/cells.h"
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

// Multiplications and additions of one factor, or of one axis, with the vectors of a
// window.
typedef struct products {
    double factor, axis;
} products;

// Repeated features A are the same in all positions of a cell, so there are fewer
// vectors of them: on average those of (1 + 2 tolerance / edge)^2 cells.
static products products_of(const blmi_gauss_rule *rule, double features)
{
    const double vectors = blmi_window_places(rule->tolerance);
    if (rule->repeated == 0)
        return (products){vectors * features * features, 2.0 * vectors * features};
    const blmi_cells cells =
        blmi_cells_of(rule->repeated, rule->edge, rule->grid_width, rule->tolerance);
    const double side = 1.0 + 2.0 * rule->tolerance / rule->edge, leads = side * side;
    const double a = rule->repeated, b = features - a, edge = rule->edge;
    const double solved = blmi_cells_around(&cells) / (edge * edge);
    return (products){solved * a * a + 2.0 * leads * a * b + vectors * b * b,
        2.0 * (leads * a + vectors * b)};
}

blmi_gauss_gflop blmi_gauss_work(
    int64_t images, int positions, int features, const blmi_gauss_rule *rule)
{
    const double n = (double)images, p = positions, d = features;
    const double around = blmi_window_places(rule->tolerance) - 1;
    const products each = products_of(rule, d);
    if (blmi_form_of(images, features, rule->variations) == BLMI_EIGENPAIRS)
        return (blmi_gauss_gflop){
            // Gram matrix, eigenvectors (about 9 N^3), axes; leaving out what is around
            1e-9 * p * (n * n * d * (3.0 + 4.0 * around) + 9.0 * n * n * n),
            1e-9 * p * (n - 1.0) * (around > 0 ? each.axis : 4.0 * d)};
    const double kept = n < BLMI_MAX_LEFT_OUT ? n : BLMI_MAX_LEFT_OUT;
    const double times = around > 0 && rule->half ? 3.0 : 1.0;
    return (blmi_gauss_gflop){// scatter, two Cholesky factors, the kept images' solves
        1e-9 * p *
            (n * d * d + 2.0 / 3.0 * d * d * d + kept * d * d +
                (around > 0 ? kept * times * each.factor : 0.0)),
        1e-9 * p * (around > 0 ? each.factor : d * d)};
}
