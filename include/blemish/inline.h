// inline.h: bodies of the functions of blemish.h marked BLM_SIZED.  Included by it.
#ifndef BLEMISH_INLINE_H
#define BLEMISH_INLINE_H

#include "blemish/blemish.h"

#ifdef __cplusplus
extern "C" {
#endif

BLM_API blm_status blm_fitter_cost_sized(const blm_fit_options *options,
    size_t options_size, int64_t images, blm_cost *out, size_t out_size, blm_error *err);
BLM_SIZED blm_status blm_fitter_cost(
    const blm_fit_options *options, int64_t images, blm_cost *out, blm_error *err)
{
    return blm_fitter_cost_sized(
        options, sizeof(blm_fit_options), images, out, sizeof(blm_cost), err);
}

BLM_API blm_status blm_fitter_new_sized(const blm_fit_options *options,
    size_t options_size, size_t decode_size, blm_fitter **out, blm_error *err);
BLM_SIZED blm_status blm_fitter_new(
    const blm_fit_options *options, blm_fitter **out, blm_error *err)
{
    return blm_fitter_new_sized(
        options, sizeof(blm_fit_options), sizeof(blm_decode_options), out, err);
}

BLM_API blm_status blm_fitter_add_files_sized(blm_fitter *fitter,
    const char *const *paths, const char *const *names, size_t count,
    const blm_fit_watch *watch, size_t watch_size, blm_error *err);
BLM_SIZED blm_status blm_fitter_add_files(blm_fitter *fitter, const char *const *paths,
    const char *const *names, size_t count, const blm_fit_watch *watch, blm_error *err)
{
    return blm_fitter_add_files_sized(
        fitter, paths, names, count, watch, sizeof(blm_fit_watch), err);
}

BLM_API void blm_fitter_levels_sized(
    const blm_fitter *fitter, blm_levels *out, size_t out_size);
BLM_SIZED void blm_fitter_levels(const blm_fitter *fitter, blm_levels *out)
{
    blm_fitter_levels_sized(fitter, out, sizeof(blm_levels));
}

BLM_API blm_status blm_fitter_finish_sized(blm_fitter *fitter,
    const blm_calibration *calibration, size_t calibration_size, blm_model **out,
    blm_error *err);
BLM_SIZED blm_status blm_fitter_finish(blm_fitter *fitter,
    const blm_calibration *calibration, blm_model **out, blm_error *err)
{
    return blm_fitter_finish_sized(
        fitter, calibration, sizeof(blm_calibration), out, err);
}

BLM_API blm_status blm_model_calibrate_sized(const blm_model *model,
    const blm_calibration *calibration, size_t calibration_size, blm_model **out,
    blm_error *err);
BLM_SIZED blm_status blm_model_calibrate(const blm_model *model,
    const blm_calibration *calibration, blm_model **out, blm_error *err)
{
    return blm_model_calibrate_sized(
        model, calibration, sizeof(blm_calibration), out, err);
}

BLM_API blm_status blm_model_adapt_sized(const blm_model *model, const blm_recipe *recipe,
    const blm_calibration *calibration, size_t calibration_size, blm_model **out,
    blm_error *err);
BLM_SIZED blm_status blm_model_adapt(const blm_model *model, const blm_recipe *recipe,
    const blm_calibration *calibration, blm_model **out, blm_error *err)
{
    return blm_model_adapt_sized(
        model, recipe, calibration, sizeof(blm_calibration), out, err);
}

BLM_API void blm_model_describe_sized(
    const blm_model *model, blm_model_info *out, size_t out_size);
BLM_SIZED void blm_model_describe(const blm_model *model, blm_model_info *out)
{
    blm_model_describe_sized(model, out, sizeof(blm_model_info));
}

BLM_API void blm_model_cost_sized(const blm_model *model, blm_cost *out, size_t out_size);
BLM_SIZED void blm_model_cost(const blm_model *model, blm_cost *out)
{
    blm_model_cost_sized(model, out, sizeof(blm_cost));
}

BLM_API int blm_model_check_sized(
    const blm_model *model, size_t index, blm_check *out, size_t out_size);
BLM_SIZED int blm_model_check(const blm_model *model, size_t index, blm_check *out)
{
    return blm_model_check_sized(model, index, out, sizeof(blm_check));
}

BLM_API int blm_model_good_alignment_sized(
    const blm_model *model, size_t index, blm_alignment *out, size_t out_size);
BLM_SIZED int blm_model_good_alignment(
    const blm_model *model, size_t index, blm_alignment *out)
{
    return blm_model_good_alignment_sized(model, index, out, sizeof(blm_alignment));
}

BLM_API size_t blm_model_good_scores_sized(
    const blm_model *model, blm_good_score *out, size_t out_size, size_t capacity);
BLM_SIZED size_t blm_model_good_scores(
    const blm_model *model, blm_good_score *out, size_t capacity)
{
    return blm_model_good_scores_sized(model, out, sizeof(blm_good_score), capacity);
}

BLM_API blm_status blm_scorer_new_sized(const blm_model *model,
    const blm_scorer_options *options, size_t options_size, blm_scorer **out,
    blm_error *err);
BLM_SIZED blm_status blm_scorer_new(const blm_model *model,
    const blm_scorer_options *options, blm_scorer **out, blm_error *err)
{
    return blm_scorer_new_sized(model, options, sizeof(blm_scorer_options), out, err);
}

BLM_API blm_status blm_scorer_run_sized(blm_scorer *scorer, const blm_image *image,
    blm_result *out, size_t out_size, blm_error *err);
BLM_SIZED blm_status blm_scorer_run(
    blm_scorer *scorer, const blm_image *image, blm_result *out, blm_error *err)
{
    return blm_scorer_run_sized(scorer, image, out, sizeof(blm_result), err);
}

BLM_API blm_status blm_scorer_run_features_sized(blm_scorer *scorer,
    const blm_features *const *features, int count, blm_result *out, size_t out_size,
    blm_error *err);
BLM_SIZED blm_status blm_scorer_run_features(blm_scorer *scorer,
    const blm_features *const *features, int count, blm_result *out, blm_error *err)
{
    return blm_scorer_run_features_sized(
        scorer, features, count, out, sizeof(blm_result), err);
}

BLM_API const blm_region *blm_result_region_sized(
    const blm_result *result, size_t result_size, size_t index);
BLM_SIZED const blm_region *blm_result_region(const blm_result *result, size_t index)
{
    return blm_result_region_sized(result, sizeof(blm_result), index);
}

BLM_API blm_status blm_result_native_map_sized(const blm_scorer *scorer,
    const blm_result *result, size_t result_size, int width, int height, float *out,
    blm_error *err);
BLM_SIZED blm_status blm_result_native_map(const blm_scorer *scorer,
    const blm_result *result, int width, int height, float *out, blm_error *err)
{
    return blm_result_native_map_sized(
        scorer, result, sizeof(blm_result), width, height, out, err);
}

BLM_API blm_status blm_result_native_mask_sized(const blm_scorer *scorer,
    const blm_result *result, size_t result_size, int width, int height, uint8_t *out,
    blm_error *err);
BLM_SIZED blm_status blm_result_native_mask(const blm_scorer *scorer,
    const blm_result *result, int width, int height, uint8_t *out, blm_error *err)
{
    return blm_result_native_mask_sized(
        scorer, result, sizeof(blm_result), width, height, out, err);
}

#ifdef __cplusplus
}
#endif
#endif
