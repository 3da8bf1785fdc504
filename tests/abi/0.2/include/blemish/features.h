// features.h: what a backbone says about images, kept so that many recipes can be tried
// on it, and computed many images at once.
//
//     extractor  a backbone at work: one per thread, since it holds the working memory.
//     features   the outputs of the backbone for one image; immutable: any number of
//                threads may use them.
//
// blm_fitter_add_features and blm_scorer_run_features take them in the place of images,
// with equal results.  For that the recipes have to agree in all that comes before the
// features: size, resize, crop, filter, bits and type.  The taps have to be among those
// of the extractor, and the weights the same.
#ifndef BLEMISH_FEATURES_H
#define BLEMISH_FEATURES_H

#include "blemish/blemish.h"

#ifdef __cplusplus
extern "C" {
#endif

// ---- extractor ------------------------------------------------------------------------

typedef struct blm_extractor blm_extractor;

typedef struct blm_extractor_options {
    const blm_recipe *recipe; // NULL: all defaults.  All channels of its taps are kept
    const char *weights;      // as in blm_fit_options
    const blm_model *model;   // NULL; else recipe and weights are those of this model
    int threads;              // inside a run, of its own; 0: all cores
    int batch;                // images a run, at the most, 1 to 64; 0: 1
} blm_extractor_options;

BLM_SIZED blm_status blm_extractor_new(
    const blm_extractor_options *options, blm_extractor **out, blm_error *err);
// A second extractor for another thread; packed weights are shared.  Either may be freed
// first.
BLM_API blm_status blm_extractor_clone(
    const blm_extractor *extractor, blm_extractor **out, blm_error *err);
BLM_API void blm_extractor_free(blm_extractor *extractor); // NULL allowed

// Runs `count` images, 1 to options.batch.  images (count); out (count): each belongs to
// the caller, who releases it with blm_features_free.  An image of 16-bit samples must
// have been decoded with the recipe's bits.  On failure there is none of them.
BLM_API blm_status blm_extractor_run(blm_extractor *extractor,
    const blm_image *const *images, int count, blm_features **out, blm_error *err);

typedef struct blm_extractor_info { // texts live as long as the extractor
    const char *backbone;           // "ConTNet-B"
    const char *kernels;            // the instruction set that it uses; static text
    const blm_recipe *recipe;       // complete
    double gflop; // 10^9 multiplications and additions of an image, in the network
    double prepare_ms, network_ms; // of the last run, all its images together
} blm_extractor_info;

BLM_SIZED void blm_extractor_describe(
    const blm_extractor *extractor, blm_extractor_info *out);

// A part of the network.
typedef struct blm_step {     // text lives as long as the extractor
    const char *name;         // "layer2"
    double gflop;             // of an image
    int rows, depth, columns; // of an image: its largest product is (rows, depth) by
                              // (depth, columns)
    double ms; // of the last run with times, all its images together; 0: the network
               // does not say where this step ends
} blm_step;

// From now on runs take the time of each step, which slows them a little; on 0: no more.
BLM_API void blm_extractor_time(blm_extractor *extractor, int on);
// The steps, in the order of computation.  Returns how many there are and writes at most
// `capacity` of them.
BLM_SIZED size_t blm_extractor_steps(
    const blm_extractor *extractor, blm_step *out, size_t capacity);

// ---- features -------------------------------------------------------------------------

BLM_API void blm_features_free(blm_features *features); // NULL allowed

// An output of the backbone.
typedef struct blm_output { // lives as long as the features
    const char *name;       // "layer2"
    int width, height, channels;
    const float *values; // (height, width, channels)
} blm_output;

// The outputs that its taps name, in the order of computation.  Returns how many there
// are and writes at most `capacity` of them.
BLM_SIZED size_t blm_features_outputs(
    const blm_features *features, blm_output *out, size_t capacity);
// What those of an extractor look like; values is NULL.
BLM_SIZED size_t blm_extractor_outputs(
    const blm_extractor *extractor, blm_output *out, size_t capacity);

// Features that were computed elsewhere, as the extractor would have.  values: for each
// of its outputs (height, width, channels), copied.
BLM_API blm_status blm_features_from_outputs(const blm_extractor *extractor,
    const float *const *values, blm_features **out, blm_error *err);

// ---- the functions marked BLM_SIZED ---------------------------------------------------

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
