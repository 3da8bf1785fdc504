// features.h: computes outputs of a backbone and keeps them, so that many recipes can be
// tried without running the network again.
//
//     extractor  runs a backbone; one per thread, since it has working memory.
//     features   the outputs for one image; immutable, shared by any number of threads.
//
// blm_fitter_add_features and blm_scorer_run_features take features in place of images,
// with equal results.  The recipes must agree in size, resize, crop, filter, bits, range,
// type and align; the weights must be the same; the taps must be among those of the
// extractor.
#ifndef BLEMISH_FEATURES_H
#define BLEMISH_FEATURES_H

#include "blemish/blemish.h"

#ifdef __cplusplus
extern "C" {
#endif

// ---- extractor ------------------------------------------------------------------------

typedef struct blm_extractor blm_extractor;

typedef struct blm_extractor_options {
    const blm_recipe
        *recipe;            // NULL: all defaults.  All channels of its taps are computed
    const char *weights;    // as in blm_fit_options
    const blm_model *model; // use its recipe, weights and region; the two members above
                            // must be NULL then.  NULL: none; a recipe with align
                            // needs a model, which has the reference
    int threads;            // of a run; 0: one for each core
    int batch;              // most images of a run, 1 to 64; 0: 1
} blm_extractor_options;

// Makes an extractor.  BLM_EUSAGE: an option is out of range.  BLM_EINPUT: the weights
// cannot be read.
BLM_SIZED blm_status blm_extractor_new(
    const blm_extractor_options *options, blm_extractor **out, blm_error *err);
// Makes an extractor with the same options for another thread.  They share packed
// weights; either can be freed first.
BLM_API blm_status blm_extractor_clone(
    const blm_extractor *extractor, blm_extractor **out, blm_error *err);
BLM_API void blm_extractor_free(blm_extractor *extractor); // NULL allowed

// Computes the features of `count` images, 1 to options.batch.  images, out (count); the
// caller releases each with blm_features_free.  Images must have been decoded with the
// bits and range of the recipe.  On failure there are no features.  BLM_EINPUT: the crop
// rectangle is not inside an image.
BLM_API blm_status blm_extractor_run(blm_extractor *extractor,
    const blm_image *const *images, int count, blm_features **out, blm_error *err);

// Texts live as long as the extractor.
typedef struct blm_extractor_info {
    const char *backbone;     // "ConTNet-B"
    const char *kernels;      // instruction set of its kernels, or the program that
                              // computes, such as "ONNX Runtime 1.22.0 (...)"
    const blm_recipe *recipe; // complete: no size and no tap is left to a default
    double gflop; // 10^9 multiplications and additions of the network for an image
    double prepare_ms, network_ms; // time of the last run, all images together
} blm_extractor_info;

// Writes all zeros if extractor is NULL.
BLM_SIZED void blm_extractor_describe(
    const blm_extractor *extractor, blm_extractor_info *out);

// A step of the network.  The text lives as long as the extractor.
typedef struct blm_step {
    const char *name; // "layer2"
    double gflop;     // 10^9 multiplications and additions for an image
    // Its largest product, for an image: (rows, depth) by (depth, columns).
    int rows, depth, columns;
    // Time in the last timed run, all images together; 0: the network does not report the
    // end of this step.
    double ms;
} blm_step;

// Switches the timing of steps on (1) or off (0); it slows runs a little.
BLM_API void blm_extractor_time(blm_extractor *extractor, int on);
// The steps in the order of computation.  Returns their number and writes at most
// `capacity` of them.
BLM_SIZED size_t blm_extractor_steps(
    const blm_extractor *extractor, blm_step *out, size_t capacity);

// ---- features -------------------------------------------------------------------------

BLM_API void blm_features_free(blm_features *features); // NULL allowed

// An output of the backbone.  Pointers live as long as the features.
typedef struct blm_output {
    const char *name;            // "layer2"
    int width, height, channels; // width and height in positions
    const float *values;         // (height, width, channels)
} blm_output;

// The outputs of the taps, in the order of computation.  Returns their number and writes
// at most `capacity` of them.
BLM_SIZED size_t blm_features_outputs(
    const blm_features *features, blm_output *out, size_t capacity);
// The outputs that an extractor computes, without values (NULL).
BLM_SIZED size_t blm_extractor_outputs(
    const blm_extractor *extractor, blm_output *out, size_t capacity);

// Makes features from outputs computed elsewhere.  values (outputs): for each output of
// the extractor (height, width, channels); copied.  The caller releases *out with
// blm_features_free.
BLM_API blm_status blm_features_from_outputs(const blm_extractor *extractor,
    const float *const *values, blm_features **out, blm_error *err);

// ---- bodies of the functions marked BLM_SIZED -----------------------------------------

BLM_API blm_status blm_extractor_new_sized(const blm_extractor_options *options,
    size_t options_size, blm_extractor **out, blm_error *err);
BLM_SIZED blm_status blm_extractor_new(
    const blm_extractor_options *options, blm_extractor **out, blm_error *err)
{
    return blm_extractor_new_sized(options, sizeof(blm_extractor_options), out, err);
}

BLM_API void blm_extractor_describe_sized(
    const blm_extractor *extractor, blm_extractor_info *out, size_t out_size);
BLM_SIZED void blm_extractor_describe(
    const blm_extractor *extractor, blm_extractor_info *out)
{
    blm_extractor_describe_sized(extractor, out, sizeof(blm_extractor_info));
}

BLM_API size_t blm_extractor_steps_sized(
    const blm_extractor *extractor, blm_step *out, size_t out_size, size_t capacity);
BLM_SIZED size_t blm_extractor_steps(
    const blm_extractor *extractor, blm_step *out, size_t capacity)
{
    return blm_extractor_steps_sized(extractor, out, sizeof(blm_step), capacity);
}

BLM_API size_t blm_features_outputs_sized(
    const blm_features *features, blm_output *out, size_t out_size, size_t capacity);
BLM_SIZED size_t blm_features_outputs(
    const blm_features *features, blm_output *out, size_t capacity)
{
    return blm_features_outputs_sized(features, out, sizeof(blm_output), capacity);
}

BLM_API size_t blm_extractor_outputs_sized(
    const blm_extractor *extractor, blm_output *out, size_t out_size, size_t capacity);
BLM_SIZED size_t blm_extractor_outputs(
    const blm_extractor *extractor, blm_output *out, size_t capacity)
{
    return blm_extractor_outputs_sized(extractor, out, sizeof(blm_output), capacity);
}

#ifdef __cplusplus
}
#endif
#endif
