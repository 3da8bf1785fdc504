// fitter.c: adds good images to the statistics, in their order, and makes a model.
#include <string.h>

#include "blemish/blemish.h"
#include "src/base/alloc.h"
#include "src/base/error.h"
#include "src/base/sized.h"
#include "src/base/threads.h"
#include "src/feature/recipe.h"
#include "src/fit/calibration.h"
#include "src/fit/check_limits.h"
#include "src/fit/copies.h"
#include "src/fit/fit_parts.h"
#include "src/fit/fitter.h"
#include "src/image/picture.h"
#include "src/map/map.h"
#include "src/model/image_features.h"
#include "src/model/model.h"
#include "src/score/mapper.h"

enum { BLOCK = BLMI_FIT_BLOCK };

// ---- life -----------------------------------------------------------------------------

// Opens the statistics of the positions that the region of interest touches.
static blm_status open_statistics(blm_fitter *f, const blm_mask *region, blm_error *err)
{
    const blmi_layout *layout = &f->layout;
    const blmi_detector_shape grid = blmi_layout_grid(layout);
    const size_t pixels =
        (size_t)f->recipe.fields.width * (size_t)f->recipe.fields.height;
    const blmi_detector_rule rule = blmi_recipe_rule(&f->recipe);
    if (region == NULL)
        return blmi_detector_fit_new(&rule, &grid, NULL, f->threads, &f->statistics, err);
    uint8_t *use = NULL;
    blm_status status = BLM_OK;
    f->include = blmi_alloc(pixels, sizeof *f->include);
    use = blmi_alloc((size_t)layout->positions, sizeof *use);
    if (f->include == NULL || use == NULL) {
        status = blmi_no_memory(err, "the region of interest", pixels, 1);
        goto done;
    }
    status = blmi_recipe_region(&f->recipe, region, f->include, err);
    if (status != BLM_OK)
        goto done;
    blmi_region_positions(f->include, f->recipe.fields.width, f->recipe.fields.height,
        layout->grid_width, layout->grid_height, use);
    status = blmi_detector_fit_new(&rule, &grid, use, f->threads, &f->statistics, err);
done:
    blmi_free(use);
    return status;
}

// The number of features of an image with its variations.
size_t blmi_fitter_block_stride(const blm_fitter *f)
{
    return (size_t)f->layout.positions * (size_t)f->layout.features *
           ((size_t)f->recipe.augment.variations + 1);
}

// Opens the network; not needed for features.
static blm_status open_network(blm_fitter *f, blm_error *err)
{
    BLMI_TRY(blmi_extractor_new(&f->weights.tensors, &f->weights.backbone, &f->recipe,
        &f->layout, 1, &f->extractor, err));
    f->extraction = blmi_alloc_zero((size_t)f->threads, sizeof(blmi_extraction *));
    if (f->extraction == NULL)
        return blmi_no_memory(
            err, "threads", (size_t)f->threads, sizeof(blmi_extraction *));
    for (int t = 0; t < f->threads; t++)
        BLMI_TRY(blmi_extraction_new(f->extractor, NULL, &f->extraction[t], err));
    return BLM_OK;
}

static blm_status open_fitter(
    blm_fitter *f, const blm_fit_options *options, blm_error *err)
{
    if (options->from_features && options->region != NULL)
        return blmi_fail(err, BLM_EUSAGE,
            "region of interest: not possible for a fitter that takes features");
    BLMI_TRY(blmi_threads_choose(options->threads, &f->threads, err));
    BLMI_TRY(
        blmi_recipe_open_weights(options->weights, options->recipe, &f->weights, err));
    BLMI_TRY(
        blmi_recipe_complete(options->recipe, &f->weights.backbone, &f->recipe, err));
    f->decode = *options->decode;
    blm_recipe_decode_options(&f->recipe.fields, &f->decode);
    const blmi_layout *layout = &f->layout;
    if (options->from_features && f->recipe.fields.align != BLM_ALIGN_OFF)
        return blmi_fail(
            err, BLM_EUSAGE, "align: not possible for a fitter that takes features");
    if (options->from_features && f->recipe.augment.variations > 0)
        return blmi_fail(err, BLM_EUSAGE,
            "augment %s: not possible for a fitter that takes features",
            f->recipe.fields.augment);
    BLMI_TRY(blmi_recipe_layout(&f->recipe, &f->weights.backbone, &f->layout, err));
    BLMI_TRY(blmi_features_choose(&f->recipe, layout, &f->chosen, err));
    if (!options->from_features)
        BLMI_TRY(open_network(f, err));
    const size_t count = blmi_fitter_block_stride(f);
    f->block = blmi_alloc(count, BLOCK * sizeof(float));
    if (f->block == NULL)
        return blmi_no_memory(err, "features", count, BLOCK * sizeof(float));
    BLMI_TRY(open_statistics(f, options->region, err));
    // Finds a region without room for the smallest defect now, not after the work.
    blmi_mapper *mapper;
    BLMI_TRY(blmi_mapper_new(
        &f->recipe, layout->grid_width, layout->grid_height, f->include, &mapper, err));
    blmi_mapper_free(mapper);
    return BLM_OK;
}

blm_status blm_fitter_new_sized(const blm_fit_options *options, size_t options_size,
    size_t decode_size, blm_fitter **out, blm_error *err)
{
    blm_fit_options own = {0};
    blm_decode_options decode = {0};
    BLMI_NEED(out, err);
    BLMI_TAKE(blm_fit_options, own, options, options_size, err);
    BLMI_TAKE(blm_decode_options, decode, own.decode, decode_size, err);
    own.decode = &decode;
    blm_fitter *fitter = blmi_alloc_zero(1, sizeof *fitter);
    if (fitter == NULL)
        return blmi_no_memory(err, "the fitter", 1, sizeof *fitter);
    const blm_status status = open_fitter(fitter, &own, err);
    if (status == BLM_OK)
        *out = fitter;
    else
        blm_fitter_free(fitter);
    return status;
}

// Frees what only adding images needs, before the statistics are finished.
static void free_extraction(blm_fitter *fitter)
{
    for (int t = 0; fitter->extraction != NULL && t < fitter->threads; t++)
        blmi_extraction_free(fitter->extraction[t]);
    blmi_free(fitter->extraction);
    blmi_free(fitter->block);
    blmi_free(fitter->chosen);
    blmi_extractor_free(fitter->extractor);
    fitter->extraction = NULL;
    fitter->block = NULL;
    fitter->chosen = NULL;
    fitter->extractor = NULL;
}

void blm_fitter_free(blm_fitter *fitter)
{
    if (fitter == NULL)
        return;
    for (size_t i = 0; fitter->names != NULL && i < fitter->names_capacity; i++)
        blmi_free(fitter->names[i]);
    for (size_t i = 0; fitter->thumbs != NULL && i < fitter->names_capacity; i++)
        blmi_free(fitter->thumbs[i]);
    blmi_free(fitter->names);
    blmi_free(fitter->thumbs);
    blmi_free(fitter->looks);
    blmi_free(fitter->alignments);
    blmi_registration_free(fitter->registration);
    free_extraction(fitter);
    blmi_detector_fit_free(fitter->statistics);
    blmi_weights_close(&fitter->weights);
    blmi_free(fitter->include);
    blmi_free(fitter);
}

// ---- adding images --------------------------------------------------------------------

static blm_status check_open(const blm_fitter *fitter, blm_error *err)
{
    BLMI_NEED(fitter, err);
    return fitter->ended == NULL
               ? BLM_OK
               : blmi_fail(err, BLM_EUSAGE, "the fitter %s: it can only be freed",
                     fitter->ended);
}

blm_status blmi_fitter_check_takes_images(const blm_fitter *fitter, blm_error *err)
{
    BLMI_TRY(check_open(fitter, err));
    return fitter->extractor != NULL
               ? BLM_OK
               : blmi_fail(
                     err, BLM_EUSAGE, "the fitter was made for features, not for images");
}

// The number of images that were added, without their variations.
static size_t image_count(const blm_fitter *f)
{
    return (size_t)blmi_detector_fit_images(f->statistics) /
           ((size_t)f->recipe.augment.variations + 1);
}

// Makes room for the names, thumbs and looks of `more` images.
static blm_status grow_names(blm_fitter *fitter, size_t more, blm_error *err)
{
    const size_t have = image_count(fitter);
    const size_t old = fitter->names_capacity;
    if (have + more <= old)
        return BLM_OK;
    const size_t capacity = old * 2 > have + more ? old * 2 : have + more;
    char **names = blmi_grow_zero(fitter->names, old, capacity, sizeof *names);
    if (names != NULL)
        fitter->names = names;
    blmi_thumb **thumbs = blmi_grow_zero(fitter->thumbs, old, capacity, sizeof *thumbs);
    if (thumbs != NULL)
        fitter->thumbs = thumbs;
    blmi_look *looks = blmi_grow_zero(fitter->looks, old, capacity, sizeof *looks);
    if (looks != NULL)
        fitter->looks = looks;
    blmi_alignment *alignments =
        blmi_grow_zero(fitter->alignments, old, capacity, sizeof *alignments);
    if (alignments != NULL)
        fitter->alignments = alignments;
    if (names == NULL || thumbs == NULL || looks == NULL || alignments == NULL)
        return blmi_no_memory(err, "names", capacity, sizeof *names);
    fitter->names_capacity = capacity;
    return BLM_OK;
}

static void forget_names(blm_fitter *fitter, size_t first, size_t count)
{
    for (size_t i = first; i < first + count; i++) {
        blmi_free(fitter->names[i]);
        fitter->names[i] = NULL;
    }
}

// Adds the properties of an image to those of the fitter.
static void keep_traits(blm_fitter *fitter, blmi_traits *traits, size_t index)
{
    if (traits->seen.most_width > 0) // else unknown
        blmi_seen_add(&fitter->seen, &traits->seen);
    blmi_levels_add(&fitter->levels, &traits->levels);
    fitter->alignments[index] = traits->alignment;
    if (index < BLMI_MAX_COMPARED) {
        fitter->thumbs[index] = traits->thumb;
        traits->thumb = NULL;
        blmi_traits_keep_look(traits, fitter->looks, &fitter->look_count);
    }
}

// Adds the first `count` images of the block.  A failure changes nothing.
blm_status blmi_fitter_accumulate(blm_fitter *fitter, const char *const *names,
    blmi_traits *const *traits, int count, blm_error *err)
{
    BLMI_TRY(grow_names(fitter, (size_t)count, err));
    const size_t have = image_count(fitter);
    blm_status status = BLM_OK;
    for (int i = 0; i < count && status == BLM_OK; i++)
        if ((fitter->names[have + (size_t)i] =
                    blmi_strdup(names[i] != NULL ? names[i] : "")) == NULL)
            status = blmi_no_memory(err, "a name", 1, 1);
    if (status == BLM_OK)
        status = blmi_detector_fit_add(fitter->statistics, fitter->block,
            count * (fitter->recipe.augment.variations + 1), err);
    if (status != BLM_OK)
        forget_names(fitter, have, (size_t)count);
    for (int i = 0; status == BLM_OK && i < count; i++)
        keep_traits(fitter, traits[i], have + (size_t)i);
    return status;
}

// The features of the variations of an image that has no cover yet.
static blm_status take_variations(const blm_fitter *fitter, const blmi_cover *cover,
    const blm_image *image, int thread, float *features, blm_error *err)
{
    const blmi_augment *augment = &fitter->recipe.augment;
    const size_t stride =
        blmi_fitter_block_stride(fitter) / ((size_t)augment->variations + 1);
    blm_status status = BLM_OK;
    for (int c = 0; status == BLM_OK && c < augment->variations; c++) {
        blm_image *varied = NULL;
        status = blmi_augment_image(
            augment, fitter->recipe.fields.seed, c, image, &varied, err);
        if (status == BLM_OK)
            status = blmi_cover_lay(cover, &fitter->recipe, fitter->include, varied, err);
        if (status == BLM_OK)
            status = blmi_extractor_run(fitter->extractor, fitter->extraction[thread],
                varied, features + (size_t)(c + 1) * stride, NULL, NULL, err);
        blm_image_free(varied);
    }
    return status;
}

blm_status blmi_fitter_take_image(blm_fitter *fitter, const blmi_cover *cover,
    const blm_image *image, int thread, float *features, blmi_traits *traits,
    blm_error *err)
{
    const blmi_recipe *recipe = &fitter->recipe;
    blmi_extraction *extraction = fitter->extraction[thread];
    blm_image *copy = NULL;
    BLMI_TRY(take_variations(fitter, cover, image, thread, features, err));
    BLMI_TRY(blmi_cover_copy(cover, recipe, fitter->include, image, &copy, err));
    const blm_image *covered = copy != NULL ? copy : image;
    blm_status status = blmi_extractor_run(
        fitter->extractor, extraction, covered, features, NULL, NULL, err);
    if (status == BLM_OK && fitter->registration != NULL)
        traits->alignment = *blmi_extraction_alignment(extraction, 0);
    if (status == BLM_OK)
        status = blmi_traits_of(recipe, covered, traits, err);
    blm_image_free(copy);
    return status;
}

blm_status blm_fitter_add_image(
    blm_fitter *fitter, const blm_image *image, const char *name, blm_error *err)
{
    BLMI_TRY(blmi_fitter_check_takes_images(fitter, err));
    BLMI_NEED(name, err);
    BLMI_TRY(blmi_picture_check(image, err));
    if (blmi_fitter_needs_reference(fitter))
        BLMI_TRY(blmi_fitter_take_reference(fitter, image, name, err));
    blmi_cover cover = blmi_fitter_cover(fitter);
    if (blmi_fitter_needs_cover(fitter))
        BLMI_TRY(blmi_cover_choose(&fitter->recipe, fitter->include, image, &cover, err));
    blmi_traits traits = {0};
    blmi_traits *all[] = {&traits};
    blm_status status =
        blmi_fitter_take_image(fitter, &cover, image, 0, fitter->block, &traits, err);
    if (status == BLM_OK)
        status = blmi_fitter_accumulate(fitter, &name, all, 1, err);
    blmi_traits_free(&traits);
    if (status == BLM_OK && fitter->registration == NULL)
        fitter->cover = cover;
    return status;
}

static blm_status check_features(const blm_fitter *fitter,
    const blm_features *const *features, const char *const *names, size_t count,
    blm_error *err)
{
    BLMI_TRY(check_open(fitter, err));
    for (size_t i = 0; i < count; i++) {
        BLMI_NEED(features, err);
        BLMI_NEED(features[i], err);
        if (names != NULL)
            BLMI_NEED(names[i], err);
        BLMI_TRY(blmi_features_check(features[i], &fitter->recipe, &fitter->layout,
            fitter->weights.hash, fitter->include, NULL, err));
    }
    return BLM_OK;
}

blm_status blm_fitter_add_features(blm_fitter *fitter,
    const blm_features *const *features, const char *const *names, size_t count,
    blm_error *err)
{
    static const char *const no_names[BLOCK] = {NULL};
    BLMI_TRY(check_features(fitter, features, names, count, err));
    const size_t stride =
        (size_t)fitter->layout.positions * (size_t)fitter->layout.features;
    for (size_t at = 0; at < count; at += BLOCK) {
        const int size = count - at < BLOCK ? (int)(count - at) : BLOCK;
#pragma omp parallel for num_threads(fitter->threads)
        for (int i = 0; i < size; i++)
            blmi_features_gather(features[at + (size_t)i], &fitter->layout,
                fitter->chosen, fitter->block + (size_t)i * stride);
        blmi_traits traits[BLOCK] = {{.thumb = NULL}}, *all[BLOCK];
        for (int i = 0; i < size; i++) {
            traits[i].seen = features[at + (size_t)i]->seen;
            traits[i].has_look = features[at + (size_t)i]->has_look;
            traits[i].look = features[at + (size_t)i]->look;
            all[i] = &traits[i];
        }
        const blm_status status = blmi_fitter_accumulate(
            fitter, names != NULL ? names + at : no_names, all, size, err);
        if (status != BLM_OK) {
            fitter->ended = "has failed";
            return status;
        }
    }
    return BLM_OK;
}

void blm_fitter_levels_sized(const blm_fitter *fitter, blm_levels *out, size_t out_size)
{
    blm_levels own = {0};
    if (out == NULL)
        return;
    if (fitter != NULL && fitter->seen.most_width > 0)
        own = blmi_levels_result(&fitter->levels);
    blmi_sized_give(&own, sizeof own, out, out_size);
}

// ---- finishing ------------------------------------------------------------------------

static blm_status fill_model(blm_fitter *fitter, const blm_calibration *calibration,
    blm_model *model, blm_error *err)
{
    model->recipe = fitter->recipe;
    model->backbone = fitter->weights.backbone;
    model->layout = fitter->layout;
    model->program = BLM_VERSION;
    model->seen = fitter->seen;
    model->cover = fitter->cover;
    if (fitter->registration != NULL) {
        model->registration = blmi_registration_share(fitter->registration);
        model->reference = blmi_registration_grey(model->registration);
    }
    free_extraction(fitter);
    BLMI_TRY(blmi_detector_fit_finish(fitter->statistics, &model->detector, err));
    BLMI_TRY(blmi_names_note(model, fitter->names, err));
    if (fitter->registration != NULL)
        BLMI_TRY(blmi_alignments_note(model, fitter->alignments, err));
    BLMI_TRY(blmi_parts_note(
        model, fitter->thumbs, blmi_model_images(model), fitter->threads, err));
    blmi_limits_take_looks(model, &fitter->looks, fitter->look_count);
    model->include = model->owned_include = fitter->include;
    fitter->include = NULL;
    blm_calibration own = calibration != NULL ? *calibration : (blm_calibration){0};
    own.threads = fitter->threads;
    BLMI_TRY(blmi_model_calibrate(model, &own, err));
    blmi_model_own_weights(model, &fitter->weights);
    model->weights_hash = model->fitted_on.hash;
    return BLM_OK;
}

blm_status blm_fitter_finish_sized(blm_fitter *fitter, const blm_calibration *given,
    size_t calibration_size, blm_model **out, blm_error *err)
{
    blm_calibration own = {0};
    const blm_calibration *calibration = &own;
    BLMI_TRY(check_open(fitter, err));
    BLMI_NEED(out, err);
    BLMI_TAKE(blm_calibration, own, given, calibration_size, err);
    BLMI_TRY(blmi_calibration_check(calibration, &fitter->recipe, err));
    blm_model *model;
    BLMI_TRY(blmi_model_new(&model, err));
    fitter->ended = "is finished";
    const blm_status status = fill_model(fitter, calibration, model, err);
    if (status == BLM_OK)
        *out = model;
    else
        blm_model_free(model);
    return status;
}
