// blemish.h: learn what good images look like; score, map and judge new ones.
//
//     fitter  takes in good images and becomes a model.
//     model   what was learnt; never changes, shared by any number of threads.
//     scorer  a model at work: one per thread, since it holds the working memory.
//
// The method is that of Dini & Rahtu, "Visual Anomaly Detection and Localization with a
// Patch-Wise Transformer and Convolutional Model", VISAPP 2023.
//
// Ownership.  A new object is handed out through the argument before last and belongs to
// the caller, who releases it with the _free of its kind (NULL allowed).  Models and
// packed weights are counted: a scorer keeps its model, a calibrated model what it shares
// with the first, in whatever order they are released.  Texts, images and arrays that are
// passed in are copied if they are kept, and may go when the call returns.  Texts and
// arrays that are handed out live as long as their object, those of a result until the
// next run of its scorer.
//
// Arguments.  Structs of options: zero in a member means its default, NULL for the struct
// means all defaults; recipes alone are set by blm_recipe_init, since zero is a value of
// theirs.  Strings are UTF-8.  Functions check what they are handed: an argument that is
// NULL but must not be, or out of range, an object that has failed or is finished, is
// BLM_EUSAGE and changes nothing.
//
// Threads.  Any number may use a model at once, share and release it, and call functions
// of no object.  A fitter, a scorer or an extractor (features.h) is for one thread at a
// time, and any thread may be that one.  A fitter works on `threads` threads (OpenMP's)
// inside its calls, and so do calibrations; a scorer or extractor has `threads` - 1 of
// its own from _new to _free, which sleep between runs, so that one with a single thread
// starts none.  Callbacks come from one thread at a time.  No process-wide state is
// changed.
//
// Fork.  A child may go on with models, unless a call on them was under way; fitters,
// scorers and extractors stay the parent's: their threads do not exist in the child,
// which must neither use nor free them.  OpenMP's threads do not survive a fork either: a
// child should call exec before it fits or calibrates.
#ifndef BLEMISH_BLEMISH_H
#define BLEMISH_BLEMISH_H

#include <stddef.h>
#include <stdint.h>

#include "blemish/image.h"
#include "blemish/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define BLM_VERSION "0.2.0"
#define BLM_VERSION_NUMBER 200 // 10000 major + 100 minor + patch

// The version of the library that runs, as opposed to that of this header.  Static text.
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

// Of the numbers that the network multiplies; sums, norms and features are always float.
typedef enum blm_type {
    BLM_TYPE_F32 = 0,  // float
    BLM_TYPE_BF16 = 1, // 8 significant bits; for processors with AVX512_BF16
    BLM_TYPE_INT8 = 2, // wide linear layers in int8, the rest in bf16; and AVX512_VNNI
} blm_type;

// What learns how good features look.
typedef enum blm_detector {
    BLM_DETECTOR_GAUSS = 0,    // a Gaussian for each position
    BLM_DETECTOR_MEMORY = 1,   // the nearest of the good images' features
    BLM_DETECTOR_SUBSPACE = 2, // what is outside of one principal subspace
} blm_detector;

// Bytes of a field as text, the final zero included.
#define BLM_FIELD_TEXT 256

// An image is turned upright, cropped to `crop`, resized (antialiased, as Pillow does) to
// resize_width x resize_height, cut to its central width x height, and normalised as the
// backbone wants it.  The outputs of the backbone that `taps` names are put together on
// the finest grid of them.  blm_recipe_init sets the defaults.
typedef struct blm_recipe {
    size_t size;
    int width, height; // of the network's input, multiples of the backbone's unit; 0 0:
                       // the backbone's own
    int resize_width, resize_height; // 0 0: width and height, so that nothing is cut
    blm_rect crop;                   // in the upright image; all zeros: all of it
    blm_filter filter;               // auto
    int bits; // significant bits of 16-bit samples, see blm_decode_options: 16
    double range_low, range_high; // what becomes black and white, likewise; 0 0: what the
                                  // bits say.  Not together with other than 16 bits
    // Outputs of the backbone with commas between them, by name ("layer2,layer3") or by
    // number from 1 on ("2,3"); "" or "auto": the backbone's own choice.
    char taps[BLM_FIELD_TEXT];
    double epsilon;    // added to the diagonal of every covariance: 0.01
    double sigma;      // of the Gaussian filter of the map, in pixels of the input: 4; 0:
                       // no filter
    int64_t min_area;  // smallest defect, in pixels of the input: 1
    int channels;      // of the taps, drawn at random, as PaDiM does (Defard et al., ICPR
                       // workshops 2021): statistics become cheaper; 0: all
    int unit_variance; // 1: each channel is divided by the root of its variance, averaged
                       // over the positions, before epsilon is added; none counts as less
                       // than a tenth of their root mean square
    int64_t seed;      // of the draw of channels, 0 to 2^53
    double shrinkage;  // x, 0 to 0.999: a covariance S becomes (1 - x) S + x tr(S) / D I
    blm_type type;     // of the network's products: float
    int half; // 1: axes or factors of the Gaussians in half precision: half the memory
    blm_detector detector; // gauss
    int tolerance;  // of gauss, cells of the grid, 0 to 4: the distance at a position is
                    // the least from the Gaussians of positions whose row and column are
                    // both at most as far away: 0
    int reach;      // of memory, cells, 0 to 4: rows of positions at most as far away are
                    // compared; -1: all
    double coreset; // of memory: share of the rows that is kept, chosen greedily so that
                    // none is far from them (k-centre), by `seed`: 1, all
    double explained; // of subspace: share of the variance that it holds: 0.99
} blm_recipe;

#define blm_recipe_init(recipe) blm_recipe_init_sized(recipe, sizeof *(recipe))
BLM_API void blm_recipe_init_sized(blm_recipe *recipe, size_t size);

// ---- the fields of a recipe, by name

typedef enum blm_field_kind {
    BLM_FIELD_FLAG = 0,    // "no" or "yes"; int
    BLM_FIELD_WHOLE = 1,   // int
    BLM_FIELD_WHOLE64 = 2, // int64_t; K, M, G at the end mean powers of 1000
    BLM_FIELD_REAL = 3,    // double
    BLM_FIELD_CHOICE = 4,  // one of `words`; an enumerator, `low` being the first word
    BLM_FIELD_SIZE = 5,    // "224x224"; two of int
    BLM_FIELD_RECT = 6,    // "X,Y,W,H"; blm_rect
    BLM_FIELD_LIST = 7,    // words with commas between them; char [BLM_FIELD_TEXT]
    BLM_FIELD_RANGE = 8,   // "LOW,HIGH", LOW being smaller; two of double
} blm_field_kind;

// What has to be done again when a field changes, with all that comes after it.
typedef enum blm_part {
    BLM_PART_INPUT = 0,      // images have to be decoded and resized again
    BLM_PART_NETWORK = 1,    // run through the network
    BLM_PART_FEATURES = 2,   // put together to features
    BLM_PART_STATISTICS = 3, // learnt
    BLM_PART_SPREAD = 4,     // what is added to the covariances
    BLM_PART_MAP = 5,        // only maps and scores
} blm_part;

// What a field is.  All of it is static text and may grow at the end.
typedef struct blm_field {
    const char *name; // "min-area"
    blm_field_kind kind;
    blm_part part;
    const char *initial; // its default, as text
    const char *value;   // what to call a value, "N", "WxH"; NULL for flags
    const char *text;    // a line for people
    double low, high;    // range of numbers, ends included
    const char *words;   // with '|' between them; NULL: not one of a few
    const char *zero;    // the word for all zeros: "all", "auto"; NULL: zero is a number
    const char *alias;   // another name for _set and _get; NULL: none
    int shown;           // 1: a description for people has it even at its default
    const char *only;    // the one detector that uses it; NULL: all
} blm_field;

// The fields in their order; NULL after the last one.
BLM_API const blm_field *blm_recipe_field(size_t index);
// Sets a field from text.  BLM_EUSAGE: no such field ('_' may stand for '-'), or no such
// value; the recipe is then as it was.
BLM_API blm_status blm_recipe_set(
    blm_recipe *recipe, const char *name, const char *text, blm_error *err);
// A field as text, which _set reads back to the same value.  BLM_EUSAGE: no such field,
// or its value is out of its range.
BLM_API blm_status blm_recipe_get(const blm_recipe *recipe, const char *name,
    char text[BLM_FIELD_TEXT], blm_error *err);

// ---- recipes of the literature, by name

// What a preset is.  All of it is static text.
typedef struct blm_preset {
    const char *name; // "padim"
    const char
        *weights;       // the network that it was published with, under the name that its
                        // weights are looked for (weights.h); NULL: the default ones
    const char *fields; // what it sets: "NAME=VALUE NAME=VALUE ..."
    const char *text;   // a line for people
} blm_preset;

// The presets in their order; NULL after the last one.
BLM_API const blm_preset *blm_preset_at(size_t index);
// Sets the fields of a preset; the others stay as they are.  *out, if out is not NULL,
// becomes the preset.  BLM_EUSAGE: there is none of that name.
BLM_API blm_status blm_recipe_like(
    blm_recipe *recipe, const char *name, const blm_preset **out, blm_error *err);

// Sets what a recipe decides of how images are decoded: bits and range.  The other
// options stay as they are.
BLM_API void blm_recipe_decode_options(
    const blm_recipe *recipe, blm_decode_options *options);

// ---- fitter ---------------------------------------------------------------------------

typedef struct blm_fitter blm_fitter;
typedef struct blm_model blm_model;
typedef struct blm_scorer blm_scorer;
typedef struct blm_features blm_features; // blemish/features.h

// A region of interest: a picture of the images, 0 where defects do not matter.  With a
// crop rectangle it has the size of the images; without, any size: it is scaled as they
// are.  A pixel of the network's input is in the region if all that it shows of the image
// is.  Pixels of images outside change no score, to the bit: before an image is resized
// they take the mean colour of what is inside in the first good one.
typedef struct blm_mask {
    int width, height;      // pixels
    const uint8_t *include; // (height, width)
} blm_mask;

typedef struct blm_fit_options {
    const blm_recipe *recipe; // NULL: all defaults
    const char *weights;      // a file, or the name of installed ones ("b", "s", "ti");
                              // NULL: the default
    const blm_decode_options *decode; // NULL: all defaults; bits, range: the recipe's
    const blm_mask *region;           // NULL: all of the image; kept in the model
    int threads;                      // 0: as many as there are cores
    int from_features; // 1: takes features, no images, and so builds no network; region
                       // must be NULL
} blm_fit_options;

// What a fit costs, known before it is paid.  Work is in 10^9 multiplications and
// additions; the default recipe's is what to compare it with.
typedef struct blm_cost {
    int positions, features; // P, D
    uint64_t model_bytes;    // of the statistics, in memory and in the file
    uint64_t fit_bytes;      // the most that a fit holds, all threads together; about
    double network_gflop;    // for each image, of a fit or later
    double distance_gflop;   // for each image later
    double statistics_gflop; // of a fit, once
} blm_cost;

// images: how many good ones there will be.
BLM_SIZED blm_status blm_fitter_cost(
    const blm_fit_options *options, int64_t images, blm_cost *out, blm_error *err);

// Called while files are taken in, from one thread at a time.
typedef struct blm_fit_watch {
    void *context; // handed to both
    // After each file.  Anything but 0 stops: the call returns BLM_ESYSTEM,
    // "interrupted".
    int (*progress)(void *context, size_t done, size_t total);
    // A file that is no usable image.  0: the call fails with that error; else the file
    // is skipped. NULL: as if it returned 0.
    int (*bad_file)(void *context, const char *path, const blm_error *why);
} blm_fit_watch;

BLM_SIZED blm_status blm_fitter_new(
    const blm_fit_options *options, blm_fitter **out, blm_error *err);
BLM_API void blm_fitter_free(blm_fitter *fitter);

// Takes in files, in the order given; each is read once, on all threads.  Names that
// `names` gives (NULL: the paths) are kept in the model.  After a failure the fitter can
// only be freed.
BLM_SIZED blm_status blm_fitter_add_files(blm_fitter *fitter, const char *const *paths,
    const char *const *names, size_t count, const blm_fit_watch *watch, blm_error *err);
// Takes in one image from memory.  After a failure nothing has changed.
BLM_API blm_status blm_fitter_add_image(
    blm_fitter *fitter, const blm_image *image, const char *name, blm_error *err);

// How much of the range of their samples the images that were taken in use.  Images that
// use little of it are learnt almost black, or grey: a caller should say so.
typedef struct blm_levels {
    int low, high; // of 0 (black) to 255 (white): a thousandth of the samples lies below
                   // low, a thousandth above high; both 0 before the first image
    int bits; // 9 to 14: samples have 16 bits, recipe.bits was 16, and this many would
              // hold all of them; 0: not so
} blm_levels;

// All zeros if fitter is NULL.
BLM_SIZED void blm_fitter_levels(const blm_fitter *fitter, blm_levels *out);
// Takes in the features of images (blemish/features.h); features, names (count); names
// NULL: the images have none.  Of features that do not fit (BLM_EUSAGE) none is taken in;
// after any other failure the fitter can only be freed.
BLM_API blm_status blm_fitter_add_features(blm_fitter *fitter,
    const blm_features *const *features, const char *const *names, size_t count,
    blm_error *err);

// How the threshold is found, from good images alone.
typedef struct blm_calibration {
    // Share of good images that may be called NG, above 0 and below 1; 0: 0.01.
    double false_alarm;
    // The same for NG and REVIEW together, above false_alarm; 0: no REVIEW.
    double review;
    int64_t min_area; // instead of the recipe's; 0: as it is
    // Images with equal numbers show the same part: one number for each image that is
    // scored, good images in their order (blm_model_image_name) or held-out ones.  Good
    // ones are left out together, which a model that keeps the full covariance cannot
    // do.  Each group counts as one, in equal parts on its images.  NULL: each by itself.
    const int32_t *group;
    // Scores, by this very model and its min_area, of good images that it was not fitted
    // on.  NULL: leave out.
    const double *held_out; // (held_out_count)
    size_t held_out_count;
    // 0: good images that are equal or nearly equal (blm_model_image_same) show the same
    // part: they are left out together, and their groups are joined, where that is
    // possible.  1: each counts by itself.
    int keep_copies;
    int threads; // 0: as many as there are cores; a fitter's own, when it calibrates
} blm_calibration;

// Fits the Gaussians and calibrates.  The fitter is used up: only _free may follow, but
// for a calibration that is out of range (BLM_EUSAGE), which changes nothing.
// BLM_EUSAGE: fewer than three images.
BLM_SIZED blm_status blm_fitter_finish(blm_fitter *fitter,
    const blm_calibration *calibration, blm_model **out, blm_error *err);

// ---- model ----------------------------------------------------------------------------

// Reads a model file and checks all of it, its checksum too.
BLM_API blm_status blm_model_open(const char *path, blm_model **out, blm_error *err);
// Writes a model with its weights inside, complete or not at all.  Equal models give
// equal bytes.
BLM_API blm_status blm_model_save(
    const blm_model *model, const char *path, blm_error *err);
// One more owner, who releases it with blm_model_free; NULL of a model that is NULL.  A
// scorer is an owner of its model, too.
BLM_API blm_model *blm_model_share(const blm_model *model);
BLM_API void blm_model_free(blm_model *model); // one owner less

// Finds the thresholds again, without fitting: *out is another model, which shares all
// that is equal with the first.  Either may be freed first.
BLM_SIZED blm_status blm_model_calibrate(const blm_model *model,
    const blm_calibration *calibration, blm_model **out, blm_error *err);

// Whether a fitted model can become one of another recipe without its images, which is
// far cheaper: 1 if nothing differs but what is added to covariances and what is done to
// maps (epsilon, shrinkage, sigma, min_area), and the statistics were kept so that they
// can serve; else 0.
BLM_API int blm_model_can_adapt(const blm_model *model, const blm_recipe *recipe);
// Makes that model and calibrates it; its scores are those of a fit with that recipe.  It
// shares what is equal with the first, and either may be freed first.  BLM_EUSAGE: it
// cannot.
BLM_SIZED blm_status blm_model_adapt(const blm_model *model, const blm_recipe *recipe,
    const blm_calibration *calibration, blm_model **out, blm_error *err);

typedef enum blm_threshold_method {
    BLM_THRESHOLD_QUANTILE = 0, // order statistic of the good scores: n resolves the rate
    BLM_THRESHOLD_TAIL = 1, // n is too small for the rate: exponential tail, at least the
                            // largest
} blm_threshold_method;

typedef enum blm_score_source { // where the scores came from that the threshold rests on
    BLM_LEAVE_ONE_OUT = 0,
    BLM_LEAVE_GROUP_OUT = 1,
    BLM_HELD_OUT = 2,
} blm_score_source;

typedef enum blm_verdict {
    BLM_VERDICT_OK = 0,
    BLM_VERDICT_NG = 1,
    BLM_VERDICT_REVIEW = 2, // between the two thresholds: somebody should look
} blm_verdict;

// NG if score >= threshold, else REVIEW if score >= review_threshold (0: there is none),
// else OK: what decides images, regions and pixels of masks.
BLM_API blm_verdict blm_verdict_of(
    double score, double threshold, double review_threshold);
// "OK", "NG", "REVIEW"; static text.
BLM_API const char *blm_verdict_name(blm_verdict verdict);

typedef struct blm_model_info { // texts live as long as the model
    const char *program;        // version that made it
    const char *hash; // XXH3-128 of the model file, 32 hex digits; "" before it is saved
    const char *weights_hash;      // that of its weights
    const char *backbone;          // "ConTNet-B"
    const blm_recipe *recipe;      // complete: no size and no tap is left to defaults
    int64_t images;                // N, good images that were taken in
    int positions, features, rank; // P, D, R; rank 0: the full covariance is kept
    double region;      // share of the input's pixels in the region of interest, up to 1
    double threshold;   // NG from this score on
    double false_alarm; // the rate that was asked for
    blm_threshold_method method; // how the threshold was found
    double review_threshold;     // REVIEW from this score on; 0: none
    double review;               // the rate that was asked for
    blm_score_source source;
    size_t good_scores; // how many scores the thresholds rest on
    size_t groups;      // how many groups they come from; 0: each by itself
    size_t copies;      // how many good images are copies of an earlier one
    double good_median; // of these scores
    // Of n scores, or groups of them: 1 / (n + 1), the lowest rate that they can show.
    double finest_rate;
    // At most this share of good images reaches the threshold, on average over all
    // held-out images that could have been drawn; NaN where nothing is promised, since
    // the scores depend on each other.
    double promised_rate;
} blm_model_info;

// All zeros of a model that is NULL.
BLM_SIZED void blm_model_describe(const blm_model *model, blm_model_info *out);
// What it cost to fit, on this machine's cores, and what it costs to use; likewise.
BLM_SIZED void blm_model_cost(const blm_model *model, blm_cost *out);

// The name of a good image, in the order of the images; NULL from their count on (of a
// model that keeps the full covariance, that of those whose features were kept).
BLM_API const char *blm_model_image_name(const blm_model *model, size_t index);

// The first good image that this one is equal or nearly equal to: the same but for noise,
// compression, brightness, another size, or a shift of a hundredth of the image.  Itself
// if there is none; index as that of blm_model_image_name.  At most 4096 images of a fit
// are compared: of more, none is a copy.
BLM_API size_t blm_model_image_same(const blm_model *model, size_t index);

// A good image, scored by Gaussians that it had no part in.
typedef struct blm_good_score {
    const char *name; // lives as long as the model; "" for held-out images
    double score;
    size_t index; // place in the order of the images
} blm_good_score;

// The scores that the thresholds rest on, highest first: with leave-one-out, those at the
// top look least like the others.  Returns how many there are and writes at most
// `capacity` of them.
BLM_SIZED size_t blm_model_good_scores(
    const blm_model *model, blm_good_score *out, size_t capacity);

// The map of a good image by the Gaussians of all others, however the thresholds were
// found; index as that of blm_model_image_name.  out (recipe.height, recipe.width), like
// blm_result.map; mask (height, width) like blm_result.mask, NULL: not wanted.
// BLM_EUSAGE: there is no such image.
BLM_API blm_status blm_model_good_map(
    const blm_model *model, size_t index, float *out, uint8_t *mask, blm_error *err);

// ---- scorer ---------------------------------------------------------------------------

typedef struct blm_scorer_options {
    int threads;       // inside one image, of its own; 0: all cores; scores are the same
    double threshold;  // instead of the model's, which then has no REVIEW; 0: the model's
    int from_features; // 1: takes features, no images, and so builds no network
    int batch;         // of features: most that are scored together, 1 to 64; 0: 1
} blm_scorer_options;

BLM_SIZED blm_status blm_scorer_new(const blm_model *model,
    const blm_scorer_options *options, blm_scorer **out, blm_error *err);
// A second scorer of the same model and options, for another thread.  All scorers of a
// model share its packed weights.
BLM_API blm_status blm_scorer_clone(
    const blm_scorer *scorer, blm_scorer **out, blm_error *err);
BLM_API void blm_scorer_free(blm_scorer *scorer);

enum { // how an image differs from all that the model was fitted on: blm_result.unseen
    BLM_UNSEEN_SIZE = 1,       // width or height, by more than a tenth
    BLM_UNSEEN_ASPECT = 2,     // width / height, by more than a twentieth
    BLM_UNSEEN_CHANNELS = 4,   // grey or colour
    BLM_UNSEEN_BRIGHTNESS = 8, // mean, by more than half the range seen and 8 levels
};

typedef struct
    blm_region { // a connected part of the mask, in pixels of the upright image
    double left, top, right, bottom; // box; right and bottom exclusive
    double area;                     // square pixels
    double peak;                     // highest value of the map in it; NG if >= threshold
    double severity;                 // the peak, calibrated like the score
    double peak_x, peak_y;
    double centroid_x, centroid_y;
} blm_region;

// What a run found.  The arrays belong to the scorer and live until its next run.
typedef struct blm_result {
    double score; // maximum of the map
    double
        calibrated; // 0 at the median good score, 1 at the threshold, linear between and
                    // beyond: comparable between models
    double threshold;
    double review_threshold;   // 0: none
    blm_verdict verdict;       // NG if score >= threshold, else REVIEW if it is
                               // >= review_threshold
    unsigned unseen;           // sum of BLM_UNSEEN...
    int width, height;         // of map and mask: the recipe's
    const float *map;          // (height, width) anomaly map, after the area opening; 0
                               // outside the region of interest
    const uint8_t *mask;       // (height, width) 255 where map >= threshold, 128 where it
                               // is >= review_threshold only, else 0
    const blm_region *regions; // what blm_result_region looks up
    size_t region_count;       // connected parts of the mask
    double prepare_ms, network_ms, distance_ms, map_ms; // where the time went
} blm_result;

// An image must have been decoded with the recipe's options, as those of the fit were
// (blm_recipe_decode_options); for a buffer, bits and range are members of blm_buffer.
BLM_SIZED blm_status blm_scorer_run(
    blm_scorer *scorer, const blm_image *image, blm_result *out, blm_error *err);

// Scores the features of `count` images together, 1 to options.batch: features, out
// (count).  Results are those of blm_scorer_run; all live until the next run.
BLM_SIZED blm_status blm_scorer_run_features(blm_scorer *scorer,
    const blm_features *const *features, int count, blm_result *out, blm_error *err);

// A connected part of the mask, those with the highest peak first; NULL from region_count
// on.  Lives as long as the arrays of the result.
BLM_SIZED const blm_region *blm_result_region(const blm_result *result, size_t index);

// The map as seen on the upright original image of width x height pixels, bilinear; what
// the recipe cut off is 0.  out (height, width).
BLM_SIZED blm_status blm_result_native_map(const blm_scorer *scorer,
    const blm_result *result, int width, int height, float *out, blm_error *err);
// The mask likewise, nearest.  out (height, width).
BLM_SIZED blm_status blm_result_native_mask(const blm_scorer *scorer,
    const blm_result *result, int width, int height, uint8_t *out, blm_error *err);

// What is known about a picture, as the recipe shows the picture: mask (height, width) is
// cropped, resized by Pillow's NEAREST, its centre is cut out.  In recipe, zeros mean the
// defaults.  out has (height, width) of the recipe.  BLM_EINPUT: the crop rectangle
// leaves the mask.
BLM_API blm_status blm_recipe_mask(const blm_recipe *recipe, const uint8_t *mask,
    int width, int height, uint8_t *out, blm_error *err);

#ifdef __cplusplus
}
#endif

#include "blemish/inline.h"

#endif
