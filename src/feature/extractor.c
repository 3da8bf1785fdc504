#include "src/feature/extractor.h"

#include <stdatomic.h>

#include "src/base/alloc.h"
#include "src/base/clock.h"
#include "src/base/error.h"
#include "src/feature/recipe.h"

struct blmi_extractor {
    atomic_int owners;
    blm_recipe recipe;
    blmi_variant variant;
    blmi_extractor_shape shape;
    int32_t *chosen; // (D) channels of the stages; NULL: all
    blmi_contnet *net;
};

struct blmi_extraction {
    blmi_workspace *workspace;
    uint8_t *resized;          // (resize_height, resize_width, 3)
    float *x;                  // (height, width, 3)
    float *stage[BLMI_STAGES]; // (grid height, grid width, channels) of the stages in use
};

blm_status blmi_extractor_new(const blmi_tensors *weights,
    const blmi_contnet_config *config, const blm_recipe *recipe, blmi_extractor **out,
    blm_error *err)
{
    const int depth = blmi_recipe_depth(recipe);
    if (depth > config->stages)
        return blmi_fail(err, BLM_EUSAGE,
            "stages: layer%d is asked for, the weights end at layer%d", depth,
            config->stages);
    blmi_extractor *extractor = blmi_alloc_zero(1, sizeof *extractor);
    if (extractor == NULL)
        return blmi_no_memory(err, "the extractor", 1, sizeof *extractor);
    atomic_init(&extractor->owners, 1);
    extractor->recipe = *recipe;
    extractor->variant = config->variant;
    extractor->shape = blmi_recipe_shape(recipe, config->variant);
    const blmi_contnet_options options = {.width = recipe->width,
        .height = recipe->height,
        .stages = depth,
        .batch = 1,
        .type = recipe->type};
    blm_status status =
        blmi_features_choose(recipe, config->variant, &extractor->chosen, err);
    if (status == BLM_OK)
        status = blmi_contnet_new(weights, config, &options, &extractor->net, err);
    if (status == BLM_OK)
        *out = extractor;
    else
        blmi_extractor_free(extractor);
    return status;
}

blmi_extractor *blmi_extractor_share(blmi_extractor *extractor)
{
    atomic_fetch_add(&extractor->owners, 1);
    return extractor;
}

void blmi_extractor_free(blmi_extractor *extractor)
{
    if (extractor == NULL || atomic_fetch_sub(&extractor->owners, 1) > 1)
        return;
    blmi_contnet_free(extractor->net);
    blmi_free(extractor->chosen);
    blmi_free(extractor);
}

blmi_extractor_shape blmi_extractor_shape_of(const blmi_extractor *extractor)
{
    return extractor->shape;
}

blm_status blmi_extraction_new(const blmi_extractor *extractor, blmi_team *team,
    blmi_extraction **out, blm_error *err)
{
    const blm_recipe *r = &extractor->recipe;
    const size_t resized = (size_t)r->resize_width * (size_t)r->resize_height * 3;
    const size_t pixels = (size_t)r->width * (size_t)r->height;
    blm_status status = BLM_OK;
    blmi_extraction *extraction = blmi_alloc_zero(1, sizeof *extraction);
    if (extraction == NULL) {
        status = blmi_no_memory(err, "an extraction", 1, sizeof *extraction);
        goto done;
    }
    extraction->resized = blmi_alloc(resized, 1);
    extraction->x = blmi_alloc(pixels * 3, sizeof(float));
    if (extraction->resized == NULL || extraction->x == NULL) {
        status = blmi_no_memory(err, "the network's input", pixels * 3, sizeof(float));
        goto done;
    }
    for (int k = 0; k < BLMI_STAGES; k++) {
        if (!(r->stages >> k & 1))
            continue;
        const size_t count = blmi_stage_count(r, extractor->variant, k);
        extraction->stage[k] = blmi_alloc(count, sizeof(float));
        if (extraction->stage[k] == NULL) {
            status = blmi_no_memory(err, "a stage's output", count, sizeof(float));
            goto done;
        }
    }
    status = blmi_workspace_new(extractor->net, team, &extraction->workspace, err);
done:
    if (status == BLM_OK)
        *out = extraction;
    else
        blmi_extraction_free(extraction);
    return status;
}

void blmi_extraction_free(blmi_extraction *extraction)
{
    if (extraction == NULL)
        return;
    blmi_workspace_free(extraction->workspace);
    for (int k = 0; k < BLMI_STAGES; k++)
        blmi_free(extraction->stage[k]);
    blmi_free(extraction->x);
    blmi_free(extraction->resized);
    blmi_free(extraction);
}

const float *blmi_extraction_stage(const blmi_extraction *extraction, int k)
{
    return extraction->stage[k];
}

blm_status blmi_extractor_run(const blmi_extractor *extractor,
    blmi_extraction *extraction, const blm_image *image, float *features,
    double *prepare_ms, double *network_ms, blm_error *err)
{
    const double start = blmi_clock_ms();
    BLMI_TRY(blmi_recipe_prepare(
        &extractor->recipe, image, extraction->resized, extraction->x, err));
    const double prepared = blmi_clock_ms();
    BLMI_TRY(blmi_contnet_run(
        extractor->net, extraction->workspace, extraction->x, 1, extraction->stage, err));
    if (features != NULL)
        blmi_features_stack(&extractor->recipe, extractor->variant, extractor->chosen,
            extraction->stage, features);
    if (prepare_ms != NULL)
        *prepare_ms = prepared - start;
    if (network_ms != NULL)
        *network_ms = blmi_clock_ms() - prepared;
    return BLM_OK;
}
