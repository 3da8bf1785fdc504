// Calls every public function with missing or invalid arguments, and with failed or
// finished objects: BLM_EUSAGE, one line of text, no crash.
#include <float.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "blemish/blemish.h"
#include "blemish/eval.h"
#include "blemish/features.h"
#include "blemish/render.h"
#include "blemish/weights.h"
#include "tests/check.h"
#include "tests/random.h"

enum { SIDE = 64, IMAGES = 4, INPUT = 224 };

static blm_error err;
static struct {
    blm_image *image;
    blm_model *model;
    blm_scorer *scorer;
    blm_result result;
    uint8_t bytes[INPUT * INPUT * 4];
    float floats[INPUT * INPUT];
} t;

// The call fails with BLM_EUSAGE and a text; it also fails with err NULL.
#define refused(call)                                                                    \
    do {                                                                                 \
        err.text[0] = '\0';                                                              \
        const blm_status status_ = (call);                                               \
        if (status_ != BLM_EUSAGE)                                                       \
            fail_msg("%s: %s: %s", #call, blm_status_name(status_), err.text);           \
        if (err.text[0] == '\0' || strchr(err.text, '\n') != NULL)                       \
            fail_msg("%s: no line of text", #call);                                      \
    } while (0)

static blm_image *make_image(uint64_t seed)
{
    uint8_t pixels[SIDE * SIDE * 3];
    blm_image *image = NULL;
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)(i / 64 % 2 * 100 + (unsigned)random_below(&seed, 60));
    const blm_buffer buffer = {
        .pixels = pixels, .width = SIDE, .height = SIDE, .layout = BLM_RGB8};
    assert_ok(blm_image_from_buffer(&buffer, &image, &err), err);
    return image;
}

static blm_fitter *new_fitter(int images)
{
    const blm_fit_options options = {.weights = "ti", .threads = 1};
    blm_fitter *fitter = NULL;
    assert_ok(blm_fitter_new(&options, &fitter, &err), err);
    for (int i = 0; i < images; i++) {
        blm_image *image = make_image((uint64_t)i);
        assert_ok(blm_fitter_add_image(fitter, image, "image", &err), err);
        blm_image_free(image);
    }
    return fitter;
}

static int set_up(void **state)
{
    (void)state;
    blm_fitter *fitter = new_fitter(IMAGES);
    assert_ok(blm_fitter_finish(fitter, NULL, &t.model, &err), err);
    blm_fitter_free(fitter);
    t.image = make_image(99);
    assert_ok(blm_scorer_new(t.model, NULL, &t.scorer, &err), err);
    assert_ok(blm_scorer_run(t.scorer, t.image, &t.result, &err), err);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    blm_scorer_free(t.scorer);
    blm_model_free(t.model);
    blm_image_free(t.image);
    return 0;
}

// ---- fitting --------------------------------------------------------------------------

static void a_fitter_asks_for_its_arguments(void **state)
{
    (void)state;
    blm_cost cost;
    blm_levels levels = {1, 2, 3};
    blm_model *model;
    blm_fitter *f = new_fitter(0), *none = NULL;
    const char *path = "a.png", *nothing = NULL;
    refused(blm_fitter_new(NULL, NULL, &err));
    refused(blm_fitter_cost(NULL, 10, NULL, &err));
    refused(blm_fitter_cost(NULL, 2, &cost, &err));
    refused(blm_fitter_cost(&(blm_fit_options){.threads = -1}, 10, &cost, &err));
    refused(blm_fitter_cost(&(blm_fit_options){.threads = 1025}, 10, &cost, &err));
    refused(blm_fitter_add_files(NULL, &path, NULL, 1, NULL, &err));
    refused(blm_fitter_add_files(f, NULL, NULL, 1, NULL, &err));
    refused(blm_fitter_add_files(f, &nothing, NULL, 1, NULL, &err));
    refused(blm_fitter_add_files(f, &path, &nothing, 1, NULL, &err));
    refused(blm_fitter_add_image(NULL, t.image, "a", &err));
    refused(blm_fitter_add_image(f, NULL, "a", &err));
    refused(blm_fitter_add_image(f, t.image, NULL, &err));
    refused(blm_fitter_finish(NULL, NULL, &model, &err));
    refused(blm_fitter_finish(f, NULL, NULL, &err));
    assert_int_equal(blm_fitter_add_image(f, NULL, "a", NULL), BLM_EUSAGE);
    assert_ok(blm_fitter_add_files(f, NULL, NULL, 0, NULL, &err), err);
    assert_ok(blm_fitter_add_image(f, t.image, "still open", &err), err);
    blm_fitter_levels(f, NULL);
    blm_fitter_levels(none, &levels);
    assert_int_equal(levels.high, 0);
    blm_fitter_free(f);
    blm_fitter_free(none);
}

static void options_out_of_range_open_no_fitter(void **state)
{
    (void)state;
    const uint8_t include[4] = {1, 1, 1, 1};
    const blm_mask masks[] = {{0, 2, include}, {2, -1, include}, {2, 2, NULL}};
    const blm_recipe nothing = {0};
    const blm_fit_options bad[] = {{.threads = -1}, {.threads = 1 << 20},
        {.recipe = &nothing}, {.region = &masks[0]}, {.region = &masks[1]},
        {.region = &masks[2]}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        blm_fit_options options = bad[i];
        blm_fitter *fitter = NULL;
        options.weights = "ti";
        if (blm_fitter_new(&options, &fitter, &err) != BLM_EUSAGE)
            fail_msg("options %zu were taken", i);
        assert_null(fitter);
    }
}

static void images_that_are_none_are_refused(void **state)
{
    (void)state;
    blm_fitter *f = new_fitter(0);
    const blm_image bad[] = {{.width = SIDE, .height = SIDE},
        {.width = 0, .height = SIDE, .rgb = t.bytes},
        {.width = SIDE, .height = -1, .rgb = t.bytes},
        {.width = (1 << 24) + 1, .height = 1, .rgb = t.bytes}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        blm_result result;
        refused(blm_fitter_add_image(f, &bad[i], "a", &err));
        refused(blm_scorer_run(t.scorer, &bad[i], &result, &err));
    }
    blm_fitter_free(f);
}

static void after_a_failure_a_fitter_can_only_be_freed(void **state)
{
    (void)state;
    blm_fitter *f = new_fitter(3);
    blm_model *model = NULL;
    const char *missing = "/nonexistent/a.png";
    assert_int_not_equal(blm_fitter_add_files(f, &missing, NULL, 1, NULL, &err), BLM_OK);
    refused(blm_fitter_add_files(f, &missing, NULL, 1, NULL, &err));
    refused(blm_fitter_add_image(f, t.image, "a", &err));
    refused(blm_fitter_finish(f, NULL, &model, &err));
    assert_null(model);
    blm_fitter_free(f);
}

static void a_finished_fitter_can_only_be_freed(void **state)
{
    (void)state;
    for (int images = 2; images <= 3; images++) { // two are too few: finishing fails
        blm_fitter *f = new_fitter(images);
        blm_model *model = NULL, *again = NULL;
        const char *path = "a.png";
        const blm_status status = blm_fitter_finish(f, NULL, &model, &err);
        assert_int_equal(status, images < 3 ? BLM_EUSAGE : BLM_OK);
        refused(blm_fitter_add_files(f, &path, NULL, 1, NULL, &err));
        refused(blm_fitter_add_image(f, t.image, "a", &err));
        refused(blm_fitter_finish(f, NULL, &again, &err));
        assert_null(again);
        blm_model_free(model);
        blm_fitter_free(f);
    }
}

// Found before the work, so that the fitter is unchanged.
static void a_calibration_out_of_range_is_refused_before_the_work(void **state)
{
    (void)state;
    const double scores[] = {1, 2, 3};
    const blm_calibration bad[] = {{.false_alarm = NAN}, {.false_alarm = -0.1},
        {.false_alarm = 1}, {.review = 0.001}, {.review = NAN}, {.review = 1},
        {.min_area = -1}, {.min_area = INPUT * INPUT + 1},
        {.held_out = scores, .held_out_count = 0}};
    blm_fitter *f = new_fitter(3);
    blm_model *model = NULL;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        refused(blm_fitter_finish(f, &bad[i], &model, &err));
        refused(blm_model_calibrate(t.model, &bad[i], &model, &err));
        assert_null(model);
    }
    assert_ok(blm_fitter_finish(f, NULL, &model, &err), err);
    blm_model_free(model);
    blm_fitter_free(f);
}

// ---- models and scorers ---------------------------------------------------------------

static void a_model_asks_for_its_arguments(void **state)
{
    (void)state;
    blm_model *model = NULL;
    blm_model_info info = {.images = 7};
    blm_cost cost = {.positions = 7};
    blm_good_score score;
    refused(blm_model_open(NULL, &model, &err));
    refused(blm_model_open("a.blm", NULL, &err));
    refused(blm_model_save(NULL, "a.blm", &err));
    refused(blm_model_save_without_weights(NULL, "model", &err));
    refused(blm_model_save(t.model, NULL, &err));
    refused(blm_model_calibrate(NULL, NULL, &model, &err));
    refused(blm_model_calibrate(t.model, NULL, NULL, &err));
    assert_null(blm_model_share(NULL));
    refused(blm_model_good_map(NULL, 0, t.floats, NULL, &err));
    refused(blm_model_good_map(t.model, 0, NULL, NULL, &err));
    refused(blm_model_good_map(t.model, IMAGES, t.floats, NULL, &err));
    refused(blm_model_good_map(t.model, SIZE_MAX, t.floats, NULL, &err));
    blm_model_describe(t.model, NULL);
    blm_model_describe(NULL, &info);
    assert_int_equal(info.images, 0);
    blm_model_cost(t.model, NULL);
    blm_model_cost(NULL, &cost);
    assert_int_equal(cost.positions, 0);
    assert_null(blm_model_image_name(NULL, 0));
    assert_null(blm_model_image_name(t.model, SIZE_MAX));
    assert_int_equal(blm_model_good_scores(NULL, &score, 1), 0);
    assert_int_equal(blm_model_good_scores(t.model, NULL, 5), IMAGES);
    blm_model_free(NULL);
}

static void extractors_ask_for_their_arguments(void **state)
{
    (void)state;
    const blm_extractor_options bad[] = {{.threads = -1}, {.threads = 1025},
        {.batch = -1}, {.batch = 65}, {.model = t.model, .weights = "ti"}};
    const blm_extractor_options options = {.weights = "ti", .threads = 1};
    const blm_image *image = t.image, *nothing = NULL;
    blm_extractor *e = NULL, *none = NULL;
    blm_features *features = NULL;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refused(blm_extractor_new(&bad[i], &none, &err));
    refused(blm_extractor_new(&options, NULL, &err));
    assert_ok(blm_extractor_new(&options, &e, &err), err);
    refused(blm_extractor_clone(NULL, &none, &err));
    refused(blm_extractor_clone(e, NULL, &err));
    refused(blm_extractor_run(NULL, &image, 1, &features, &err));
    refused(blm_extractor_run(e, NULL, 1, &features, &err));
    refused(blm_extractor_run(e, &nothing, 1, &features, &err));
    refused(blm_extractor_run(e, &image, 0, &features, &err));
    refused(blm_extractor_run(e, &image, 2, &features, &err));
    refused(blm_extractor_run(e, &image, 1, NULL, &err));
    refused(blm_features_from_outputs(e, NULL, &features, &err));
    refused(blm_features_from_outputs(
        NULL, (const float *const[]){t.floats}, &features, &err));
    assert_null(none);
    assert_null(features);
    blm_extractor_describe(e, NULL);
    blm_extractor_time(NULL, 1);
    assert_int_equal(blm_extractor_steps(NULL, NULL, 0), 0);
    assert_int_equal(blm_extractor_outputs(e, NULL, 0), 2);
    assert_int_equal(blm_features_outputs(NULL, NULL, 0), 0);
    blm_extractor_free(NULL);
    blm_features_free(NULL);
    blm_extractor_free(e);
}

// A fitter or scorer takes images or features, never both.
static void features_and_images_are_not_mixed(void **state)
{
    (void)state;
    const blm_extractor_options options = {.weights = "ti", .threads = 1};
    const blm_fit_options fit = {.weights = "ti", .threads = 1, .from_features = 1};
    const blm_scorer_options score = {.threads = 1, .from_features = 1};
    const blm_image *image = t.image;
    const blm_features *nothing = NULL;
    blm_extractor *e = NULL;
    blm_features *features = NULL;
    blm_fitter *f = NULL;
    blm_scorer *s = NULL;
    blm_model *adapted = NULL;
    blm_result result;
    assert_ok(blm_extractor_new(&options, &e, &err), err);
    assert_ok(blm_extractor_run(e, &image, 1, &features, &err), err);
    assert_ok(blm_fitter_new(&fit, &f, &err), err);
    assert_ok(blm_scorer_new(t.model, &score, &s, &err), err);
    const blm_features *const one = features;
    refused(blm_fitter_add_features(NULL, &one, NULL, 1, &err));
    refused(blm_fitter_add_features(f, NULL, NULL, 1, &err));
    refused(blm_fitter_add_features(f, &nothing, NULL, 1, &err));
    refused(blm_fitter_add_image(f, t.image, "a", &err));
    refused(blm_scorer_run(s, t.image, &result, &err));
    refused(blm_scorer_run_features(NULL, &one, 1, &result, &err));
    refused(blm_scorer_run_features(s, NULL, 1, &result, &err));
    refused(blm_scorer_run_features(s, &nothing, 1, &result, &err));
    refused(blm_scorer_run_features(s, &one, 1, NULL, &err));
    refused(blm_scorer_run_features(s, &one, 2, &result, &err));
    refused(blm_scorer_run_features(t.scorer, &one, 1, &result, &err));
    refused(blm_model_adapt(NULL, NULL, NULL, &adapted, &err));
    refused(blm_model_adapt(t.model, NULL, NULL, &adapted, &err));
    assert_int_equal(blm_model_can_adapt(NULL, NULL), 0);
    assert_ok(blm_scorer_run_features(s, &one, 1, &result, &err), err);
    blm_scorer_free(s);
    blm_fitter_free(f);
    blm_features_free(features);
    blm_extractor_free(e);
}

static void a_scorer_asks_for_its_arguments(void **state)
{
    (void)state;
    blm_scorer *scorer = NULL;
    blm_result result;
    const blm_scorer_options bad[] = {{.threads = -1}, {.threads = 1025},
        {.threshold = NAN}, {.threshold = INFINITY}, {.threshold = -1}};
    refused(blm_scorer_new(NULL, NULL, &scorer, &err));
    refused(blm_scorer_new(t.model, NULL, NULL, &err));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refused(blm_scorer_new(t.model, &bad[i], &scorer, &err));
    refused(blm_scorer_clone(NULL, &scorer, &err));
    refused(blm_scorer_clone(t.scorer, NULL, &err));
    refused(blm_scorer_run(NULL, t.image, &result, &err));
    refused(blm_scorer_run(t.scorer, NULL, &result, &err));
    refused(blm_scorer_run(t.scorer, t.image, NULL, &err));
    assert_null(scorer);
    blm_scorer_free(NULL);
}

static void a_result_must_be_one_of_its_scorer(void **state)
{
    (void)state;
    const int w = 50, h = 40;
    blm_result bad[] = {t.result, t.result, t.result};
    bad[0].width++;
    bad[1].height = -1;
    bad[2].map = NULL;
    bad[2].mask = NULL;
    refused(blm_result_native_map(NULL, &t.result, w, h, t.floats, &err));
    refused(blm_result_native_map(t.scorer, NULL, w, h, t.floats, &err));
    refused(blm_result_native_map(t.scorer, &t.result, 0, h, t.floats, &err));
    refused(blm_result_native_map(t.scorer, &t.result, w, -1, t.floats, &err));
    refused(blm_result_native_map(t.scorer, &t.result, w, h, NULL, &err));
    refused(blm_result_native_mask(NULL, &t.result, w, h, t.bytes, &err));
    refused(blm_result_native_mask(t.scorer, NULL, w, h, t.bytes, &err));
    refused(blm_result_native_mask(t.scorer, &t.result, 0, h, t.bytes, &err));
    refused(blm_result_native_mask(t.scorer, &t.result, w, h, NULL, &err));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        refused(blm_result_native_map(t.scorer, &bad[i], w, h, t.floats, &err));
        refused(blm_result_native_mask(t.scorer, &bad[i], w, h, t.bytes, &err));
    }
}

static void a_recipe_asks_for_its_arguments(void **state)
{
    (void)state;
    const blm_recipe zeros = {0};
    blm_recipe plain, bad, crop;
    blm_recipe_init(&plain);
    bad = crop = plain;
    bad.width = 100;
    crop.crop.height = 5;
    uint8_t mask[4] = {0, 255, 255, 255};
    uint8_t *out = t.bytes;
    assert_ok(blm_recipe_mask(&plain, mask, 2, 2, out, &err), err);
    assert_int_equal(out[0], 0);
    assert_int_equal(out[INPUT * INPUT - 1], 255);
    refused(blm_recipe_mask(NULL, mask, 2, 2, out, &err));
    refused(blm_recipe_mask(&zeros, mask, 2, 2, out, &err));
    refused(blm_recipe_mask(&plain, NULL, 2, 2, out, &err));
    refused(blm_recipe_mask(&plain, mask, 0, 2, out, &err));
    refused(blm_recipe_mask(&plain, mask, 2, -2, out, &err));
    refused(blm_recipe_mask(&plain, mask, 2, 2, NULL, &err));
    refused(blm_recipe_mask(&bad, mask, 2, 2, out, &err));
    refused(blm_recipe_mask(&crop, mask, 2, 2, out, &err));
}

// ---- images ---------------------------------------------------------------------------

static void images_ask_for_their_arguments(void **state)
{
    (void)state;
    blm_image *image = NULL;
    const blm_buffer good = {
        .pixels = t.bytes, .width = 2, .height = 2, .layout = BLM_MONO8};
    blm_buffer bad[] = {good, good, good, good, good, good};
    bad[0].pixels = NULL;
    bad[1].width = 0;
    bad[2].height = -1;
    bad[3].layout = (blm_layout)1000;
    bad[4].bits = 17;
    bad[5].stride = 1;
    refused(blm_image_read(NULL, NULL, &image, &err));
    refused(blm_image_read("a.png", NULL, NULL, &err));
    refused(blm_image_read("a.png", &(blm_decode_options){.bits = -1}, &image, &err));
    refused(blm_image_decode(NULL, 5, "a", NULL, &image, &err));
    refused(blm_image_decode(t.bytes, 5, NULL, NULL, &image, &err));
    refused(blm_image_decode(t.bytes, 5, "a", NULL, NULL, &err));
    refused(blm_image_decode(
        t.bytes, 5, "a", &(blm_decode_options){.max_pixels = -1}, &image, &err));
    refused(blm_image_from_buffer(NULL, &image, &err));
    refused(blm_image_from_buffer(&good, NULL, &err));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refused(blm_image_from_buffer(&bad[i], &image, &err));
    assert_null(image);
    assert_int_equal(blm_image_is_name(NULL), 0);
    int count = 0;
    refused(blm_image_page_count(NULL, &count, &err));
    refused(blm_image_page_count("a.tif", NULL, &err));
    assert_null(blm_image_format(-1, NULL));
    blm_image_free(NULL);
}

// ---- metrics --------------------------------------------------------------------------

static void image_metrics_ask_for_their_arguments(void **state)
{
    (void)state;
    const double s[] = {1, 2};
    const uint8_t l[] = {0, 1};
    blm_metrics m;
    blm_cut cuts[4];
    blm_intervals in;
    size_t n;
    refused(blm_image_metrics(NULL, l, 2, &m, &err));
    refused(blm_image_metrics(s, NULL, 2, &m, &err));
    refused(blm_image_metrics(s, l, 2, NULL, &err));
    refused(blm_image_curve(NULL, l, 2, cuts, 4, &n, &err));
    refused(blm_image_curve(s, NULL, 2, cuts, 4, &n, &err));
    refused(blm_image_curve(s, l, 2, NULL, 4, &n, &err));
    refused(blm_image_curve(s, l, 2, cuts, 1, &n, &err));
    refused(blm_image_curve(s, l, 2, cuts, 4, NULL, &err));
    refused(blm_image_intervals(NULL, l, 2, NULL, &in, &err));
    refused(blm_image_intervals(s, NULL, 2, NULL, &in, &err));
    refused(blm_image_intervals(s, l, 2, NULL, NULL, &err));
    refused(blm_image_intervals(s, l, 2, &(blm_bootstrap){.draws = -1}, &in, &err));
    refused(blm_image_intervals(s, l, 2, &(blm_bootstrap){.level = NAN}, &in, &err));
    assert_ok(blm_image_metrics(NULL, NULL, 0, &m, &err), err);
}

static void pixel_metrics_ask_for_their_arguments(void **state)
{
    (void)state;
    blm_pixel_metrics *p = NULL;
    blm_metrics m;
    blm_cut cuts[4];
    blm_intervals in;
    size_t n;
    const blm_pixel_options bad[] = {{.kind = -1}, {.limits = {NAN}}, {.limits = {2}}};
    assert_ok(blm_pixel_metrics_new(&p, &err), err);
    refused(blm_pixel_metrics_new(NULL, &err));
    refused(blm_pixel_metrics_add(NULL, t.floats, t.bytes, 4, 4, 0, &err));
    refused(blm_pixel_metrics_add(p, NULL, t.bytes, 4, 4, 0, &err));
    refused(blm_pixel_metrics_add(p, t.floats, t.bytes, 0, 4, 0, &err));
    refused(blm_pixel_metrics_add(p, t.floats, t.bytes, 4, -4, 0, &err));
    refused(blm_pixel_metrics_add(p, t.floats, t.bytes, INT32_MAX, 2, 0, &err));
    refused(blm_pixel_metrics_add(p, t.floats, t.bytes, 4, 4, -1, &err));
    refused(blm_pixel_metrics_result(NULL, NULL, &m, &err));
    refused(blm_pixel_metrics_result(p, NULL, NULL, &err));
    refused(blm_pixel_metrics_curve(NULL, NULL, cuts, 4, &n, &err));
    refused(blm_pixel_metrics_curve(p, NULL, NULL, 4, &n, &err));
    refused(blm_pixel_metrics_curve(p, NULL, cuts, 1, &n, &err));
    refused(blm_pixel_metrics_curve(p, NULL, cuts, 4, NULL, &err));
    refused(blm_pixel_metrics_intervals(NULL, NULL, NULL, &in, &err));
    refused(blm_pixel_metrics_intervals(p, NULL, NULL, NULL, &err));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        refused(blm_pixel_metrics_result(p, &bad[i], &m, &err));
        refused(blm_pixel_metrics_curve(p, &bad[i], cuts, 4, &n, &err));
        refused(blm_pixel_metrics_intervals(p, &bad[i], NULL, &in, &err));
    }
    blm_pixel_metrics_free(p);
    blm_pixel_metrics_free(NULL);
}

// ---- rendering and files --------------------------------------------------------------

static void files_in_memory_ask_for_their_arguments(void **state)
{
    (void)state;
    blm_bytes out = {0};
    const blm_bytes nothing = {NULL, 5}, one = {t.bytes, 1};
    const blm_buffer good = {
        .pixels = t.bytes, .width = 2, .height = 2, .layout = BLM_MONO8};
    blm_buffer bgr = good;
    bgr.layout = BLM_BGR8;
    refused(blm_bytes_write(NULL, "a", &err));
    refused(blm_bytes_write(&nothing, "a", &err));
    refused(blm_bytes_write(&one, NULL, &err));
    refused(blm_png_encode(NULL, &out, &err));
    refused(blm_png_encode(&good, NULL, &err));
    refused(blm_png_encode(&bgr, &out, &err));
    refused(blm_map_encode(NULL, 2, 2, BLM_MAP_NPY, 1, &out, &err));
    refused(blm_map_encode(t.floats, 0, 2, BLM_MAP_NPY, 1, &out, &err));
    refused(blm_map_encode(t.floats, 2, 2, (blm_map_format)99, 1, &out, &err));
    refused(blm_map_encode(t.floats, 2, 2, BLM_MAP_PNG16, NAN, &out, &err));
    refused(blm_map_encode(t.floats, 2, 2, BLM_MAP_NPY, 1, NULL, &err));
    blm_bytes_free(NULL);
}

static void drawing_asks_for_its_arguments(void **state)
{
    (void)state;
    const blm_colour c = {1, 2, 3};
    blm_image *image = make_image(5), *out = NULL;
    const blm_image *tiles[] = {image, NULL};
    refused(blm_image_draw_heat(NULL, t.floats, 1, &err));
    refused(blm_image_draw_heat(image, NULL, 1, &err));
    refused(blm_image_draw_heat(image, t.floats, NAN, &err));
    refused(blm_heat_rgba(NULL, 4, 4, 1, t.bytes, &err));
    refused(blm_heat_rgba(t.floats, 0, 4, 1, t.bytes, &err));
    refused(blm_heat_rgba(t.floats, 4, 4, 0, t.bytes, &err));
    refused(blm_heat_rgba(t.floats, 4, 4, 1, NULL, &err));
    refused(blm_image_draw_contour(NULL, t.bytes, 1, c, &err));
    refused(blm_image_draw_contour(image, NULL, 1, c, &err));
    refused(blm_image_draw_contour(image, t.bytes, 0, c, &err));
    refused(blm_image_draw_box(NULL, 0, 0, 1, 1, 1, c, &err));
    refused(blm_image_draw_box(image, 1, 0, 1, 1, 1, c, &err));
    refused(blm_image_draw_box(image, 0, 0, 1, 1, 65, c, &err));
    refused(blm_image_tile(NULL, 1, 1, 0, c, &out, &err));
    refused(blm_image_tile(tiles, 2, 1, 0, c, &out, &err));
    refused(blm_image_tile(tiles, 0, 1, 0, c, &out, &err));
    refused(blm_image_tile(tiles, 1, 0, 0, c, &out, &err));
    refused(blm_image_tile(tiles, 1, 1, -1, c, &out, &err));
    refused(blm_image_tile(tiles, 1, 1, 0, c, NULL, &err));
    assert_true(blm_heat_opacity(NAN) == 0);
    assert_int_equal(blm_heat_colour(-INFINITY).r, 0);
    blm_image_free(image);
}

static void plots_ask_for_their_arguments(void **state)
{
    (void)state;
    const double x[] = {0, 1};
    const blm_axis axis = {NULL, 0, 1}, bad = {NULL, 1, 0}, odd = {NULL, NAN, 1};
    const blm_curve curve = {NULL, x, x, 2}, no_x = {NULL, NULL, x, 2},
                    no_y = {NULL, x, NULL, 2};
    const blm_sample_set set = {NULL, x, 2}, none = {NULL, NULL, 2};
    blm_bytes out = {0};
    refused(blm_plot_curves(NULL, NULL, &axis, &curve, 1, &out, &err));
    refused(blm_plot_curves(NULL, &axis, NULL, &curve, 1, &out, &err));
    refused(blm_plot_curves(NULL, &bad, &axis, &curve, 1, &out, &err));
    refused(blm_plot_curves(NULL, &axis, &odd, &curve, 1, &out, &err));
    refused(blm_plot_curves(NULL, &axis, &axis, NULL, 1, &out, &err));
    refused(blm_plot_curves(NULL, &axis, &axis, &no_x, 1, &out, &err));
    refused(blm_plot_curves(NULL, &axis, &axis, &no_y, 1, &out, &err));
    refused(blm_plot_curves(NULL, &axis, &axis, &curve, 1, NULL, &err));
    refused(blm_plot_histogram(NULL, NULL, NULL, 1, NULL, 0, &out, &err));
    refused(blm_plot_histogram(NULL, NULL, &none, 1, NULL, 0, &out, &err));
    refused(blm_plot_histogram(NULL, NULL, &set, 1, NULL, 1, &out, &err));
    refused(blm_plot_histogram(NULL, NULL, &set, 1, NULL, 0, NULL, &err));
}

// ---- weights --------------------------------------------------------------------------

static void weights_ask_for_their_arguments(void **state)
{
    (void)state;
    blm_file_kind kind;
    refused(blm_weights_import(NULL, "out", "pre-norm", &err));
    refused(blm_weights_import("a.pth", NULL, "pre-norm", &err));
    refused(blm_weights_import_onnx(NULL, "out", NULL, &err));
    refused(blm_weights_describe("ti", NULL, NULL, &err));
    refused(blm_file_identify(NULL, &kind, &err));
    refused(blm_file_identify("a", NULL, &err));
    assert_non_null(blm_status_name((blm_status)-1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fitter_asks_for_its_arguments),
        cmocka_unit_test(options_out_of_range_open_no_fitter),
        cmocka_unit_test(images_that_are_none_are_refused),
        cmocka_unit_test(after_a_failure_a_fitter_can_only_be_freed),
        cmocka_unit_test(a_finished_fitter_can_only_be_freed),
        cmocka_unit_test(a_calibration_out_of_range_is_refused_before_the_work),
        cmocka_unit_test(a_model_asks_for_its_arguments),
        cmocka_unit_test(extractors_ask_for_their_arguments),
        cmocka_unit_test(features_and_images_are_not_mixed),
        cmocka_unit_test(a_scorer_asks_for_its_arguments),
        cmocka_unit_test(a_result_must_be_one_of_its_scorer),
        cmocka_unit_test(a_recipe_asks_for_its_arguments),
        cmocka_unit_test(images_ask_for_their_arguments),
        cmocka_unit_test(image_metrics_ask_for_their_arguments),
        cmocka_unit_test(pixel_metrics_ask_for_their_arguments),
        cmocka_unit_test(files_in_memory_ask_for_their_arguments),
        cmocka_unit_test(drawing_asks_for_its_arguments),
        cmocka_unit_test(plots_ask_for_their_arguments),
        cmocka_unit_test(weights_ask_for_their_arguments),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
