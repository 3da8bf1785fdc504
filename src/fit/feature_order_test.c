// The order of features in models: those that repeat come first; in older models all are
// in the order of the taps.
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/detector/gauss_kind.h"
#include "src/model/model.h"
#include "tests/check.h"
#include "tests/random.h"

enum { SIDE = 64, IMAGES = 6 };

static char path[] = "/tmp/blemish-feature-order-XXXXXX"; // used for all files
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

static blm_model *fit(int tolerance)
{
    blm_recipe recipe;
    blm_recipe_init(&recipe);
    assert_ok(blm_recipe_set(&recipe, "taps", "layer1,layer2", &err), err);
    recipe.tolerance = tolerance;
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

static double score(const blm_model *model)
{
    blm_scorer *scorer = NULL;
    blm_result result = {0};
    blm_image *image = make_image(99);
    assert_ok(blm_scorer_new(model, NULL, &scorer, &err), err);
    assert_ok(blm_scorer_run(scorer, image, &result, &err), err);
    const double found = result.score;
    blm_scorer_free(scorer);
    blm_image_free(image);
    return found;
}

// rows (count, D), in the order of a layout, in the order of its outputs.
static void put_in_order(const blmi_layout *layout, const float *rows, size_t count)
{
    const size_t d = (size_t)layout->features;
    float *row = malloc(d * sizeof *row), *at;
    memcpy(&at, &rows, sizeof at); // they are the test's own
    for (size_t i = 0; i < count; i++, at += d) {
        size_t done = 0;
        memcpy(row, at, d * sizeof *row);
        for (int k = 0; k < layout->outputs; k++) {
            const blmi_output *o = &layout->output[k];
            memcpy(at + done, row + o->at, (size_t)o->taken * sizeof *row);
            done += (size_t)o->taken;
        }
    }
    free(row);
}

static void older_models_score_as_new_ones(void **state)
{
    (void)state;
    for (int tolerance = 0; tolerance <= 2; tolerance += 2) {
        blm_model *model = fit(tolerance), *opened = NULL;
        const blmi_gauss *g = blmi_detector_gaussians(model->detector);
        assert_int_equal(g->form, BLMI_EIGENPAIRS);
        assert_true(model->layout.repeated > 0 && g->repeated == model->layout.repeated);
        const double expected = score(model);
        put_in_order(&model->layout, g->mean, (size_t)g->positions);
        put_in_order(&model->layout, g->axes, (size_t)g->positions * (size_t)g->rank);
        blmi_layout_in_order(&model->layout);
        assert_ok(blm_model_save(model, path, &err), err);
        assert_ok(blm_model_open(path, &opened, &err), err);
        const double found = score(opened);
        assert_true(found > expected * (1 - 1e-5) && found < expected * (1 + 1e-5));
        blm_model_free(opened);
        blm_model_free(model);
    }
}

static void an_impossible_order_is_refused(void **state)
{
    (void)state;
    blm_model *model = fit(0), *opened = NULL;
    model->layout.repeated++;
    assert_ok(blm_model_save(model, path, &err), err);
    assert_int_equal(blm_model_open(path, &opened, &err), BLM_EINPUT);
    assert_non_null(strstr(err.text, "!features.repeated is "));
    blm_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(older_models_score_as_new_ones),
        cmocka_unit_test(an_impossible_order_is_refused),
    };
    const int file = mkstemp(path);
    if (file < 0)
        return 1;
    close(file);
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
