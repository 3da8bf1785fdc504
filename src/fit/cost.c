// cost.c: computes what a fit and a model cost.
#include "blemish/blemish.h"
#include "src/base/error.h"
#include "src/base/sized.h"
#include "src/base/threads.h"
#include "src/feature/feature_layout.h"
#include "src/feature/recipe.h"
#include "src/fit/fitter.h"
#include "src/model/model.h"

// Working memory of a thread in bytes: the prepared image and that of the network.
static uint64_t thread_bytes(const blmi_recipe *recipe, const blmi_backbone *backbone)
{
    const uint64_t pixels =
        (uint64_t)recipe->fields.width * (uint64_t)recipe->fields.height;
    return sizeof(float) * 2 * 3 * pixels + blmi_backbone_bytes(backbone, recipe->stages,
                                                recipe->fields.width,
                                                recipe->fields.height);
}

static blm_cost cost_of(const blmi_recipe *recipe, const blmi_backbone *backbone,
    const blmi_layout *layout, int threads, int64_t images)
{
    const blmi_detector_shape grid = blmi_layout_grid(layout);
    const blmi_detector_rule rule = blmi_recipe_rule(recipe);
    const blmi_detector_cost detector =
        blmi_detector_cost_of(&rule, &grid, images, threads);
    const uint64_t each = (uint64_t)recipe->augment.variations + 1;
    const uint64_t features =
        each * (uint64_t)layout->positions * (uint64_t)layout->features;
    return (blm_cost){.positions = layout->positions,
        .features = layout->features,
        .model_bytes = detector.model_bytes,
        .fit_bytes = detector.fit_bytes + BLMI_FIT_BLOCK * features * sizeof(float) +
                     (uint64_t)threads * thread_bytes(recipe, backbone),
        .network_gflop = blmi_backbone_gflop(
            backbone, recipe->stages, recipe->fields.width, recipe->fields.height),
        .distance_gflop = detector.distances_gflop,
        .statistics_gflop = detector.fit_gflop};
}

blm_status blm_fitter_cost_sized(const blm_fit_options *options, size_t options_size,
    int64_t images, blm_cost *out, size_t out_size, blm_error *err)
{
    blm_fit_options own = {0};
    const blm_fit_options *o = &own;
    blmi_recipe recipe;
    blmi_weights weights;
    blmi_layout layout;
    BLMI_NEED(out, err);
    int threads;
    BLMI_TAKE(blm_fit_options, own, options, options_size, err);
    BLMI_TRY(blmi_threads_choose(o->threads, &threads, err));
    if (images < 3 || images > INT32_MAX)
        return blmi_fail(err, BLM_EUSAGE, "%lld images: expected 3 to %d",
            (long long)images, INT32_MAX);
    BLMI_TRY(blmi_recipe_open_weights(o->weights, o->recipe, &weights, err));
    const blmi_backbone backbone = weights.backbone;
    blmi_weights_close(&weights);
    BLMI_TRY(blmi_recipe_complete(o->recipe, &backbone, &recipe, err));
    BLMI_TRY(blmi_recipe_layout(&recipe, &backbone, &layout, err));
    const blm_cost cost = cost_of(&recipe, &backbone, &layout, threads, images);
    blmi_sized_give(&cost, sizeof cost, out, out_size);
    return BLM_OK;
}

void blm_model_cost_sized(const blm_model *model, blm_cost *out, size_t out_size)
{
    blm_cost own = {0};
    if (out == NULL)
        return;
    if (model != NULL)
        own = cost_of(&model->recipe, &model->backbone, &model->layout,
            blmi_threads_of(0), (int64_t)blmi_model_images(model));
    blmi_sized_give(&own, sizeof own, out, out_size);
}
