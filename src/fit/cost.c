// What a fit costs, before it is paid.
#include <omp.h>

#include "blemish/blemish.h"
#include "src/backbone/work.h"
#include "src/base/error.h"
#include "src/feature/features.h"
#include "src/feature/recipe.h"
#include "src/fit/fitter.h"
#include "src/model/model.h"

// Bytes of a thread's working memory in the network.  Layer0 has a sixteenth of the
// pixels and channels that grow with the variant: its output is held about seven times
// over (itself, a bordered copy, queries, keys, values, heads), the later stages' once
// more together.
static uint64_t network_bytes(const blm_recipe *recipe, blmi_variant variant)
{
    const uint64_t pixels = (uint64_t)recipe->width * (uint64_t)recipe->height;
    const uint64_t planes = (uint64_t)blmi_contnet_channels(variant, 1) / 2;
    return sizeof(float) * (2 * 3 * pixels + 8 * pixels / 16 * planes);
}

static blm_cost cost_of(const blm_recipe *recipe, const blmi_contnet_config *config,
    int threads, int64_t images)
{
    const blmi_extractor_shape shape = blmi_recipe_shape(recipe, config->variant);
    const blmi_detector_shape grid = blmi_extractor_grid(&shape);
    const blmi_detector_rule rule = blmi_recipe_rule(recipe);
    const blmi_detector_cost detector = blmi_detector_cost_of(&rule, &grid, images);
    const uint64_t features = (uint64_t)shape.positions * (uint64_t)shape.features;
    blm_cost cost = {.positions = shape.positions,
        .features = shape.features,
        .model_bytes = detector.model_bytes,
        .distance_gflop = detector.distances_gflop,
        .statistics_gflop = detector.fit_gflop};
    cost.fit_bytes = detector.fit_bytes + BLMI_FIT_BLOCK * features * sizeof(float) +
                     (uint64_t)threads * network_bytes(recipe, config->variant);
    for (int k = 0; k <= blmi_recipe_depth(recipe); k++)
        cost.network_gflop += blmi_work_gflop(config, recipe->width, recipe->height, k);
    return cost;
}

blm_status blm_fit_cost(
    const blm_fit_options *options, int64_t images, blm_cost *out, blm_error *err)
{
    const blm_fit_options defaults = {0};
    const blm_fit_options *o = options != NULL ? options : &defaults;
    blm_recipe recipe;
    blmi_weights weights;
    BLMI_NEED(out, err);
    if (o->threads < 0 || o->threads > 1024)
        return blmi_fail(err, BLM_EUSAGE, "threads %d: must be 0 to 1024", o->threads);
    if (images < 3 || images > INT32_MAX)
        return blmi_fail(err, BLM_EUSAGE, "%lld images: expected 3 to %d",
            (long long)images, INT32_MAX);
    BLMI_TRY(blmi_recipe_complete(&o->recipe, &recipe, err));
    BLMI_TRY(blmi_weights_open(o->weights, &weights, err));
    blmi_contnet_config config = weights.config;
    blmi_weights_close(&weights);
    *out = cost_of(
        &recipe, &config, o->threads > 0 ? o->threads : omp_get_max_threads(), images);
    return BLM_OK;
}

void blm_model_cost(const blm_model *model, blm_cost *out)
{
    if (out == NULL)
        return;
    *out = (blm_cost){0};
    if (model == NULL)
        return;
    *out = cost_of(
        &model->recipe, &model->config, omp_get_max_threads(), model->detector->images);
}
