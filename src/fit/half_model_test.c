// Models in half precision: saved, opened, damaged.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/detector/gauss_kind.h"
#include "src/model/model.h"
#include "tests/check.h"
#include "tests/random.h"

enum { SIDE = 64, IMAGES = 6 };

static char path[] = "/tmp/blemish-half-model-XXXXXX"; // used for all files
static blm_error err;

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

// With 4 channels there are too many images for eigenpairs.
static blm_model *fit(int channels)
{
    blm_recipe recipe;
    blm_recipe_init(&recipe);
    recipe.half = 1;
    recipe.channels = channels;
    const blm_fit_options options = {.recipe = &recipe, .weights = "ti"};
    const blm_calibration calibration = {0};
    blm_fitter *fitter = NULL;
    blm_model *model = NULL;
    assert_ok(blm_fitter_new(&options, &fitter, &err), err);
    for (uint64_t i = 0; i < IMAGES; i++) {
        blm_image *image = make_image(i);
        assert_ok(blm_fitter_add_image(fitter, image, "image", &err), err);
        blm_image_free(image);
    }
    assert_ok(blm_fitter_finish(fitter, &calibration, &model, &err), err);
    blm_fitter_free(fitter);
    return model;
}

static blm_status score(const blm_model *model, double *out)
{
    blm_scorer *scorer = NULL;
    blm_result result = {0};
    blm_image *image = make_image(99);
    assert_ok(blm_scorer_new(model, NULL, &scorer, &err), err);
    const blm_status status = blm_scorer_run(scorer, image, &result, &err);
    *out = result.score;
    blm_scorer_free(scorer);
    blm_image_free(image);
    return status;
}

static void an_opened_model_scores_as_the_fitted_one(void **state)
{
    (void)state;
    for (int channels = 0; channels <= 4; channels += 4) {
        blm_model *fitted = fit(channels), *opened = NULL;
        double before, after;
        assert_int_equal(blmi_detector_gaussians(fitted->detector)->form,
            channels == 0 ? BLMI_EIGENPAIRS : BLMI_CHOLESKY);
        assert_ok(blm_model_save(fitted, path, &err), err);
        assert_ok(blm_model_open(path, &opened, &err), err);
        assert_int_equal(opened->recipe.fields.half, 1);
        assert_ok(score(fitted, &before), err);
        assert_ok(score(opened, &after), err);
        assert_true(before == after && before > 0);
        blm_model_free(fitted);
        blm_model_free(opened);
    }
}

// Replaces a number in half precision, in a file with a correct checksum.
static void damage(blm_model *model, uint16_t bits)
{
    const blmi_gauss *g = blmi_detector_gaussians(model->detector);
    const uint16_t *halves =
        g->form == BLMI_EIGENPAIRS ? g->half_axes + 7 : g->half_factor + 1;
    memcpy((char *)g->owned + ((const char *)halves - (const char *)g->owned), &bits,
        sizeof bits);
}

static void what_is_not_finite_is_refused(void **state)
{
    (void)state;
    const uint16_t bad[] = {0x7e00, 0x7c00, 0xfc00}; // NaN, infinity, -infinity
    for (int channels = 0; channels <= 4; channels += 4)
        for (int i = 0; i < 3; i++) {
            blm_model *model = fit(channels), *opened = NULL;
            damage(model, bad[i]);
            assert_ok(blm_model_save(model, path, &err), err);
            assert_int_equal(blm_model_open(path, &opened, &err), BLM_EINPUT);
            assert_non_null(
                strstr(err.text, channels == 0 ? "tensor gauss.axes: number 7"
                                               : "tensor gauss.factor: number 1"));
            blm_model_free(model);
        }
}

static void types_must_be_what_the_metadata_say(void **state)
{
    (void)state;
    blm_model *model = fit(0), *opened = NULL;
    model->recipe.fields.half = 0;
    assert_ok(blm_model_save(model, path, &err), err);
    assert_int_equal(blm_model_open(path, &opened, &err), BLM_EINPUT);
    assert_non_null(strstr(err.text, "gauss.axes is missing, or its type or shape"));
    model->recipe.fields.half = 2;
    assert_ok(blm_model_save(model, path, &err), err);
    assert_int_equal(blm_model_open(path, &opened, &err), BLM_EINPUT);
    assert_non_null(strstr(err.text, "half 2: should be one of no|yes"));
    blm_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_opened_model_scores_as_the_fitted_one),
        cmocka_unit_test(what_is_not_finite_is_refused),
        cmocka_unit_test(types_must_be_what_the_metadata_say),
    };
    const int file = mkstemp(path);
    if (file < 0)
        return 1;
    close(file);
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    remove(path);
    return failed;
}
