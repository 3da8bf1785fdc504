// blemish.h: learns what good images look like; scores, maps and judges new ones.
//
//     fitter  takes good images and becomes a model.
//     model   what was learnt; immutable, shared by any number of threads.
//     scorer  applies a model to images; one per thread, since it has working memory.
//
// The method is that of Dini & Rahtu, "Visual Anomaly Detection and Localization with a
// Patch-Wise Transformer and Convolutional Model", VISAPP 2023.
//
// Ownership.  A function that makes an object writes it to its argument `out`.  The
// caller owns the object and releases it with the _free function of its type (NULL
// allowed).  Models are reference counted: a scorer keeps its model, a calibrated model
// keeps what it shares with the first one.  Objects can be released in any order.
// Texts, images and arrays passed to a function are copied if they are needed later.
// Texts and arrays returned by a function live as long as their object; those of a
// result live until the next run of its scorer.
//
// Arguments.  Option structs: a member that is zero means its default, a struct that is
// NULL means all defaults.  Recipes are different, since zero is a valid value of their
// fields: blm_recipe_init sets their defaults.  Strings are UTF-8.  Functions check their
// arguments: BLM_EUSAGE means that an argument is NULL where that is not allowed, or out
// of range, or that the object has failed or is finished.  Nothing has changed then.
//
// Threads.  Any number of threads may use, share and release the same model, and call
// functions that take no object.  A fitter, a scorer or an extractor (features.h) may be
// used by any thread, but only by one at a time.  A fitter and a calibration start
// `threads` threads (OpenMP) inside their calls.  A scorer or extractor has `threads` - 1
// threads of its own from _new to _free, which sleep between runs; with `threads` 1 it
// starts none.  Callbacks are called by one thread at a time.  The library does not
// change the state of the process.
//
// Fork.  A child process may use the models of its parent, unless a call on them was in
// progress.  It must neither use nor free fitters, scorers and extractors, because their
// threads do not exist in the child.  OpenMP does not survive a fork: the child must call
// exec before it fits or calibrates.
#ifndef BLEMISH_BLEMISH_H
#define BLEMISH_BLEMISH_H

#include <stddef.h>
#include <stdint.h>

#include "blemish/alignment.h"
#include "blemish/image.h"
#include "blemish/judgement.h"
#include "blemish/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define BLM_VERSION "0.2.0"
#define BLM_VERSION_NUMBER 200 // 10000 major + 100 minor + patch

// The version of the library in use, which may be newer than this header.  Static text.
BLM_API const char *blm_version(void);
BLM_API int blm_version_number(void);

// ---- recipe: from an image to features, stored in the model ---------------------------

typedef struct blm_rect {
    int x, y, width, height; // pixels; x and y of the top left corner
} blm_rect;

typedef enum blm_filter {
    BLM_FILTER_AUTO = 0, // what the backbone was trained with
    BLM_FILTER_BILINEAR = 1,
    BLM_FILTER_BICUBIC = 2,
} blm_filter;

// Type of the numbers that the network multiplies.  Sums, norms and features are float.
typedef enum blm_type {
    BLM_TYPE_F32 = 0,  // float
    BLM_TYPE_BF16 = 1, // 8 significant bits; for processors with AVX512_BF16
    BLM_TYPE_INT8 = 2, // ConTNet only: wide linear layers in int8, the rest bf16
} blm_type;

// How features become distances.
typedef enum blm_detector {
    BLM_DETECTOR_GAUSS = 0,    // Mahalanobis distance, one Gaussian for each position
    BLM_DETECTOR_MEMORY = 1,   // distance to the nearest features of good images
    BLM_DETECTOR_SUBSPACE = 2, // distance to one principal subspace of all positions
} blm_detector;

// Size of the text of a field, in bytes with the final zero.
#define BLM_FIELD_TEXT 256

// An image is turned upright, cropped to `crop`, resized (antialiased, as Pillow does) to
// resize_width x resize_height, cut to its central width x height, and normalised as the
// backbone requires.  The outputs of the backbone that `taps` names are concatenated on
// the finest grid among them.  blm_recipe_init sets the defaults, which stand in
// brackets.
typedef struct blm_recipe {
    size_t size; // of this struct, in bytes; set by blm_recipe_init
    // Input of the network in pixels, multiples of the backbone's unit [0 0: the default
    // size of the backbone]
    int width, height;
    int resize_width, resize_height; // before the centre is cut out [0 0: width, height]
    blm_rect crop;                   // in the upright image [all zeros: the whole image]
    blm_filter filter;               // of the resize [BLM_FILTER_AUTO]
    int bits;                        // significant bits of 16-bit samples, 9 to 16 [16]
    // Samples that become black and white, as in blm_decode_options; only if bits is 16
    // [0 0: the range that the bits give]
    double range_low, range_high;
    // Outputs of the backbone with commas between them, by name ("layer2,layer3") or by
    // number, the first being 1 ("2,3") ["": the backbone's default]
    char taps[BLM_FIELD_TEXT];
    double epsilon;   // gauss: added to the diagonal of every covariance [0.03]
    double sigma;     // of the Gaussian filter of the map, in pixels; 0: no filter [2]
    int64_t min_area; // smallest defect, in pixels of the input [1]
    // Channels of the taps to use, drawn at random as in PaDiM (Defard et al., ICPR
    // workshops 2021); makes the statistics cheaper [0: all]
    int channels;
    // gauss: 1: each channel is divided by the root of its variance, averaged over the
    // positions, before epsilon is added.  Roots below a tenth of their root mean square
    // are raised to that [0]
    int unit_variance;
    // Of the draw of channels, of the coreset and of variations, 0 to 2^53 [0]
    int64_t seed;
    double shrinkage; // gauss: x, 0 to 0.999: S becomes (1 - x) S + x tr(S) / D I [0]
    blm_type type;    // of the numbers that the network multiplies [BLM_TYPE_F32]
    int half;         // gauss: 1: axes or factors in half precision, half the memory [0]
    blm_detector detector; // [BLM_DETECTOR_GAUSS]
    // gauss: cells, 0 to 4.  The distance of a position is the smallest from the
    // Gaussians of all positions at most this many rows and columns away [2]
    int tolerance;
    // memory: cells, 0 to 4.  A position is compared with the features of positions at
    // most this many rows and columns away [-1: all positions]
    int reach;
    // memory: share of the good features to keep.  They are chosen greedily, starting
    // from `seed`, so that none is far from a kept one (k-centre) [1: all]
    double coreset;
    double explained; // subspace: share of the variance that it contains [0.99]
    // Variations of each good image that a fit makes and learns too: words with commas
    // between them.  light:LOW-HIGH multiplies all values by a factor, shift:N% moves by
    // at most that share of width and height, turn:DEGREES turns by at most that to both
    // sides, flip mirrors half of the variations (left and right), variations:N is their
    // number, 1 to 15 (3).  Each draws from uniform distributions, by `seed` and the
    // pixels of its image.  It is left out with its image and has no score of its own
    // ["": none]
    char augment[BLM_FIELD_TEXT];
    // The next three add pixels to the regions of the mask, and change neither score nor
    // verdict, in this order.  Pixels down to this share of the threshold that are
    // connected with one that reaches it, 0.01 to 1 [1: none]
    double hysteresis;
    // Gaps that no disc of this radius fits in, 0 to 64 pixels of the input [0: none]
    double closing;
    int64_t fill_holes; // holes of up to so many pixels of the input [0: none]
    // What the network gets is (value / 255 - mean) / std for red, green and blue: three
    // numbers with commas between them, "0.485,0.456,0.406", means of -10^4 to 10^4, std
    // of 10^-4 to 10^4.  Several networks side by side have their own ["": those of the
    // backbone; of an ONNX network that does not record them, the usual ones of ImageNet]
    char mean[BLM_FIELD_TEXT];
    char std[BLM_FIELD_TEXT];
    blm_align align; // movement that is undone (alignment.h) [BLM_ALIGN_OFF]
} blm_recipe;

// Sets all fields to their defaults.
#define blm_recipe_init(recipe) blm_recipe_init_sized(recipe, sizeof *(recipe))
BLM_API void blm_recipe_init_sized(blm_recipe *recipe, size_t size);

#include "blemish/fields.h"

// ---- fitter ---------------------------------------------------------------------------

typedef struct blm_fitter blm_fitter;
typedef struct blm_model blm_model;
typedef struct blm_scorer blm_scorer;
typedef struct blm_features blm_features; // blemish/features.h

// The region of interest: the part of the images where defects count.  With a crop
// rectangle the mask has the size of the images; without one it can have any size and is
// scaled like them.  A pixel of the network's input is in the region if everything that
// it shows of the image is.  Pixels outside do not change a score at all: before an
// image is resized they get one colour, the mean of the region in the first good image.
typedef struct blm_mask {
    int width, height;      // pixels
    const uint8_t *include; // (height, width) 0: outside, else inside
} blm_mask;

typedef struct blm_fit_options {
    const blm_recipe *recipe; // NULL: all defaults
    const char *weights;      // a file or a name (weights.h); NULL: the default weights
    const blm_decode_options *decode; // NULL: defaults; bits and range are the recipe's
    const blm_mask *region;           // region of interest; NULL: the whole image
    int threads;                      // 0: one for each core
    int from_features; // 1: takes features instead of images, and packs no network;
                       // region must be NULL and the recipe without augment and align
} blm_fit_options;

// What a fit and its model cost.  Work is in 10^9 multiplications and additions.
typedef struct blm_cost {
    int positions, features; // P, D
    uint64_t model_bytes;    // the statistics, in memory and in the file
    uint64_t fit_bytes;      // peak memory of a fit with all its threads, an estimate
    double network_gflop;    // for each image, when fitting and when scoring
    double distance_gflop;   // for each image, when scoring
    double statistics_gflop; // once, when fitting
} blm_cost;

// Computes the cost of a fit without doing it.  images: number of good images, 3 or more.
// BLM_EUSAGE: images, or an option out of range.  BLM_EINPUT: the weights cannot be read.
BLM_SIZED blm_status blm_fitter_cost(
    const blm_fit_options *options, int64_t images, blm_cost *out, blm_error *err);

// Callbacks of blm_fitter_add_files, called by one thread at a time.  NULL: none.
typedef struct blm_fit_watch {
    void *context; // passed to both
    // Called after each file.  A return value other than 0 stops: the call returns
    // BLM_ESYSTEM, "interrupted".
    int (*progress)(void *context, size_t done, size_t total);
    // Called for a file that is not a usable image.  Return 0 to fail with that error,
    // another value to skip the file.  NULL: fail.
    int (*bad_file)(void *context, const char *path, const blm_error *why);
} blm_fit_watch;

// Makes a fitter.  BLM_EUSAGE: an option is out of range, or the region has no room for a
// defect.  BLM_EINPUT: the weights cannot be read.
BLM_SIZED blm_status blm_fitter_new(
    const blm_fit_options *options, blm_fitter **out, blm_error *err);
BLM_API void blm_fitter_free(blm_fitter *fitter); // NULL allowed

// Adds image files in the order given, using all threads.  paths (count); names (count):
// what the model calls the images; NULL: the paths.  After a failure the fitter can only
// be freed.  BLM_EINPUT: a file is not a usable image; see blm_fit_watch.
BLM_SIZED blm_status blm_fitter_add_files(blm_fitter *fitter, const char *const *paths,
    const char *const *names, size_t count, const blm_fit_watch *watch, blm_error *err);
// Adds one image from memory.  A failure leaves the fitter unchanged.
BLM_API blm_status blm_fitter_add_image(
    blm_fitter *fitter, const blm_image *image, const char *name, blm_error *err);

// The range of grey levels that the added images use.  Images that use little of it
// reach the network almost black, or without contrast; callers should warn about this.
typedef struct blm_levels {
    // 0 (black) to 255 (white): one in a thousand samples lies below low, one in a
    // thousand above high; both 0 before the first image.
    int low, high;
    // 9 to 14: samples have 16 bits, recipe.bits is 16, but this many bits are enough for
    // all of them; else 0.
    int bits;
} blm_levels;

// Writes all zeros if fitter is NULL.
BLM_SIZED void blm_fitter_levels(const blm_fitter *fitter, blm_levels *out);
// Adds the features of images (features.h).  features (count); names (count): what the
// model calls the images; NULL: "".  BLM_EUSAGE: features of another recipe or other
// weights; none is added.  After another failure the fitter can only be freed.
BLM_API blm_status blm_fitter_add_features(blm_fitter *fitter,
    const blm_features *const *features, const char *const *names, size_t count,
    blm_error *err);

// How the thresholds are found from scores of good images.
typedef struct blm_calibration {
    // Share of good images that may be NG, above 0 and below 1; 0: 0.01.
    double false_alarm;
    // Share of good images that may be NG or REVIEW, above false_alarm; 0: no REVIEW.
    double review;
    int64_t min_area; // replaces that of the recipe; 0: unchanged
    // Images with equal numbers show the same part.  One number for each score: for each
    // good image in the order of blm_model_image_name, or for each held-out one.  Good
    // images of a group are left out together (impossible if the model keeps the full
    // covariance: BLM_EUSAGE).  Each group weighs 1, in equal parts on its images.  NULL:
    // each image is a group.
    const int32_t *group;
    // Scores of good images that the model was not fitted on, computed with this model
    // and this min_area.  NULL: leave one out.
    const double *held_out; // (held_out_count)
    size_t held_out_count;
    // 0: copies (blm_model_image_same) count as one group and are left out together,
    // where that is possible.  1: each counts by itself.
    int keep_copies;
    int threads; // 0: one for each core; ignored by blm_fitter_finish
    // Share of good images that may be CANNOT JUDGE, above 0 and below 1; 0: 0.001.
    double unjudged;
} blm_calibration;

// Fits the detector, finds the thresholds and makes the model.  The fitter can only be
// freed afterwards, unless the calibration is out of range (BLM_EUSAGE), which changes
// nothing.  calibration NULL: all defaults.  BLM_EUSAGE also: fewer than three images.
BLM_SIZED blm_status blm_fitter_finish(blm_fitter *fitter,
    const blm_calibration *calibration, blm_model **out, blm_error *err);

// ---- model ----------------------------------------------------------------------------

// Reads a model file and checks everything in it, the checksum included.  BLM_EINPUT: it
// cannot be read, is damaged, or is not a blemish model.
BLM_API blm_status blm_model_open(const char *path, blm_model **out, blm_error *err);
// Writes a model with its weights.  The file is complete or not written at all.  Equal
// models give equal bytes.  BLM_ESYSTEM: the file cannot be written.
BLM_API blm_status blm_model_save(
    const blm_model *model, const char *path, blm_error *err);
// Writes a model that names the files of its weights by their hashes, instead of
// containing them: much smaller, if several models share weights.  blm_model_open finds
// them where weights.h says, and blm_model_save keeps them outside.  BLM_EUSAGE: the
// model was opened from a file that contains its weights.  BLM_ESYSTEM: as above.
BLM_API blm_status blm_model_save_without_weights(
    const blm_model *model, const char *path, blm_error *err);
// Adds an owner, who releases the model with blm_model_free.  Returns the model; NULL if
// model is NULL.
BLM_API blm_model *blm_model_share(const blm_model *model);
// Removes an owner; the last one frees the model.  NULL allowed.
BLM_API void blm_model_free(blm_model *model);

// Finds new thresholds without fitting.  *out is another model, which shares with the
// first all that is equal; either can be freed first.  Errors as blm_fitter_finish.
BLM_SIZED blm_status blm_model_calibrate(const blm_model *model,
    const blm_calibration *calibration, blm_model **out, blm_error *err);

// 1 if blm_model_adapt can make a model of this recipe, else 0.  It can if only epsilon,
// shrinkage, tolerance, sigma, min_area or fields of the mask differ and the model has
// kept the statistics that this needs.
BLM_API int blm_model_can_adapt(const blm_model *model, const blm_recipe *recipe);
// Makes a model of another recipe from the same images, without them; much cheaper than a
// fit, with the same scores.  Finds its thresholds.  *out shares with the first model all
// that is equal; either can be freed first.  BLM_EUSAGE also: the model cannot be
// adapted.
BLM_SIZED blm_status blm_model_adapt(const blm_model *model, const blm_recipe *recipe,
    const blm_calibration *calibration, blm_model **out, blm_error *err);

typedef enum blm_threshold_method {
    BLM_THRESHOLD_QUANTILE = 0, // order statistic of the good scores
    BLM_THRESHOLD_TAIL = 1, // too few scores for the rate: an exponential tail, but at
                            // least the largest score
} blm_threshold_method;

typedef enum blm_score_source { // where the scores of the calibration come from
    BLM_LEAVE_ONE_OUT = 0,
    BLM_LEAVE_GROUP_OUT = 1,
    BLM_HELD_OUT = 2,
} blm_score_source;

// Texts live as long as the model.
typedef struct blm_model_info {
    const char *program;         // version of blemish that fitted it
    const char *hash;            // XXH3-128 of the file, 32 hex digits; "" unless opened
    const char *weights_hash;    // XXH3-128 of its weights file, 32 hex digits
    const char *backbone;        // "ConTNet-B"
    const blm_recipe *recipe;    // complete: no size and no tap is left to a default
    int64_t images;              // N, good images that it was fitted on
    int positions, features;     // P, D
    int rank;                    // R; 0: the model keeps the full covariance
    double region;               // share of the input's pixels in the region of interest
    double threshold;            // NG if score >= threshold
    double false_alarm;          // requested share of good images that are NG
    blm_threshold_method method; // how the threshold was found
    double review_threshold;     // REVIEW if score >= review_threshold; 0: no REVIEW
    double review;               // requested share that are NG or REVIEW; 0: no REVIEW
    blm_score_source source;
    size_t good_scores; // number of scores of the calibration
    size_t groups;      // number of their groups; 0: no groups
    size_t copies;      // good images that are copies of an earlier one
    double good_median; // median of the scores
    double finest_rate; // 1 / (n + 1), the lowest rate that n scores or groups resolve
    // Upper bound of the share of good images that are NG, on average over all sets of
    // held-out images that could have been drawn.  NaN unless the source is held out,
    // since scores of leave-one-out depend on each other.
    double promised_rate;
    double unjudged; // requested share of good images that are CANNOT JUDGE; 0: no image
    const char *reference; // name of the image that others are aligned with; NULL: none
    // Name of the first weights file of a model that was opened from a file and does not
    // contain its weights; else NULL.
    const char *weights_file;
} blm_model_info;

// The alignment of good image `index`, in the order of blm_model_image_name, on an image
// of the input's size.  Returns 1; 0 after the last one, or if images are not aligned.
BLM_SIZED int blm_model_good_alignment(
    const blm_model *model, size_t index, blm_alignment *out);

// A check: an image has the reason if a number of it is beyond the limit.  The good
// images of the fit set the limits.
typedef struct blm_check {
    const char *name; // such as "detail"; static
    unsigned reason;  // one of BLM_REASON_...
    int above;        // 1: numbers above the limit have the reason; 0: those below it
    double limit;     // infinite: no image has it
    double good;      // the number of the good image next to the limit; NaN: unknown
} blm_check;

// Check number `index` of a model, from 0.  Returns 1; 0 after the last one, and for
// models without limits.
BLM_SIZED int blm_model_check(const blm_model *model, size_t index, blm_check *out);

// Writes all zeros if model is NULL.
BLM_SIZED void blm_model_describe(const blm_model *model, blm_model_info *out);
// The cost of the model with all cores of this machine.  Writes all zeros if model is
// NULL.
BLM_SIZED void blm_model_cost(const blm_model *model, blm_cost *out);

// Name of good image `index`, from 0 in the order of the images; NULL after the last one.
// A model that keeps the full covariance knows only the images whose features it kept.
BLM_API const char *blm_model_image_name(const blm_model *model, size_t index);

// Index of the first good image that image `index` is a copy of: equal but for noise,
// compression, brightness, another size, or a shift of a hundredth of the image.  `index`
// itself if there is none.  If a fit has more than 4096 images, they are not compared.
BLM_API size_t blm_model_image_same(const blm_model *model, size_t index);

// A score of the calibration.
typedef struct blm_good_score {
    const char *name; // of the image, lives as long as the model; "" if held out
    double score;     // by a model that was fitted without this image
    size_t index;     // of the image in the order of blm_model_image_name, or of held_out
} blm_good_score;

// The scores of the calibration, highest first; with leave-one-out the first images are
// those that look least like the others.  Returns their number and writes at most
// `capacity` of them.
BLM_SIZED size_t blm_model_good_scores(
    const blm_model *model, blm_good_score *out, size_t capacity);

// The map of a good image by a model of all other images (leave one out, also if the
// thresholds were found another way).  index as in blm_model_image_name.  out
// (recipe.height, recipe.width) as blm_result.map; mask (the same shape) as
// blm_result.mask, NULL: not wanted.  BLM_EUSAGE: there is no such image.
BLM_API blm_status blm_model_good_map(
    const blm_model *model, size_t index, float *out, uint8_t *mask, blm_error *err);

// ---- scorer ---------------------------------------------------------------------------

typedef struct blm_scorer_options {
    int threads;       // for one image; 0: one for each core.  They do not change scores
    int judge_anyway;  // 1: reasons do not change verdicts
    double threshold;  // replaces those of the model, no REVIEW; 0: those of the model
    int from_features; // 1: takes features instead of images, and packs no network
    int batch;         // most features scored together, 1 to 64; 0: 1
} blm_scorer_options;

// Makes a scorer.  BLM_EUSAGE: an option is out of range.
BLM_SIZED blm_status blm_scorer_new(const blm_model *model,
    const blm_scorer_options *options, blm_scorer **out, blm_error *err);
// Makes a scorer of the same model and options, for another thread.  All scorers of a
// model share its packed weights.
BLM_API blm_status blm_scorer_clone(
    const blm_scorer *scorer, blm_scorer **out, blm_error *err);
BLM_API void blm_scorer_free(blm_scorer *scorer); // NULL allowed

// How an image differs from all images of the fit: bits of blm_result.unseen.
enum {
    BLM_UNSEEN_SIZE = 1,       // width or height, by more than a tenth
    BLM_UNSEEN_ASPECT = 2,     // width / height, by more than a twentieth
    BLM_UNSEEN_CHANNELS = 4,   // grey or colour
    BLM_UNSEEN_BRIGHTNESS = 8, // mean, by more than 8 levels plus half the range seen
};

// A connected part of the mask, in pixels of the upright image.
typedef struct blm_region {
    double left, top, right, bottom; // box; right and bottom exclusive
    double area;                     // square pixels
    double peak;                     // highest value of the map in it; NG if >= threshold
    double severity;                 // the peak on the scale of blm_result.calibrated
    double peak_x, peak_y;
    double centroid_x, centroid_y;
} blm_region;

// The result of a run.  The arrays belong to the scorer and live until its next run.
typedef struct blm_result {
    double score; // maximum of the map
    // The score on a scale that can be compared between models: 0 at the median good
    // score, 1 at the threshold, linear between and beyond.
    double calibrated;
    double threshold;
    double review_threshold; // 0: no REVIEW
    blm_verdict verdict;     // CANNOT JUDGE if there are reasons, unless judge_anyway;
                             // else of the score, see blm_verdict_of
    unsigned reasons;        // sum of BLM_REASON_...; 0: none.  With reasons, score, map,
                             // mask and regions are computed, but unreliable
    unsigned unseen;         // sum of BLM_UNSEEN_...
    int width, height;       // of map and mask: the recipe's
    const float *map;        // (height, width) after the area opening; 0 outside the
                             // region of interest
    const uint8_t *mask;     // (height, width) 255 where NG, 128 where REVIEW, else 0;
                             // with what hysteresis, closing and fill_holes add
    const blm_region *regions; // (region_count) read them with blm_result_region
    size_t region_count;
    double prepare_ms, network_ms, distance_ms, map_ms; // time of each step
    // (check_count) the numbers of the image, see blm_model_check; NaN: unknown.
    const double *checks;
    size_t check_count; // 0: the model has no limits
    blm_alignment alignment;
    double align_ms; // time of the alignment, a part of prepare_ms
} blm_result;

// Scores an image.  It must have been decoded with the bits and range of the recipe
// (blm_recipe_decode_options; blm_buffer has them too).  BLM_EINPUT: the crop rectangle
// is not inside the image, or a distance is not finite.
BLM_SIZED blm_status blm_scorer_run(
    blm_scorer *scorer, const blm_image *image, blm_result *out, blm_error *err);

// Scores the features of `count` images, 1 to options.batch.  features, out (count).
// Results equal those of blm_scorer_run and live until the next run.  BLM_EUSAGE:
// features of another recipe or other weights.
BLM_SIZED blm_status blm_scorer_run_features(blm_scorer *scorer,
    const blm_features *const *features, int count, blm_result *out, blm_error *err);

// Region number `index` of a result, from 0, highest peak first; NULL after the last one.
// It lives as long as the arrays of the result.
BLM_SIZED const blm_region *blm_result_region(const blm_result *result, size_t index);

// The map of a result, resampled (bilinear) to the upright original image of width x
// height pixels; 0 where the recipe cut the image off.  out (height, width).
BLM_SIZED blm_status blm_result_native_map(const blm_scorer *scorer,
    const blm_result *result, int width, int height, float *out, blm_error *err);
// The mask of a result in the same way, but nearest.  out (height, width).
BLM_SIZED blm_status blm_result_native_mask(const blm_scorer *scorer,
    const blm_result *result, int width, int height, uint8_t *out, blm_error *err);

// A ground-truth mask, resampled to the model's input: cropped, resized (Pillow's
// NEAREST) and cut to its centre as images are.  mask (height, width); out (height, width
// of the recipe; zeros in it mean the defaults).  BLM_EINPUT: the crop rectangle is not
// inside the mask.
BLM_API blm_status blm_recipe_mask(const blm_recipe *recipe, const uint8_t *mask,
    int width, int height, uint8_t *out, blm_error *err);

#ifdef __cplusplus
}
#endif

#include "blemish/inline.h"

#endif
