// extractor.c: prepares images, runs the network and assembles features.
#include "src/feature/extractor.h"

#include <stdatomic.h>

#include "src/base/alloc.h"
#include "src/base/clock.h"
#include "src/base/error.h"
#include "src/feature/recipe.h"

struct blmi_extractor {
    atomic_int owners;
    blmi_recipe recipe;
    int batch;
    blmi_layout layout;
    int32_t *chosen; // (D) channels of the outputs; NULL: all
    blmi_network *network;
};

struct blmi_extraction {
    blmi_workspace *workspace;
    uint8_t *resized;             // (resize_height, resize_width, 3)
    float *x;                     // (batch, height, width, 3)
    float *output[BLMI_MAX_TAPS]; // (outputs) as in the layout, for each of the batch
    int batch;
    blmi_registering *registering; // NULL: images are not brought into register
    blmi_alignment *alignments;    // (batch)
    const uint8_t *include;        // (height, width) of the aligned input; NULL: all
    const blmi_cover *cover;
    double align_ms;
};

static blm_status open_network(blmi_extractor *e, const blmi_tensors *weights,
    const blmi_backbone *backbone, blm_error *err)
{
    const blmi_recipe *recipe = &e->recipe;
    BLMI_TRY(blmi_features_choose(recipe, &e->layout, &e->chosen, err));
    blmi_network_options options = {.width = recipe->fields.width,
        .height = recipe->fields.height,
        .batch = e->batch,
        .type = recipe->fields.type,
        .taps = e->layout.outputs};
    for (int i = 0; i < options.taps; i++)
        options.tap[i] = e->layout.output[i].tap;
    return blmi_network_new(backbone, weights, &options, &e->network, err);
}

blm_status blmi_extractor_new(const blmi_tensors *weights, const blmi_backbone *backbone,
    const blmi_recipe *recipe, const blmi_layout *layout, int batch, blmi_extractor **out,
    blm_error *err)
{
    blmi_extractor *extractor = blmi_alloc_zero(1, sizeof *extractor);
    if (extractor == NULL)
        return blmi_no_memory(err, "the extractor", 1, sizeof *extractor);
    atomic_init(&extractor->owners, 1);
    extractor->recipe = *recipe;
    extractor->layout = *layout;
    extractor->batch = batch;
    const blm_status status = open_network(extractor, weights, backbone, err);
    if (status == BLM_OK)
        *out = extractor;
    else
        blmi_extractor_free(extractor);
    return status;
}

const char *blmi_extractor_kernels(const blmi_extractor *extractor)
{
    return blmi_network_kernels(extractor->network);
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
    blmi_network_free(extractor->network);
    blmi_free(extractor->chosen);
    blmi_free(extractor);
}

const blmi_layout *blmi_extractor_layout(const blmi_extractor *extractor)
{
    return &extractor->layout;
}

blm_status blmi_extraction_new(const blmi_extractor *extractor, blmi_team *team,
    blmi_extraction **out, blm_error *err)
{
    const blm_recipe *r = &extractor->recipe.fields;
    const size_t resized = (size_t)r->resize_width * (size_t)r->resize_height * 3;
    const size_t batch = (size_t)extractor->batch;
    const size_t pixels = batch * (size_t)r->width * (size_t)r->height;
    blm_status status = BLM_OK;
    blmi_extraction *extraction = blmi_alloc_zero(1, sizeof *extraction);
    if (extraction == NULL) {
        status = blmi_no_memory(err, "an extraction", 1, sizeof *extraction);
        goto done;
    }
    extraction->batch = extractor->batch;
    extraction->resized = blmi_alloc(resized, 1);
    extraction->x = blmi_alloc(pixels * 3, sizeof(float));
    if (extraction->resized == NULL || extraction->x == NULL) {
        status = blmi_no_memory(err, "the network's input", pixels * 3, sizeof(float));
        goto done;
    }
    for (int i = 0; i < extractor->layout.outputs; i++) {
        const size_t count = batch * blmi_output_count(&extractor->layout.output[i]);
        extraction->output[i] = blmi_alloc(count, sizeof(float));
        if (extraction->output[i] == NULL) {
            status =
                blmi_no_memory(err, "an output of the network", count, sizeof(float));
            goto done;
        }
    }
    status = blmi_workspace_new(extractor->network, team, &extraction->workspace, err);
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
    for (int i = 0; i < BLMI_MAX_TAPS; i++)
        blmi_free(extraction->output[i]);
    blmi_free(extraction->x);
    blmi_free(extraction->resized);
    blmi_registering_free(extraction->registering);
    blmi_free(extraction->alignments);
    blmi_free(extraction);
}

blm_status blmi_extraction_align(blmi_extraction *extraction,
    blmi_registration *registration, const uint8_t *include, const blmi_cover *cover,
    blm_error *err)
{
    const size_t batch = (size_t)extraction->batch;
    extraction->include = include;
    extraction->cover = cover;
    extraction->alignments = blmi_alloc_zero(batch, sizeof *extraction->alignments);
    if (extraction->alignments == NULL)
        return blmi_no_memory(err, "alignments", batch, sizeof *extraction->alignments);
    return blmi_registering_new(registration, &extraction->registering, err);
}

const blmi_alignment *blmi_extraction_alignment(
    const blmi_extraction *extraction, int place)
{
    return extraction->registering != NULL ? &extraction->alignments[place] : NULL;
}

double blmi_extraction_align_ms(const blmi_extraction *extraction)
{
    return extraction->align_ms;
}

const float *const *blmi_extraction_outputs(const blmi_extraction *extraction)
{
    return (const float *const *)extraction->output;
}

void blmi_extraction_watch(blmi_extraction *extraction, blmi_watch *watch, void *context)
{
    blmi_workspace_watch(extraction->workspace, watch, context);
}

blm_status blmi_extractor_prepare(const blmi_extractor *extractor,
    blmi_extraction *extraction, const blm_image *image, int place, blm_error *err)
{
    const blmi_recipe *r = &extractor->recipe;
    const size_t pixels = (size_t)r->fields.width * (size_t)r->fields.height;
    float *x = extraction->x + (size_t)place * pixels * 3;
    BLMI_TRY(blmi_recipe_resize(r, image, extraction->resized, err));
    if (extraction->registering == NULL) {
        const uint8_t *centre = extraction->resized + 3 * blmi_recipe_centre(r);
        blmi_recipe_normalise(r, centre, r->fields.resize_width, x);
        return BLM_OK;
    }
    const double start = blmi_clock_ms();
    uint8_t *aligned = blmi_registering_run(
        extraction->registering, extraction->resized, &extraction->alignments[place]);
    extraction->align_ms = blmi_clock_ms() - start;
    if (extraction->include != NULL)
        blmi_cover_lay_input(extraction->cover, extraction->include, pixels, aligned);
    blmi_recipe_normalise(r, aligned, r->fields.width, x);
    return BLM_OK;
}

blm_status blmi_extractor_compute(const blmi_extractor *extractor,
    blmi_extraction *extraction, int images, blm_error *err)
{
    return blmi_network_run(extractor->network, extraction->workspace, extraction->x,
        images, extraction->output, err);
}

blm_status blmi_extractor_run(const blmi_extractor *extractor,
    blmi_extraction *extraction, const blm_image *image, float *features,
    double *prepare_ms, double *network_ms, blm_error *err)
{
    const double start = blmi_clock_ms();
    BLMI_TRY(blmi_extractor_prepare(extractor, extraction, image, 0, err));
    const double prepared = blmi_clock_ms();
    BLMI_TRY(blmi_extractor_compute(extractor, extraction, 1, err));
    if (features != NULL)
        blmi_features_stack(&extractor->layout, extractor->chosen,
            blmi_extraction_outputs(extraction), features);
    if (prepare_ms != NULL)
        *prepare_ms = prepared - start;
    if (network_ms != NULL)
        *network_ms = blmi_clock_ms() - prepared;
    return BLM_OK;
}
